# SPDX-License-Identifier: Apache-2.0
# podman.bats - what a user of Podman sees with this runtime under it, rootless and rootful.
# Scripts of payloads expand what they are given themselves; each test is a subshell of its own.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

load lib/engine

setup_file() {
	local conf=$HOME/.config/containers
	a_machine && needs podman conmon catatonit || return 0
	[ "$(id -u)" -ne 0 ] || conf=/etc/containers
	mkdir -p "$conf/containers.conf.d"
	cp "$SRT_TOP/contrib/podman/srt-oci.conf" "$conf/containers.conf.d/"
	image_tar "$BATS_FILE_TMPDIR/box.tar"
	podman import "$BATS_FILE_TMPDIR/box.tar" box
}

teardown_file() { storage_gone podman; }

setup() {
	! can_not || skip "$CAN_NOT"
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	! can_not || return 0
	pod pod rm -fa -t 0
	pod rm -fa -t 0
	eventually no_state
}

# What the runtime keeps of its containers goes with them.
no_state() { [ "$runtime" != srt-oci ] || [ "$(srt-oci list -q)" = '' ]; }

# pod COMMAND…: podman, with the control where one is asked for; what hangs has failed.
pod() {
	local control=()
	[ "$runtime" = srt-oci ] || control=(--runtime "$runtime")
	timeout -k 1 30 podman "${control[@]}" "$@" 3>&-
}
# box OPTIONS… COMMAND…: a container that runs and is gone; nap NAME OPTIONS…: one in the background.
box() { pod run --rm --network none "$@"; }
nap() {
	local name=$1
	shift
	pod run -d --name "$name" --network none "$@" box sh -c "$NAP"
}
status_is() { [ "$(pod inspect -f '{{.State.Status}}' "$1")" = "$2" ]; }
exit_is() { [ "$(pod inspect -f '{{.State.ExitCode}}' "$1")" = "$2" ]; }
logs_have() { pod logs "$1" 2>&1 | grep -qF -- "$2"; }

rootless() { [ "$(id -u)" -ne 0 ]; }
# tun: slirp4netns needs the device.
tun() { [ -w /dev/net/tun ] || skip '/dev/net/tun is not writable for this user'; }
unified() { [ "$(stat -fc %T /sys/fs/cgroup)" = cgroup2fs ] || skip 'Podman needs a cgroup v2 host for it'; }

@test "info names the runtime of the drop-in" {
	ours 'the drop-in is about srt-oci'
	says "srt-oci $(command -v srt-oci)" pod info -f '{{.Host.OCIRuntime.Name}} {{.Host.OCIRuntime.Path}}'
	run pod info -f '{{.Host.OCIRuntime.Version}}'
	has 'srt-oci version'
	has 'commit:'
}

@test "run passes on output, errors, input and status" {
	run -7 --separate-stderr box box sh -c 'echo out; echo err >&2; exit 7'
	[ "$output" = out ] && [ "$stderr" = err ] || said
	[ "$(echo words | box -i box cat)" = words ]
}

@test "run says 127 for a program that is not there, 126 for one that may not be run" {
	ends 127 'not found' box box /nope
	ends 126 'ermission denied' box box /etc/plain
	ends 126 '' box box /etc
	[[ $stderr != *'srt-oci: srt-oci'* ]] || said
}

@test "run -d, ps, logs, wait" {
	pod run -d --name a --network none box sh -c 'echo up; echo down >&2; exit 4'
	says 4 pod wait a
	run pod logs a
	[ "$output" = $'up\ndown' ] || [ "$output" = $'down\nup' ] || said
	run pod ps -a --format '{{.Names}} {{.State}}'
	has 'a Exited (4)'
}

@test "exec has its own environment, user, directory, input and status" {
	nap a
	says $'1234 1234\n/tmp\ny' pod exec -u guest -w /tmp -e X=y a sh -c 'echo $(id -u) $(id -g); pwd; echo $X'
	[ "$(echo words | pod exec -i a cat)" = words ]
	ends 9 '' pod exec a sh -c 'exit 9'
	ends 127 'not found' pod exec a /nope
	ends 126 'ermission denied' pod exec a /etc/plain
}

