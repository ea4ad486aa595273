# SPDX-License-Identifier: Apache-2.0
# docker.bats - dockerd with the runtime added by daemon.json, as its users see it.
# Each test is a subshell of its own.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

load lib/engine

setup_file() {
	only_root && needs dockerd /usr/bin/docker containerd || return 0
	mkdir -p /etc/docker
	cp "$SRT_TOP/contrib/docker/daemon.json" /etc/docker/
	[ "$runtime" != crun ] || jq --arg path "$(command -v crun)" '.runtimes.crun.path = $path' \
		"$SRT_TOP/contrib/docker/daemon.json" >/etc/docker/daemon.json
	image_tar "$BATS_FILE_TMPDIR/box.tar"
	daemon dockerd dockerd --host unix:///run/docker.sock
	eventually d version
	d import "$BATS_FILE_TMPDIR/box.tar" box
}

teardown_file() { daemon_end dockerd; }

setup() {
	! can_not || skip "$CAN_NOT"
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	! can_not || return 0
	daemon_log dockerd 5
	d ps -aq | xargs -r /usr/bin/docker --host unix:///run/docker.sock rm -f
	[ "$runtime" != srt-oci ] || eventually no_state
}
no_state() { [ "$(srt-oci --root /run/docker/runtime-srt-oci/moby list -q; srt-oci --root /var/run/docker/runtime-runc/moby list -q)" = '' ]; }

