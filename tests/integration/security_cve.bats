# SPDX-License-Identifier: Apache-2.0
# security_cve.bats - holes of other runtimes that no test beside this one stands for; docs/THREATS.md lists them all.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

load lib/container

# CVE-2021-30465, CVE-2024-45310: between look and use a directory of a shared volume becomes a symlink to the host's.
@test "a directory of a shared volume that is swapped for a symlink while mounts are made leads nowhere" {
	mkdir -p shared/real secret
	ln -s "$PWD/secret" shared/link
	python3 - 3>&- <<'PY' &
import ctypes, os, time
libc = ctypes.CDLL(None)
end = time.time() + 20
while time.time() < end and not os.path.exists("stop"):
    for _ in range(1000):
        libc.renameat2(-100, b"shared/real", -100, b"shared/link", 2)
PY
	bundle b 'true' '.mounts += [{destination: "/mnt", type: "bind", source: $src, options: ["bind"]},
		{destination: "/mnt/real/made/here", type: "tmpfs", source: "tmpfs"},
		{destination: "/mnt/link/file", type: "bind", source: ($src + "/../b/config.json"), options: ["bind", "ro"]}]' --arg src "$PWD/shared"
	for _ in {1..25}; do
		run srt run -b b x
		[ -z "$(ls -A secret)" ] || { touch stop; ls -A secret; false; }
	done
	touch stop
	wait
	[ -z "$(ls -A secret)" ]
}

# CVE-2023-25809: without a cgroup namespace the host's hierarchy was there for writing.
@test "the host's cgroup hierarchy is not there for writing" {
	only user
	for namespaces in . 'without("cgroup")'; do
		bundle b 'for f in /sys/fs/cgroup /sys/fs/cgroup/cgroup.procs /sys/fs/cgroup/*/cgroup.procs; do
			[ ! -e $f ] || { [ -d $f ] && mkdir $f/made 2>/dev/null && echo made in $f; [ -f $f ] && (echo 0 >$f) 2>/dev/null && echo wrote $f; }
			done; echo over' "$jq_defs $namespaces"' | mounts({destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup",
			options: ["nosuid", "noexec", "nodev", "relatime", "ro"]})'
		run --separate-stderr srt run -b b x
		[ "$status" -ne 0 ] || [ "$output" = over ] || said
	done
}

# CVE-2021-43784: a length of 16 bits wrapped around, and what followed was read as a message of its own.
@test "words longer than 64 KiB are whole, or refused" {
	long=$(printf '%070000d' 0)
	bundle b 'echo ${#LONG}' '.process.env += ["LONG=" + $long]' --arg long "$long"
	run_inside
	[ "$output" = 70000 ]
	# 65536 and a little: what would be left of it after wrapping is a valid option.
	refused_inside '*/mounts/6*' '.mounts += [{destination: "/mnt", type: "tmpfs", source: "tmpfs", options: [$long + ",size=1m"]}]' \
		--arg long "$(printf '%065528d' 0)"
	refused_inside '*' '.mounts += [{destination: ("/" + $long), type: "tmpfs", source: "tmpfs"}]' --arg long "$long"
	refused_inside '*/hostname*' '.hostname = $long' --arg long "$long"
}

# CVE-2022-0811: a value that carries a second parameter along.
@test "a kernel parameter's value is that parameter's alone" {
	for value in '4096+kernel.core_pattern=|/bin/x' $'4096\nkernel.core_pattern=x'; do
		bundle b 'cat /proc/sys/kernel/msgmax' '.linux.sysctl = {"kernel.msgmax": $value}' --arg value "$value"
		before=$(cat /proc/sys/kernel/core_pattern)
		run srt run -b b x
		[ "$(cat /proc/sys/kernel/core_pattern)" = "$before" ]
	done
}

# CVE-2025-24965: a file that the runtime writes into the tree was a symlink there.
@test "nothing is written into the tree through its symlinks" {
	mkdir secret
	rootfs b/rootfs
	for name in .krun_config.json etc/resolv.conf etc/hostname etc/hosts run/.containerenv .dockerenv; do
		mkdir -p "b/rootfs/$(dirname "$name")"
		rm -f "b/rootfs/$name"
		ln -s "$PWD/secret/$(basename "$name")" "b/rootfs/$name"
	done
	bundle b 'echo in' '.root.readonly = false'
	run_inside
	[ "$output" = in ]
	[ -z "$(ls -A secret)" ]
}

# CVE-2017-16516, CVE-2022-24795, CVE-2023-33460: the JSON library's.
@test "half surrogates, huge documents and broken ones are errors, soon" {
	mkdir b
	for text in '{"ociVersion": "\uD800"}' '{"ociVersion": "\ud83d\u"}' '{"a": "\uDC00' '{"ociVersion": "\uD800\uD800"}'; do
		printf '%s' "$text" >b/config.json
		refused '*' srt run -b b x
	done
	head -c 5000000 /dev/zero | tr '\0' '[' >b/config.json
	refused '*' srt run -b b x
	{ printf '{"a":"'; head -c 6000000 /dev/zero | tr '\0' x; printf '"}'; } >b/config.json
	refused '*larger than*' srt run -b b x
}
