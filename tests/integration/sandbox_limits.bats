# SPDX-License-Identifier: Apache-2.0
# sandbox_limits.bats - every limit holds, and the verdict names it, also where the program made something else of it.
# What is run here fills, forks and floods: always below limits that the machine does not notice, and with a timeout.
# stderr and json are set by bats and by the library; each test is a subshell of its own.
# shellcheck disable=SC2016,SC2154,SC2030,SC2031,SC2015

load lib/sandbox

py() { printf 'python3 -c %q' "$1"; }

@test "time: TERM, then after the grace everything is killed, and the status is 124" {
	verdict 124 timeout --timeout 500ms sleep 30
	[ "$(fact .error)" = TimeoutExpired ]
	[ "$(fact .reason)" = 'Execution timeout after 500ms' ]
	[ "$(fact .infra_error)" = false ]
	(($(fact .execution_time_ms) >= 500 && $(fact .execution_time_ms) < 2500)) || said
	# Who hears TERM may end in order; who does not is killed with all it started.
	verdict 124 timeout --timeout 300ms --kill-after 5s sh -c 'trap "echo bye; exit 3" TERM; sleep 30 & wait'
	[ "$(fact .stdout)" = bye ]
	(($(fact .execution_time_ms) < 3000)) || said
	verdict 124 timeout --timeout 300ms --kill-after 200ms sh -c 'trap "" TERM; setsid sleep 30 & while :; do sleep 1; done'
	(($(fact .execution_time_ms) >= 500 && $(fact .execution_time_ms) < 2500)) || said
}

@test "memory: the tree is killed, 137, and told apart from kill -9" {
	verdict 137 memory --memory 64M --timeout 10s python3 -c 'x = bytearray(300 << 20); import time; time.sleep(5)'
	[ "$(fact .reason)" = 'Memory limit exceeded: all processes together may use 64M' ]
	[ "$(fact '.violation_events[0].context.limit')" = memory ]
	verdict 137 signal sh -c 'kill -9 $$'
	[ "$(fact .signal)" = 9 ]
	[ "$(fact .infra_error)" = false ]
}

@test "memory: what several processes use counts together, what they share counts once" {
	verdict 137 memory --memory 100M --timeout 10s python3 -c '
import os, time
for i in range(6):
	if os.fork() == 0:
		x = bytearray(b"x" * (30 << 20)); time.sleep(6); os._exit(0)
time.sleep(6)'
	verdict 0 ok --memory 120M --timeout 10s python3 -c '
import os, time
x = bytearray(b"x" * (40 << 20))
kids = []
for i in range(5):
	pid = os.fork()
	if pid == 0: time.sleep(0.3); os._exit(0)
	kids.append(pid)
for k in kids: os.waitpid(k, 0)'
}

@test "memory: what is in no process's size counts, or is not given" {
	# The supervisor gives no memfd, as it could be held by nobody but a full socket; a cgroup counts it. In /dev/shm the disk bounds it.
	verdict 137 memory --memory 64M --disk 1G --timeout 10s python3 -c '
import os, mmap
try: fd = os.memfd_create("x")
except OSError: m = mmap.mmap(-1, 256 << 20); [m.write(b"x" * (1 << 20)) for i in range(256)]
for i in range(256): os.pwrite(fd, b"x" * (1 << 20), i << 20)'
	in_sandbox 0 --limits-backend supervisor --memory 64M python3 -c '
import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
print(libc.memfd_create(b"x", 0), ctypes.get_errno() == errno.ENOSYS, libc.shmget(0, 256 << 20, 0o1600), ctypes.get_errno() == errno.ENOSYS)'
	[ "$output" = '-1 True -1 True' ] || said
}

@test "memory: a program within it runs, and what it used is told" {
	verdict 0 ok --memory 128M python3 -c 'x = bytearray(b"x" * (50 << 20)); import time; time.sleep(0.1)'
	jq -e '.memory_used_mb > 45 and .memory_used_mb < 128' <<<"$json"
}

