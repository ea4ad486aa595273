# SPDX-License-Identifier: Apache-2.0
# sandbox_attacks.bats - what a hostile program tries: each is refused or contained, with the status that says so.
# All is bounded: by the sandbox's limits, which are what is tested, and by a timeout around each.
# stderr and json are set by bats and by the library; each test is a subshell of its own.
# shellcheck disable=SC2016,SC2154,SC2030,SC2031,SC2015

load lib/sandbox

# calls SCRIPT: Python with ctypes; call(name, args…) gives 0 or minus the errno.
calls() {
	cat <<'PY'
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
NR = {"x86_64": dict(ptrace=101, unshare=272, setns=308, io_uring_setup=425, bpf=321, userfaultfd=323, perf_event_open=298,
    keyctl=250, add_key=248, mount=165, chroot=161, pivot_root=155, open_tree=428, process_vm_readv=310, pidfd_open=434,
    pidfd_getfd=438, kcmp=312, clone=56, memfd_secret=447, init_module=175, kexec_load=246, reboot=169, swapon=167),
  "aarch64": dict(ptrace=117, unshare=97, setns=268, io_uring_setup=425, bpf=280, userfaultfd=282, perf_event_open=241,
    keyctl=219, add_key=217, mount=40, chroot=51, pivot_root=41, open_tree=428, process_vm_readv=270, pidfd_open=434,
    pidfd_getfd=438, kcmp=272, clone=220, memfd_secret=447, init_module=105, kexec_load=104, reboot=142, swapon=224)}[os.uname().machine]
def call(name, *args):
    ctypes.set_errno(0)
    r = libc.syscall(NR[name], *[ctypes.c_long(a) if isinstance(a, int) else a for a in args])
    return r if r >= 0 else -ctypes.get_errno()
PY
	printf '%s\n' "$1"
}
attack() {
	calls "$1" >attack.py
	shift
	in_sandbox 0 --timeout 10s --mount "$PWD/attack.py:/attack.py" "$@" python3 /attack.py
}

# limit_is NAME: the one violation is that limit's.
limit_is() { [ "$(fact '[.violation_events[] | [.type, .context.limit]] | @json')" = "[[\"limit\",\"$1\"]]" ] || said; }

# told SCRIPT ARGUMENT…: an attack with --trace; $output is its own, $json the verdict.
told() {
	calls "$1" >attack.py
	shift
	verdict 0 ok --trace --timeout 10s --mount "$PWD/attack.py:/attack.py" "$@" python3 /attack.py
	output=$(fact .stdout)
}
# calls_told: the calls that were told of, each once, with their errno.
calls_told() { fact '[.violation_events[] | select(.type == "syscall") | "\(.context.syscall) \(.context.errno)"] | sort | join(", ")'; }

@test "a fork bomb is held, named, and leaves nothing" {
	# The shell that waits needs no process of its own for that.
	verdict 124 timeout --max-processes 30 --timeout 1s sh -c '(f() { f | f & }; f & ) 2>/dev/null; while :; do :; done'
	verdict 1 processes --max-processes 30 --timeout 10s python3 -c '
import os, time
while True:
	if os.fork() == 0: time.sleep(8); os._exit(0)'
	limit_is processes
}

@test "memory spread over forks is one memory" {
	verdict 137 memory --memory 80M --timeout 10s python3 -c '
import os, time
for i in range(20):
	if os.fork() == 0:
		x = bytearray(b"x" * (10 << 20)); time.sleep(8); os._exit(0)
time.sleep(8)'
	limit_is memory
}

@test "memory that belongs to no process is not to be had" {
	attack '
def made(f):
    try: f(); return "made"
    except OSError as e: return e.errno
print(made(lambda: os.memfd_create("x")), -call("memfd_secret", 0))' --limits-backend supervisor
	[ "$output" = '38 38' ] || said
}

@test "disk and inodes are filled to the limit and no further" {
	verdict 1 disk --disk 2M --timeout 10s python3 -c '
while True: open("/dev/shm/f", "ab").write(b"x" * 100000)'
	limit_is disk
	verdict 1 files --max-files 50 --timeout 10s python3 -c '
import itertools, os
for i in itertools.count(): os.symlink("x", f"/tmp/{i}")'
	limit_is files
	verdict 1 files --max-files 50 --timeout 10s python3 -c '
import itertools, os
for i in itertools.count(): os.mkdir(f"/tmp/{i}")'
}

