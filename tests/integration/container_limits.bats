# SPDX-License-Identifier: Apache-2.0
# container_limits.bats - "srt.limits" of a bundle's config.json: held by run, create and --detach, or refused.
# vm guests: uml-plain
# shellcheck disable=SC2016,SC2154

load lib/container
load lib/cgroup

# limited COMMAND LIMITS [FILTER]: a bundle with those.
limited() {
	local command=$1 limits=$2 filter=${3:-.}
	shift $(($# > 3 ? 3 : $#))
	rm -rf b
	bundle b "$command" ".srt.limits = $limits | $filter" "$@"
}
nobody_keeps_time() { ! pgrep -x srt-deadline >/dev/null; }

@test "a run that takes longer is ended with status 124, as a sandbox is, and says so" {
	limited 'echo begun; sleep 30; echo over' '{timeout: "700ms"}'
	run -124 --separate-stderr srt run -b b x
	[ "$output" = begun ] && [ "$stderr" = 'srt-oci: Execution timeout after 700ms' ] || said
	limited 'trap "echo asked; exit 3" TERM; sleep 30 & wait' '{timeout: "1s", "kill-after": "5s"}'
	run -124 --separate-stderr srt run -b b x
	[ "$output" = asked ] && [ "$stderr" = 'srt-oci: Execution timeout after 1s' ] || said
	limited 'sleep 60 & sleep 60 & exec sleep 60' '{timeout: "500ms", "kill-after": "100ms"}'
	run -124 srt run -b b x
	eventually nobody_keeps_time
}

@test "one that ends before has its own status, and nobody keeps its time any more" {
	limited 'exit 5' '{timeout: "1h"}'
	run -5 --separate-stderr srt run -b b x
	[ -z "$output$stderr" ] || said
	eventually nobody_keeps_time
}

@test "the time of a detached and of a created container is kept, from its start on" {
	limited "$SLEEP" '{timeout: "1s"}'
	srt run -d -b b x 3>&-
	has_status x running
	eventually has_status x stopped
	srt delete x
	srt create -b b y 3>&-
	sleep 2
	has_status y created
	srt start y 3>&-
	has_status y running
	eventually has_status y stopped
	srt delete y
	eventually nobody_keeps_time
}

@test "files and open files are limits of each process, and the stricter of two counts" {
	limited 'ulimit -n; ulimit -f' '{"max-open-files": "64", "max-file-size": "1M"}'
	run -0 srt run -b b x
	[ "$output" = $'64\n2048' ] || said
	limited 'ulimit -n' '{"max-open-files": "64"}' '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 32, hard: 128}]'
	run -0 srt run -b b x
	[ "$output" = 32 ] || said
}

@test "memory, processors and processes are a cgroup's, the stricter of two counts" {
	needs_controller memory pids cpu
	limited "$SLEEP" '{memory: "64M", "max-processes": "20", cpu: "0.5"}' "$(in_cgroup '.linux.resources = {memory: {limit: 33554432}, pids: {limit: 100}}')"
	srt run -d -b b x 3>&-
	[ "$(limit x memory memory.limit_in_bytes memory.max)" = 33554432 ]
	[ "$(limit x pids pids.max pids.max)" = 20 ]
	[[ $(limit x cpu cpu.cfs_quota_us cpu.max) == 50000* ]]
	srt delete --force x
	limited 'x=a; while :; do x=$x$x; done' '{memory: "32M"}' "$(in_cgroup)"
	run -137 srt run -b b x
	cgroups_gone
}

@test "without a cgroup they are refused, and nothing runs" {
	limited 'echo ran' '{memory: "64M"}'
	run -1 --separate-stderr srt --cgroup-manager disabled run -b b x
	[[ -z $output && $stderr == *"/srt/limits: memory, cpu and max-processes are a cgroup's to hold"*'sandbox-runtime exec --bundle'* ]] || said
	run -1 --separate-stderr srt --cgroup-manager disabled create -b b x
	[[ $stderr == *'/srt/limits: '* ]] || said
}

@test "what is no container's to hold, what is no limit and what is misspelt are refused with their place" {
	local row
	for row in 'disk: "1M"|/srt/limits/disk: is not held by a container: *--disk' '"max-files": "1"|/srt/limits/max-files: *nr_inodes*' \
		'"max-output": "1M"|/srt/limits/max-output: *' 'timeout: "soon"|/srt/limits/timeout: "soon" is not a duration*' \
		'memory: "lots"|/srt/limits/memory: *' 'memory: 5|/srt/limits/memory: *' '"max-processes": "0"|/srt/limits/max-processes: *' \
		'"max-open-files": "2"|/srt/limits/max-open-files: *' 'tmeout: "1s"|/srt/limits: unknown key "tmeout"; did you mean "timeout"?'; do
		limited 'echo ran' "{${row%%|*}}"
		run -1 --separate-stderr srt run -b b x
		# shellcheck disable=SC2053 # a pattern it is
		[[ -z $output && $stderr == "srt-oci: "${row#*|} ]] || said
	done
	limited 'echo ran' '{timeout: "1s"}' "$jq_defs without(\"pid\")"
	run -1 --separate-stderr srt run -b b x
	[[ -z $output && $stderr == *'/srt/limits/timeout: needs a new pid namespace'* ]] || said
}

# said_last LINE: a run that failed ends with it on standard error.
said_last() { [ "${stderr##*$'\n'}" = "$1" ] || said; }

@test "which limit a run has met is told in the words of a sandbox, and written down" {
	needs_controller memory pids
	limited 'x=a; while :; do x=$x$x; done' '{memory: "32M"}' "$(in_cgroup)"
	run -137 --separate-stderr srt run --violations seen -b b x
	said_last 'srt-oci: Memory limit exceeded: all processes together may use 32M'
	# What of it is killed is not all that there is; the rest cannot cope.
	limited '(x=a; while :; do x=$x$x; done); exit 4' '{memory: "32M"}' "$(in_cgroup)"
	run -137 --separate-stderr srt run -b b x
	said_last 'srt-oci: Memory limit exceeded: all processes together may use 32M'
	limited 'for i in 1 2 3 4 5 6 7 8 9; do sleep 5 & done; wait' '{"max-processes": "5"}' "$(in_cgroup)"
	run --separate-stderr srt run --violations seen -b b x
	[ "$status" -ne 0 ] || said
	said_last 'srt-oci: Process limit exceeded: 5 at one time'
	limited 'exec sleep 30' '{timeout: "300ms"}'
	run -124 srt run --violations seen -b b x
	[ "$(jq -cs '[.[] | [.type, .severity, .context.limit]]' seen)" = \
		'[["limit","medium","memory"],["limit","medium","processes"],["limit","medium","timeout"]]' ] || { cat seen; said; }
	[ "$(jq -r .description seen | tail -1)" = 'Execution timeout after 300ms' ]
}

@test "a limit of a file's size is told by the signal that it ends with" {
	limited 'busybox dd if=/dev/zero of=/tmp/f bs=4096 count=100; exit $?' '{"max-file-size": "64K"}' \
		'.mounts += [{destination: "/tmp", type: "tmpfs"}]'
	run -153 --separate-stderr srt run --violations seen -b b x
	said_last 'srt-oci: File size limit exceeded: 64K'
	[ "$(jq -r .context.limit seen)" = file-size ]
}

@test "what copes with its limits, or ends by itself, has met none" {
	limited 'sh -c "kill -9 \$\$"; exit $?' '{timeout: "1h", "max-file-size": "64K"}'
	run -137 --separate-stderr srt run --violations seen -b b x
	[ "$stderr" = Killed ] && [ ! -s seen ] || said
	limited 'echo ran' '{timeout: "1h"}'
	run -1 --separate-stderr srt run --violations no/such/file -b b x
	[[ -z $output && $stderr == *'--violations: open no/such/file: '* ]] || said
}