# Everything is given thirty seconds.
d() { timeout -k 1 30 /usr/bin/docker --host unix:///run/docker.sock "$@" 3>&-; }
box() { d run --rm --runtime "$runtime" --network none "$@"; }
nap() {
	local name=$1
	shift
	d run -d --name "$name" --runtime "$runtime" --network none "$@" box sh -c "$NAP"
}
status_is() { [ "$(d inspect -f '{{.State.Status}}' "$1")" = "$2" ]; }
logs_have() { d logs "$1" 2>&1 | grep -qF -- "$2"; }

@test "info lists the runtime" {
	run d info --format '{{range $k, $v := .Runtimes}}{{$k}} {{$v.Path}}{{println}}{{end}}'
	has 'srt-oci /usr/local/bin/srt-oci'
}

@test "run passes on output, errors, input and status" {
	run -7 --separate-stderr box box sh -c 'echo out; echo err >&2; exit 7'
	[ "$output" = out ] && [ "$stderr" = err ] || said
	[ "$(echo words | box -i box cat)" = words ]
}

@test "run says 127 for a program that is not there, 126 for one that may not be run" {
	ends 127 'such file or directory' box box /nope
	ends 126 'permission denied' box box /etc/plain
	ends 126 'permission denied' box box /etc
}

@test "run -d, ps, logs, wait" {
	d run -d --name one --runtime "$runtime" --network none box sh -c 'echo up; exit 4'
	says 4 d wait one
	says up d logs one
	run d ps -a --format '{{.Names}} {{.Status}}'
	has 'one Exited (4)'
}

@test "exec has its own environment, user, directory, terminal and status" {
	nap one
	says $'1234 1234\n/tmp\ny' d exec -u guest -w /tmp -e X=y one sh -c 'echo $(id -u) $(id -g); pwd; echo $X'
	ends 9 '' d exec one sh -c 'exit 9'
	run --separate-stderr d exec one /nope
	[ "$status" -eq 127 ] || [ "$status" -eq 126 ] || said
	d exec -d one sh -c 'touch /tmp/done'
	eventually d exec one test -e /tmp/done
	run --separate-stderr script -qec "stty rows 33 cols 77; /usr/bin/docker --host unix:///run/docker.sock exec -it one \
		sh -c 'tty; sleep 0.5; stty size'" /dev/null </dev/null
	has /dev/pts/
	has '33 77'
}

@test "stop ends with the payload's answer to TERM, or kills after its time" {
	d run -d --name one --runtime "$runtime" --network none box sh -c 'trap "exit 3" TERM; echo up; while :; do sleep 0.1; done'
	eventually logs_have one up
	d stop -t 5 one
	says 3 d wait one
	d run -d --name two --runtime "$runtime" --network none box sh -c 'trap "" TERM; echo up; while :; do sleep 0.1; done'
	eventually logs_have two up
	d stop -t 1 two
	says 137 d wait two
}

@test "kill sends the signal that it is told, restart runs it again" {
	d run -d --name one --runtime "$runtime" --network none box sh -c 'trap "echo usr" USR1; echo up; while :; do sleep 0.1; done'
	eventually logs_have one up
	d kill -s USR1 one
	eventually logs_have one usr
	d restart -t 0 one
	status_is one running
	d kill one
	says 137 d wait one
}

@test "pause stops every process, unpause lets them go on" {
	mkdir v
	d run -d --name one --runtime "$runtime" --network none -v "$PWD/v:/v" box sh -c 'while :; do echo x >>/v/n; sleep 0.05; done'
	eventually test -s v/n
	d pause one
	status_is one paused
	before=$(wc -l <v/n)
	sleep 0.3
	[ "$before" = "$(wc -l <v/n)" ]
	d unpause one
	grew() { [ "$(wc -l <v/n)" -gt "$before" ]; }
	eventually grew
}

@test "a health check runs in the container" {
	nap one --health-cmd 'test -e /tmp/well' --health-interval 0.3s --health-retries 1
	health_is() { [ "$(d inspect -f '{{.State.Health.Status}}' one)" = "$1" ]; }
	eventually health_is unhealthy
	d exec one touch /tmp/well
	eventually health_is healthy
}

@test "the bridge network, made by a hook, reaches the host" {
	run --separate-stderr d run --rm --runtime "$runtime" box sh -c 'ip -4 addr show dev eth0; ping -c 1 -W 2 172.17.0.1'
	has 172.17.0.
	has '1 packets received'
}

@test "--network host has the host's" {
	says "$(readlink /proc/self/ns/net)" d run --rm --runtime "$runtime" --network host box readlink /proc/self/ns/net
}

@test "--read-only, volumes, tmpfs and copies" {
	run --separate-stderr box --read-only --tmpfs /tmp box sh -c 'touch /x; touch /tmp/x && echo written'
	[ "$output" = written ] && [[ $stderr == *'Read-only file system'* ]] || said
	d volume create vol
	box -v vol:/v box sh -c 'echo kept >/v/f'
	says kept box -v vol:/v:ro box cat /v/f
	d volume rm vol
	d run --name one --runtime "$runtime" --network none box sh -c 'echo new >/new'
	d cp one:/new copied
	[ "$(cat copied)" = new ]
	run d diff one
	has 'A /new'
	d commit one kept
	says new box kept cat /new
	d rmi kept
}

@test "identity: user, capabilities, no new privileges, limits, names, devices, init" {
	run --separate-stderr box -u guest --cap-drop all --security-opt no-new-privileges --ulimit nofile=100:200 \
		--hostname named --shm-size 1m --sysctl net.ipv4.ip_forward=1 box sh -c 'id -u; grep -E "CapBnd|NoNewPrivs" /proc/self/status |
		tr -s "\t" " "; ulimit -Sn; ulimit -Hn; hostname; df -k /dev/shm | awk "NR==2{print \$2}"; cat /proc/sys/net/ipv4/ip_forward'
	[ "$output" = $'1234\nCapBnd: 0000000000000000\nNoNewPrivs: 1\n100\n200\nnamed\n1024\n1' ] || said
	says '1:3' box --device /dev/null:/dev/nothing box stat -c %t:%T /dev/nothing
	says "$(readlink /proc/self/ns/pid)" box --pid host box readlink /proc/self/ns/pid
}

@test "--privileged has the capabilities of an administrator" {
	[ "$runtime" = srt-oci ] || [ "$(id -u)" -ne 0 ] || setpriv --dump | grep -q '^Capability bounding set:.*sys_resource' ||
		skip "this root lacks CAP_SYS_RESOURCE, which $runtime needs"
	run --separate-stderr box --privileged box sed -n 's/^CapBnd:\t//p' /proc/self/status
	[ "$((0x$output >> 21 & 1))" -eq 1 ] || said
}

@test "the default seccomp profile is applied, and unconfined is not" {
	says 2 box box sed -n 's/^Seccomp:\t//p' /proc/self/status
	says 0 box --security-opt seccomp=unconfined box sed -n 's/^Seccomp:\t//p' /proc/self/status
}

@test "top and stats see the processes" {
	nap one
	run d top one
	has 'sleep 0.1'
	d stats --no-stream one
}

@test "--memory and update set the limit" {
	memory
	nap one --memory 64m --memory-swap 64m
	cgroup=docker/$(d inspect -f '{{.Id}}' one)
	[ "$(memory_of "$cgroup")" = 67108864 ]
	d update --memory 80m --memory-swap 80m one
	[ "$(memory_of "$cgroup")" = 83886080 ]
}

@test "an image builds with plain docker" {
	mkdir context
	printf 'FROM box\nCOPY f /f\nCMD ["cat", "/f"]\n' >context/Dockerfile
	echo built >context/f
	DOCKER_BUILDKIT=0 d build -q -t made context
	says built box made
	d rmi -f made
}

@test "many at once: ten containers come and go" {
	for i in $(seq 10); do
		box box sh -c "echo $i" >"out$i" 2>"err$i" &
	done
	wait
	for i in $(seq 10); do
		[ "$(cat "out$i")" = "$i" ] || { cat "err$i"; false; }
	done
}