@test "processes: exactly so many, threads counted, and the verdict names them" {
	in_sandbox 0 --max-processes 4 python3 -c '
import os, time
n = 0
try:
	while n < 50:
		if os.fork() == 0: time.sleep(2); os._exit(0)
		n += 1
except OSError as e: print(n, e.errno)'
	[ "$output" = '3 11' ] || said
	verdict 1 processes --max-processes 5 python3 -c '
import os, time
for i in range(50):
	if os.fork() == 0: time.sleep(2); os._exit(0)'
	[ "$(fact .reason)" = 'Process limit exceeded: 5 at one time' ]
	verdict 1 processes --max-processes 5 python3 -c '
import threading, time
for i in range(50): threading.Thread(target=time.sleep, args=(0.5,)).start()'
}

@test "processes: a bomb that is over within milliseconds is named, and as many processes one after the other are none" {
	local named=0
	# Its last ones may be so late that what they ran into is not to be told from what they did.
	for _ in $(seq 10); do
		in_sandbox 1 --json-output --max-processes 5 python3 -c '
import os
for i in range(50): os.fork()'
		[[ $(jq -r .status <<<"$output") != processes ]] || named=$((named + 1))
	done
	((named >= 7)) || said
	verdict 9 exit --max-processes 5 sh -c 'for i in $(seq 30); do /bin/true; done; exit 9'
	# Whom nobody waits for is waited for at once.
	verdict 9 exit --max-processes 8 sh -c 'for i in $(seq 30); do (true & ); sleep 0.01; done; exit 9'
}

@test "disk: all writable space together, and the verdict names it" {
	in_sandbox 0 --disk 4M python3 -c '
import os
sizes = {}
for d in ("/tmp", "/dev/shm", os.environ["HOME"]):
	n = 0
	try:
		with open(d + "/f", "wb", buffering=0) as f:
			while n < 2 << 20: n += f.write(b"x" * 65536)
	except OSError as e: print(e.errno)
	sizes[d] = n
print(4 << 20 >= sum(sizes.values()) > (4 << 20) - 200000)'
	[ "$output" = $'28\nTrue' ] || said
	verdict 1 disk --disk 1M sh -c 'head -c 3M /dev/zero >/tmp/f'
	[ "$(fact .reason)" = 'Disk limit exceeded: 1M of private space' ]
}

@test "files: exactly so many, and the verdict names them" {
	in_sandbox 0 --max-files 20 python3 -c '
n = 0
try:
	for n in range(100): open(f"/tmp/{n}", "w").close()
except OSError as e: print(n, e.errno)'
	[ "$output" = '20 28' ] || said
	verdict 1 files --max-files 20 sh -c 'for i in $(seq 50); do echo >/dev/shm/$i || exit 1; done'
	[ "$(fact .reason)" = 'File count limit exceeded: 20 files' ]
}

@test "file size and open files" {
	verdict 153 disk --max-file-size 1M sh -c 'exec head -c 3M /dev/zero >/tmp/f'
	[ "$(fact .reason)" = 'File size limit exceeded: 1M' ]
	in_sandbox 0 --max-file-size 1M python3 -c '
try: open("/tmp/f", "wb").write(b"x" * (2 << 20))
except OSError as e: print(e.errno)'
	[ "$output" = 27 ] || said
	in_sandbox 0 --max-open-files 20 python3 -c '
n = []
try:
	while len(n) < 100: n.append(open("/dev/null"))
except OSError as e: print(len(n), e.errno)'
	[ "$output" = '17 24' ] || said
}

