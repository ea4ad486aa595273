# SPDX-License-Identifier: Apache-2.0
# container.bats - the container as its payload sees it: namespaces, ids, root, devices, names, limits, identity.
# Filters and the scripts of payloads expand what they are given themselves; each test is a subshell of its own.
# shellcheck disable=SC2015,SC2016,SC2030,SC2031,SC2154

load lib/container

setup_here_file() {
	cc -O1 -static -o "$BATS_FILE_TMPDIR/rootfs/bin/call" "$SRT_TOP/tests/integration/lib/call.c"
}

# --- namespaces --------------------------------------------------------------------------------------------------------

ns_files='mnt pid net ipc uts cgroup user time'
ns_list='for n in mnt pid net ipc uts cgroup user time; do echo "$n $(readlink /proc/self/ns/$n)"; done'
declare -gA ns_type=([mnt]=mount [net]=network [pid]=pid [ipc]=ipc [uts]=uts [cgroup]=cgroup [user]=user [time]=time)

# ns NAME PID: one namespace of a process.
ns() { readlink "/proc/$2/ns/$1"; }

@test "each namespace that is asked for is new" {
	mine='.linux.namespaces += [{type: "time"}]'
	[ "$(id -u)" -ne 0 ] || mine+=' | .linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 0, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
	inside "$ns_list" "$mine"
	for name in $ns_files; do
		grep -q "^$name $name:\[[0-9]*\]$" <<<"$output"
		lacks "$name $(ns "$name" self)"
	done
}

@test "each namespace that is not asked for is the caller's" {
	for name in pid net ipc uts cgroup; do
		bundle b "readlink /proc/self/ns/$name; readlink /proc/self/ns/user" "$jq_defs"' without($t) | del(.hostname) |
			.mounts |= map(select(.type != "sysfs"))' --arg t "${ns_type[$name]}"
		run_inside
		[ "${lines[0]}" = "$(ns $name self)" ]
		[ "$(id -u)" -ne 0 ] || [ "${lines[1]}" = "$(ns user self)" ]
	done
}

# host CONFIG-FILTER: a running container "host" whose namespaces others join; sets pid.
host() {
	bundle host "$SLEEP" "$jq_defs $1"
	detached host host
}

@test "each namespace can be joined by its path" {
	host '. | with("time") | .hostname = "other"'
	for name in net ipc uts cgroup time pid; do
		filter='joins($t; "/proc/\($pid)/ns/\($n)") | if $t == "uts" then del(.hostname) else . end'
		[ "$(id -u)" -eq 0 ] || filter+=' | joins("user"; "/proc/\($pid)/ns/user") | unmapped'
		bundle b "$ns_list; hostname" "$jq_defs $filter" --arg t "${ns_type[$name]}" --arg n "$name" --arg pid "$pid"
		run_inside
		for other in $ns_files; do
			[ "$(id -u)" -ne 0 ] || [ "$other" != user ] || continue
			if [ "$other" = "$name" ] || [ "$other" = user ]; then
				has "$other $(ns "$other" "$pid")"
			else
				lacks "$other $(ns "$other" "$pid")"
			fi
		done
		[ "$name" != uts ] || [ "${output##*$'\n'}" = other ]
	done
}

@test "all namespaces but mount can be joined at once" {
	host 'with("time")'
	filter='def all_of($l): reduce $l[] as $p (.; joins($p[0]; "/proc/\($pid)/ns/\($p[1])"));
		all_of([["network","net"],["ipc","ipc"],["uts","uts"],["cgroup","cgroup"],["pid","pid"],["time","time"]]) |
		del(.hostname)'
	[ "$(id -u)" -eq 0 ] || filter+=' | joins("user"; "/proc/\($pid)/ns/user") | unmapped'
	bundle b "$ns_list" "$jq_defs $filter" --arg pid "$pid"
	run_inside
	for name in net ipc uts cgroup pid time user; do
		has "$name $(ns $name "$pid")"
	done
}

