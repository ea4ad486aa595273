# SPDX-License-Identifier: Apache-2.0
# cgroup.bats - limits take effect, whatever the version of cgroup; a cgroup is the container's alone and ends with it.
# vm guests: uml-plain cloud-plain
# Filters and the scripts of payloads expand what they are given themselves; each test is a subshell of its own.
# shellcheck disable=SC2015,SC2016,SC2030,SC2031,SC2154

load lib/container
load lib/cgroup

teardown_here() {
	# A test that failed in the middle may have left it so.
	for dir in $(below); do
		[ ! -e "$dir/freezer.state" ] || echo THAWED >"$dir/freezer.state"
		[ ! -e "$dir/cgroup.freeze" ] || echo 0 >"$dir/cgroup.freeze"
	done
	srt delete --force --regex .
	for dir in $(below | sort -r); do rmdir "$dir"; done
}

# up FILTER [COMMAND]: container x runs in its cgroup.
up() {
	bundle b "${2:-$SLEEP}" "$(in_cgroup "$1")"
	detached x b
}

# now_refused PATTERN COMMAND…: it fails with that line; what there is goes on.
now_refused() {
	local pattern=$1
	shift
	run --separate-stderr "$@"
	# shellcheck disable=SC2053
	[ "$status" -eq 1 ] && [ -z "$output" ] && [ "$(wc -l <<<"$stderr")" -eq 1 ] && [[ $stderr == $pattern ]] || said
}

# --- limits ------------------------------------------------------------------------------------------------------------

@test "limits are in the files of the container's cgroup" {
	needs_controller memory pids cpu
	local swap=0 dir
	up '.linux.resources = {memory: {limit: 33554432, reservation: 16777216, swap: 50331648}, pids: {limit: 50},
		cpu: {quota: 50000, period: 100000, shares: 2048}}'
	[ "$(limit x memory memory.limit_in_bytes memory.max)" = 33554432 ]
	[ "$(limit x memory memory.soft_limit_in_bytes memory.low)" = 16777216 ]
	[ "$(limit x pids pids.max pids.max)" = 50 ]
	[[ $(limit x cpu cpu.cfs_quota_us cpu.max) == 50000* ]]
	[[ $(limit x cpu cpu.shares cpu.weight) =~ ^(2048|174)$ ]]
	# Of both together on v1, without the memory on v2; and a kernel may count no swap, which is a warning.
	dir=$(cgroup_of x memory)
	[ ! -e "$dir/memory.memsw.limit_in_bytes" ] || swap=50331648
	[ ! -e "$dir/memory.swap.max" ] || swap=16777216
	if [ "$swap" -ne 0 ]; then [ "$(limit x memory memory.memsw.limit_in_bytes memory.swap.max)" = "$swap" ]; fi
	[ "$(jq '.warnings | length' "$state/x/state.json")" = "$((swap == 0))" ]
	srt delete --force x
	cgroups_gone
}

@test "more memory than the limit ends the payload, and events tell" {
	needs_controller memory
	bundle b 'until [ -e /tmp/go ]; do sleep 0.05; done; x=a; while :; do x=$x$x; done' \
		"$(in_cgroup '.linux.resources = {memory: {limit: 8388608, swap: 8388608}}')"
	detached x b
	timeout 10 "$SRT_OCI" --root "$state" events --interval 60s x >seen 3>&- &
	watcher=$!
	sleep 0.3
	srt exec x sh -c ': >/tmp/go'
	eventually has_status x stopped
	wait "$watcher"
	[ "$(jq -r .type seen | sort -u)" = oom ]
	[ "$(jq -r .id seen | sort -u)" = x ]
	srt delete x
	run --separate-stderr srt run -b b --pid-file p x 3>&- </dev/null &
	first=$!
	eventually has_status x running
	srt exec x sh -c ': >/tmp/go'
	wait "$first"
	cgroups_gone
}

@test "a container of 4 MB starts, and exec into it does" {
	needs_controller memory
	up '.linux.resources = {memory: {limit: 4194304, swap: 4194304}}'
	run srt exec x sh -c 'echo inside'
	[ "$output" = inside ] || said
	srt delete --force x
	srt create -b b x 3>&-
	srt start x
	eventually has_status x running
}

