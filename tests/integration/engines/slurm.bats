# SPDX-License-Identifier: Apache-2.0
# slurm.bats - srun --container and sbatch --container on a cluster of one, run as an ordinary user.
# Scripts of payloads expand what they are given themselves; each test is a subshell of its own.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

load lib/engine

setup_file() {
	only_root && needs munged slurmctld slurmd srun sbatch && a_user || return 0
	export JOBS=$TMPDIR/jobs
	chmod 755 "$TMPDIR"
	mkdir -p "$JOBS"
	configure
	slurm_cluster
	image_tree "$JOBS/box/rootfs"
	chown -R "$SRT_TEST_USER:" "$JOBS"
	cd "$JOBS/box" && user srt-oci spec --rootless
}

# configure: the oci.conf that users install; for a control its runtime is another.
configure() {
	cp "$SRT_TOP/contrib/slurm/oci.conf" /etc/slurm/
	[ "$runtime" = srt-oci ] || sed -i "s,/usr/local/bin/srt-oci,$(command -v "$runtime")," /etc/slurm/oci.conf
	# 1.8 does not know it.
	[ "$runtime" != crun ] || sed -i 's, --keep,,' /etc/slurm/oci.conf
}

teardown_file() { slurm_end; }

setup() {
	! can_not || skip "$CAN_NOT"
	cd "$JOBS" || return
}
teardown() {
	! can_not || return 0
	daemon_log slurmd
	squeue -h -o %A | xargs -r scancel
	eventually slurm_idle
	[ "$runtime" != srt-oci ] || eventually no_state
}
no_state() { [ -z "$(find "/tmp/srt-oci-$SRT_TEST_USER" -mindepth 1)" ]; }

# user COMMAND…: as the ordinary user, in half a minute.
user() {
	timeout -k 1 30 setpriv --reuid="$SRT_TEST_USER" --regid="$SRT_TEST_USER" --init-groups \
		env -i PATH="$PATH" HOME="$JOBS" USER="$SRT_TEST_USER" "$@" 3>&-
}
boxed() { user srun --container "$JOBS/box" "$@"; }
# script NAME: a batch script from standard input.
script() {
	{ echo '#!/bin/sh'; cat; } >"$1"
	chmod 755 "$1"
	chown "$SRT_TEST_USER:" "$1"
}
none_sleeps() { ! pgrep -fx 'sleep 987'; }
file_has() { grep -qsF -- "$2" "$1"; }

@test "srun --container passes on output, errors, input and status" {
	run -7 --separate-stderr boxed sh -c 'echo out; echo err >&2; exit 7'
	[ "$output" = out ] && [[ $stderr == *err* ]] || said
	[ "$(echo words | boxed cat)" = words ]
}

@test "srun --container runs in the bundle's root, as the caller" {
	echo mine >box/rootfs/tmp/marker
	chown "$SRT_TEST_USER:" box/rootfs/tmp/marker
	run --separate-stderr boxed sh -c 'id -u; cat /bin/../etc/plain; cat /proc/self/uid_map'
	has $'0\nnot a program'
	[[ $output == *" $(id -u "$SRT_TEST_USER") "* ]] || said
}

@test "a task knows its job" {
	run --separate-stderr boxed sh -c 'echo "job $SLURM_JOB_ID"'
	[[ $output =~ ^job\ [0-9]+$ ]] || said
}

@test "a program that is not there is said to be so" {
	run -127 --separate-stderr boxed /nope
	[[ $stderr == *'/nope'*'such file or directory'* ]] || said
}

@test "sbatch --container runs the script, and says nothing of its own" {
	script job <<<'echo from batch; id -u'
	user sbatch --wait --container "$JOBS/box" -o job.out job
	[ "$(cat job.out)" = $'from batch\n0' ] || { cat job.out; false; }
}

@test "sbatch --container passes on the status" {
	script fails <<<'exit 3'
	run -3 user sbatch --wait --container "$JOBS/box" -o fails.out fails
}