@test "a mount namespace can be joined" {
	host .
	filter='joins("mount"; "/proc/\($pid)/ns/mnt") | joins("pid"; "/proc/\($pid)/ns/pid") | .mounts = [] | .linux.maskedPaths = [] | .linux.readonlyPaths = [] |
		.root.path = "/" | .root.readonly = false'
	[ "$(id -u)" -eq 0 ] || filter+=' | joins("user"; "/proc/\($pid)/ns/user") | unmapped'
	bundle b "readlink /proc/self/ns/mnt; hostname" "$jq_defs $filter" --arg pid "$pid"
	run_inside
	[ "$output" = "$(ns mnt "$pid")"$'\nbox' ]
}

@test "a user namespace that exists can be joined by root" {
	only root
	host 'with("user") | .linux.uidMappings = [{containerID: 0, hostID: 200000, size: 1000}] |
		.linux.gidMappings = .linux.uidMappings'
	bundle b 'readlink /proc/self/ns/user; cat /proc/self/uid_map' \
		"$jq_defs"' joins("user"; "/proc/\($pid)/ns/user")' --arg pid "$pid"
	run_inside
	[ "${lines[0]}" = "$(ns user "$pid")" ]
	[ "$(tr -s ' ' <<<"${lines[1]}")" = ' 0 200000 1000' ]
}

@test "a path to a namespace of another type is refused" {
	for pair in network:uts ipc:net uts:ipc cgroup:ipc pid:uts time:ipc user:ipc mount:ipc; do
		host_pid=$$
		refused_inside "*/linux/namespaces*" "$jq_defs"' joins($t; "/proc/\($pid)/ns/\($n)") |
			if $t == "uts" then del(.hostname) else . end' \
			--arg t "${pair%:*}" --arg n "${pair#*:}" --arg pid "$host_pid"
	done
}

@test "time offsets shift the container's clocks" {
	inside 'cat /proc/uptime' "$jq_defs"' with("time") |
		.linux.timeOffsets = {boottime: {secs: 8640000, nanosecs: 500}, monotonic: {secs: 5000000}}'
	[ "${output%%.*}" -gt 8640000 ]
	bundle b 'call 228 1 :16' "$jq_defs"' with("time") | .linux.timeOffsets = {monotonic: {secs: 5000000}}'
	run_inside
	hex=$(cut -d' ' -f3 <<<"$output")
	[ "$((0x${hex:6:2}${hex:4:2}${hex:2:2}${hex:0:2}))" -gt 5000000 ]
}

# --- ids ---------------------------------------------------------------------------------------------------------------

@test "a single id is mapped to root without any helper" {
	only user
	bundle b 'id -u; id -g; cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups'
	run --separate-stderr strace -f -qq -e trace=execve -o trace "$SRT_OCI" --root "$state" run -b b x
	[ "$status" -eq 0 ]
	[ "$(tr -s ' \n' ' ' <<<"$output")" = "0 0 0 $(id -u) 1 0 $(id -g) 1 deny " ]
	run ! grep -q newuidmap trace
}

@test "the caller's id can be any id inside" {
	only user
	inside 'id -u; id -g; cat /proc/self/uid_map' '.process.user = {uid: 1234, gid: 4321} |
		.linux.uidMappings[0].containerID = 1234 | .linux.gidMappings[0].containerID = 4321'
	[ "${lines[0]} ${lines[1]}" = '1234 4321' ]
	[ "$(tr -s ' ' <<<"${lines[2]}")" = " 1234 $(id -u) 1" ]
}

@test "without mappings the process's id inside is the caller's outside" {
	only user
	inside 'id -u; id -g' '.process.user = {uid: 77, gid: 78} | del(.linux.uidMappings, .linux.gidMappings)'
	[ "$output" = $'77\n78' ]
}

@test "an id that is not mapped is refused by its name" {
	only user
	refused_inside '*/process/user/uid*5*not mapped*' '.process.user.uid = 5'
	refused_inside '*/process/user/gid*6*not mapped*' '.process.user.gid = 6'
}