@test "exec -d goes on behind the caller" {
	nap a
	pod exec -d a sh -c 'sleep 0.2; touch /tmp/done'
	eventually pod exec a test -e /tmp/done
}

@test "-t gives run and exec a terminal of the caller's size" {
	run --separate-stderr box -t box tty
	has '/dev/pts/0'
	run --separate-stderr script -qec "stty rows 33 cols 77; podman --runtime $runtime run --rm --network none -it box \
		sh -c 'sleep 0.5; stty size'" /dev/null </dev/null
	has '33 77'
	nap a
	run --separate-stderr pod exec -t a tty
	has '/dev/pts/0'
}

@test "stop ends with the payload's answer to TERM, or kills after its time" {
	pod run -d --name a --network none box sh -c 'trap "echo last words; exit 3" TERM; echo up; while :; do sleep 0.1; done'
	eventually logs_have a up
	pod stop -t 5 a
	says 3 pod wait a
	eventually logs_have a 'last words'
	pod run -d --name b --network none box sh -c 'trap "" TERM; echo up; while :; do sleep 0.1; done'
	eventually logs_have b up
	pod stop -t 1 b
	says 137 pod wait b
}

@test "kill sends the signal that it is told" {
	pod run -d --name a --network none box sh -c 'trap "echo usr" USR1; echo up; while :; do sleep 0.1; done'
	eventually logs_have a up
	pod kill -s USR1 a
	eventually logs_have a usr
	pod kill a
	says 137 pod wait a
}

@test "attach and start -a show what the payload says, restart runs it again" {
	pod create --name a --network none box sh -c 'echo once; exit 2'
	run -2 --separate-stderr pod start -a a
	[ "$output" = once ] || said
	nap b
	pod restart -t 0 b
	status_is b running
}

@test "pause stops every process, unpause lets them go on" {
	! rootless || unified
	[ "$runtime" = srt-oci ] || ! rootless || skip "$runtime needs a delegated cgroup for it"
	mkdir v
	pod run -d --name a --network none -v "$PWD/v:/v" box sh -c 'while :; do echo x >>/v/n; sleep 0.05; done'
	eventually test -s v/n
	pod pause a
	status_is a paused
	before=$(wc -l <v/n)
	sleep 0.4
	[ "$before" = "$(wc -l <v/n)" ]
	pod unpause a
	status_is a running
	grew() { [ "$(wc -l <v/n)" -gt "$before" ]; }
	eventually grew
}

@test "stats, top and ps see the processes" {
	nap a
	run pod top a
	has 'sleep 0.1'
	! rootless || unified
	pod stats --no-stream a
}

@test "healthcheck runs in the container" {
	nap a --health-cmd 'test -e /tmp/well' --health-interval disable
	ends 1 '' pod healthcheck run a
	pod exec a touch /tmp/well
	ends 0 '' pod healthcheck run a
	says healthy pod inspect -f '{{.State.Health.Status}}' a
}

@test "update changes the limits of a container that runs" {
	unified
	limits
	nap a
	pod update --memory 100m a
}

@test "a pod shares its network, names and IPC" {
	pod pod create --name p --network none --hostname podded
	pod run -d --name a --pod p box sh -c 'echo here >/dev/shm/note; nc -ll -p 8000 -e echo answer & '"$NAP"
	says podded pod run --rm --pod p box hostname
	eventually pod run --rm --pod p box cat /dev/shm/note
	says answer pod run --rm --pod p box timeout 10 sh -c 'until nc 127.0.0.1 8000 2>/dev/null; do sleep 0.1; done'
	run pod pod ps --format '{{.Name}} {{.NumberOfContainers}}'
	has 'p 2'
	pod pod stop -t 1 p
	says Exited pod pod inspect -f '{{.State}}' p
	pod pod rm -f p
}

