# SPDX-License-Identifier: Apache-2.0
# nested.bats - inside of a container whose filter knows no openat2, as LXC's and Docker's older ones: paths are walked by hand,
# with the same results and the same refusals.
# Filters and the scripts of payloads expand what they are given themselves; each test is a subshell of its own.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

load lib/container

OPENAT2=437
setup_here_file() {
	cc -O1 -o "$BATS_FILE_TMPDIR/without" "$SRT_TOP/tests/integration/lib/without.c"
}
setup_here() {
	mkdir -p src secret
	echo word >src/file
	echo untouched >secret/file
	errno=1
}
srt() { timeout -k 1 10 "$BATS_FILE_TMPDIR/without" $OPENAT2 "${errno:-1}" "$SRT_OCI" --root "$state" "$@"; }

@test "a whole container, where openat2 is refused and where it is not there" {
	for errno in 1 38; do
		inside 'cat /data/deep/file; cat /mnt/file; touch /mnt/x 2>/dev/null || echo fixed; pwd;
			[ -c /dev/null ] && [ -L /dev/fd ] && echo devices; touch /proc/sys/x 2>/dev/null || echo readonly; hostname' '
			.process.cwd = "/tmp" | .mounts += [{destination: "/tmp/data/deep", type: "bind", source: $src, options: ["bind"]},
			{destination: "/mnt", type: "bind", source: $src, options: ["bind", "ro", "rprivate"]}] |
			.process.args[2] |= gsub("/data"; "/tmp/data") | .linux.sysctl = {"kernel.msgmax": "4096"}' --arg src "$PWD/src"
		for line in word fixed /tmp devices readonly box; do has $line; done
		rm -rf b
	done
}

@test "exec, create and start" {
	bundle b "$SLEEP"
	srt create -b b x >/dev/null 2>&1 3>&-
	srt start x
	run --separate-stderr srt exec --cwd /tmp x sh -c 'pwd'
	[ "$output" = /tmp ] || said
}

@test "a symlink of the tree's leads nowhere outside" {
	for to in "$PWD/secret" "../../../../../../../../../../..$PWD/secret"; do
		rootfs b/rootfs
		rmdir b/rootfs/mnt
		ln -s "$to" b/rootfs/mnt
		bundle b 'true' '.mounts += [{destination: "/mnt/made/here", type: "tmpfs", source: "tmpfs"}]'
		run srt run -b b x
		[ "$(ls secret)" = file ] && [ "$(cat secret/file)" = untouched ]
		rm -rf b
	done
}

@test "a dangling symlink, a magic link and a symlink in place of /proc are refused" {
	rootfs b/rootfs
	ln -s "$PWD/secret/made" b/rootfs/link
	refused_inside '*dangling symlink*' '.mounts += [{destination: "/link", type: "bind", source: $src, options: ["bind"]}]' \
		--arg src "$PWD/src/file"
	[ ! -e secret/made ]
	refused_inside '*/process/cwd*' '.process.cwd = "/proc/self/root/etc"'
	rmdir b/rootfs/proc
	ln -s sys b/rootfs/proc
	refused_inside '*/mounts/0*symlink*'
}

@test "in the user namespace of an engine a container needs no map, no helper and no privilege more" {
	only user
	unshare -Ur true 2>/dev/null || skip 'no user namespaces for this user'
	bundle b 'id -u; cat /proc/self/uid_map; touch /tmp/x && echo written' "$jq_defs"' without("user") | unmapped'
	run --separate-stderr unshare -Urm strace -f -qq -e trace=execve,clone3,unshare -o trace timeout 10 "$SRT_OCI" --root "$state" run -b b x
	[ "$status" -eq 0 ] || said
	[ "${lines[0]}" = 0 ] && [ "${lines[2]}" = written ] || said
	[ "$(tr -s ' ' <<<"${lines[1]}")" = " 0 $(id -u) 1" ]
	run ! grep -E 'newuidmap|CLONE_NEWUSER' trace
}

@test "a user whose keys are used up gets a warning, not a refusal" {
	[ "$(uname -m)" = x86_64 ] || skip 'the number of the system call is that of x86_64'
	bundle b "$SLEEP"
	timeout -k 1 10 "$BATS_FILE_TMPDIR/without" 250 122 "$SRT_OCI" --root "$state" run -d -b b x >out 2>err 3>&-
	[[ $(srt state x | jq -r '.warnings[]') == *'session keyring'*maxkeys* ]]
	timeout -k 1 10 "$BATS_FILE_TMPDIR/without" 250 38 "$SRT_OCI" --root "$state" run -d -b b y >out 2>err 3>&-
	[ "$(srt state y | jq '.warnings | length')" = "$(($(srt state x | jq '.warnings | length') - 1))" ]
}

# --- what is forbidden is told with the way out --------------------------------------------------------------------------

@test "a filter that forbids namespaces is named" {
	bundle b true
	for errno in 1 38; do
		run --separate-stderr timeout 10 "$BATS_FILE_TMPDIR/without" 435 $errno "$SRT_OCI" --root "$state" run -b b x
		[ "$status" -eq 1 ] && [[ $stderr == */linux/namespaces*'seccomp filter'*nesting* ]] || said
	done
}

@test "a limit of user namespaces is named by its sysctl" {
	only user
	unshare -Ur true 2>/dev/null || skip 'no user namespaces for this user'
	bundle b true '.linux.uidMappings[0].hostID = 0 | .linux.gidMappings[0].hostID = 0'
	run --separate-stderr unshare -Ur sh -c "echo 0 >/proc/sys/user/max_user_namespaces
		exec timeout 10 '$SRT_OCI' --root '$state' run -b b x"
	[ "$status" -eq 1 ] && [[ $stderr == */linux/namespaces*'user.max_user_namespaces is 0'* ]] || said
}

@test "a directory on the way that may not be entered is named" {
	only user
	[ ! -x /root ] || skip 'everybody may enter /root'
	refused_inside '*/mounts/6*/root/some/where*Permission denied*/root may not be entered: it lacks x*' \
		'.mounts += [{destination: "/mnt", type: "bind", source: "/root/some/where", options: ["bind"]}]'
	refused_inside '*/root/path*/root may not be entered*' '.root.path = "/root/fs"'
	refused '*/root may not be entered*' srt run -b /root/bundle x
}