@test "root maps ranges" {
	only root
	bundle b "id -u; id -g; id -G; cat /proc/self/uid_map; $SLEEP" "$jq_defs"' with("user") |
		.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}, {containerID: 5000, hostID: 300000, size: 10}] |
		.linux.gidMappings = [{containerID: 0, hostID: 200000, size: 65536}] |
		.process.user = {uid: 5003, gid: 7, additionalGids: [9, 11]}'
	srt run -d -b b x >out 3>&-
	pid=$(srt state x | jq .pid)
	eventually file_has out 300000
	[ "$(tr -s ' \n' ' ' <out)" = '5003 7 7 9 11 0 100000 1000 5000 300000 10 ' ]
	[ "$(stat -c '%u %g' "/proc/$pid")" = '300003 200007' ] || grep -q $'^Uid:\t300003' "/proc/$pid/status"
}

# with_subids LINE COMMAND…: as user 4711 of a mount namespace whose passwd, subuid and subgid know him.
with_subids() {
	local line=$1
	shift
	{ cat /etc/passwd; echo 'thrown:x:4711:4711::/nonexistent:/bin/sh'; } >passwd
	printf '%s\n' "$line" >sub
	mkdir -p run
	local up=$PWD
	while [ "$up" != /tmp ] && [ "$up" != / ]; do
		chmod a+rx "$up"
		up=$(dirname "$up")
	done
	chown -R 4711:4711 .
	chmod -R a+rX "$BATS_FILE_TMPDIR"
	# shellcheck disable=SC2154
	unshare -m sh -ec 'mount --bind passwd /etc/passwd; mount --bind sub /etc/subuid; mount --bind sub /etc/subgid
		[ -z "$hide" ] || mount --bind "$(command -v true)" /usr/bin/newuidmap
		exec setpriv --reuid=4711 --regid=4711 --clear-groups --inh-caps=-all env TMPDIR="$PWD" HOME="$PWD" \
			XDG_RUNTIME_DIR="$PWD/run" "$@"' sh "$@"
}
ranges="$jq_defs"' with("user") | .linux.uidMappings = [{containerID: 0, hostID: 4711, size: 1},
	{containerID: 1, hostID: 500000, size: 100}] | .linux.gidMappings = .linux.uidMappings |
	.process.user = {uid: 33, gid: 44, additionalGids: [55]} | .mounts |= map(select(.type != "sysfs"))'

@test "newuidmap maps the ranges that an ordinary user was granted" {
	only root
	command -v newuidmap || { echo 'no newuidmap: package uidmap'; return 1; }
	bundle b 'id -u; id -g; id -G; cat /proc/self/uid_map' "$ranges"
	# The mount namespace would go with the other files of the machine's root; the state is his own.
	run --separate-stderr with_subids thrown:500000:100 timeout 10 "$SRT_OCI" --root "$PWD/run/state" run -b b x
	[ "$status" -eq 0 ] || said
	[ "$(tr -s ' \n' ' ' <<<"$output")" = '33 44 44 55 0 4711 1 1 500000 100 ' ]
}

@test "ranges that were not granted are refused before anything is done" {
	only root
	bundle b : "$ranges"
	for line in '' thrown:500000:99 thrown:500001:100 other:500000:100; do
		run --separate-stderr with_subids "$line" timeout 10 "$SRT_OCI" --root "$PWD/run/state" run -b b x
		[ "$status" -eq 1 ]
		[[ $stderr == *'/linux/uidMappings/1'*'500000'*'/etc/subuid'* ]]
		[ -z "$(find run/state -mindepth 1 2>/dev/null)" ]
	done
}

# --- root and devices --------------------------------------------------------------------------------------------------

@test "the root is read-only or writable, as config.json says" {
	inside 'touch /x 2>&1; cut -d" " -f5,6 /proc/self/mountinfo | grep "^/ "' .
	[[ ${lines[0]} == *'Read-only file system' ]]
	[[ ${lines[1]} == '/ ro'* ]]
	rootfs b/rootfs
	inside 'touch /x && cut -d" " -f5,6 /proc/self/mountinfo | grep "^/ "' '.root.readonly = false'
	[[ $output == '/ rw'* ]]
	[ -e b/rootfs/x ]
}

@test "of the host's tree nothing is left in sight" {
	inside 'cut -d" " -f5 /proc/self/mountinfo; ls /'
	[ "$(grep -c '^/' <<<"$output")" -le 20 ]
	[[ $output != *"$BATS_FILE_TMPDIR"* ]]
	has bin
}