@test "a flood of output ends, and what is kept is bounded" {
	verdict 137 output --max-output 64K --timeout 10s sh -c 'yes | cat & yes >&2'
	limit_is output
	[ "$(fact '(.stdout + .stderr) | length')" -le 65536 ]
	verdict 124 timeout --timeout 1s yes
	limit_is timeout
	[ "$(fact .stdout_truncated)" = true ]
}

@test "the first process is closed: no ptrace, no memory, no descriptors, no signal, no words of the caller" {
	attack '
print(call("ptrace", 16, 1, 0, 0), call("process_vm_readv", 1, 0, 0, 0, 0, 0), call("kcmp", 1, 1, 0, 0, 0))
for f in ("mem", "environ", "maps", "auxv", "syscall", "fd/0", "cwd/x", "root/x", "exe", "ns/pid", "map_files"):
    try: (os.readlink if f.startswith("ns") or f == "exe" else os.listdir if f == "map_files" else lambda p: open(p).read(1))("/proc/1/" + f); print("open", f)
    except OSError as e: pass
fd = call("pidfd_open", 1, 0)
print(call("pidfd_getfd", fd, 0, 0))
for s in (9, 15, 19, 2):
    try: os.kill(1, s)
    except OSError as e: print(e)
import time; time.sleep(0.2)
print(open("/proc/1/comm").read().strip(), open("/proc/1/cmdline").read().strip("\0") == "")'
	[ "$output" = $'-1 -1 -1\n-1\nsandbox-init True' ] || said
}

@test "processes of the host are not there" {
	in_sandbox 0 sh -c 'ls -d /proc/[0-9]* | wc -l; kill -0 '"$$"' 2>&1; true'
	[ "${lines[0]}" -le 5 ] || said
	[[ $output == *'o such process'* ]] || said
}

@test "nested namespaces, mounts and keys are refused" {
	attack '
NEWUSER, NEWNS, NEWNET = 0x10000000, 0x20000, 0x40000000
print(call("unshare", NEWUSER), call("unshare", NEWUSER | NEWNS), call("unshare", NEWNS), call("unshare", NEWNET))
print(call("clone", NEWUSER | 17, 0, 0, 0, 0), call("setns", 0, 0))
print(call("mount", 0, 0, 0, 0, 0), call("chroot", b"/tmp"), call("pivot_root", b"/", b"/"), call("open_tree", 0, 0, 0))
print(call("keyctl", 0, 0, 0, 0, 0), call("add_key", 0, 0, 0, 0, 0))
print(call("bpf", 0, 0, 0), call("userfaultfd", 0), call("perf_event_open", 0, 0, 0, 0, 0), call("io_uring_setup", 1, 0))
print(call("init_module", 0, 0, 0), call("kexec_load", 0, 0, 0, 0), call("reboot", 0, 0, 0, 0), call("swapon", 0, 0))'
	[ "$output" = $'-1 -1 -1 -1\n-1 -1\n-1 -1 -1 -1\n-1 -1\n-1 -1 -1 -38\n-1 -1 -1 -1' ] || said
	in_sandbox 1 unshare -Ur true
}