@test "play kube makes what the file says, and takes it away" {
	sed 's/^	*//' >k.yaml <<-'YAML'
		apiVersion: v1
		kind: Pod
		metadata:
		  name: k
		spec:
		  hostNetwork: true
		  containers:
		  - name: one
		    image: localhost/box
		    imagePullPolicy: Never
		    command: [/bin/sh, -c, 'echo "$WORD"; sleep 30']
		    env:
		    - name: WORD
		      value: kubed
		    securityContext:
		      readOnlyRootFilesystem: true
		      runAsUser: 1234
		      capabilities:
		        drop: [ALL]
	YAML
	pod play kube k.yaml
	eventually logs_have k-one kubed
	says 1234 pod exec k-one id -u
	ends 1 'Read-only' pod exec k-one touch /x
	pod play kube --down k.yaml
	says '' pod ps -aq
}

@test "--read-only leaves only the temporary places writable" {
	run --separate-stderr box --read-only box sh -c 'touch /x; touch /tmp/x /dev/shm/x /run/x && echo written'
	[ "$output" = written ] && [[ $stderr == *'Read-only file system'* ]] || said
}

@test "volumes, tmpfs and their options" {
	mkdir v
	echo note >v/note
	says note box -v "$PWD/v:/v:ro" box cat /v/note
	ends 1 'Read-only' box -v "$PWD/v:/v:ro" box touch /v/x
	box -v "$PWD/v:/v" box touch /v/new
	[ -e v/new ]
	pod volume create vol
	box -v vol:/v box sh -c 'echo kept >/v/f'
	says kept box -v vol:/v box cat /v/f
	pod volume rm vol
	run --separate-stderr box --tmpfs /t:size=1m,mode=700 box sh -c 'df -k /t | tail -1; stat -c %a /t'
	has 1024
	has 700
	ends 125 '' box -v "$PWD/none:/v" box true
}

@test "--memory of a user without a delegated cgroup does not stop the container" {
	[ "$runtime" != runc ] || skip 'runc refuses it without the controller'
	says ran box --memory 64m --pids-limit 50 box echo ran
}

@test "--memory of root is applied, and its cgroup goes" {
	! rootless || skip 'a user has no cgroup here'
	memory
	nap a --memory 64m --memory-swap 64m
	cgroup=$(awk -F : '$2 == "memory" || $2 == "" { print $3; exit }' "/proc/$(pod inspect -f '{{.State.Pid}}' a)/cgroup")
	[ "$(memory_of "$cgroup")" = 67108864 ]
	pod rm -f -t 0 a
	run ! memory_of "$cgroup"
}

@test "--network bridge, the default of root, reaches the host and publishes a port" {
	! rootless || skip 'a bridge of its own needs root'
	[ -x /usr/lib/podman/netavark ] && command -v iptables >/dev/null || skip 'netavark or iptables is not installed'
	run --separate-stderr pod run --rm --network podman --cap-add net_raw box sh -c 'ip -4 addr show dev eth0; ping -c 1 -W 2 10.88.0.1'
	has 10.88.0.
	has '1 packets received'
	pod run -d --name a --network podman -p 18081:80 box nc -ll -p 80 -e echo published
	eventually sh -c 'busybox nc 192.0.2.1 18081 </dev/null | grep published'
}

@test "--network none has a loopback only, host has the host's" {
	says lo box box sh -c 'ls /sys/class/net'
	says "$(cd /sys/class/net && echo *)" pod run --rm --network host box sh -c 'cd /sys/class/net && echo *'
}

@test "--network slirp4netns reaches the host" {
	tun
	rootless || skip 'slirp4netns is for rootless containers'
	run --separate-stderr pod run --rm --network slirp4netns box sh -c 'ip -4 addr show dev tap0; ip route'
	has 10.0.2.100
	has 'default via 10.0.2.2'
}

@test "--network slirp4netns publishes a port" {
	tun
	rootless || skip 'slirp4netns is for rootless containers'
	pod run -d --name a --network slirp4netns -p 127.0.0.1:18080:80 box nc -ll -p 80 -e echo published
	eventually sh -c 'busybox nc 127.0.0.1 18080 </dev/null | grep published'
}