@test "default devices and links are there" {
	inside 'for d in null zero full random urandom tty; do stat -c "%n %F %t:%T %a" /dev/$d; done
		for l in fd stdin stdout stderr ptmx; do readlink /dev/$l; done
		echo x >/dev/null; head -c 4 /dev/zero | wc -c; head -c 4 /dev/urandom | wc -c; ! echo x 2>&1 >/dev/full'
	[ "$(head -6 <<<"$output")" = '/dev/null character special file 1:3 666
/dev/zero character special file 1:5 666
/dev/full character special file 1:7 666
/dev/random character special file 1:8 666
/dev/urandom character special file 1:9 666
/dev/tty character special file 5:0 666' ]
	[ "$(sed -n 7,11p <<<"$output" | tr '\n' ' ')" = '/proc/self/fd /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 pts/ptmx ' ]
	[ "$(sed -n 12,13p <<<"$output" | tr '\n' ' ')" = '4 4 ' ]
	[[ ${lines[13]} == *'No space left on device' ]]
}

@test "configured devices are made by root, with mode and owner" {
	only root
	inside 'stat -c "%n %F %t:%T %a %u:%g" /dev/mine /dev/blk /dev/pipe /dev/null' '.linux.devices = [
		{path: "/dev/mine", type: "c", major: 1, minor: 5, fileMode: 416, uid: 3, gid: 4},
		{path: "/dev/blk", type: "b", major: 7, minor: 77, fileMode: 384, uid: 0, gid: 0},
		{path: "/dev/pipe", type: "p", fileMode: 438},
		{path: "/dev/null", type: "c", major: 1, minor: 3, fileMode: 384}]'
	[ "$output" = '/dev/mine character special file 1:5 640 3:4
/dev/blk block special file 7:4d 600 0:0
/dev/pipe fifo 0:0 666 0:0
/dev/null character special file 1:3 600 0:0' ]
}

@test "configured devices of an ordinary user are the host's, bound" {
	only user
	inside 'stat -c "%n %F %t:%T" /dev/pipe /dev/kmsg; grep -c " /dev/kmsg " /proc/self/mountinfo' '.linux.devices = [
		{path: "/dev/kmsg", type: "c", major: 1, minor: 11}, {path: "/dev/pipe", type: "p"}]'
	[ "$output" = $'/dev/pipe fifo 0:0\n/dev/kmsg character special file 1:b\n1' ]
}

@test "the host's node that is bound for a device keeps its mode and owner, which is a warning" {
	only user
	bundle b "stat -c %a /dev/kmsg; $SLEEP" '.linux.devices = [{path: "/dev/kmsg", type: "c", major: 1, minor: 11, fileMode: 384, uid: 7},
		{path: "/dev/zero", type: "c", major: 1, minor: 5, fileMode: 438, uid: 0, gid: 0}]'
	detached x b
	srt state x | jq -e '.warnings | length == 1 and (.[0] | contains("/linux/devices/0") and contains("its own mode"))'
	srt delete --force x
	run --separate-stderr srt --strict run -b b x
	[ "$status" -eq 1 ] && [[ $stderr == *"its own mode"* ]] || said
}

@test "a device that the host does not have, or has with other numbers, is refused" {
	only user
	refused_inside '*/linux/devices/0*/dev/nosuch*' '.linux.devices = [{path: "/dev/nosuch", type: "c", major: 1, minor: 99}]'
	refused_inside '*/linux/devices/0*/dev/kmsg*' '.linux.devices = [{path: "/dev/kmsg", type: "c", major: 1, minor: 12}]'
}

@test "masked paths are empty, read-only paths cannot be written, and missing ones are no matter" {
	rootfs b/rootfs
	mkdir -p b/rootfs/secret/dir b/rootfs/frozen
	echo word >b/rootfs/secret/file
	echo word >b/rootfs/key
	inside 'ls -A /secret | wc -l; wc -c </key; stat -c %t:%T /key; touch /frozen/x; echo x >/frozen; touch /secret/x; touch /free
		grep -c " /secret ro" /proc/self/mountinfo' '.root.readonly = false |
		.linux.maskedPaths = ["/secret", "/key", "/no/such"] | .linux.readonlyPaths = ["/frozen", "/nor/this"]' 2>&1 || true
	[ -n "$output" ]
	[ "${lines[0]} ${lines[1]} ${lines[2]}" = '0 0 1:3' ]
	[ "$(grep -c 'Read-only file system' <<<"$stderr")" -ge 2 ]
	[ -e b/rootfs/free ]
	[ ! -e b/rootfs/frozen/x ]
	[ ! -e b/rootfs/secret/x ]
}