@test "file size and open files are named where the program makes an error of them, and only there" {
	local code where
	mkdir out
	chmod 777 out
	for where in /tmp/f /dev/shm/f /home/sandbox/d/f "$PWD/out/f"; do
		verdict 1 disk --max-file-size 1M --mount "$PWD/out:$PWD/out:rw" python3 -c "
import os
os.makedirs('/home/sandbox/d')
open('$where', 'wb').write(b'x' * (2 << 20))"
		[ "$(fact .reason)" = 'File size limit exceeded: 1M' ]
		[ "$(fact '.violation_events[0].context.limit')" = file-size ]
	done
	# What lay there before is not of this run.
	touch -d '1 minute ago' out/f
	sleep 2.1
	verdict 3 exit --max-file-size 1M --mount "$PWD/out:$PWD/out:rw" sh -c 'echo x >/tmp/f; exit 3'
	verdict 3 exit --max-file-size 1M python3 -c '
try: open("/tmp/f", "wb").write(b"x" * (2 << 20))
finally: import os; os.remove("/tmp/f"); os._exit(3)'
	verdict 0 ok --max-file-size 1M python3 -c '
try: open("/tmp/f", "wb").write(b"x" * (2 << 20))
except OSError: pass'
	# Also where they are closed again before the end, in another process, or by a thread.
	for code in 'x = [open("/dev/null") for i in range(50)]' 'while True: os.dup(0)' \
		'def f(): x = [open("/dev/null") for i in range(50)]
f()' 'def f():
	try: x = [os.dup(0) for i in range(50)]
	except OSError: os._exit(1)
threading.Thread(target=f).start()' 'if os.fork() == 0:
	x = [socket.socket() for i in range(50)]
sys.exit(os.wait()[1] >> 8)'; do
		verdict 1 files --max-open-files 20 python3 -c "import os, socket, sys, threading
$code"
		[ "$(fact .reason)" = 'Open files limit exceeded: 20 of one process' ]
		[ "$(fact '.violation_events[0].context.limit')" = open-files ]
	done
	verdict 4 exit --max-open-files 20 python3 -c '
import os
x = [os.dup(0) for i in range(16)]
for i in range(3, 40):
	try: os.close(i)
	except OSError: pass
os._exit(4)'
	verdict 0 ok --max-open-files 20 python3 -c '
import os
try: x = [os.dup(0) for i in range(50)]
except OSError: pass'
	verdict 1 files --max-open-files 20 --trace python3 -c 'x = [open("/dev/null") for i in range(50)]'
}

@test "output: more than allowed ends the program, no more than allowed comes out" {
	verdict 137 output --max-output 10K --timeout 10s sh -c 'yes'
	[ "$(fact '.stdout | length')" = 10240 ]
	[ "$(fact .stdout_truncated)" = true ]
	run --separate-stderr sandbox exec --max-output 10K --timeout 10s yes
	[ "$status" -eq 137 ] && [[ $stderr == *'Output limit exceeded: 10K'* ]] || said
	[ "${#output}" -le 10240 ]
	in_sandbox 0 --max-output 10K sh -c 'echo out; echo err >&2'
	[ "$output" = out ] && [ "$stderr" = err ] || said
	# Both streams count.
	verdict 137 output --max-output 1K sh -c 'head -c 600 /dev/zero; head -c 600 /dev/zero >&2; sleep 5'
}

@test "cpu: no more processors than allowed are used" {
	run --separate-stderr sandbox exec --json-output --cpu 0.5 --timeout 10s python3 -c '
import time
end = time.monotonic() + 2
while time.monotonic() < end: pass'
	json=$output
	[ "$status" -eq 0 ] || said
	jq -e '.cpu_time_ms < 1500 and .cpu_time_ms > 100' <<<"$json" || said
	run --separate-stderr sandbox exec --json-output --cpu 1 --timeout 10s sh -c '
		(timeout 1 sh -c "while :; do :; done") & (timeout 1 sh -c "while :; do :; done") & wait'
	json=$output
	jq -e '.cpu_time_ms < 1600' <<<"$json" || said
}