@test "characters cannot be pushed into the caller's terminal" {
	attack '
import fcntl
def push(request):
    pid, fd = os.forkpty() if False else (0, os.open("/dev/null", 0))
    try: fcntl.ioctl(0, request, b"x"); return "pushed"
    except OSError as e: return e.errno
print(push(0x5412), push(0x541C))
# A number whose upper half the kernel would cut off.
print(libc.ioctl(0, ctypes.c_ulong(0x100005412), b"x"), ctypes.get_errno())'
	[ "$output" = $'1 1\n-1 1' ] || said
	run script -qec "timeout 10 $SRT_BUILD/sandbox-runtime exec python3 -c '
import fcntl
try: fcntl.ioctl(0, 0x5412, b\"x\"); print(\"pushed\")
except OSError as e: print(\"errno\", e.errno)
try: open(\"/dev/tty\"); print(\"tty\")
except OSError as e: print(\"no tty\")'" /dev/null
	[[ $output == *'errno 1'* && $output == *'no tty'* ]] || said
}

@test "a file that is lent to be read makes nobody wait for it, and keeps nothing that is left with it" {
	echo mine >lent
	attack '
import fcntl
def answer(path, command, argument):
    try: return fcntl.fcntl(os.open(path, 0), command, argument)
    except OSError as e: return -e.errno
WRITER, HINT = 1, (3).to_bytes(8, sys.byteorder)
# F_SETLEASE, F_SETDELEG, F_SET_RW_HINT, and F_GET_RW_HINT.
for path in ("/lent", "/tmp", "/", "/etc/passwd"):
    print(answer(path, 1024, WRITER), answer(path, 1040, HINT), answer(path, 1036, HINT), answer(path, 1035, bytes(8)) == bytes(8))
# A number whose upper half the kernel would cut off.
print(libc.syscall({"x86_64": 72, "aarch64": 25}[os.uname().machine], os.open("/lent", 0), ctypes.c_ulong(1 << 32 | 1024), 1), ctypes.get_errno())
print(answer("/lent", fcntl.F_GETFL, 0) >= 0)' --mount "$PWD/lent:/lent"
	[ "$output" = $'-1 -1 -1 True\n-1 -1 -1 True\n-1 -1 -1 True\n-1 -1 -1 True\n-1 1\nTrue' ] || said
}

@test "sockets: no odd families, no netlink but routes, nothing of the host's abstract names" {
	attack '
import socket
def family(f, t=socket.SOCK_DGRAM, p=0):
    try: socket.socket(f, t, p).close(); return "made"
    except OSError as e: return e.errno
print([family(f) for f in (1, 2, 10)], [family(f) for f in (3, 15, 17, 21, 29, 30, 38, 40, 44)])
print(family(16, socket.SOCK_RAW, 0), family(16, socket.SOCK_RAW, 9), family(16, socket.SOCK_RAW, 12))
s = socket.socket(socket.AF_UNIX)
try: s.connect("\0srt-test-" + sys.argv[0]); print("connected")
except OSError as e: print(e.errno)'
	[ "${lines[0]}" = "['made', 'made', 'made'] [97, 97, 97, 97, 97, 97, 97, 97, 97]" ] || said
	[ "${lines[1]}" = 'made 93 93' ] || said
	[ "${lines[2]}" = 111 ] || said
	# The name is the host's network namespace's: the same one inside is another.
	python3 - "$PWD" <<'PY'
import socket, subprocess, sys, os
s = socket.socket(socket.AF_UNIX); s.bind("\0srt-sandbox-test"); s.listen()
out = subprocess.run([os.environ["SRT_BUILD"] + "/sandbox-runtime", "exec", "python3", "-c",
    "import socket\ns = socket.socket(socket.AF_UNIX)\ntry: s.connect('\\0srt-sandbox-test'); print('connected')\nexcept OSError as e: print(e.errno)"],
    capture_output=True, text=True, timeout=15)
assert out.stdout == "111\n", out
PY
}

@test "links made while it runs lead nowhere on the host" {
	mkdir rw outside
	echo secret >outside/secret
	echo x >rw/x
	in_sandbox 0 --mount "$PWD/rw:/rw:rw" sh -c "ln -s $PWD/outside/secret /rw/link; cat /rw/link 2>&1; ln -s / /rw/root; ls /rw/root/root 2>&1; cat /rw/../../../../..$PWD/outside/secret 2>&1; true"
	[[ $output != *secret$'\n'* && $output != secret ]] || said
	# A link that a program has left is followed by nobody: not as the place of a mount.
	ln -sfn "$PWD/outside" rw/place
	in_sandbox 0 --mount "$PWD/rw:/rw:rw" --mount "$PWD/rw/x:/rw/place/file" true || true
	[ ! -e outside/file ]
}

@test "a place that changes while mounts are made does not lead out" {
	mkdir -p rw/a outside
	( for ((i = 0; i < 400; i++)); do
		ln -sfn "$PWD/outside" rw/flip.new && mv -T rw/flip.new rw/flip 2>/dev/null
		rm -f rw/flip && mkdir rw/flip 2>/dev/null && rmdir rw/flip 2>/dev/null
	done ) 3>&- &
	local racer=$! i
	for ((i = 0; i < 40; i++)); do
		sandbox exec --mount "$PWD/rw:/rw:rw" --mount /usr/share:/rw/flip/in true >/dev/null 2>&1 || true
	done
	wait "$racer" || true
	[ -z "$(ls -A outside)" ]
}

@test "the caller's home and keys are not there" {
	export HOME=$PWD/home
	mkdir -p home/.ssh
	echo key >home/.ssh/id
	in_sandbox 0 sh -c "cat $PWD/home/.ssh/id 2>&1; ls $PWD 2>&1; cat ~/.ssh/id 2>&1; echo end"
	lacks key
	has end
}

@test "nothing of the caller's descriptors comes along" {
	echo secret >held
	exec 7<held
	in_sandbox 0 sh -c 'ls /proc/self/fd; cat <&7' || in_sandbox 2 sh -c 'ls /proc/self/fd; cat <&7'
	lacks 7
	lacks secret
	exec 7<&-
}

@test "the program itself cannot be reached through the payload's own links" {
	run --separate-stderr sandbox exec /proc/self/exe --version
	[ "$status" -ne 0 ] || [ "$(sha256sum <"$SRT_BUILD/srt-oci")" = "$(sha256sum <"$SRT_BUILD/srt-oci")" ]
	cp "$SRT_BUILD/srt-oci" sandbox-runtime
	local before
	before=$(sha256sum <sandbox-runtime)
	timeout 10 ./sandbox-runtime exec sh -c 'for p in /proc/1/exe /proc/self/exe /proc/$$/exe; do ( echo x >$p ) 2>/dev/null && echo wrote $p; done; true' >out
	[ ! -s out ]
	[ "$(sha256sum <sandbox-runtime)" = "$before" ]
}

@test "hard set-user-id programs give nothing" {
	in_sandbox 0 sh -c 'cp /bin/true /tmp/s && chmod 4755 /tmp/s; grep -E "^NoNewPrivs" /proc/self/status; for p in /usr/bin/su /usr/bin/passwd /usr/bin/newuidmap; do [ ! -u $p ] || $p </dev/null >/dev/null 2>&1; done; id -u'
	has 1000
}

@test "a supervisor that is stopped does not lose hold" {
	"$SRT_BUILD/sandbox-runtime" exec --env "SANDBOX_TEST=$BATS_TEST_TMPDIR" --timeout 1s sleep 30 2>/dev/null 3>&- &
	local supervisor=$! status=0
	sleep 0.3
	kill -STOP "$supervisor"
	sleep 1
	kill -CONT "$supervisor"
	wait "$supervisor" || status=$?
	[ "$status" -eq 124 ]
}

@test "what is refused as such is told where somebody asks, and has the same answer" {
	told '
import fcntl, socket
NEWUSER = 0x10000000
def answer(f, *args):
    try: f(*args); return 0
    except OSError as e: return -e.errno
print(call("ptrace", 16, 1, 0, 0), call("process_vm_readv", 1, 0, 0, 0, 0, 0), call("unshare", NEWUSER), call("mount", 0, 0, 0, 0, 0),
    call("setns", 0, 0), call("io_uring_setup", 1, 0), call("keyctl", 0, 0, 0, 0, 0), call("bpf", 0, 0, 0),
    answer(fcntl.ioctl, 0, 0x5412, b"x"), answer(fcntl.fcntl, 0, 1024, 1), answer(socket.socket, 38, 5), answer(socket.socket, 16, 3, 9))'
	[ "$output" = '-1 -1 -1 -1 -1 -38 -1 -1 -1 -1 -97 -93' ] || said
	[ "$(calls_told)" = 'bpf 1, fcntl 1, io_uring_setup 38, ioctl 1, keyctl 1, mount 1, process_vm_readv 1, ptrace 1, setns 1, socket 97, unshare 1' ] ||
		{ calls_told; said; }
}

@test "programs of the machine's other architectures are held to the same, also where each call is looked at" {
	[ "$(uname -m)" = x86_64 ] || skip "the machine is no x86_64"
	local script='
import mmap
m = mmap.mmap(-1, 4096, prot=7)
m.write(bytes.fromhex("89f8 53 89f3 89d1 89ca cd80 5b c3"))  # the call of i386: number, first and second argument
f = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(m)))
print(f(26, 16, 1), f(21, 0, 0), f(310, 0x10000000, 0), f(425, 1, 0), f(55, 0, 1024), f(221, 0, 1024), f(20, 0, 0) > 0)
for nr in (521, 165, 272):  # of x32
    ctypes.set_errno(0)
    print(libc.syscall(0x40000000 | nr, 0x10000000, 0, 0, 0, 0), ctypes.get_errno())'
	attack "$script"
	[ "$output" = $'-1 -1 -1 -38 -1 -1 True\n-1 38\n-1 38\n-1 38' ] || said
	told "$script"
	[ "$output" = $'-1 -1 -1 -38 -1 -1 True\n-1 38\n-1 38\n-1 38' ] || said
	[ "$(calls_told)" = 'fcntl 1, fcntl64 1, io_uring_setup 38, mount 1, ptrace 1, unshare 1' ] || { calls_told; said; }
}

@test "reading the caller's home is told, with the file" {
	# Not below /tmp, which a sandbox has of its own.
	HOME=$(mktemp -d /var/tmp/srt-test-XXXXXX)
	export HOME
	echo key >"$HOME/id"
	chmod 600 "$HOME/id"
	told "
try: open('$HOME/id')
except OSError as e: print(e.errno)"
	rm -r "$HOME"
	[ "$output" = 2 ] || said
	[ "$(fact '.violation_events[0] | [.type, .context.path] | @json')" = "[\"fs_read\",\"$HOME/id\"]" ] || said
}

@test "nothing that is left in a directory of the caller's runs as the caller" {
	mkdir rw
	local script='
def made(f):
    try: f(); return "made"
    except OSError as e: return e.errno
os.chdir("/rw")
open("a", "w")
fd = os.open("a", 0)
print([made(lambda: os.chmod("a", mode)) for mode in (0o4755, 0o2755, 0o755)], made(lambda: os.fchmod(fd, 0o4755)),
    made(lambda: os.mknod("m", 0o104755)))
print([made(lambda: os.open(name, flags | os.O_WRONLY, mode)) for name, flags, mode in (("b", os.O_CREAT, 0o4755), ("c", os.O_CREAT, 0o755),
    (".", os.O_TMPFILE, 0o2755), (".", os.O_TMPFILE, 0o755))])
print(made(lambda: os.mkdir("d", 0o755)), libc.syscall(437, -100, b"e", (ctypes.c_uint64 * 3)(os.O_CREAT | os.O_WRONLY, 0o4755, 0), 24))'
	local answers=$'[1, 1, \'made\'] 1 1\n[1, \'made\', 1, \'made\']\nmade -1' options
	for options in "" --trace; do
		rm -rf rw/*
		# shellcheck disable=SC2086 # none or one
		attack "$script" $options --mount "$PWD/rw:/rw:rw"
		[ "$output" = "$answers" ] || said
		[ -z "$(find rw -perm /6000)" ]
	done
	rm -rf rw/*
	told "$script" --mount "$PWD/rw:/rw:rw"
	[ "$(calls_told)" = 'chmod 1, fchmod 1, mknodat 1, openat 1' ] || [ "$(calls_told)" = 'fchmod 1, fchmodat 1, mknodat 1, openat 1' ] ||
		{ calls_told; said; }
}

@test "holes and second names do not fill the caller's disk" {
	mkdir out work
	in_sandbox 0 --disk 8M --artifacts '*' --artifacts-dir out python3 -c '
f = open("big", "w"); f.truncate(8 << 30); f.seek(4 << 30); f.write("end")'
	[ "$(stat -c %s out/big)" -eq $((8 << 30)) ]
	[ "$(du -k out/big | cut -f1)" -lt 1024 ]
	[ "$(dd if=out/big bs=1M skip=4096 count=1 2>/dev/null | head -c 3)" = end ]
	in_sandbox 0 --disk 8M --workspace work --commit always sh -c 'truncate -s 8G big; echo end >>big'
	[ "$(du -k work/big | cut -f1)" -lt 1024 ]
	rm -rf out work
	mkdir out
	run --separate-stderr sandbox exec --json-output --disk 8M --artifacts '*' --artifacts-dir out python3 -c '
import os
open("f", "wb").write(b"x" * (2 << 20))
for i in range(30): os.link("f", f"g{i}")'
	[ "$status" -eq 125 ] && [[ $(jq -r .reason <<<"$output") == *"more bytes than the sandbox's disk holds"* ]] || said
	[ "$(jq .infra_error <<<"$output")" = false ] || said
	[ "$(du -sk out | cut -f1)" -le 10240 ]
}

@test "terminals are not used up for others" {
	attack '
import fcntl, struct
held = []
try:
    while len(held) < 900: held.append(os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY))
except OSError as e: print(len(held) <= 256, e.errno)'
	[ "$output" = 'True 28' ] || said
}

@test "the verdict is the supervisor's, whatever a program ends with or says" {
	local code
	for code in 124 125 126 127 137; do
		verdict "$code" exit sh -c "exit $code"
		[ "$(fact '[.exit_code, .signal, .infra_error] | @json')" = "[$code,null,false]" ] || said
	done
	verdict 0 ok sh -c 'echo "{\"status\":\"ok\"}"; echo "sandbox-runtime: Memory limit exceeded" >&2'
	[ "$(fact '.violations | length')" = 0 ]
	# All but its own first process may be ended from inside, itself included; the verdict is a signal's.
	verdict 137 signal python3 -c '
import os, signal
os.fork() or signal.pause()
os.kill(-1, 9); os.kill(os.getpid(), 9)'
	# A parent that is stopped for good runs into its time.
	verdict 124 timeout --timeout 1s sh -c 'kill -STOP $$'
	verdict 124 timeout --timeout 1s python3 -c '
import os, signal
for s in range(1, 65):
    try: signal.signal(s, signal.SIG_IGN)
    except (OSError, ValueError): pass
while True: signal.pause()'
	limit_is timeout
}