# --- names, limits, identity -------------------------------------------------------------------------------------------

@test "hostname and domainname" {
	inside 'hostname; cat /proc/sys/kernel/domainname' '.hostname = "a-host" | .domainname = "a.domain"'
	[ "$output" = $'a-host\na.domain' ]
}

@test "a sysctl of its own namespaces is set before the payload" {
	inside 'cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/kernel/msgmax /proc/sys/fs/mqueue/msg_max' \
		'.linux.sysctl = {"net.ipv4.ip_unprivileged_port_start": "77", "kernel.msgmax": "9000", "fs.mqueue.msg_max": "12"}'
	[ "$output" = $'77\n9000\n12' ]
	[ "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" != 77 ]
}

@test "a sysctl of the host is refused" {
	refused_inside '*/linux/sysctl*vm.swappiness*' '.linux.sysctl = {"vm.swappiness": "1"}'
	refused_inside '*/linux/sysctl*' '.linux.sysctl = {"net.../../vm/swappiness": "1"}'
	refused_inside '*/linux/sysctl*net.ipv4.ip_forward*' "$jq_defs"' without("network") |
		.mounts |= map(select(.type != "sysfs")) | .linux.sysctl = {"net.ipv4.ip_forward": "1"}'
}

@test "resource limits" {
	inside 'cat /proc/self/limits' '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 200},
		{type: "RLIMIT_CORE", soft: 0, hard: 0}, {type: "RLIMIT_STACK", soft: 1048576, hard: 2097152}]'
	grep -Eq '^Max open files +100 +200 ' <<<"$output"
	grep -Eq '^Max core file size +0 +0 ' <<<"$output"
	grep -Eq '^Max stack size +1048576 +2097152 ' <<<"$output"
}

caps() { awk '/^Cap/ { printf "%s%s ", $1, $2 }' <<<"$output"; }

@test "all five capability sets are what config.json says" {
	bundle b 'grep Cap /proc/self/status' '.process.capabilities = {
		bounding: ["CAP_CHOWN", "CAP_KILL", "CAP_SETUID", "CAP_SYS_ADMIN"], permitted: ["CAP_CHOWN", "CAP_KILL", "CAP_SETUID"],
		effective: ["CAP_CHOWN"], inheritable: ["CAP_KILL", "CAP_SETUID"], ambient: ["CAP_KILL"]} |
		.process.args = ["/bin/cat", "/proc/self/status"]'
	# As root execve gives all of the bounding set (capabilities(7)), so that the sets are seen as another user.
	if [ "$SRT_HALF" = root ]; then
		jq '.process.user.uid = 7' b/config.json >n
	else
		jq '.process.user.uid = 7 | .linux.uidMappings[0].containerID = 7' b/config.json >n
	fi
	mv n b/config.json
	run_inside
	# Without privilege execve leaves of permitted and effective what is ambient.
	[ "$(caps)" = 'CapInh:00000000000000a0 CapPrm:0000000000000020 CapEff:0000000000000020 CapBnd:00000000002000a1 CapAmb:0000000000000020 ' ]
}

@test "the permitted and effective sets of root's own process" {
	inside 'grep Cap /proc/self/status' '.process.capabilities = {bounding: ["CAP_CHOWN", "CAP_KILL"],
		permitted: ["CAP_CHOWN", "CAP_KILL"], effective: ["CAP_CHOWN", "CAP_KILL"]}'
	[ "$(caps)" = 'CapInh:0000000000000000 CapPrm:0000000000000021 CapEff:0000000000000021 CapBnd:0000000000000021 CapAmb:0000000000000000 ' ]
}