@test "cpu: of what a program writes nothing is lost by a stop, read at once or late" {
	local code='
import time
while time.process_time() < 0.2: pass
print("x" * (16 << 20))' more
	for more in --env=A=1 --max-output=20M; do
		[ "$(sandbox exec --limits-backend supervisor --cpu 0.2 "$more" python3 -c "$code" | wc -c)" = 16777217 ]
		[ "$(sandbox exec --limits-backend supervisor --cpu 0.2 "$more" python3 -c "$code" | { sleep 2; wc -c; })" = 16777217 ]
	done
	# Who writes for ever is held all the same.
	run --separate-stderr sandbox exec --json-output --limits-backend supervisor --cpu 0.2 --timeout 10s timeout 4 sh -c 'while :; do echo xxxxxxxx; done'
	jq -e '.cpu_time_ms < 2500' <<<"$output" || said
}

@test "cpu time: children that nobody waits for count as far as they were seen, those that somebody waits for once" {
	# burn WAITS: children of 100 ms, one after the other, and then what the kernel says that all have used.
	local burn='
import os, resource, signal, sys, time
def burn():
	while time.process_time() < 0.1: pass
	os._exit(0)
waits = sys.argv[1] == "waits"
if not waits: signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for i in range(50 if waits else 200):
	if os.fork() == 0: burn()
	if not waits or i > 2:
		try: os.wait()
		except ChildProcessError: pass
while waits and i > 46: os.wait(); i -= 1
print(int(1000 * sum(sum(resource.getrusage(w)[:2]) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))))'
	verdict 137 cpu --limits-backend supervisor --cpu-time 1s --cpu 4 --timeout 50s python3 -c "$burn" ignores
	verdict 0 ok --limits-backend supervisor --cpu-time 20s --cpu 4 --timeout 50s python3 -c "$burn" waits
	jq -e '(.stdout | tonumber) as $n | .cpu_time_ms >= $n and .cpu_time_ms < $n + 100' <<<"$json" || said
}

@test "cpu time: of all processes together, and by the end of those that have ended" {
	verdict 137 cpu --cpu-time 400ms --cpu 4 --timeout 10s python3 -c '
import os
os.fork()
while True: pass'
	[ "$(fact .reason)" = 'CPU time limit exceeded: all processes together may use 400ms' ]
	[ "$(fact .error)" = CpuTimeLimitExceeded ]
	[ "$(fact '.violation_events[0].context.limit')" = cpu-time ]
	[ "$(fact .limits.cpu_time_ms)" = 400 ]
	jq -e '.cpu_time_ms > 400 and .cpu_time_ms < 700' <<<"$json" || said
	verdict 137 cpu --cpu-time 400ms --timeout 10s sh -c 'while :; do timeout 0.1 sh -c "while :; do :; done"; done'
	# Who sleeps uses none.
	verdict 0 ok --cpu-time 400ms sleep 0.7
	in_sandbox 137 --cpu-time 200ms sh -c 'while :; do :; done'
	[[ $stderr == *'CPU time limit exceeded: all processes together may use 200ms' ]] || said
	# A limit of its own is named as well.
	verdict 152 cpu --timeout 10s sh -c 'ulimit -S -t 1; while :; do :; done'
	[ "$(fact .reason)" = 'CPU time limit exceeded: the one that the program has set itself' ]
	refused 'sandbox-runtime: --cpu-time: "x" is not a duration *' --cpu-time x true
}

@test "a limit that the program coped with is no failure" {
	verdict 0 ok --disk 1M sh -c 'head -c 3M /dev/zero >/tmp/f 2>/dev/null; rm /tmp/f'
}

@test "processes that are left behind are ended, and do not hold the caller up" {
	run timeout 5 "$SRT_BUILD/sandbox-runtime" exec sh -c 'setsid sleep 60 & (sleep 60 &) & echo done'
	[ "$status" -eq 0 ] && [ "$output" = "done" ] || said
	verdict 0 ok sh -c 'setsid sleep 60 >/dev/null & echo done'
	[ "$(fact .stdout)" = "done" ]
}

