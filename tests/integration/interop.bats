# SPDX-License-Identifier: Apache-2.0
# interop.bats - bundles of crun and runc under ours, and ours under theirs.
# Filters and the scripts of payloads expand what they are given themselves; each test is a subshell of its own.
# shellcheck disable=SC2015,SC2016,SC2030,SC2031,SC2154

load lib/container

peer_spec() {
	mkdir -p b
	[ -e b/rootfs ] || rootfs b/rootfs
	rm -f b/config.json
	local rootless=()
	[ "$SRT_HALF" = root ] || rootless=(--rootless)
	(cd b && "$1" spec "${rootless[@]}")
}
# shell COMMAND: is what it runs, without a terminal.
shell() {
	jq --arg c "$1" --arg mark "$state" '.process.terminal = false | .process.args = ["sh", "-c", $c] |
		.process.env += ["SRT_MARK=" + $mark]' b/config.json >n
	mv n b/config.json
}
LOOK='id -u; hostname; touch /x 2>/dev/null || echo read-only; ls /proc/1/comm; grep NoNewPrivs /proc/self/status; grep CapEff /proc/self/status
	ls /dev | tr "\n" " "; cat /proc/self/limits | grep "open files" | tr -s " "; ls /sys | wc -l; test -w /tmp; exit 5'

@test "the bundle of crun spec runs, as under crun" {
	peer_spec crun
	shell "$LOOK"
	run -5 --separate-stderr srt run -b b x
	[ -z "$stderr" ]
	ours=$output
	[ "$(head -3 <<<"$ours" | tr '\n' ' ')" = '0 crun read-only ' ] || said
	[ "$SRT_HALF" = user ] || peer_ready
	run --separate-stderr timeout 10 crun --root "$PWD/crun" run -b b "srt-$$-crun"
	crun_can
	[ "$status" -eq 5 ] || said
	# crun makes a link /dev/core besides.
	diff <(echo "$ours") <(echo "${output//core /}")
}

@test "the bundle of runc spec runs, as under runc" {
	peer_spec runc
	shell "$LOOK"
	run -5 --separate-stderr srt run -b b x
	[ -z "$stderr" ]
	ours=$output
	[ "$(head -3 <<<"$ours" | tr '\n' ' ')" = '0 runc read-only ' ] || said
	run --separate-stderr timeout 10 runc --root "$PWD/runc" run -b b "srt-$$-runc"
	[ "$status" -eq 5 ] || said
	diff <(echo "$ours") <(echo "$output")
}

# As root crun sets the limit of locked memory, which a root without CAP_SYS_RESOURCE may not.
crun_can() {
	[[ $stderr != *RLIM_MEMLOCK* ]] || skip 'crun as root needs CAP_SYS_RESOURCE here'
}

# crun does not start on a hybrid cgroup: as root it sees a plain one, in this mount namespace.
peer_ready() {
	if [ "$(id -u)" -eq 0 ] && [ "$(stat -fc %T /sys/fs/cgroup)" != cgroup2fs ]; then
		while umount -l /sys/fs/cgroup 2>/dev/null; do :; done
		mount -t cgroup2 cgroup2 /sys/fs/cgroup
	fi
}

@test "the bundle of our spec runs under crun and runc, unchanged" {
	mkdir -p b
	rootfs b/rootfs
	for half in "" --rootless; do
		[ "$SRT_HALF" = root ] || [ -n "$half" ] || continue
		rm -f b/config.json
		# shellcheck disable=SC2086
		(cd b && srt spec $half)
		shell 'id -u; touch /x 2>/dev/null || echo read-only; exit 5'
		run -5 --separate-stderr srt run -b b x
		[ "$output" = $'0\nread-only' ] || said
		peer_ready
		for peer in runc crun; do
			run --separate-stderr timeout 10 $peer --root "$PWD/$peer" run -b b "srt-$$-$peer$half"
			[ $peer != crun ] || crun_can
			[ "$status" -eq 5 ] && [ "$output" = $'0\nread-only' ] || { echo "$peer $half"; said; }
		done
	done
}

@test "crun's and runc's own words drive a container of ours" {
	peer_spec runc
	shell "$SLEEP"
	# As conmon and the shim call: options before the id, in both spellings.
	srt --log-format=json --log l create --bundle b --pid-file=pid x 3>&- >out 2>&1
	srt start x
	srt exec --process <(jq '.process | .args = ["sh", "-c", "exit 4"]' b/config.json) x || [ $? -eq 4 ]
	srt kill x 9
	eventually has_status x stopped
	srt delete --force x
}

@test "nothing that the peers drop is dropped here, as root or as a user" {
	[ "$SRT_HALF" = root ] || skip 'makes a mount namespace of its own for each caller'
	for caller in '' "--user $SRT_TEST_USER"; do
		# shellcheck disable=SC2086
		run -0 --separate-stderr "$BATS_TEST_DIRNAME/../conformance/peers" $caller
		[ "$(grep -c '^| ' <<<"$output")" -ge 19 ]
		run -1 grep -E '^\|[^|]*\| (dropped|refused) \|' <<<"$output"
	done
}
