# SPDX-License-Identifier: Apache-2.0
# cgroup2.bats - cgroup v2 alone: as root, and as a user to whom a cgroup is delegated. The rest of what cgroups promise is
# tests/integration/cgroup.bats, which runs in other guests.
# vm guests: uml-plain cloud-plain
# shellcheck disable=SC2015,SC2016,SC2030,SC2031,SC2154

load "$SRT_TOP/tests/integration/lib/container"
load "$SRT_TOP/tests/integration/lib/cgroup"

teardown_here() {
	for dir in $(below); do echo 0 >"$dir/cgroup.freeze"; done
	srt delete --force --regex .
}

# up FILTER [COMMAND]: container x runs in its cgroup.
up() {
	bundle b "${2:-$SLEEP}" "$(in_cgroup "$1")"
	detached x b
}

@test "limits are written, by whoever has the cgroup" {
	up '.linux.resources = {memory: {limit: 33554432, swap: 50331648}, pids: {limit: 50}, cpu: {quota: 50000, shares: 512},
		unified: {"memory.high": "30000000"}}'
	dir=$(cgroup_of x memory)
	[ "$(cat "$dir/memory.max")" = 33554432 ]
	[ "$(cat "$dir/memory.high")" = 29999104 ]
	[ ! -e "$dir/memory.swap.max" ] || [ "$(cat "$dir/memory.swap.max")" = 16777216 ]
	[ "$(cat "$dir/pids.max")" = 50 ]
	[ "$(cat "$dir/cpu.max")" = '50000 100000' ]
	[ "$(cat "$dir/cpu.weight")" = 59 ]
	srt delete --force x
	cgroups_gone
}

@test "what one cannot have is told, and of unified refused" {
	only user
	controller=$("$SRT_OCI" facts | jq -r '(.cgroupTopControllers | split(" ")) - (.cgroupAboveControllers | split(" ")) | first // empty')
	[ -n "$controller" ] || skip 'every controller is delegated'
	bundle b true "$(in_cgroup '.linux.resources = {unified: {($name + ".x"): "1"}}')" --arg name "$controller"
	refused "*unified/$controller.x*delegated*" srt run -b b x
	cgroups_gone
}

@test "memory that runs out ends the payload" {
	inside 'cat /proc/self/cgroup' "$(in_cgroup '.linux.resources = {memory: {limit: 8388608, swap: 8388608}}')"
	has 0::/
	bundle b 'x=a; while :; do x=$x$x; done' "$(in_cgroup '.linux.resources = {memory: {limit: 8388608, swap: 8388608}}')"
	run srt run -b b x
	[ "$status" -eq 137 ] || said
	cgroups_gone
}

@test "the freezer stops and the dead leave it" {
	up .
	dir=$(cgroup_of x memory)
	srt pause x
	grep -qx 'frozen 1' "$dir/cgroup.events"
	srt resume x
	grep -qx 'frozen 0' "$dir/cgroup.events"
	srt pause x
	srt delete --force x
	cgroups_gone
}

@test "a start into a frozen cgroup is refused at once" {
	up .
	dir=$(cgroup_of x memory)
	srt kill x KILL
	eventually has_status x stopped
	echo 1 >"$dir/cgroup.freeze"
	refused_now '*is frozen*' srt run -b b y
	echo 0 >"$dir/cgroup.freeze"
	srt delete x
	cgroups_gone
}

refused_now() {
	local pattern=$1
	shift
	run --separate-stderr "$@"
	# shellcheck disable=SC2053
	[ "$status" -eq 1 ] && [ -z "$output" ] && [[ $stderr == $pattern ]] || said
}

@test "devices are denied by a program of our own" {
	only root
	bundle b 'mknod /dev/kmsg c 1 11 && (: >/dev/kmsg) && echo open || echo closed; : >/dev/null && echo null' "$(in_cgroup '
		.process.capabilities[] |= (. + ["CAP_MKNOD"]) | .linux.resources = {devices: [{allow: false, access: "rwm"}]}')"
	run --separate-stderr srt run -b b x
	[[ $stderr != *CONFIG_CGROUP_BPF* ]] || skip 'this kernel has no CONFIG_CGROUP_BPF'
	has closed
	has null
	bundle b "$SLEEP" "$(in_cgroup '.linux.resources = {devices: [{allow: true, access: "rwm"}]}')"
	detached x b
	srt update -r - x <<<'{"devices": [{"allow": false, "access": "rwm"}]}'
	run srt exec x sh -c ': >/dev/null && echo null'
	has null
}

mapped='.linux.namespaces += [{type: "user"}] |
	.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}] | .linux.gidMappings = .linux.uidMappings'
writable='.mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["nosuid"]}]'

@test "a cgroup that is mounted to be written is given away, and only what is listed" {
	only root
	up "$mapped | $writable | .linux.resources = {memory: {limit: 33554432}}"
	dir=$(cgroup_of x memory)
	[ "$(stat -c %u "$dir")" = 100000 ]
	for file in cgroup.procs cgroup.subtree_control cgroup.threads; do
		[ "$(stat -c %u "$dir/$file")" = 100000 ]
	done
	for file in memory.max pids.max cgroup.freeze cgroup.kill; do
		[ "$(stat -c %u "$dir/$file")" = 0 ]
	done
	srt exec x sh -c 'mkdir /sys/fs/cgroup/own && echo 0 >/sys/fs/cgroup/own/cgroup.procs'
	srt delete --force x
	cgroups_gone
}

@test "the annotation puts the process below the limit, into a cgroup of its own" {
	only root
	up "$mapped | $writable | .linux.resources = {memory: {limit: 33554432}} |
		.annotations = {\"run.oci.delegate-cgroup\": \"inner\"}"
	dir=$(cgroup_of x memory)
	grep -qx "$pid" "$dir/inner/cgroup.procs"
	[ "$(stat -c '%u' "$dir")" = 0 ]
	[ "$(stat -c '%u' "$dir/inner")" = 100000 ]
	[ "$(cat "$dir/memory.max")" = 33554432 ]
	srt exec x true
	srt delete --force x
	cgroups_gone
}

@test "whoever has a cgroup namespace and a delegated cgroup can divide it" {
	only user
	inside 'mkdir /sys/fs/cgroup/own && echo 0 >/sys/fs/cgroup/own/cgroup.procs && cat /proc/self/cgroup' \
		"$(in_cgroup "$writable")"
	has 0::/own
	cgroups_gone
}