@test "killing the supervisor ends the sandbox" {
	SANDBOX_TEST=$BATS_TEST_TMPDIR "$SRT_BUILD/sandbox-runtime" exec --env "SANDBOX_TEST=$BATS_TEST_TMPDIR" sleep 60 3>&- &
	local supervisor=$!
	eventually pgrep -P "$supervisor"
	kill -9 "$supervisor"
	eventually no_leftovers
}

@test "signals to the supervisor are the program's; asked twice it is killed" {
	"$SRT_BUILD/sandbox-runtime" exec --env "SANDBOX_TEST=$BATS_TEST_TMPDIR" sh -c \
		'trap "echo heard; exit 4" TERM; echo ready; while :; do sleep 0.1; done' >out 3>&- &
	local supervisor=$!
	eventually grep -q ready out
	kill -TERM "$supervisor"
	local status=0
	wait "$supervisor" || status=$?
	[ "$status" -eq 4 ]
	grep -qx heard out
	"$SRT_BUILD/sandbox-runtime" exec sh -c 'trap "" TERM; echo ready; while :; do sleep 0.1; done' >out2 2>/dev/null 3>&- &
	supervisor=$!
	eventually grep -q ready out2
	kill -TERM "$supervisor"
	sleep 0.2
	kill -TERM "$supervisor"
	status=0
	wait "$supervisor" || status=$?
	[ "$status" -eq 137 ]
}

# under BACKEND: the four tests that every one of them must pass.
under() {
	local backend=(--limits-backend "$1" --timeout 10s)
	our_cgroups >cgroups
	verdict 0 ok "${backend[@]}" true
	[ "$(fact .limits.backend)" = "$1" ]
	verdict 137 memory "${backend[@]}" --memory 80M python3 -c '
import os, time
for i in range(20):
	if os.fork() == 0:
		x = bytearray(b"x" * (10 << 20)); time.sleep(8); os._exit(0)
time.sleep(8)'
	verdict 0 ok "${backend[@]}" --memory 100M python3 -c 'x = bytearray(b"x" * (40 << 20))'
	jq -e '.memory_used_mb > 40 and .memory_used_mb < 100' <<<"$json"
	verdict 1 processes "${backend[@]}" --max-processes 20 python3 -c '
import os, time
while True:
	if os.fork() == 0: time.sleep(8); os._exit(0)'
	in_sandbox 0 "${backend[@]}" --max-processes 4 python3 -c '
import os, time
n = 0
try:
	while n < 50:
		if os.fork() == 0: time.sleep(2); os._exit(0)
		n += 1
except OSError as e: print(n, e.errno)'
	[ "$output" = '3 11' ] || said
	verdict 1 disk "${backend[@]}" --disk 1M sh -c 'head -c 3M /dev/zero >/tmp/f'
	verdict 1 files "${backend[@]}" --max-files 20 sh -c 'for i in $(seq 50); do echo >/tmp/$i || exit 1; done'
	verdict 137 output "${backend[@]}" --max-output 10K yes
	run --separate-stderr sandbox exec --json-output "${backend[@]}" --cpu 0.5 timeout 1 sh -c 'while :; do :; done'
	jq -e '.cpu_time_ms < 900' <<<"$output" || said
	verdict 137 cpu "${backend[@]}" --cpu-time 300ms sh -c '(while :; do :; done) & while :; do :; done'
	verdict 137 signal "${backend[@]}" sh -c 'kill -9 $$'
	our_cgroups | cmp - cgroups
}
our_cgroups() { find /sys/fs/cgroup -name 'srt-oci-sb-*' -user "$(id -u)" 2>/dev/null | sort; }

# can BACKEND: this host and this caller have it.
can() {
	sandbox exec --limits-backend "$1" true 2>why && return
	skip "no $1 here: $(sed 's/.*: //' why)"
}

@test "limits hold by the supervisor" {
	under supervisor
}

@test "limits hold by cgroup v1" {
	can cgroup1
	under cgroup1
	# Also where there is not even room for our own first process.
	verdict 137 memory --limits-backend cgroup1 --memory 1 true
	[ "$(fact .infra_error)" = false ] || said
}

