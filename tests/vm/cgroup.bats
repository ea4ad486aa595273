# SPDX-License-Identifier: Apache-2.0
# cgroup.bats - cgroup v2 in a few strokes, for the quick guest: limits, exec, ps, pause, update and the end, as root and in
# a delegated part of the tree. The whole of it is tests/integration/cgroup.bats.
# vm guests: uml-quick
# shellcheck disable=SC2016,SC2154

load lib/vm

@test "a container is limited, joined, frozen, thawed, limited anew and gone with its cgroup" {
	bundle b "$SLEEP" '.linux.resources = {memory: {limit: 33554432}, pids: {limit: 40}, cpu: {quota: 50000, period: 100000}}'
	detached x b
	dir=$(cgroup_of "$pid")
	[ "$(<"$dir/memory.max") $(<"$dir/pids.max") $(<"$dir/cpu.max")" = '33554432 40 50000 100000' ]
	run --separate-stderr srt exec x cat /proc/self/cgroup
	has '0::/'
	srt ps -f json x | jq -e --argjson pid "$pid" 'index($pid)'
	srt pause x
	grep -qx 'frozen 1' "$dir/cgroup.events"
	srt resume x
	srt update --pids-limit 30 x
	[ "$(<"$dir/pids.max")" = 30 ]
	srt delete --force x
	[ ! -e "$dir" ]
}