@test "identity: user, groups, capabilities, no new privileges, limits, names" {
	says '1234 1234 1234 1235' box -u guest box sh -c 'echo $(id -u) $(id -g) $(id -G)'
	run --separate-stderr box --cap-drop all --cap-add net_raw --security-opt no-new-privileges --ulimit nofile=100:200 \
		--hostname named --shm-size 1m --sysctl net.ipv4.ip_forward=1 box sh -c 'grep -E "CapEff|NoNewPrivs" /proc/self/status |
		tr -s "\t" " "; ulimit -Sn; ulimit -Hn; hostname; df -k /dev/shm | awk "NR==2{print \$2}"; cat /proc/sys/net/ipv4/ip_forward'
	[ "$output" = $'CapEff: 0000000000002000\nNoNewPrivs: 1\n100\n200\nnamed\n1024\n1' ] || said
}

@test "--privileged has the capabilities of an administrator" {
	[ "$runtime" = srt-oci ] || [ "$(id -u)" -ne 0 ] || setpriv --dump | grep -q '^Capability bounding set:.*sys_resource' ||
		skip "this root lacks CAP_SYS_RESOURCE, which $runtime needs"
	run --separate-stderr box --privileged box sed -n 's/^CapBnd:\t//p' /proc/self/status
	[ "$((0x$output >> 21 & 1))" -eq 1 ] || said
}

@test "the default seccomp profile is applied, and unconfined is not" {
	says 2 box box sh -c 'sed -n "s/^Seccomp:\t//p" /proc/self/status'
	says 0 box --security-opt seccomp=unconfined box sh -c 'sed -n "s/^Seccomp:\t//p" /proc/self/status'
}

@test "--device, --init, --pid and --uts of the host" {
	says '1:3' box --device /dev/null:/dev/nothing box sh -c 'stat -c %t:%T /dev/nothing'
	run box --init box sh -c 'tr "\0" " " </proc/1/cmdline'
	has podman-init
	says "$(readlink /proc/self/ns/uts)" box --uts host box readlink /proc/self/ns/uts
	says "$(readlink /proc/self/ns/pid)" box --pid host box readlink /proc/self/ns/pid
}

@test "--ipc of the host" {
	[ -d /dev/mqueue ] || skip 'Podman wants /dev/mqueue, which this host has not'
	says "$(readlink /proc/self/ns/ipc)" box --ipc host box readlink /proc/self/ns/ipc
}

@test "--userns keep-id makes the caller the caller" {
	rootless || skip 'keep-id is for rootless containers'
	[ -n "$(getsubids "$(id -un)" 2>/dev/null || grep "^$(id -un):" /etc/subuid)" ] || skip 'no subordinate ids for this user'
	says "$(id -u)" box --userns keep-id box id -u
}

@test "--cgroups=disabled is known to work with this runtime" {
	[ "$runtime" != runc ] || skip 'Podman knows that runc cannot'
	says ran box --cgroups disabled box echo ran
}

@test "cp, diff, commit and build work on what a container wrote" {
	# A shorter name may begin an image's id, which Podman would take.
	pod run --name writer --network none box sh -c 'echo new >/new'
	pod cp writer:/new copied
	[ "$(cat copied)" = new ]
	run pod diff writer
	has 'A /new'
	pod commit -q writer kept
	says new box kept cat /new
	printf 'FROM localhost/box\nRUN echo built >/built\nCMD ["cat", "/built"]\n' >Containerfile
	pod build -q --network none -t made .
	says built box made
	pod rmi -f made kept
}

@test "--restart on-failure runs it again" {
	pod run -d --name a --network none --restart on-failure:2 box sh -c 'echo turn; exit 1'
	eventually sh -c "[ \"\$(podman logs a | grep -c turn)\" -eq 3 ]"
}

@test "a container in the background can be attached to" {
	pod run -di --name a --network none box sh -c 'read line; echo "got $line"; exit 6'
	run --separate-stderr pod attach a < <(echo words)
	has 'got words'
	says 6 pod wait a
}

@test "many at once: twenty containers come and go" {
	for i in $(seq 20); do
		box box sh -c "echo $i" >"out$i" 2>"err$i" &
	done
	wait
	for i in $(seq 20); do
		[ "$(cat "out$i")" = "$i" ] || { cat "err$i"; false; }
	done
}