@test "without capabilities in config.json there are none" {
	inside 'grep Cap /proc/self/status' 'del(.process.capabilities)'
	[[ ! $(cut -f2 <<<"$output") =~ [1-9a-f] ]]
}

@test "no_new_privs is as config.json says" {
	inside 'grep NoNewPrivs /proc/self/status' '.process.noNewPrivileges = true'
	[ "$output" = $'NoNewPrivs:\t1' ]
	inside 'grep NoNewPrivs /proc/self/status' '.process.noNewPrivileges = false'
	[ "$output" = $'NoNewPrivs:\t0' ]
}

@test "umask" {
	inside 'umask; touch /tmp/x; stat -c %a /tmp/x' '.process.user.umask = 63'
	[ "$output" = $'0077\n600' ]
	inside umask
	[ "$output" = 0022 ]
}

@test "the oom score is what config.json says, or the caller's" {
	inside 'cat /proc/self/oom_score_adj' '.process.oomScoreAdj = 321'
	[ "$output" = 321 ]
	inside 'cat /proc/self/oom_score_adj'
	[ "$output" = "$(cat /proc/self/oom_score_adj)" ]
}

@test "the working directory is entered, made where it is missing, and refused where it is none" {
	inside 'pwd' '.process.cwd = "/tmp"'
	[ "$output" = /tmp ]
	rootfs b/rootfs
	inside 'pwd' '.process.cwd = "/not/yet/there"'
	[ "$output" = /not/yet/there ]
	refused_inside '*/process/cwd*/bin/sh*' '.process.cwd = "/bin/sh"'
	refused_inside '*/process/cwd*' '.process.cwd = "/proc/self/fd/3"'
}

@test "user, group and additional groups" {
	only root
	inside 'id -u; id -g; id -G' '.process.user = {uid: 1234, gid: 55, additionalGids: [3, 4000000]}'
	[ "$output" = $'1234\n55\n55 3 4000000' ]
	inside 'id -G' '.process.user = {uid: 0, gid: 0}'
	[ "$output" = 0 ]
}

@test "additional groups that cannot be had are a warning, and an error under --strict" {
	only user
	bundle b "$SLEEP" '.process.user.additionalGids = [3]'
	detached x b
	[[ $(srt state x | jq -r '.warnings[]') == *'/process/user/additionalGids/0'*'group 3'* ]]
	srt delete -f x
	refused '*/process/user/additionalGids/0*' srt --strict run -b b x
}

@test "the environment is config.json's alone, and HOME comes from passwd where it is missing" {
	export SECRET=leak
	bundle b : '.process.args = ["/bin/cat", "/proc/self/environ"] | .process.env = ["PATH=/bin", "A=b c", "E=", "HOME=/"]'
	srt run -b b x >out
	[ "$(tr '\0' '\n' <out)" = $'PATH=/bin\nA=b c\nE=\nHOME=/' ]
	inside 'echo "$HOME"' '.process.env = ["PATH=/bin"]'
	[ "$output" = /root ]
	inside 'echo "$HOME"' '.process.env = ["PATH=/bin", "HOME=/else"]'
	[ "$output" = /else ]
	[ "$SRT_HALF" = root ] || return 0
	inside 'echo "$HOME"' '.process.env = ["PATH=/bin"] | .process.user.uid = 1234'
	[ "$output" = /home/guest ]
	inside 'echo "$HOME"' '.process.env = ["PATH=/bin"] | .process.user.uid = 4321'
	[ "$output" = / ]
}

@test "HOME is found behind other lines of a long passwd file" {
	{ for ((i = 1; i < 200; i++)); do echo "user$i:x:$((i + 5000)):100:a name that takes some room:/home/user$i:/bin/sh"; done
		echo 'root:x:0:0:root:/the/last:/bin/sh'; } >passwd
	over='.process.env = ["PATH=/bin"] | .mounts += [{destination: "/etc/passwd", source: $passwd, options: ["bind", "ro"]}]'
	inside 'echo "$HOME"' "$over" --arg passwd "$PWD/passwd"
	[ "$output" = /the/last ]
	printf 'root:x:0:0:root:/no/newline:/bin/sh' >passwd
	inside 'echo "$HOME"' "$over" --arg passwd "$PWD/passwd"
	[ "$output" = /no/newline ]
	# What no line of a passwd file is ends the search.
	{ printf '%5000s\n' x; echo 'root:x:0:0:root:/behind:/bin/sh'; } >passwd
	inside 'echo "$HOME"' "$over" --arg passwd "$PWD/passwd"
	[ "$output" = / ]
}