@test "no more tasks than the limit" {
	needs_controller pids
	bundle b 'i=0; while [ $i -lt 20 ]; do sleep 1 & i=$((i + 1)); done; wait' \
		"$(in_cgroup '.linux.resources = {pids: {limit: 8}}')"
	run --separate-stderr srt run -b b x
	[[ $stderr == *"can't fork"* ]] || said
	cgroups_gone
}

@test "zero is no limit, and -1 lifts it" {
	needs_controller memory pids
	up '.linux.resources = {memory: {limit: 0}, pids: {limit: -1}, cpu: {shares: 0}, blockIO: {weight: 0}}'
	[[ $(limit x memory memory.limit_in_bytes memory.max) =~ ^(max|9223372036854771712)$ ]]
	[ "$(limit x pids pids.max pids.max)" = max ]
}

@test "only the devices that are allowed can be opened" {
	only root
	host_has '.cgroupV1 | any(.controllers | split(",") | index("devices"))' ||
		host_has '.cgroupMode == "v2"' || skip 'no controller for devices'
	mknods='mknod /dev/kmsg c 1 11 && (: >/dev/kmsg) && echo open || echo closed; (: >/dev/null) && echo null'
	all='.process.capabilities[] |= (. + ["CAP_MKNOD"]) | .linux.resources = {devices: [{allow: false, access: "rwm"}]}'
	inside "$mknods" "$(in_cgroup "$all")" 2>err || grep -q "EINVAL\|CONFIG_CGROUP_BPF" err || true
	[[ $stderr != *CONFIG_CGROUP_BPF* ]] || skip 'this kernel has no CONFIG_CGROUP_BPF'
	run srt run -b b x
	has closed
	has null
	bundle b "$mknods" "$(in_cgroup "$all | .linux.resources.devices += [{allow: true, type: \"c\", major: 1, minor: 11, access: \"w\"}]")"
	run srt run -b b x
	has open
	cgroups_gone
}

@test "what a kernel lacks is a warning, and refused where that is asked" {
	needs_cgroup
	up '.linux.resources = {blockIO: {leafWeight: 100}}'
	[[ $(jq -r '.warnings[]' "$state/x/state.json") == */linux/resources/blockIO/leafWeight:* ]]
	srt delete --force x
	now_refused '*leafWeight*--strict*' srt --strict run -b b x
	cgroups_gone
}

# --- the cgroup --------------------------------------------------------------------------------------------------------

@test "a cgroup namespace begins at the container's cgroup" {
	needs_cgroup
	inside 'cat /proc/self/cgroup' "$(in_cgroup)"
	while IFS=: read -r _ controllers path; do
		# What this caller may not use is not the container's.
		[ -n "$(mount_of "${controllers%%,*}")" ] || [ "$controllers" = '' ] || continue
		[ "$path" = / ] || host_has '(.cgroupWritable or .cgroupAboveWritable) | not' || said
	done <<<"$output"
}

@test "what was made goes with the container; what was there stays" {
	needs_cgroup
	top=$(cgroup_base)
	bundle b "$SLEEP" '.linux.cgroupsPath = $path' --arg path "$top/$(mark)/pod/ctr"
	detached x b
	[ "$(below | wc -l)" -ge 1 ]
	srt delete --force x
	cgroups_gone
	mkdir "$(first_mount)$top/$(mark)"
	detached x b
	srt delete --force x
	[ "$(below | wc -l)" -eq 1 ]
	rmdir "$(first_mount)$top/$(mark)"
}

# first_mount, cgroup_base: a mount, and an absolute path below it where this caller may make cgroups.
first_mount() {
	"$SRT_OCI" facts | jq -r 'first((.cgroupV1[] | select(.writable) | .mount), .cgroupMount)'
}
cgroup_base() {
	if [ "$(id -u)" -ne 0 ]; then
		dirname "$(sed -n 's/^0:://p' /proc/self/cgroup)"
	fi
}

@test "a start that fails leaves no cgroup" {
	needs_cgroup
	bundle b 'echo ran' "$(in_cgroup '.process.args = ["/nope"]')"
	refused '*/nope*' srt create -b b x
	cgroups_gone
	bundle b 'echo ran' "$(in_cgroup '.hooks = {createRuntime: [{path: "/bin/false"}]}')"
	refused '*createRuntime*' srt create -b b x
	cgroups_gone
	bundle b 'echo ran' "$(in_cgroup '.linux.resources = {cpu: {mems: "999"}}')"
	if [ -n "$(mount_of cpuset)" ]; then
		refused '*/linux/resources/cpu/mems*' srt run -b b x
		cgroups_gone
	fi
}

@test "a creator that is killed leaves nothing that delete --force cannot remove" {
	needs_cgroup
	bundle b "$SLEEP" "$(in_cgroup '.linux.resources = {pids: {limit: 20}}')"
	for call in mkdirat:1 mkdirat:2 clone3:1 sendmsg:1 renameat:1 renameat:2 unshare:1; do
		timeout -k 1 10 strace -qq -o /dev/null -e "trace=${call%:*}" \
			-e "inject=${call%:*}:signal=KILL:when=${call#*:}" \
			"$SRT_OCI" --root "$state" create -b b x >out 2>err 3>&- </dev/null || true
		srt delete --force x || { cat err; echo "after $call"; false; }
		cgroups_gone || { echo "after $call"; false; }
		eventually no_leftovers || { leftovers; false; }
	done
}

@test "a cgroup that somebody uses is refused" {
	needs_cgroup
	up .
	now_refused '*has processes already*' srt run -b b y
	[ "$(status_of x)" = running ]
	srt delete --force x
	cgroups_gone
}

@test "a frozen cgroup is refused at once, not waited for" {
	only root
	needs_cgroup
	if [ -n "$(mount_of freezer)" ]; then
		dir=$(mount_of freezer)/$(mark)
		mkdir "$dir"
		echo FROZEN >"$dir/freezer.state"
	else
		dir=$(first_mount)/$(mark)
		mkdir "$dir"
		echo 1 >"$dir/cgroup.freeze"
	fi
	bundle b 'echo ran' '.linux.cgroupsPath = $path' --arg path "/$(mark)/inner"
	now_refused '*is frozen*' srt run -b b x
	[ ! -e "$dir/inner" ]
	bundle b 'echo ran' '.linux.cgroupsPath = $path' --arg path "/$(mark)"
	now_refused '*is frozen*' srt run -b b x
}

@test "no path leads out of the hierarchy" {
	for path in /../x ../x /a/../../x "/$(mark)/.." ..; do
		bundle b 'echo ran' '.linux.cgroupsPath = $path' --arg path "$path"
		refused '*cgroupsPath*' srt run -b b x
	done
	no_cgroups
}

@test "a container that asks for none has none" {
	bundle b "$SLEEP" 'del(.linux.resources, .linux.cgroupsPath)'
	detached x b
	[ "$(jq -c '.cgroups' "$state/x/state.json")" = '{}' ]
}

@test "without a manager there is no cgroup, and the limits are warnings" {
	bundle b "$SLEEP" "$(in_cgroup '.linux.resources = {pids: {limit: 5}}')"
	srt --cgroup-manager disabled run -d -b b x >out 2>err 3>&-
	[ "$(jq -c '.cgroups' "$state/x/state.json")" = '{}' ]
	[[ $(jq -r '.warnings[]' "$state/x/state.json") == *pids/limit*disabled* ]]
	no_cgroups
}

@test "where none is delegated the limits are warnings, and refused where that is asked" {
	! host_has '.cgroupWritable or .cgroupAboveWritable or any(.cgroupV1[]; .writable)' ||
		skip 'this caller may make cgroups'
	up '.linux.resources = {memory: {limit: 8388608}, pids: {limit: 20}, cpu: {shares: 1024}}'
	[ "$(jq -r '.warnings | length' "$state/x/state.json")" -ge 3 ]
	[[ $(jq -r '.warnings[]' "$state/x/state.json") == *memory/limit*delegated* ]]
	[[ $(jq -r '.warnings[]' "$state/x/state.json") != *jobs* ]]
	srt delete --force x
	now_refused '*cgroupsPath*delegated*--strict*' srt --strict run -b b x
}

@test "a mount of type cgroup shows the container's own" {
	needs_controller memory
	mkdir -p tree
	inside 'd=/sys/fs/cgroup; [ -d $d/memory ] && cat $d/memory/memory.limit_in_bytes || cat $d/memory.max;
		mkdir $d/x 2>/dev/null || echo read-only' "$(in_cgroup '.linux.resources = {memory: {limit: 16777216}} |
		.mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro", "nosuid"]}]')"
	has 16777216
	has read-only
	if host_has '.cgroupV1 | length > 0'; then
		inside 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes' "$(in_cgroup "$jq_defs"' without("cgroup") |
			.linux.resources = {memory: {limit: 16777216}} |
			.mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro"]}]')"
		has 16777216
	fi
}

# --- the container's life ----------------------------------------------------------------------------------------------

beats_on() { [ "$(wc -c <"/proc/$pid/root/tmp/beat")" -gt "$before" ]; }

@test "pause freezes, resume thaws, and what is paused can be killed" {
	needs_cgroup
	up . 'while :; do echo . >>/tmp/beat; sleep 0.02; done'
	eventually test -s "/proc/$pid/root/tmp/beat"
	srt pause x
	[ "$(status_of x)" = paused ]
	now_refused '*cannot exec*paused*' srt exec x true
	before=$(wc -c <"/proc/$pid/root/tmp/beat")
	sleep 0.3
	[ "$before" = "$(wc -c <"/proc/$pid/root/tmp/beat")" ]
	grep -q '^State:.*\(sleeping\|running\|disk\)' "/proc/$pid/status"
	srt resume x
	eventually beats_on
	srt pause x
	srt kill x KILL
	eventually has_status x stopped
	srt delete x
	detached x b
	srt pause x
	srt delete --force x
	cgroups_gone
}

@test "ps and kill --all reach everybody also without a pid namespace" {
	needs_cgroup
	up "$jq_defs without(\"pid\")" '(setsid sleep 61 &) ; exec sleep 60'
	eventually test "$(srt ps -f json x | jq length)" -ge 2
	orphan=$(for p in $(srt ps -f json x | jq '.[]'); do [ "$p" = "$pid" ] || echo "$p"; done | head -1)
	[ -d "/proc/$orphan" ]
	srt kill --all x KILL
	eventually test ! -d "/proc/$orphan"
	eventually has_status x stopped
	srt delete x
	# Whoever outlives the first process goes with the cgroup.
	detached x b
	eventually test "$(srt ps -f json x | jq length)" -ge 2
	orphan=$(for p in $(srt ps -f json x | jq '.[]'); do [ "$p" = "$pid" ] || echo "$p"; done | head -1)
	srt kill x KILL
	eventually has_status x stopped
	srt delete x
	eventually test ! -d "/proc/$orphan"
	cgroups_gone
}

@test "exec joins the cgroup, or one below it" {
	needs_controller pids
	up '.linux.resources = {pids: {limit: 50}}'
	dir=$(cgroup_of x pids)
	srt exec -d --pid-file p x sleep 30 3>&-
	grep -qx "$(cat p)" "$dir/cgroup.procs"
	now_refused '*no cgroup*nope*' srt exec --cgroup nope x true
	now_refused '*leaves*' srt exec --cgroup ../.. x true
	srt delete --force x
	cgroups_gone
}

@test "a cgroup with others below it is removed from the bottom up" {
	needs_controller pids
	up '.linux.resources = {pids: {limit: 50}}'
	dir=$(cgroup_of x pids)
	mkdir -p "$dir/a/b" "$dir/c"
	srt delete --force x
	cgroups_gone
}

# --- update and events -------------------------------------------------------------------------------------------------

@test "update writes new limits, one by one or from a document" {
	needs_controller memory pids cpu
	up '.linux.resources = {memory: {limit: 33554432, swap: 33554432}, pids: {limit: 50}}'
	srt update --memory 64m --memory-swap 128m --pids-limit 7 --cpu-quota 30000 --cpu-period 60000 --cpu-share 512 x
	[ "$(limit x memory memory.limit_in_bytes memory.max)" = 67108864 ]
	[ "$(limit x pids pids.max pids.max)" = 7 ]
	[[ $(limit x cpu cpu.cfs_quota_us cpu.max) == 30000* ]]
	[[ $(limit x cpu cpu.shares cpu.weight) =~ ^(512|59)$ ]]
	echo '{"memory": {"limit": 16777216, "swap": 16777216}, "cpu": {"quota": -1}}' | srt update -r - x
	[ "$(limit x memory memory.limit_in_bytes memory.max)" = 16777216 ]
	[[ $(limit x cpu cpu.cfs_quota_us cpu.max) =~ ^(-1|max) ]]
	echo '{"pids": {"limit": 9}}' >limits
	srt update --resources limits x
	[ "$(limit x pids pids.max pids.max)" = 9 ]
	now_refused '*more than*' srt update --resources <(echo '{"memory": {"limit": 4096, "checkBeforeUpdate": true}}') x
	now_refused '*--memory: *' srt update --memory 12x x
	now_refused '*/cpu/cpus*' srt update --cpuset-cpus a x
	srt kill x KILL
	eventually has_status x stopped
	now_refused '*not running*' srt update --pids-limit 5 x
}

@test "update takes every option of the others" {
	needs_controller memory pids cpu
	up '.linux.resources = {memory: {limit: 33554432}}'
	srt update --blkio-weight 100 --cpu-burst 1000 --cpu-idle 0 --cpu-quota 50000 --cpu-period 100000 --cpuset-cpus 0 \
		--cpuset-mems 0 --kernel-memory 33554432 --kernel-memory-tcp 33554432 --memory-reservation 1m --memory 32m \
		x
	now_refused '*no resctrl group*' srt update --l3-cache-schema 'L3:0=f' --mem-bw-schema 'MB:0=20' x
}

@test "without a cgroup update limits each process, and says so" {
	bundle b "$SLEEP" 'del(.linux.resources, .linux.cgroupsPath)'
	detached x b
	run --separate-stderr srt update --memory 512m --cpuset-cpus 0 --cpu-share 100 x
	[ "$status" -eq 0 ] || said
	[[ $output == *'memory/limit: as RLIMIT_AS'* ]]
	[[ $output == *'cpu/shares: not applied'* ]]
	grep -q 'Max address space *536870912' "/proc/$pid/limits"
	grep -qx 'Cpus_allowed_list:	0' "/proc/$pid/status"
	[[ $(srt state x | jq -r '.warnings[]?') == *update* ]] || [[ $(jq -r '.warnings[]' "$state/x/state.json") == *update* ]]
	now_refused '*no cgroup*' srt update --cpu-share 100 x
	now_refused '*--strict*' srt --strict update --memory 256m x
}

@test "events tell what is used, in runc's words" {
	needs_controller memory pids
	up '.linux.resources = {memory: {limit: 33554432}, pids: {limit: 50}}'
	srt events --stats x >stats
	jq -e '.type == "stats" and .id == "x" and (.data.memory.usage | .limit == 33554432 and .usage > 0) and
		(.data.memory.raw | length) > 5 and .data.pids.current >= 1 and .data.pids.limit == 50 and
		(.data.cpu.usage | has("kernel") and has("user")) and (.data | has("blkio") and has("hugetlb"))' stats
	timeout 10 "$SRT_OCI" --root "$state" events --interval 100ms x >many 3>&- &
	watcher=$!
	eventually file_has many stats
	sleep 0.5
	srt kill x KILL
	wait "$watcher"
	[ "$(wc -l <many)" -ge 3 ]
	now_refused '*not running*' srt events --stats x
}

@test "events say that there is nothing to count" {
	bundle b "$SLEEP" 'del(.linux.resources, .linux.cgroupsPath)'
	detached x b
	now_refused '*no cgroup*' srt events --stats x
}

# --- a state that lies -------------------------------------------------------------------------------------------------

@test "root touches no cgroup that a state's owner does not own" {
	only root
	needs_controller pids
	up '.linux.resources = {pids: {limit: 50}}'
	dir=$(cgroup_of x pids)
	# A user's state that names our container's cgroup as its own.
	theirs=$BATS_TEST_TMPDIR/theirs
	mkdir -p "$theirs/y"
	chmod 700 "$theirs" "$theirs/y"
	jq '.id = "y" | .pid = 0 | .pidStart = 0' "$state/x/state.json" >"$theirs/y/state.json"
	chown -R "${SRT_TEST_USER:-srttest}" "$theirs"
	[ "$(stat -c %u "$theirs")" -ne 0 ] || skip 'no ordinary user to be the owner'
	for command in 'kill --all y KILL' 'delete --force y'; do
		# shellcheck disable=SC2086
		timeout 10 "$SRT_OCI" --root "$theirs" $command || true
		[ -d "$dir" ]
		[ "$(status_of x)" = running ]
	done
	[ ! -e "$theirs/y" ]
	srt delete --force x
	cgroups_gone
}