@test "limits hold by cgroup v2" {
	can cgroup2
	under cgroup2
}

@test "a backend that is not there is refused, and auto takes one that is" {
	refused '*--limits-backend: *' --limits-backend cgroup2x true
	verdict 0 ok --limits-backend auto true
	[[ $(fact .limits.backend) =~ ^(supervisor|cgroup1|cgroup2)$ ]]
	sandbox exec --limits-backend cgroup2 true 2>/dev/null || refused '*--limits-backend: *' --limits-backend cgroup2 true
	sandbox exec --limits-backend cgroup1 true 2>/dev/null || refused '*--limits-backend: *' --limits-backend cgroup1 true
}

@test "the cgroup that a killed supervisor leaves is taken away by a later run, and no other's" {
	can cgroup1
	local id
	"$SRT_BUILD/sandbox-runtime" exec --limits-backend cgroup1 sh -c 'echo up; sleep 15' >up &
	eventually grep -q up up
	# Its own, whoever else runs sandboxes on this machine.
	id=$(grep -ho 'srt-oci-sb-[0-9a-f]*' "/proc/$(pgrep -P $!)/cgroup" | head -n 1)
	[[ $id == srt-oci-sb-* ]]
	kill -KILL $!
	wait $! || true
	nobody_in() { [ -z "$(find /sys/fs/cgroup -path "*/$id/cgroup.procs" -exec cat {} +)" ]; }
	eventually nobody_in
	find /sys/fs/cgroup -name "$id" -type d | grep -q .
	# A young one may be one that is just being made.
	sandbox exec --limits-backend cgroup1 true
	find /sys/fs/cgroup -name "$id" -type d | grep -q .
	find /sys/fs/cgroup -depth -name "$id" -type d -exec touch -d '2 minutes ago' {} +
	sandbox exec --limits-backend cgroup1 true
	[ -z "$(find /sys/fs/cgroup -name "$id" -type d)" ]
}

@test "limits hold also where nobody reads what is counted and passed on, and who reads late gets all of it" {
	run timeout -k 1 40 python3 - "$SRT_BUILD/sandbox-runtime" <<-'EOF'
		import os, signal, socket, subprocess, sys, time
		fills = "import os\nos.set_blocking(1, False)\nfor _ in range(9):\n try:\n  while os.write(1, b'x' * 65536): pass\n except OSError: pass\n"
		def start(out, *words):
		    program = [sys.argv[1], "exec", "--max-output", "100M", "--env", "SANDBOX_TEST=" + os.environ["SRT_TEST_MARK"], *words]
		    return subprocess.Popen(program, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.DEVNULL)
		def pair(kind):
		    if kind == "pipe": return os.pipe()
		    return [end.detach() for end in socket.socketpair()]
		for kind in ("pipe", "socket"):
		    reads, writes = pair(kind)
		    begin = time.monotonic()
		    assert start(writes, "--timeout", "1s", "yes").wait(10) == 124
		    assert time.monotonic() - begin < 4
		    reads, writes = pair(kind)
		    assert start(writes, "--memory", "64M", "python3", "-c", fills + "x = bytearray(300 << 20)\nimport time; time.sleep(9)").wait(10) == 137
		    reads, writes = pair(kind)
		    p = start(writes, "sh", "-c", "head -c 3000000 /dev/zero; exit 5")
		    os.close(writes)
		    time.sleep(0.5)
		    size = 0
		    while part := os.read(reads, 65536): size += len(part)
		    assert (size, p.wait(10)) == (3000000, 5), size
		    # The program has ended, and we wait for who reads: we can be ended as it could have been.
		    reads, writes = pair(kind)
		    p = start(writes, "python3", "-c", fills)
		    time.sleep(1)
		    p.terminate()
		    p.wait(5)
	EOF
	[ "$status" -eq 0 ] || said
}