@test "the sockets of socket activation are handed on" {
	bundle b 'echo "$LISTEN_FDS $LISTEN_PID"; [ -e /proc/1/fd/5 ] && echo five; cat <&3; cat <&4'
	echo three >three
	echo four >four
	run --separate-stderr sh -c 'exec 3<three 4<four 5<three; LISTEN_FDS=2 LISTEN_PID=$$ exec timeout 10 "$0" --root "$1" run -b b x' \
		"$SRT_OCI" "$state"
	# timeout is between: LISTEN_PID is not the runtime's, so nothing may be handed on.
	[ "$status" -ne 0 ]
	run --separate-stderr sh -c 'exec 3<three 4<four 5<three; LISTEN_FDS=2 LISTEN_PID=$$ exec "$0" --root "$1" run -b b x' \
		"$SRT_OCI" "$state"
	[ "$status" -eq 0 ] || said
	[ "$output" = $'2 1\nthree\nfour' ]
}

@test "scheduler, I/O priority and personality" {
	inside 'call 145 0; call 140 0 0; call 252 1 0; call 135 0xffffffff; uname -m' '.process.scheduler = {policy: "SCHED_BATCH", nice: 7} |
		.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6} | .linux.personality = {domain: "LINUX32"}'
	# SCHED_BATCH is 3; getpriority returns 20 - nice; the class best effort is 2 << 13.
	[ "${lines[0]}" = '3 0' ]
	[ "${lines[1]}" = '13 0' ]
	[ "${lines[2]}" = "$(((2 << 13) + 6)) 0" ]
	[ "${lines[3]}" = '8 0' ]
	[ "${lines[4]}" = i686 ]
}