@test "scancel sends TERM, and the container is gone" {
	script long <<<'trap "echo got TERM; exit 0" TERM; echo started; while :; do sleep 0.1; done'
	user sbatch --container "$JOBS/box" -o long.out long
	eventually file_has long.out started
	scancel "$(squeue -h -o %A)"
	eventually slurm_idle
	file_has long.out 'got TERM'
}

@test "scancel ends a payload that ignores TERM, with all its processes" {
	sed -i 's/^ReturnToService/KillWait=2\n&/' /etc/slurm/slurm.conf
	scontrol reconfigure
	script deaf <<<'trap "" TERM; sleep 987 & echo started; while :; do sleep 0.1; done'
	user sbatch --container "$JOBS/box" -o deaf.out deaf
	eventually file_has deaf.out started
	scancel "$(squeue -h -o %A)"
	eventually slurm_idle
	eventually none_sleeps
}

@test "root asks about and ends a container in the user's directory" {
	script long <<<'echo started; sleep 60'
	user sbatch --container "$JOBS/box" -o asked.out long
	eventually file_has asked.out started
	ours 'its directory of states is asked'
	id=$(srt-oci --root "/tmp/srt-oci-$SRT_TEST_USER" list -q)
	[ "$(srt-oci --root "/tmp/srt-oci-$SRT_TEST_USER" state "$id" | jq -r '.status + " " + .owner')" = "running $SRT_TEST_USER" ]
	srt-oci --root "/tmp/srt-oci-$SRT_TEST_USER" kill --all "$id" SIGTERM
	eventually slurm_idle
}

@test "root believes nothing that a user's state says: another's process is not killed" {
	ours 'its directory of states is asked'
	dir=/tmp/srt-oci-$SRT_TEST_USER
	sleep 30 3>&- &
	victim=$!
	script long <<<'echo started; sleep 60'
	user sbatch --container "$JOBS/box" -o forged.out long
	eventually file_has forged.out started
	id=$(srt-oci --root "$dir" list -q)
	start=$(awk '{ print $22 }' "/proc/$victim/stat")
	user jq --argjson pid "$victim" --argjson start "$start" '.pid = $pid | .pidStart = $start' \
		"$dir/$id/state.json" >forged.json
	chmod 644 forged.json
	user cp forged.json "$dir/$id/state.json"
	srt-oci --root "$dir" kill --all "$id" KILL || true
	srt-oci --root "$dir" kill "$id" KILL || true
	srt-oci --root "$dir" delete --force "$id" || true
	kill -0 "$victim"
	kill "$victim"
	user srt-oci --root "$dir" delete --force "$id" || user rm -r "${dir:?}/$id"
}

@test "an array of tasks: each runs, and what a container costs is written down" {
	tasks=${ENGINE_TASKS:-200}
	script task <<<'echo ran'
	usage() { cat /sys/fs/cgroup/cpuacct/cpuacct.usage 2>/dev/null || echo 0; }
	all_ran() { [ "$(cat "$1".*.out 2>/dev/null | grep -c '^ran$')" -eq "$tasks" ]; }
	for kind in plain boxed; do
		container=()
		[ $kind = plain ] || container=(--container "$JOBS/box")
		cpu=$(usage) began=$(date +%s%N)
		user sbatch -a "1-$tasks" "${container[@]}" -o "$kind.%a.out" task
		for ((i = 0; i < 600; i++)); do
			! all_ran $kind || break
			sleep 0.2
		done
		all_ran $kind
		eventually slurm_idle
		echo "$kind $tasks $((($(date +%s%N) - began) / tasks)) $((($(usage) - cpu) / tasks))" >>costs
		[ "$(cat $kind.*.out | sort -u)" = ran ]
	done
	cat costs
	[ -z "${ENGINE_COSTS-}" ] || cp costs "$ENGINE_COSTS"
}
