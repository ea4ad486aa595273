# SPDX-License-Identifier: Apache-2.0
# systemd.bats - containers in scopes of systemd: root's by the system manager, an ordinary user's by his own.
# vm guests: uml-systemd cloud-systemd
# shellcheck disable=SC2016,SC2154

load lib/vm

sd() { srt --systemd-cgroup "$@"; }
# scope ID: the unit's name, as it is by default.
scope() { echo "srt-oci-$1.scope"; }
# outside COMMAND…: from where a login would be, beside the user's manager; root moves whoever asks (tests/vm/session).
outside() {
	(
		echo "$BASHPID" >/run/vm/move
		eventually grep -q '/session-vm.scope$' "/proc/$BASHPID/cgroup" && "$@"
	)
}
# prop UNIT NAME: one property's value.
prop() { manager show --value -p "$2" "$1"; }
# expect UNIT LINES: its properties, a line NAME=VALUE each, by one call.
expect() {
	local names
	names=$(cut -d= -f1 <<<"$2")
	diff <(sort <<<"$2") <(manager show -p "${names//$'\n'/,}" "$1" | sort)
}
unit_gone() { [ "$(prop "$1" LoadState)" = not-found ] || [ "$(prop "$1" ActiveState)" = inactive ]; }

# sleeping ID [FILTER [JQ-OPTION…]]: a container of that id, running in the background under systemd's care; sets pid and dir.
sleeping() {
	local id=$1 filter=${2:-.}
	shift $(($# > 2 ? 2 : $#))
	bundle "b-$id" "$SLEEP" "$filter" "$@"
	sd run -d -b "b-$id" "$id" >out 2>err 3>&- || { cat err; return 1; }
	pid=$(srt state "$id" | jq .pid)
	dir=$(cgroup_of "$pid")
}

@test "a container is in a scope of its own, in the manager's slice, and delete takes it away" {
	sleeping a
	slice=$([ "$SRT_HALF" = root ] && echo system.slice || echo user.slice)
	expect "$(scope a)" "ActiveState=active
Slice=$slice
Delegate=yes
ControlGroup=${dir#/sys/fs/cgroup}"
	[[ $dir = */$slice/$(scope a) ]]
	srt delete --force a
	eventually unit_gone "$(scope a)"
	[ ! -e "$dir" ]
}

@test "cgroupsPath, limits and annotations become the unit's place and properties, and stay after a reload" {
	sleeping a '.linux.cgroupsPath = "srt-test.slice:srt:web" |
		.linux.resources = {memory: {limit: 33554432}, pids: {limit: 55}, cpu: {shares: 512}} |
		.annotations = {"org.systemd.property.Description": "'"'"'of mine'"'"'", "org.systemd.property.TimeoutStopSec": "uint64 7"}'
	[[ $dir = */srt.slice/srt-test.slice/srt-web.scope ]]
	expect srt-web.scope "Slice=srt-test.slice
MemoryMax=33554432
TasksMax=55
CPUWeight=$(<"$dir/cpu.weight")
Description=of mine
TimeoutStopUSec=7s"
	manager daemon-reload
	[ "$(<"$dir/memory.max") $(<"$dir/pids.max")" = '33554432 55' ]
	# What another command asks is asked of systemd, too, without being told that it made the container.
	srt update --memory 50331648 --pids-limit 44 a
	expect srt-web.scope "MemoryMax=50331648
TasksMax=44"
	manager daemon-reload
	[ "$(<"$dir/memory.max") $(<"$dir/pids.max")" = '50331648 44' ]
}

@test "create, start, exec, pause, resume and kill in a subgroup of the scope" {
	bundle b "$SLEEP" '.annotations = {"run.oci.systemd.subgroup": "inner"}'
	sd create -b b x 3>&-
	pid=$(srt state x | jq .pid)
	dir=$(cgroup_of "$pid")
	[[ $dir = */$(scope x)/inner ]]
	srt start x
	eventually has_status x running
	run --separate-stderr srt exec x cat /proc/self/cgroup
	[ "$status" -eq 0 ] || said
	has '0::/'
	srt pause x
	grep -qx 'frozen 1' "$dir/cgroup.events"
	srt resume x
	grep -qx 'frozen 0' "$dir/cgroup.events"
	srt kill x KILL
	eventually has_status x stopped
	srt delete x
	eventually unit_gone "$(scope x)"
}

@test "a foreground container leaves no unit, and its id can be used again at once" {
	bundle b 'cat /proc/self/cgroup'
	for _ in 1 2; do
		run --separate-stderr sd run -b b again
		[ "$status" -eq 0 ] || said
		has '0::/' # a cgroup namespace of its own
	done
	unit_gone "$(scope again)"
}

@test "the unit's end is the container's" {
	sleeping a '.annotations = {"org.systemd.property.TimeoutStopUSec": "uint64 500000"}' # its init ignores SIGTERM
	manager stop "$(scope a)"
	eventually has_status a stopped
	srt delete a
}

@test "what systemd refuses is told in its words, and leaves nothing" {
	bundle b true '.annotations = {"org.systemd.property.NoSuchThing": "true"}'
	refused '*srt-oci-x.scope*NoSuchThing*' sd run -b b x
	unit_gone "$(scope x)"
	bundle b true '.linux.cgroupsPath = "/a/b"'
	refused '*/linux/cgroupsPath*slice:prefix:name*' sd run -b b x
}

@test "the bus is found without an address in the environment; without a bus the error names the way out" {
	only user
	unset DBUS_SESSION_BUS_ADDRESS
	sleeping a
	expect "$(scope a)" ActiveState=active
	srt delete --force a
	bundle b true
	refused '*user*bus*cgroupfs*' env XDG_RUNTIME_DIR="$PWD" "$SRT_OCI" --root "$state" --systemd-cgroup run -b b x
}

@test "from a login session, outside the manager's own tree, the manager moves the processes" {
	only user
	bundle b "$SLEEP"
	outside sd run -d -b b x >out 2>err 3>&- || { cat err; return 1; }
	pid=$(srt state x | jq .pid)
	[[ $(cgroup_of "$pid") = */user.slice/$(scope x) ]]
	run --separate-stderr outside srt exec x cat /proc/self/cgroup
	[ "$status" -eq 0 ] || said
	has '0::/'
}

@test "which of srt.limits a run has met is told, though the scope goes with the payload" {
	for i in 1 2 3 4 5; do
		bundle b 'x=a; while :; do x=$x$x; done' '.srt.limits.memory = "32M"'
		run -137 --separate-stderr sd run -b b "m$i"
		[[ $stderr == *'Memory limit exceeded: all processes together may use 32M' ]] || said
	done
}