@test "a scheduler that this caller may not have is refused before anything is done" {
	only user
	local refusal
	for refusal in '{scheduler: {policy: "SCHED_FIFO", priority: 5}}' '{scheduler: {policy: "SCHED_OTHER", nice: -5}}' \
		'{scheduler: {policy: "SCHED_DEADLINE", runtime: 10, deadline: 20, period: 30}}' \
		'{ioPriority: {class: "IOPRIO_CLASS_RT", priority: 1}}'; do
		bundle b : ".process += $refusal"
		run --separate-stderr srt plan b
		[ "$status" -eq 1 ] && [[ $stderr == srt-oci:\ /process/*CAP_SYS_NICE* ]] || said
	done
	# With a nice value of one's own, or more, there is nothing to ask for.
	bundle b 'call 140 0 0' '.process.scheduler = {policy: "SCHED_OTHER", nice: 3}'
	run -0 --separate-stderr nice -n 3 "$SRT_OCI" --root "$state" run -b b x
	[ "$output" = '17 0' ]
}

@test "an oom score that this caller may not have is refused before anything is done" {
	if sh -c 'echo -999 >/proc/self/oom_score_adj' 2>/dev/null; then skip "this caller may set any oom score"; fi
	bundle b 'cat /proc/self/oom_score_adj' '.process.oomScoreAdj = -999'
	run --separate-stderr srt plan b
	[ "$status" -eq 1 ] && [[ $stderr == srt-oci:\ /process/oomScoreAdj:\ -999\ is\ below\ *CAP_SYS_RESOURCE* ]] || said
	# The lowest one is what it says; and asking leaves the caller's own as it is.
	local lowest=${stderr#*is below } own
	lowest=${lowest%%,*}
	own=$(cat /proc/self/oom_score_adj)
	[ "$lowest" -le "$own" ]
	bundle b 'cat /proc/self/oom_score_adj' ".process.oomScoreAdj = $lowest"
	run -0 --separate-stderr sh -c 'echo 500 >/proc/self/oom_score_adj; exec "$@"' sh "$SRT_OCI" --root "$state" run -b b x
	[ "$output" = "$lowest" ]
	run -0 --separate-stderr sh -c 'echo 500 >/proc/self/oom_score_adj; "$0" facts | jq .oomScore' "$SRT_OCI"
	[ "$output" = 500 ]
}

@test "memory nodes that are not there are a warning; where none is there, the policy is refused" {
	[ -r /sys/devices/system/node/has_memory ] || skip "no file has_memory: the kernel has no NUMA"
	grep -q Mems_allowed_list /proc/self/status || skip "no Mems_allowed_list: the kernel has no cpusets"
	local own first
	own=$(sed -n 's/^Mems_allowed_list:[[:space:]]*//p' /proc/self/status)
	first=${own%%[-,]*}
	bundle b : '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "1000-1001"}'
	run --separate-stderr srt plan b
	[ "$status" -eq 1 ] && [[ $stderr == srt-oci:\ /linux/memoryPolicy/nodes:\ none\ of\ the\ memory\ nodes\ 1000-1001\ *$first* ]] || said
	bundle b 'grep -m 1 -o "bind:[0-9,-]*" /proc/self/numa_maps' ".linux.memoryPolicy = {mode: \"MPOL_BIND\", nodes: \"$first,1000\"}"
	run -0 --separate-stderr srt run -b b x
	[ "$output" = "bind:$first" ]
	run --separate-stderr srt --strict run -b b x
	[ "$status" -eq 1 ] && [[ $stderr == *"there are only $first; the others are left out"* ]] || said
	srt create -b b x
	run -0 srt state x
	[[ $output == *"there are only $first; the others are left out"* ]]
	srt delete -f x
	bundle b 'grep -m 1 -o "bind[^ ]*" /proc/self/numa_maps' '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0-7:2/4", flags: ["MPOL_F_RELATIVE_NODES"]}'
	run -0 --separate-stderr srt run -b b x
	[[ $output == bind*relative:* ]]
}

@test "a real-time scheduler is set by root" {
	only root
	inside 'call 145 0' '.process.scheduler = {policy: "SCHED_FIFO", priority: 5}'
	if [ "$(cat /proc/sys/kernel/sched_rt_runtime_us)" != 0 ]; then
		[ "$output" = '1 0' ]
	fi
}

@test "the CPU affinity of exec" {
	bundle b "$SLEEP" '.process.execCPUAffinity = {initial: "0", final: "0"}'
	detached x b
	run -0 --separate-stderr srt exec x sh -c 'grep Cpus_allowed_list /proc/self/status'
	[ "$output" = $'Cpus_allowed_list:\t0' ]
}

# --- network -----------------------------------------------------------------------------------------------------------

@test "a network namespace of its own has loopback, up, and nothing else" {
	inside 'ls /sys/class/net; ip -o addr show lo; (echo pong | nc -l -p 7777 &) ; sleep 0.3; nc 127.0.0.1 7777 </dev/null'
	[ "${lines[0]}" = lo ]
	[[ $output == *'127.0.0.1/8'* ]]
	[ "${output##*$'\n'}" = pong ]
}

@test "the host's network is there where no namespace is asked for" {
	inside 'cat /proc/net/dev' "$jq_defs"' without("network") | .mounts |= map(select(.type != "sysfs"))'
	[ "$(wc -l <<<"$output")" -eq "$(wc -l </proc/net/dev)" ]
}

@test "in a joined network namespace the other's listener is reached" {
	bundle host 'echo pong | nc -l -p 7777; exec timeout 30 sleep 30'
	detached host host
	filter='joins("network"; "/proc/\($pid)/ns/net") | .mounts |= map(select(.type != "sysfs"))'
	[ "$(id -u)" -eq 0 ] || filter+=' | joins("user"; "/proc/\($pid)/ns/user") | unmapped'
	inside 'for i in 1 2 3 4 5 6 7 8 9; do nc 127.0.0.1 7777 </dev/null 2>/dev/null && exit; sleep 0.1; done; exit 1' \
		"$jq_defs $filter" --arg pid "$pid"
	[ "$output" = pong ]
}

@test "the payload leads a session of its own" {
	inside 'read -r pid name state parent group session tty rest </proc/1/stat; echo "$session $tty"'
	[ "$output" = '1 0' ] || said
}
