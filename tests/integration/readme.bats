# SPDX-License-Identifier: Apache-2.0
# readme.bats - what README promises: the tour runs as printed, and the targets are there.

bats_require_minimum_version 1.5.0

setup() {
	readme=$SRT_TOP/README.md
	export XDG_CACHE_HOME=$TMPDIR/cache
}

teardown() {
	"$SRT_OCI" delete --force nap
}

# tour: the fenced block that follows the comment.
tour() {
	awk '/^<!-- tour:/ { here = 1; next } here && /^```$/ { exit } here && !/^```/' "$readme"
}

@test "the tour runs as it stands" {
	[ "$SRT_HALF" != root ] || skip "the tour is an ordinary user's"
	tour >"$TMPDIR/tour.sh"
	[ "$(wc -l <"$TMPDIR/tour.sh")" -eq 10 ]
	cd "$SRT_TOP"
	run --separate-stderr bash -eu "$TMPDIR/tour.sh"
	# shellcheck disable=SC2154
	echo "status $status, stdout: $output, stderr: $stderr"
	[ "$status" -eq 0 ]
	[[ $output == *'./box: no fault found'* ]]
	[[ $output == *'root-readonly'*'/root/readonly'* ]]
	[[ $output == *'uid=0(root) gid=0(root)'* ]]
	[[ $stderr == *'touch: /new: Read-only file system'* ]]
	[[ $output =~ \ /\ [a-z0-9]+\ ro, ]]
	[[ $output == *'1 root     /bin/busybox sleep 600'* ]]
	[[ $output =~ nap\ +[0-9]+\ +running ]]
	[ "$("$SRT_OCI" list -q)" = '' ]
}

@test "every make target that README names is there" {
	cd "$SRT_TOP"
	grep -oE '(^    |`)make [a-z]+' "$readme" | awk '{ print $2 }' | sort -u >"$TMPDIR/named"
	make -s help | awk '{ print $1 }' | sort -u >"$TMPDIR/there"
	[ "$(wc -l <"$TMPDIR/named")" -ge 4 ]
	[ "$(comm -23 "$TMPDIR/named" "$TMPDIR/there")" = '' ]
}

@test "the programs that README names are there" {
	for name in srt-oci srt-oci-bundle sandbox-runtime srt; do
		[ -x "$SRT_BUILD/$name" ]
	done
	run "$SRT_BUILD/sandbox-runtime"
	[ "$status" -eq 125 ]
}
