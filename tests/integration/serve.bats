# SPDX-License-Identifier: Apache-2.0
# serve.bats - the warm pool: what a task may, what it must not see of another or of the pool, its limits, and what is left.
# stderr and output are set by bats; the Python is between quotes.
# shellcheck disable=SC2016,SC2154

load lib/sandbox

# pool SCRIPT: Python with lib/serve_client.py at hand; it prints nothing and ends well.
pool() {
	{
		printf '%s\n' 'import os, sys; sys.path.insert(0, os.environ["SRT_TOP"] + "/tests/integration/lib")' \
			'from serve_client import *'
		printf '%s\n' "$1"
	} >test.py
	PYTHONDONTWRITEBYTECODE=1 run --separate-stderr timeout -k 1 "${2:-60}" /usr/bin/python3 test.py
	# shellcheck disable=SC2015 # said fails anyway
	[ "$status" -eq 0 ] && [ -z "$output" ] || { cat stderr 2>/dev/null; said; }
}

@test "a task is a Python program: output, status, traceback, signal, input, variables" {
	pool '
with Pool(size=1) as p:
	c = p.client()
	def says(code, **more):
		r = c.run(code, **more)
		return r["status"], r["exit_code"], r["stdout"], r["stderr"]
	assert says("print(6 * 7)") == ("ok", 0, "42\n", "")
	assert says("import sys; sys.exit(3)")[:2] == ("exit", 3)
	assert says("import sys; sys.exit(\"no\")") == ("exit", 1, "", "no\n")
	assert says("1/0") == ("exit", 1, "", "Traceback (most recent call last):\n  File \"<string>\", line 1, in <module>\nZeroDivisionError: division by zero\n")
	assert says("x =")[3].splitlines()[0] == "  File \"<string>\", line 1"
	assert says("import os; os.kill(os.getpid(), 9)")[:2] == ("signal", 137)
	assert says("import os; os.abort()")[:2] == ("signal", 134)
	assert says("raise KeyboardInterrupt")[:2] == ("signal", 130)
	assert says("print(input(), end=\"\")", stdin="a line\n") == ("ok", 0, "a line", "")
	assert says("print(open(0).read())") == ("ok", 0, "\n", "")
	assert says("import os; print(os.environ[\"A\"])", env={"A": "b=c"}) == ("ok", 0, "b=c\n", "")
	assert says("import os; print(\"A\" in os.environ)")[2] == "False\n"
	assert says("import atexit; atexit.register(print, \"end\"); print(__name__)")[2] == "__main__\nend\n"
	assert says("import threading, time; threading.Thread(target=lambda: (time.sleep(0.1), print(\"late\"))).start()")[2] == "late\n"
	assert says("import os; os._exit(7)")[:2] == ("exit", 7)
	assert says("import os\nif os.fork() == 0: print(1)\nelse: os.wait(); print(2)")[2] == "1\n2\n"
	assert says("import subprocess; print(subprocess.check_output([\"echo\", \"x\"]))")[2] == "b" + repr("x\\n".encode().decode()).replace("\\\\", "\\") + "\n"
	assert says("import multiprocessing as m\nwith m.Pool(2) as p: print(p.map(abs, [-1, -2]))")[2] == "[1, 2]\n"'
}

@test "a program ends as python3 -c ends it: what is raised, exit statuses, hooks, streams, what was left open" {
	pool '
ends = {
	"large exit": "raise SystemExit(2 ** 70)",
	"exit with a text": "import atexit; atexit.register(print, 1); raise SystemExit(\"no\")",
	"exit unheard": "import sys; sys.stderr = None; sys.exit(\"no\")",
	"exit without a code": "class E(SystemExit):\n\tcode = property(lambda self: 1 / 0)\nraise E(1)",
	"kind of an interrupt": "class K(KeyboardInterrupt): pass\nraise K",
	"hook": "import sys; sys.excepthook = lambda *a: print(*a[:2])\n1 / 0",
	"hook that raises": "import sys\ndef hook(*a): raise ValueError\nsys.excepthook = hook\n1 / 0",
	"hook that ends": "import sys; sys.excepthook = lambda *a: sys.exit(7)\n1 / 0",
	"no hook": "import sys; del sys.excepthook\n1 / 0",
	"what was last": "import atexit, sys; atexit.register(lambda: print(sys.last_type))\n1 / 0",
	"no modules": "import sys; sys.modules = None; print(1)",
	"no main": "import sys; del sys.modules[\"__main__\"]; print(1)",
	"closed output": "import sys; print(1); sys.stdout.close()",
	"lost output": "import os; print(1); os.close(1)",
	"other output": "import io, sys; print(1); sys.stdout = io.StringIO(); print(2)",
	"output that fails": "import sys\nclass W:\n\tdef write(self, text): pass\n\tdef flush(self): 1 / 0\n\t__repr__ = lambda self: \"W\"\nsys.stdout = W()",
	"open file": "f = open(\"/proc/self/fd/1\", \"w\"); f.write(\"written\")",
	"generator": "def g():\n\ttry: yield\n\tfinally: print(\"end\")\nx = g(); next(x)",
	"cookie": "# coding: latin-1\nprint(\"\u00e9\")",
	"byte order mark": "\ufeffprint(1)",
	"ours": "import zygote",
}
with Pool(size=1) as p:
	c = p.client()
	for name, code in ends.items():
		warm = c.run(code)
		cold = json.loads(subprocess.run([PROGRAM, "exec", "--json-output", "python3", "-c", code], stdout=subprocess.PIPE).stdout)
		for member in ("status", "exit_code", "stdout", "stderr"):
			assert warm[member] == cold[member], (name, warm[member], cold[member])'
}

@test "the end of a task is told with its status and costs, whatever it leaves or says of itself" {
	pool '
import time
with Pool(size=1) as p:
	c = p.client()
	def ends(code, **more):
		began = time.monotonic()
		r = c.run("import os, sys, threading, time\n" + code, **more)
		assert time.monotonic() - began < 20, (code, r)
		return r["status"], r["exit_code"], r["stdout"]
	for out in ("", "os.closerange(0, 3); "):
		assert ends("print(1, flush=True)\nif os.fork() == 0: " + out + "time.sleep(60)") == ("ok", 0, "1\n")
		assert ends("if os.fork() == 0:\n\tif os.fork() == 0: " + out + "time.sleep(60)\n\tos._exit(0)\nos.wait(); sys.exit(4)") == ("exit", 4, "")
		assert ends("if os.fork() == 0:\n\tif os.fork() == 0: " + out + "time.sleep(60)\n\tos._exit(0)\ntime.sleep(0.1)") == ("ok", 0, "")
	assert ends("threading.Thread(target=time.sleep, args=(60,), daemon=True).start(); print(2)") == ("ok", 0, "2\n")
	assert ends("os.closerange(0, 3); time.sleep(0.1); os._exit(5)") == ("exit", 5, "")
	assert ends("open(\"/proc/self/comm\", \"w\").write(\"ended 7\"); print(3, flush=True); os.closerange(0, 3); time.sleep(60)") == ("exit", 7, "3\n")
	assert ends("open(\"/proc/self/comm\", \"w\").write(\"ended 7\"); time.sleep(0.1)") == ("ok", 0, "")
	r = c.run("x = b\"1\" * (50 << 20); del x")
	assert r["memory_used_mb"] > 50, r
	r = c.run("import time\nwhile time.process_time() < 0.2: pass")
	assert r["cpu_time_ms"] >= 190, r'
}

@test "the result has the members of the schema, and the request that of its own" {
	/usr/bin/python3 -c "import jsonschema" 2>/dev/null || skip "python3-jsonschema is not installed"
	pool '
import jsonschema
top = os.environ["SRT_TOP"] + "/docs/reference/"
with Pool(size=1) as p:
	c = p.client()
	jsonschema.validate(c.run("print(1)"), json.load(open(top + "result.schema.json")))
	assert c.run("1/0")["limits"]["backend"] == "supervisor"
	jsonschema.validate({"version": 1, "op": "execute", "code": "1", "timeout_ms": 5, "env": {"A": "b"}},
		json.load(open(top + "serve.schema.json")))
	assert c.ask("ping", id="mine") == {"version": 1, "id": "mine", "pong": True}'
}

@test "nothing of a task is there for the next: files, shared memory, processes, modules, limits, names" {
	pool '
with Pool(size=1) as p:
	c = p.client()
	first = """
import builtins, os, socket, subprocess, sys, sysconfig, time, random
for path in ("/tmp/x", "/dev/shm/x", os.path.expanduser("~/x")): open(path, "w").write("mine")
builtins.print = None; sys.modules["json"] = None; os.environ["LEFT"] = "x"; sys.path.insert(0, "/tmp")
import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))
os.umask(0); os.chdir("/tmp")
from ctypes import CDLL
libc = CDLL(None)
libc.shmget(4711, 4096, 0o1666), libc.mq_open(b"/x", 0o102, 0o666, None), libc.semget(4711, 1, 0o1666)
if os.fork() == 0:
	os.setsid()
	while True: time.sleep(1)
s = socket.socket(); s.bind(("127.0.0.1", 4711)); s.listen()
u = socket.socket(socket.AF_UNIX); u.bind("\\0pool"); u.listen()
"""
	second = """
import json, os, resource, socket
from ctypes import CDLL
libc = CDLL(None)
print([os.listdir(d) for d in ("/tmp", "/dev/shm", os.path.expanduser("~"))], [p for p in os.listdir("/proc") if p.isdigit()],
	"LEFT" in os.environ, resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 20, os.getcwd(), oct(os.umask(0)), json.dumps(1),
	libc.shmget(4711, 4096, 0), libc.mq_open(b"/x", 2), libc.semget(4711, 1, 0), os.uname().nodename)
for family, name in ((socket.AF_INET, ("127.0.0.1", 4711)), (socket.AF_UNIX, "\\0pool")):
	try: socket.socket(family).connect(name); print("connected")
	except ConnectionRefusedError: pass
"""
	clean = c.run(second)["stdout"]
	assert clean.startswith("[[], [], []] [\x271\x27, \x272\x27] False True /home/sandbox 0o22 1 -1 -1 -1 sandbox"), clean
	assert "connected" not in clean
	r = c.run(first)
	assert r["status"] == "ok", r
	for _ in range(4):
		assert c.run(second)["stdout"] == clean'
}

@test "namespaces in which a task made a socket or an object of IPC are not lent to the next, and nobody writes their settings" {
	pool '
uses = {
	"sends": "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind((\"127.0.0.1\", 0)); s.sendto(b\"x\", s.getsockname()); s.recv(1)",
	"connects": "l = socket.create_server((\"127.0.0.1\", 0)); c = socket.create_connection(l.getsockname()); l.accept()[0].close(); c.close()",
	"thread": "t = threading.Thread(target=lambda: socket.socket().close()); t.start(); t.join()",
	"pair": "a, b = socket.socketpair(); a.send(b\"x\"); assert b.recv(1) == b\"x\"",
	"program": "subprocess.run([sys.executable, \"-c\", \"import socket; socket.socket()\"], check=True)",
	"orphan": "os.fork() or os.setsid() and [socket.socket() for _ in range(9)] and time.sleep(9)",
	"many": "[socket.socket() for _ in range(50)]",
	"shared memory": "libc.shmget(4711, 4096, 0o1666)",
	"semaphores": "i = libc.semget(4711, 1, 0o1666); libc.semctl(i, 0, 0)", # gone again, but its number was used
	"messages": "libc.msgget(4711, 0o1666)",
	"message queue": "libc.mq_open(b\"/x\", 0o102, 0o666, None)",
	"watch": "assert libc.inotify_init1(0) >= 0",
	"odd": "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
	"killed": "p = os.fork() or [socket.socket() for _ in range(500)] and time.sleep(9); time.sleep(0.003); os.kill(p, 9); os.waitpid(p, 0)",
	"interrupted": "signal.signal(signal.SIGALRM, lambda *a: None); signal.setitimer(signal.ITIMER_REAL, 1e-4, 1e-4)\nfor _ in range(300):\n\ttry: socket.socket().close()\n\texcept InterruptedError: pass",
	# socket(AF_INET, SOCK_STREAM) as a program of 32 bits asks for it
	# and semget(4711, 1, 0o1666)
	"other call": "m = mmap.mmap(-1, 4096, prot=7); m.write(bytes.fromhex(\"53b889010000bb67120000b901000000bab6030000cd805bc3\"))\n" +
		"if os.uname().machine == \"x86_64\": ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(m)))()",
	"other architecture": "m = mmap.mmap(-1, 4096, prot=7); m.write(bytes.fromhex(\"53b867010000bb02000000b90100000031d2cd805bc3\"))\n" +
		"if os.uname().machine == \"x86_64\": ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(m)))()",
}
looks = """
import ctypes, os
libc = ctypes.CDLL(None)
for name in ("net/dev", "net/snmp", "net/unix", "net/tcp", "net/netstat", "net/ip6_flowlabel", "sysvipc/shm", "sysvipc/sem", "sysvipc/msg"):
	print(open("/proc/" + name).read())
used, tcp = open("/proc/net/sockstat").read().split("\\n")[:2]
tcp = dict(zip(tcp.split()[1::2], tcp.split()[2::2]))
print(used, tcp["inuse"], tcp["tw"]) # the others are counted of the whole machine: orphan, too
writable = []
for where in ("net", "kernel", "fs/mqueue"):
	for top, _, names in os.walk("/proc/sys/" + where):
		for name in names:
			if name == "ns_last_pid": continue # of the task alone; open to all, and nobody may write it
			try: writable.append(os.open(os.path.join(top, name), os.O_WRONLY) and os.path.join(top, name))
			except OSError: pass
assert not writable, writable
# The first ones of their namespace have the number 0.
print(libc.shmget(0, 4096, 0o600), libc.semget(0, 1, 0o600), libc.msgget(0, 0o600), libc.mq_open(b"/x", 2))
"""
quiet = "import os; print(os.readlink(\"/proc/self/ns/net\"), os.readlink(\"/proc/self/ns/ipc\"))"
with Pool(size=1) as p:
	c = p.client()
	fresh = c.run(looks)["stdout"]
	assert fresh.count("lo:") == 1
	lent = {c.run(quiet)["stdout"] for _ in range(30)}
	assert len(lent) < 25, lent # they are lent, where nobody makes one; how many at one time hangs on the load
	for name, use in uses.items():
		for _ in range(3):
			r = c.run("import ctypes, mmap, os, signal, socket, subprocess, sys, threading, time\nlibc = ctypes.CDLL(None)\n" + use)
			assert r["status"] == "ok", (name, r)
			for _ in range(3):
				other = set((r := c.run(looks))["stdout"].splitlines()) ^ set(fresh.splitlines())
				assert r["status"] == "ok" and not other, (name, other, r["stderr"])' 60
}

@test "a sandbox that its task left as it was made serves the next, and no other does" {
	pool '
# The age of the first process tells whether a sandbox served a task before.
looks = """
import fcntl, os, resource, sys, time
began = time.clock_gettime_ns(5) # CLOCK_REALTIME_COARSE
sys.dont_write_bytecode = True
def entries(path): return [path + "/" + name for name in os.listdir(path) if not name.isdigit()]
# What the kernel has kept since before: of what the task looks up itself the times are later. (The worker measures its task, and reads /proc/1/stat for that.)
kept = [p for d in ("", "/1", "/1/task/1", "/sys/kernel", "/sys/user", "/sys/fs", "/net") for p in entries("/proc" + d) if p != "/proc/1/stat" and os.lstat(p).st_mtime_ns < began]
spaces = ["/tmp", "/dev/shm", os.getcwd()]
def all_of(path):
	st = os.lstat(path)
	return oct(st.st_mode), st.st_uid, st.st_gid, st.st_nlink, st.st_size, os.listxattr(path), st.st_mtime == st.st_ctime
state = [
	kept, [all_of(path) for path in spaces], [fcntl.fcntl(os.open(p, 0), 1035, bytes(8)) for p in (*spaces, "/", "/.pool", "/etc/passwd", "/proc/1")], os.listdir("/dev/pts"), all_of("/dev/pts/ptmx"), [(v := os.statvfs(path)).f_bfree, v.f_ffree] if (path := "/tmp") else 0,
	[resource.prlimit(1, k) for k in range(16)], os.getpriority(os.PRIO_PROCESS, 1), os.sched_getaffinity(1),
	os.fstat(os.open("/tmp/new", os.O_CREAT)).st_ino, os.getpid(), os.getppid(), os.getsid(0), sorted(p for p in os.listdir("/proc") if p.isdigit()),
	[l for l in open("/proc/1/status") if l.split(":")[0] in ("SigPnd", "ShdPnd", "SigBlk", "SigIgn", "SigCgt", "Umask", "Threads", "TracerPid", "NoNewPrivs")],
	open("/proc/1/oom_score_adj").read(), open("/proc/sys/kernel/ns_last_pid").read(), open("/proc/sys/user/max_inotify_instances").read(),
]
print(open("/proc/1/stat").read().split()[21], os.readlink("/proc/self/ns/mnt"), sep="|", end="|")
print(state)
"""
leaves = {
	"limit": "resource.prlimit(1, resource.RLIMIT_NOFILE, (3, 3))",
	"soft limit": "resource.prlimit(1, resource.RLIMIT_STACK, (1 << 20, resource.RLIM_INFINITY))",
	"orphan": "os.fork() or (os.fork() or time.sleep(9)); os.wait() if 0 else None",
	"orphan that ends": "p = os.fork()\nif p == 0: os.fork(); os._exit(0)\nos.waitpid(p, 0); time.sleep(0.05)",
	"socket": "socket.socket()",
	"signal to the first": "os.kill(1, signal.SIGCHLD)",
}
stays = {
	"nothing": "pass",
	"children": "for _ in range(5): subprocess.run([sys.executable, \"-S\", \"-c\", \"1\"])",
	"threads": "t = [threading.Thread(target=print) for _ in range(5)]; [x.start() for x in t]; [x.join() for x in t]",
	"terminal": "os.openpty()",
	"error": "1 / 0",
	"status": "sys.exit(7)",
	"end of its own": "os._exit(0)",
	"signal": "os.kill(os.getpid(), 9)",
	"look at all of /proc": "for d, ds, fs in os.walk(\"/proc\"):\n\tfor f in ds + fs:\n\t\ttry: os.lstat(os.path.join(d, f))\n\t\texcept OSError: pass",
	"look at itself": "os.listdir(\"/proc/self/fd\"); os.readlink(\"/proc/thread-self\")",
	"look at the first": "[os.lstat(os.path.join(d, f)) for d, ds, fs in os.walk(\"/proc/1\") for f in ds + fs]",
	"memory": "b = bytearray(1 << 24)",
	"lock": "import fcntl; fcntl.flock(open(sys.executable), fcntl.LOCK_EX)",
	"file": "open(\"/tmp/x\", \"w\").write(\"x\" * 100000)",
	"file without a name": "os.open(\"/tmp\", os.O_TMPFILE | os.O_RDWR)",
	"file without a name, by another call": "subprocess.run([\"perl\", \"-e\", \"syscall(437, -100, q(/tmp), pack(q(QQQ), %d, 0600, 0), 24) > 0 or die\" % (os.O_TMPFILE | os.O_RDWR)], check=True)",
	"file that is gone": "open(\"/tmp/x\", \"w\").close(); os.unlink(\"/tmp/x\")",
	"shared memory": "open(\"/dev/shm/x\", \"w\").write(\"x\")",
	"directory": "os.makedirs(\"y/z\"); os.symlink(\"/etc\", \"y/z/e\"); os.mkfifo(\"y/f\"); os.link(\"y/f\", \"g\"); os.chmod(\"y/z\", 0); os.chmod(\"y\", 0)",
	"time": "os.utime(\"/tmp\", (1, 1))",
	"time of a terminal": "os.utime(\"/dev/pts/ptmx\", (1, 1))",
	"file in use": "f = open(\"/tmp/x\", \"w+\"); import mmap; f.truncate(9999); m = mmap.mmap(f.fileno(), 9999); os.unlink(\"/tmp/x\"); m[0] = 1",
	"many files": "for i in range(100): open(f\"/tmp/{i}\", \"w\")",
	"deep directory": "os.makedirs(\"/tmp/\" + \"d/\" * 20)",
	"mode": "os.chmod(\"/tmp\", 0o1770)",
	"attribute": "try: os.setxattr(\"/tmp\", \"user.x\", b\"x\")\nexcept OSError: pass",
	"access list": "try: os.setxattr(\"/tmp\", \"system.posix_acl_access\", struct.pack(\"<I\" + \"HHI\" * 4, 2, 1, 7, 2**32 - 1, 4, 7, 2**32 - 1, 16, 7, 2**32 - 1, 32, 7, 2**32 - 1))\nexcept OSError: pass",
	"times in /proc": "os.utime(\"/proc/1/task\", (1, 1))",
	"times of a thread in /proc": "os.utime(\"/proc/1/task/1/fdinfo\", (1, 1))",
	"flags": "import array, fcntl; fcntl.ioctl(os.open(\"/tmp\", 0), 0x40086602, array.array(\"l\", [0x80]))",
	"hints": "import fcntl\nfor path in (\"/tmp\", \"/dev/shm\", \"/\", \"/.pool\", \"/etc/passwd\", \"/dev/pts/ptmx\", \"/proc/1\"):\n\ttry: fcntl.fcntl(os.open(path, 0), 1036, struct.pack(\"Q\", 3))\n\texcept OSError: pass",
	"terminals": "os.chmod(\"/dev/pts/ptmx\", 0)",
	"other signals to the first": "for n in range(1, 65):\n\tif n != signal.SIGCHLD: os.kill(1, n)",
}
start = """
import os, resource, signal, socket, struct, subprocess, sys, threading, time # not ctypes, which writes into /tmp itself
print(open("/proc/1/stat").read().split()[21], os.readlink("/proc/self/ns/mnt"), sep="|", flush=True)
"""
with Pool(size=0) as p:
	c = p.client()
	r = c.run(looks)
	assert r["status"] == "ok", r
	def rest():
		eventually(lambda: p.processes("sandbox-spare")) # else the next is made anew, whatever was left
		time.sleep(0.03) # and what a task left has been looked at, and the clock of files has gone on
	def look():
		rest()
		r = c.run(looks)
		assert r["status"] == "ok", r
		return r["stdout"].split("|")
	*_, first = look()
	assert "/proc/self" in first and "/proc/meminfo" not in first, first
	def then(name, code):
		"""The sandbox that this was run in, and those of the next tasks."""
		rest()
		r = c.run(start + code)
		assert r["status"] in ("ok", "exit", "signal"), (name, r)
		after = [look() for _ in range(4)] # of two that wait the one or the other is the next
		other = [state for *_, state in after if state != first]
		assert not other, (name, other[0], first)
		return r["stdout"].split("\n")[0], ["|".join(who) for *who, _ in after]
	for name, code in stays.items():
		for _ in range(3): # those that wait are fewer after a rest
			used, after = then(name, code)
			if used in after: break
		assert used in after, (name, used, after)
	for name, code in leaves.items():
		for _ in range(2):
			used, after = then(name, code)
			assert used not in after, (name, used, after)
# Or none does.
with Pool("--fresh", size=1) as p:
	c = p.client()
	seen = {c.run("import os; print(os.stat(\"/tmp\").st_ctime_ns)\n" + looks)["stdout"].rsplit("|", 1)[0] for _ in range(20)}
	assert len(seen) == 20, seen
	assert "lo: " in c.run("import socket; print(socket.if_nameindex(), open(\"/proc/net/dev\").read()); socket.create_server((\"127.0.0.1\", 0))")["stdout"]' 60
}

@test "who has left an orphan or signalled the first process has loopback and limits all the same" {
	pool '
first = {
	"nothing": "", "signal": "os.kill(1, signal.SIGCHLD); time.sleep(0.02)",
	"orphan": "p = os.fork()\nif p == 0: os.fork(); os._exit(0)\nos.waitpid(p, 0); time.sleep(0.05)",
}
then = """
l = socket.create_server(("127.0.0.1", 0)); c = socket.create_connection(l.getsockname(), 2); c.sendall(b"x"); print(l.accept()[0].recv(1))
print([ctypes.CDLL(None).inotify_init1(0) >= 0 for _ in range(40)].count(True))
"""
with Pool() as p:
	c = p.client()
	for name, code in first.items():
		r = c.run("import ctypes, os, signal, socket, time\n" + code + then, timeout_ms=9000)
		assert r["stdout"] == "b\x27x\x27\n16\n", (name, r)'
}

@test "random numbers differ from task to task, also those of OpenSSL" {
	pool '
code = "import random, ssl, uuid, secrets, tempfile; print(random.random(), ssl.RAND_bytes(8).hex(), uuid.uuid4(), secrets.token_hex(8), tempfile.mktemp())"
with Pool("--preload", "random,ssl,uuid,tempfile", size=2) as p:
	c = p.client()
	words = [w for _ in range(6) for w in c.run(code)["stdout"].split()]
	assert len(words) == 30 and len(set(words)) == 30, words'
}

@test "a task reaches neither its first process nor the pool: memory, descriptors, signals, namespaces" {
	pool '
with Pool() as p:
	c = p.client()
	def says(code):
		r = c.run("import os, signal, sys, ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n" + code, timeout_ms=9000)
		assert r["status"] == "ok", r
		return r["stdout"]
	assert says("print(sorted(os.listdir(\"/proc/self/fd\")))") == "[\x270\x27, \x271\x27, \x272\x27, \x273\x27]\n"
	for path in ("mem", "environ", "maps", "root/etc", "cwd", "fd", "fdinfo", "ns/user", "exe", "stack", "auxv"):
		assert says(f"""
try:
	f = "/proc/1/{path}"
	print("read", os.listdir(f) if os.path.isdir(f) else os.readlink(f) if os.path.islink(f) else open(f, "rb").read(64))
except OSError as e: print("no")""") == "no\n", path
	assert says("print(open(\"/proc/1/cmdline\").read().strip(\"\\0\"))") == "\n"
	assert says("for n in range(1, 65):\n\ttry: os.kill(1, n)\n\texcept OSError: pass\nprint(os.path.exists(\"/proc/1/stat\"))") == "True\n"
	assert says("print(os.getppid(), [p for p in os.listdir(\"/proc\") if p.isdigit()])") == "0 [\x271\x27, \x272\x27]\n"
	assert says("""
CLONE_NEWUSER = 0x10000000
print(libc.unshare(CLONE_NEWUSER), libc.setns(os.open("/proc/self/ns/mnt", 0), 0), libc.umount2(b"/.pool", 2), libc.umount2(b"/tmp", 2), libc.mount(b"x", b"/tmp", b"tmpfs", 0, None),
	libc.ptrace(16, 1, 0, 0), libc.sethostname(b"x", 1), os.listdir("/.pool"), os.listdir("/tmp"))""") == "-1 -1 -1 -1 -1 -1 -1 [] []\n"
	assert says("print(*(l.split()[1] for l in open(\"/proc/self/status\") if l[:6] in (\"CapInh\", \"CapPrm\", \"CapEff\", \"CapBnd\", \"CapAmb\", \"NoNewP\", \"Seccom\")))") == "0000000000000000 " * 5 + "1 2 2\n"
	assert c.stats()["zygotes"] == 1
	# Whoever asks the kernel to signal all it may: the pool lives on.
	c.run("import os\nos.kill(-1, 9)")
	c.run("import os\nos.kill(0, 9)")
	assert c.run("print(1)")["stdout"] == "1\n" and c.stats()["zygotes_lost"] == 0'
}

@test "two tasks at one time know nothing of each other" {
	pool '
import threading
code = """
import os, time, socket
open("/tmp/{me}", "w"); open("/dev/shm/{me}", "w")
u = socket.socket(socket.AF_UNIX); u.bind("\\0{me}")
time.sleep(0.4)
print(os.listdir("/tmp"), os.listdir("/dev/shm"), [p for p in os.listdir("/proc") if p.isdigit()], "@{other}" in open("/proc/net/unix").read(), os.listdir("/dev/pts"))
"""
with Pool(size=2) as p:
	out = {}
	def work(me, other): out[me] = p.client().run(code.format(me=me, other=other))["stdout"]
	threads = [threading.Thread(target=work, args=a) for a in (("a", "b"), ("b", "a"))]
	[t.start() for t in threads]; [t.join() for t in threads]
	for me in "ab": assert out[me] == f"[\x27{me}\x27] [\x27{me}\x27] [\x271\x27, \x272\x27] False [\x27ptmx\x27]\n", out'
}

@test "limits hold for each task, each with its status" {
	pool '
with Pool("--memory", "96M", "--max-processes", "12", "--disk", "4M", "--max-files", "50", "--max-output", "1M", "--max-file-size", "2M",
		"--max-open-files", "40", "--cpu-time", "2s", "--timeout", "25s", "--kill-after", "200ms", size=1) as p:
	c = p.client()
	def status(code, **more):
		r = c.run("import os, time, signal, sys\n" + code, **more)
		return r["status"], r["exit_code"]
	for _ in range(2): # the second one finds all it may have
		assert status("x = bytearray(b\"1\" * (300 << 20)); time.sleep(5)") == ("memory", 137)
		assert status("for i in range(9):\n\tif os.fork() == 0:\n\t\tx = b\"1\" * (20 << 20); time.sleep(5); os._exit(0)\ntime.sleep(5)") == ("memory", 137)
		assert status("while True:\n\tif os.fork() == 0: time.sleep(5); os._exit(0)") == ("processes", 1)
		assert [status("for i in range(50): os.fork()") for _ in range(10)].count(("processes", 1)) >= 7
		assert status("for i in range(30):\n\tif os.fork() == 0: os._exit(0)\n\tos.wait()\nsys.exit(9)") == ("exit", 9)
		assert status("f = open(\"/tmp/f\", \"wb\"); g = open(\"/dev/shm/g\", \"wb\")\nfor i in range(3): f.write(b\"1\" * (1 << 19)); g.write(b\"1\" * (1 << 19)); f.flush(); g.flush()\nopen(os.path.expanduser(\"~/h\"), \"wb\").write(b\"1\" * (3 << 19))") == ("disk", 1)
		assert status("signal.signal(signal.SIGXFSZ, signal.SIG_DFL); open(\"/tmp/f\", \"wb\").write(b\"1\" * (3 << 20))") == ("disk", 153)
		for where in ("/tmp/f", "/dev/shm/f", "/home/sandbox/f"):
			r = c.run(f"open(\"{where}\", \"wb\").write(b\"1\" * (3 << 20))")
			assert (r["status"], r["exit_code"], r["reason"]) == ("disk", 1, "File size limit exceeded: 2M"), (where, r)
		assert status("for i in range(99): open(f\"/tmp/{i}\", \"w\").close()") == ("files", 1)
		assert status("while True: print(\"x\" * 1000)") == ("output", 137)
		assert status("fds = [os.dup(0) for _ in range(99)]") == ("files", 1)
		assert status("while True: pass") == ("cpu", 137)
		assert status("time.sleep(9)", timeout_ms=300) == ("timeout", 124)
		assert status("signal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: pass", timeout_ms=300) == ("timeout", 124)
		assert status("x = b\"1\" * (60 << 20); time.sleep(3)", memory_bytes=40 << 20) == ("memory", 137)
		assert status("x = b\"1\" * (60 << 20); print(1)") == ("ok", 0)
		# Who has slept for long is looked at as soon as it does not.
		assert status("time.sleep(1); x = bytearray(b\"1\" * (300 << 20)); time.sleep(5)") == ("memory", 137)
		assert status("time.sleep(1)\nif os.fork() == 0: x = bytearray(b\"1\" * (300 << 20))\ntime.sleep(5)") == ("memory", 137)
	assert c.ask("execute", code="1", timeout_ms=26000)["error"]["kind"] == "request"
	assert c.ask("execute", code="1", memory_bytes=1 << 40)["error"]["kind"] == "request"' 120
}

@test "the filter of exec is that of a task" {
	pool '
code = """
import ctypes, os, socket
libc = ctypes.CDLL(None, use_errno=True)
def no(f):
	try: f(); return 0
	except OSError as e: return e.errno
print(no(lambda: os.memfd_create("x")), no(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)), no(lambda: socket.socket(38, 5)))
x32 = 1 << 30
for n in (101, 165, 250, 272, 298, 308, 310, 321, 323, 425, 434, 438, 447, x32 | 39, x32 | 41, x32 | 308, x32 | 512) if os.uname().machine == "x86_64" else (97, 117, 219, 241, 268, 280, 425, 438):
	ctypes.set_errno(0); print(n, libc.syscall(n, ctypes.c_long(0x10000000), 0, 0, 0, 0), ctypes.get_errno())
"""
open("code.py", "w").write(code)
cold = subprocess.check_output([PROGRAM, "exec", "--limits-backend", "supervisor", "--mount", os.path.abspath("code.py") + ":/code.py", "python3", "/code.py"], text=True)
with Pool() as p: assert p.client().run(code)["stdout"] == cold, cold'
}

@test "a zygote that is killed is replaced; what was running says that it was not its fault" {
	pool '
import signal, threading
with Pool(size=2) as p:
	c = p.client()
	assert c.run("print(1)")["status"] == "ok"
	results = []
	running = p.client()
	t = threading.Thread(target=lambda: results.append(running.run("import time; time.sleep(20)")))
	t.start()
	eventually(lambda: c.stats()["running"] == 1)
	os.kill(p.zygote(), signal.SIGKILL)
	t.join()
	assert (results[0]["status"], results[0]["exit_code"], results[0]["infra_error"]) == ("setup_error", 125, True), results
	eventually(lambda: c.run("print(2)")["stdout"] == "2\n")
	assert running.run("print(3)")["stdout"] == "3\n"
	# The first process of all of it, too.
	os.kill(p.agent(), signal.SIGKILL)
	# Until the pool has heard of it a task may still be of the old one, and says so.
	eventually(lambda: c.run("print(4)")["stdout"] == "4\n")
	s = eventually(lambda: (s := c.stats())["zygotes_lost"] == 2 and s)
	assert s["zygotes"] == 3, s'
}

@test "a zygote is followed by another after so many tasks, or so much time" {
	pool '
with Pool("--rotate-tasks", "10", size=2) as p:
	c = p.client()
	where = {c.run("import sys; print(id(sys.modules))")["stdout"] for _ in range(60)}
	s = c.stats()
	assert 4 <= s["zygotes"] <= 8 and s["zygotes_lost"] == 0 and len(where) > 1, (s, where)
	eventually(lambda: len(p.processes("sandbox-pool")) <= 2)
with Pool("--rotate-after", "200ms", size=1) as p:
	c = p.client()
	time.sleep(0.9)
	assert 2 <= c.stats()["zygotes"] <= 6
	assert c.run("print(1)")["stdout"] == "1\n"'
}

@test "a thousand tasks in a row leave no descriptor, process, mount or memory" {
	pool '
def pss(pids):
	total = 0
	for pid in pids:
		try: total += next(int(l.split()[1]) for l in open(f"/proc/{pid}/smaps_rollup") if l.startswith("Pss:"))
		except (OSError, StopIteration): pass
	return total
def count(p, c):
	s = eventually(lambda: (s := c.stats()) and s["idle"] == 2 and s["running"] == 0 and s["making"] == 0 and len(p.processes()) - len(p.processes("sandbox-spare")) == 8 and s)
	time.sleep(0.4) # the agent lets sandboxes and network namespaces go after a tenth of a second
	spare = p.processes("sandbox-spare")
	assert len(spare) <= 1, spare
	pids = [p.process.pid, *(set(p.processes()) - set(spare))]
	fds = [os.readlink(fd) for pid in pids if os.access(f"/proc/{pid}/fd", os.R_OK) for fd in glob.glob(f"/proc/{pid}/fd/*")]
	of_spares = 2 * len(spare) if os.access(f"/proc/{p.agent()}/fd", os.R_OK) else 0
	nets = sum(fd[:5] == "net:[" for fd in fds) # its own
	assert nets <= 1, fds
	zygote = p.zygote()
	return {"fds": len(fds) - of_spares, "processes": len(pids), "mounts": len(open(f"/proc/{zygote}/mounts").readlines())}, pss([p.process.pid, zygote])
with Pool(size=2) as p:
	c = p.client()
	for _ in range(50): c.run("pass")
	before, memory = count(p, c)
	for i in range(1000):
		r = c.run("open(\"/tmp/x\", \"w\").write(\"x\" * 10000)" if i % 2 else "pass")
		assert r["status"] == "ok", (i, r)
	after, memory_after = count(p, c)
	assert before == after, (before, after)
	assert memory_after < memory * 1.1 + 512, (memory, memory_after)
	assert c.stats()["tasks"] == 1050' 200
}

@test "sixteen clients at one time get what is theirs" {
	pool '
import threading
with Pool(size=3) as p:
	wrong = []
	def work(n):
		c = p.client()
		for i in range(8):
			r = c.ask("execute", id=f"{n}/{i}", code=f"import sys; print({n}, {i}); sys.stderr.write(str({n * i})); sys.exit({n})")
			d = r["result"]
			if (r["id"], d["stdout"], d["stderr"], d["exit_code"]) != (f"{n}/{i}", f"{n} {i}\n", str(n * i), n): wrong.append(r)
	threads = [threading.Thread(target=work, args=(n,)) for n in range(16)]
	[t.start() for t in threads]; [t.join() for t in threads]
	assert not wrong, wrong' 120
}

@test "who had the last task keeps no other from the next one, and what is lent is not lost" {
	pool '
with Pool(size=1) as p:
	first, second = p.client(), p.client()
	def rests():
		s = eventually(lambda: (s := watcher.stats()) and s["idle"] == 1 and not s["making"] and not s["running"] and s)
		time.sleep(0.02) # it is lent by then
		return s
	watcher = p.client()
	for i in range(20): # each finds the only task with the other
		for c in (first, second): assert c.run(f"print({i})")["stdout"] == f"{i}\n"
	for i in range(10): # and where nobody else works meanwhile
		rests(); assert first.run("print(1)")["stdout"] == "1\n"
		rests(); assert second.run("print(2)")["stdout"] == "2\n"
	made = rests()["tasks"]
	assert made == 60, made
	# One who leaves gives it back: it is not made anew.
	inits = set(pid for pid, name in p.processes("sandbox-init").items())
	second.close()
	eventually(lambda: watcher.stats()["clients"] == 2)
	assert set(p.processes("sandbox-init")) == inits and watcher.stats()["idle"] == 1
	# One who is killed with it does not.
	assert first.run("print(3)")["stdout"] == "3\n"
	rests()
	workers = p.processes("sandbox-worker")
	os.kill(min(workers), 9)
	rests()
	assert p.client().run("print(4)")["stdout"] == "4\n"
	# With its zygote goes what is lent.
	third = p.client()
	third.run("pass"); rests()
	os.kill(p.zygote(), 9)
	eventually(lambda: watcher.stats()["zygotes_lost"] == 1)
	assert third.run("print(5)")["stdout"] == "5\n"'
}

@test "a task that is made when asked for has all that one has which waited, and code of any length" {
	pool '
import threading
with Pool(size=0) as p:
	c = p.client()
	c.run("pass") # in the task that showed at the start that there can be any
	def says(code, **more):
		r = c.run(code, **more)
		return r["status"], r["stdout"]
	assert says("import os; print(sorted(os.listdir(\"/proc/self/fd\")), [p for p in os.listdir(\"/proc\") if p.isdigit()], os.getppid())") == ("ok", "[\x270\x27, \x271\x27, \x272\x27, \x273\x27] [\x271\x27, \x272\x27] 0\n")
	assert says("print(*(l.split()[1] for l in open(\"/proc/self/status\") if l[:6] in (\"CapInh\", \"CapPrm\", \"CapEff\", \"CapBnd\", \"CapAmb\", \"NoNewP\", \"Seccom\")))")[1].startswith("0000000000000000 " * 5 + "1 2")
	assert says("for f in (\"mem\", \"environ\", \"ns/mnt\"):\n\ttry: open(f\"/proc/1/{f}\"); print(f)\n\texcept OSError: pass") == ("ok", "")
	assert says("x = \"" + "y" * (4 << 20) + "\"\nprint(len(x))") == ("ok", f"{4 << 20}\n")
	assert says("print(input())", stdin="in") == ("ok", "in\n")
	assert says("import time; time.sleep(9)", timeout_ms=300) == ("timeout", "")
	out = []
	threads = [threading.Thread(target=lambda i=i: out.append(p.client().run(f"print({i})")["stdout"] == f"{i}\n")) for i in range(50)]
	[t.start() for t in threads]; [t.join() for t in threads]
	assert out == [True] * 50
	other = p.client()
	other.raw(json.dumps({"version": 1, "op": "execute", "code": "import time; time.sleep(30)"}).encode())
	eventually(lambda: (s := c.stats())["running"] == 1 and s["tasks"] == 58)
	other.close()
	s = eventually(lambda: (s := c.stats())["running"] == 0 and s["making"] == 0 and s)
	assert s["tasks"] == 58 and s["idle"] == 0, s'
}

@test "a pool that can make no more tasks says why, and makes some again when it can" {
	[ "$(id -u)" -eq 0 ] || skip "the first process of a pool is closed to its owner, too"
	pool '
import resource
with Pool(size=0) as p:
	c = p.client()
	assert c.run("print(1)")["stdout"] == "1\n"
	# No descriptors are left for what a sandbox needs: neither waits for the other for ever.
	# What it keeps for a tenth of a second, network namespaces, makes room.
	agent = p.agent()
	before = resource.prlimit(agent, resource.RLIMIT_NOFILE)
	resource.prlimit(agent, resource.RLIMIT_NOFILE, (9, before[1]))
	answer = c.ask("execute", code="print(2)")
	assert answer["error"]["kind"] == "setup" and "no sandbox for a task" in answer["error"]["message"], answer
	resource.prlimit(agent, resource.RLIMIT_NOFILE, before)
	eventually(lambda: c.ask("execute", code="print(3)").get("result", {}).get("stdout") == "3\n")
	# Nor for what the interpreter has no room for, of which nobody says anything.
	zygote = p.zygote()
	for room in range(1, 6):
		used = max(map(int, os.listdir(f"/proc/{zygote}/fd"))) + 1
		resource.prlimit(zygote, resource.RLIMIT_NOFILE, (used + room, before[1]))
		answer = c.ask("execute", code="print(4)")
		assert answer["error"]["kind"] == "setup" and "no sandbox for a task" in answer["error"]["message"], answer
	resource.prlimit(zygote, resource.RLIMIT_NOFILE, before)
	eventually(lambda: c.ask("execute", code="print(5)").get("result", {}).get("stdout") == "5\n")'
}

@test "a pool that may have no more network namespaces says so, and goes on when it may" {
	pool '
import ctypes
if os.getuid() == 0: # root has no such limit of his own: it would be all the machine\x27s
	import shutil, tempfile
	own = tempfile.mkdtemp(dir="/tmp")
	os.chown(own, 65534, 65534); os.chmod(shutil.copy(sys.argv[0], own), 0o644); os.chdir(own)
	r = subprocess.call(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", sys.executable, own + "/test.py"])
	shutil.rmtree(own); sys.exit(r)
uid, gid = os.getuid(), os.getgid()
assert ctypes.CDLL(None).unshare(0x10000000) == 0 # CLONE_NEWUSER: the limit is that one of ours
for name, text in ("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1"):
	open("/proc/self/" + name, "w").write(text)
def most(n): open("/proc/sys/user/max_net_namespaces", "w").write(str(n))
with Pool(size=0) as p:
	c = p.client()
	assert c.run("print(1)")["stdout"] == "1\n"
	most(0)
	# What waits is used up first.
	said = eventually(lambda: c.ask("execute", code="import socket; socket.socket()").get("error"))
	assert said["message"] == "no sandbox for a task: make the task\x27s namespaces: No space left on device", said
	most(1000)
	eventually(lambda: c.ask("execute", code="print(2)").get("result", {}).get("stdout") == "2\n")
	assert c.stats()["zygotes"] == 1'
}

@test "a task that could not be asked for is asked for again, though nothing else happens" {
	pool '
import resource
with Pool(size=0) as p:
	c = p.client()
	assert c.run("print(1)")["stdout"] == "1\n"
	before = resource.prlimit(p.process.pid, resource.RLIMIT_NOFILE)
	resource.prlimit(p.process.pid, resource.RLIMIT_NOFILE, (1, before[1]))
	# What the first one takes was open before.
	refused = lambda answer: answer.get("error", {}).get("kind") == "setup" and "ask for a task" in answer["error"]["message"]
	eventually(lambda: refused(c.ask("execute", code="print(2)")))
	resource.prlimit(p.process.pid, resource.RLIMIT_NOFILE, before)
	eventually(lambda: c.ask("execute", code="print(3)").get("result", {}).get("stdout") == "3\n")'
}

@test "a client in the midst of a request, or of an answer, keeps no task that another waits for" {
	pool '
def lent_to(p, c, second):
	"""The only task there is. The second one makes its interpreter old, and the next shows by one that it can."""
	c.run("pass")
	c.raw(json.dumps({"version": 1, "op": "execute", "code": second}).encode())
	watcher = p.client()
	eventually(lambda: (s := watcher.stats())["zygotes"] == 2 and s["idle"] == 1 and not s["running"])
	time.sleep(0.02)
	return watcher
with Pool("--rotate-tasks", "2", size=0) as p:
	c = p.client()
	other = lent_to(p, c, "pass")
	c.answer()
	frame = json.dumps({"version": 1, "op": "execute", "code": "print(2)"}).encode()
	c.socket.sendall(struct.pack("!I", len(frame)) + frame[:9])
	time.sleep(0.02)
	assert other.run("print(1)")["stdout"] == "1\n"
	c.socket.sendall(frame[9:])
	assert c.answer()["result"]["stdout"] == "2\n"
with Pool("--rotate-tasks", "2", size=0) as p:
	c = p.client()
	other = lent_to(p, c, "print(\"x\" * (8 << 20))")
	assert other.run("print(1)")["stdout"] == "1\n"
	assert len(c.answer()["result"]["stdout"]) == (8 << 20) + 1
	assert c.run("print(3)")["stdout"] == "3\n"'
}

@test "of more tasks at one time than the interpreter has sockets of, each one is answered, and no other" {
	pool '
import threading
with Pool("--timeout", "60s", size=4) as p:
	answers = [None] * 150
	def work(i):
		end = (f"sys.exit({i % 50 + 1})", "os.kill(os.getpid(), 15)", f"print({i})")[i % 3]
		answers[i] = p.client().run("import os, sys, time\ntime.sleep(2)\n" + end)
	threads = [threading.Thread(target=work, args=(i,)) for i in range(len(answers))]
	[t.start() for t in threads]
	watcher = p.client()
	eventually(lambda: watcher.stats()["running"] == len(answers), 30)
	assert len(os.listdir(f"/proc/{p.zygote()}/fd")) < 100
	[t.join() for t in threads]
	for i, r in enumerate(answers):
		got = r["status"], r["exit_code"], r["stdout"]
		assert got == [("exit", i % 50 + 1, ""), ("signal", 143, ""), ("ok", 0, f"{i}\n")][i % 3], (i, got)
	# Without who keeps the others the pool begins anew, and nobody waits for ever.
	c, d = p.client(), p.client()
	c.raw(json.dumps({"version": 1, "op": "execute", "code": "import time; time.sleep(50)"}).encode())
	eventually(lambda: d.stats()["running"] == 1)
	(keeper,) = p.processes("sandbox-keeper")
	os.kill(int(keeper), 9)
	assert c.answer()["result"]["infra_error"]
	assert d.run("print(1)")["stdout"] == "1\n" and d.stats()["zygotes"] == 2' 60
}

@test "a client that hangs up takes its task along" {
	pool '
with Pool(size=1) as p:
	c, other = p.client(), p.client()
	c.raw(json.dumps({"version": 1, "op": "execute", "code": "import time; time.sleep(30)"}).encode())
	eventually(lambda: other.stats()["running"] == 1)
	c.close()
	eventually(lambda: other.stats()["running"] == 0 and other.stats()["clients"] == 1)'
}

@test "the socket in a directory that is lent lets no task in, nor what it leaves to another parent" {
	pool '
ask = """
import json, os, socket, struct
def inner():
	try:
		s = socket.socket(socket.AF_UNIX); s.connect("/here/socket"); s.settimeout(5)
		frame = json.dumps({"version": 1, "op": "stats"}).encode()
		s.sendall(struct.pack("!I", len(frame)) + frame); print("said", s.recv(100), flush=True)
	except OSError: print("closed", flush=True)
inner()
if os.fork() == 0:
	if os.fork() == 0: inner(); os._exit(0)
	os._exit(0)
os.wait()
"""
with Pool("--mount", os.getcwd() + ":/here") as p:
	c = p.client()
	assert c.run(ask + "import time; time.sleep(0.5)")["stdout"] == "closed\nclosed\n"
	# A program of the owner is let in, whoever its parent is.
	orphan = "import os, sys, time\nif os.fork(): sys.exit()\ntime.sleep(0.2)\nfrom serve_client import *\nc = Client(sys.argv[1]); print(c.ask(\"ping\")[\"pong\"])"
	assert subprocess.check_output([sys.executable, "-c", orphan, p.path], env=os.environ | {"PYTHONPATH": sys.path[0]}) == b"True\n"'
}

@test "who does not read an answer keeps no sandbox" {
	pool '
with Pool(size=1) as p:
	c, other = p.client(), p.client()
	assert c.run("1")["status"] == "ok"
	c.raw(json.dumps({"version": 1, "op": "execute", "code": "print(\"x\" * (8 << 20))"}).encode())
	eventually(lambda: (s := other.stats())["tasks"] == 2 and s["running"] == 0 and s["idle"] == 1, 15)
	eventually(lambda: len(p.processes("sandbox-init")) == 1) # what has ended takes its time
	assert len(c.answer()["result"]["stdout"]) == (8 << 20) + 1
	assert c.run("print(1)")["stdout"] == "1\n"'
}

@test "a task makes no process beside itself, whose end and costs would be the zygote's" {
	pool '
with Pool(size=1) as p:
	r = p.client().run("import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"
		"n = 56 if os.uname().machine == \"x86_64\" else 220\n"
		"pid = libc.syscall(n, ctypes.c_long(0x8000 | 17), 0, 0, 0, 0)\nif pid == 0: os._exit(0)\nprint(pid, ctypes.get_errno())")
	assert r["stdout"] == "-1 1\n", r'
}

@test "a task that has descriptors on their way, as many as its user may have, keeps nobody waiting" {
	pool '
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))
hold = """
import array, os, socket, time
fd, pairs = os.open("/dev/null", 0), []
try:
	while True:
		pairs.append(socket.socketpair())
		for _ in range(40): pairs[-1][0].sendmsg([b"1"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd] * 250))])
except OSError: pass
print(1, flush=True)
time.sleep(4)
"""
with Pool(size=2) as p:
	c, d = p.client(), p.client()
	d.run("1") # one is lent to it
	zygote = p.zygote()
	c.raw(json.dumps({"version": 1, "op": "execute", "code": hold}).encode())
	eventually(lambda: d.stats()["running"] == 1)
	time.sleep(1)
	others = [p.client() for _ in range(4)]
	for o in others + [d] * 4:
		began = time.monotonic()
		answer = o.ask("execute", code="print(2)")
		assert time.monotonic() - began < 10
		# It has had a task, or hears why it has none.
		assert answer["result"]["stdout"] == "2\n" if "result" in answer else "error" in answer, answer
	assert c.answer()["result"]["status"] == "ok"
	assert p.zygote() == zygote
	assert eventually(lambda: d.ask("execute", code="print(3)").get("result"))["stdout"] == "3\n"'
}

@test "of what the kernel counts for a user no task takes all: instances of inotify, queued signals, message queues" {
	pool '
import resource
take = """
import ctypes, os, resource, signal, time
libc = ctypes.CDLL(None)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGRTMIN])
n = queued = 0
while libc.inotify_init1(0) >= 0: n += 1
while libc.sigqueue(os.getpid(), signal.SIGRTMIN, None) == 0: queued += 1
print(n, queued, resource.getrlimit(12)[1], flush=True) # RLIMIT_MSGQUEUE
"""
with Pool(size=2) as p:
	c, d = p.client(), p.client()
	c.raw(json.dumps({"version": 1, "op": "execute", "code": take + "time.sleep(1)"}).encode())
	eventually(lambda: d.stats()["running"] == 1)
	time.sleep(0.3)
	first = d.run(take)["stdout"]
	assert c.answer()["result"]["stdout"] == first # the other one has left as much as there ever was
	n, queued, bytes = map(int, first.split())
	assert n == 16, n
	assert queued <= resource.getrlimit(11)[0] // 8 and bytes == resource.getrlimit(12)[0] // 8, (queued, bytes)'
}

@test "a task that sleeps wakes nobody, and is held to its limits as soon as it does not" {
	pool '
import threading
def looks(pid): # 0 of one that has gone
	try: return sum(int(l.split()[1]) for l in open(f"/proc/{pid}/status") if l.startswith("voluntary_ctxt"))
	except OSError: return 0
naps = """
import os, time
for _ in range({n}): time.sleep({s})
"""
with Pool("--memory", "64M", "--cpu-time", "1s", size=2) as p:
	def status(code, **more):
		r = p.client().run(code, **more)
		return r["status"], r["exit_code"]
	more = {
		"memory": (naps.format(n=2, s=0.6) + "x = bytearray(b\"1\" * (300 << 20)); time.sleep(5)", ("memory", 137)),
		"child": (naps.format(n=1, s=1) + "if os.fork() == 0: x = bytearray(b\"1\" * (300 << 20))\ntime.sleep(5)", ("memory", 137)),
		"processor": (naps.format(n=3, s=0.4) + "while True: pass", ("cpu", 137)),
		"time": ("import time; time.sleep(9)", ("timeout", 124)),
		"output": ("import time; time.sleep(1); print(1, flush=True); time.sleep(1)", ("ok", 0)),
		"naps": (naps.format(n=60, s=0.03), ("ok", 0)),
	}
	out = {}
	def work(name): out[name] = status(more[name][0], **({"timeout_ms": 1500} if name == "time" else {}))
	threads = [threading.Thread(target=work, args=(n,)) for n in more]
	[t.start() for t in threads]; [t.join() for t in threads]
	for name, (_, expected) in more.items(): assert out[name] == expected, (name, out[name])
with Pool(size=1) as p:
	c = p.client()
	c.raw(json.dumps({"version": 1, "op": "execute", "code": "import time; time.sleep(7)"}).encode())
	eventually(lambda: p.client().stats()["running"] == 1)
	time.sleep(1)
	workers = p.processes("sandbox-worker")
	assert workers
	def quiet(): # for a second, in which each of them had looked eight times
		before = {w: looks(w) for w in workers}
		time.sleep(1)
		return all(looks(w) - n <= 2 for w, n in before.items())
	assert any(quiet() for _ in range(4)), "a worker goes on looking"
	assert c.answer()["result"]["status"] == "ok"' 60
}

@test "of what a task prints nothing is lost where its processor time is limited" {
	pool '
code = """
import sys, time
while time.process_time() < 0.15: pass
print("x" * (8 << 20))
print(type(sys.stdout.buffer), sys.stdout.name, sys.stdout.mode, sys.stdout.write_through, sys.stderr.errors, sys.stdout is sys.__stdout__, file=sys.stderr)
"""
with Pool("--cpu", "0.3", "--max-output", "20M", size=1) as p:
	c = p.client()
	for _ in range(4):
		r = c.run(code)
		assert (len(r["stdout"]), r["status"]) == ((8 << 20) + 1, "ok"), (len(r["stdout"]), r["status"])
		assert r["stderr"] == "<class \x27_io.FileIO\x27> <stdout> w True backslashreplace True\n", r["stderr"]'
}

@test "a pool that is to end with its standard input wants one that can end" {
	run -125 --separate-stderr sandbox serve --socket pool --until-eof </dev/null
	[[ $stderr == *"--until-eof: standard input is a file, or /dev/null"*"give a pipe"* ]] || said
}

@test "what is no request is answered or hung up on, and harms nobody else" {
	pool '
import struct
with Pool(size=1) as p:
	good = p.client()
	for frame in (b"{", b"[]", b"1", b"{}", b"{\"version\":2,\"op\":\"ping\"}", b"{\"version\":1,\"op\":\"stop\"}", b"{\"version\":1,\"op\":\"execute\"}",
			b"{\"version\":1,\"op\":\"ping\",\"x\":1}", b"{\"version\":1,\"op\":\"execute\",\"code\":\"1\",\"language\":\"bash\"}",
			b"{\"version\":1,\"op\":\"execute\",\"code\":\"1\",\"env\":{\"a=b\":\"c\"}}", b"{\"version\":1,\"op\":\"execute\",\"code\":\"a\\u0000b\"}",
			b"{\"version\":1,\"op\":\"ping\",\"id\":\"" + b"x" * 200 + b"\"}", b"[" * 100, b"\xff\xfe"):
		c = p.client()
		c.raw(frame)
		assert c.answer()["error"]["kind"] == "request", frame
		assert c.ask("ping")["pong"]
	for bytes in (b"\0\0\0\0", struct.pack("!I", (8 << 20) + 1), b"\xff\xff\xff\xff" + b"x" * 100):
		c = p.client()
		c.socket.sendall(bytes)
		try: assert c.socket.recv(1) == b""
		except ConnectionResetError: pass
	c = p.client()
	c.socket.sendall(struct.pack("!I", 100) + b"half")
	c.close()
	big = "x = \"" + "y" * (4 << 20) + "\"\nprint(len(x))"
	assert good.run(big)["stdout"] == f"{4 << 20}\n"
	assert good.run("print(len(open(0).read()))", stdin="z" * (3 << 20))["stdout"] == f"{3 << 20}\n"
	assert good.run("import os, sys\ntry: os.write(0, b\"x\")\nexcept OSError as e: print(e.errno)", stdin="z")["stdout"] in ("1\n", "9\n")'
}

@test "the socket is its owner's; one that is in use is not taken, one that was left is" {
	pool '
import socket, stat, subprocess
with Pool(size=1) as p:
	assert stat.S_IMODE(os.stat(p.path).st_mode) == 0o600
	second = subprocess.run([PROGRAM, "serve", "--socket", p.path, "--size", "1"], capture_output=True, text=True)
	assert second.returncode == 125 and "listens" in second.stderr, second
	assert p.client().ask("ping")["pong"]
	if os.geteuid() == 0:
		os.chmod(p.path, 0o666)
		here = os.open(".", os.O_PATH)
		if os.fork() == 0:
			# By a descriptor, whatever the directories above it say; and the socket itself lets all in.
			os.chmod(".", 0o755); os.fchdir(here); os.setresuid(65534, 65534, 65534)
			s = socket.socket(socket.AF_UNIX); s.settimeout(5); s.connect("socket")
			try: os._exit(s.recv(1) != b"")
			except ConnectionResetError: os._exit(0)
		assert os.wait()[1] == 0
left = socket.socket(socket.AF_UNIX); left.bind("socket"); left.close()
with Pool(size=1) as p: assert p.client().ask("ping")["pong"]
open("socket", "w").close()
r = subprocess.run([PROGRAM, "serve", "--socket", "socket"], capture_output=True, text=True)
assert r.returncode == 125 and "is no socket" in r.stderr, r'
}

@test "the end of the pool is the end of all of it, however it ends" {
	pool '
import signal
for how in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
	p = Pool(size=2)
	c = p.client()
	c.raw(json.dumps({"version": 1, "op": "execute", "code": "import time; time.sleep(30)"}).encode())
	eventually(lambda: len(p.processes("sandbox-init")) >= 3)
	pids = p.processes()
	p.process.send_signal(how)
	p.process.wait(5)
	eventually(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids))
	if how == signal.SIGKILL: os.unlink(p.path)
	p.process.stdin.close()'
}

@test "what a pool cannot hold is refused, and nothing is started" {
	refusal() {
		local words=$1
		shift
		run --separate-stderr sandbox serve --socket s "$@"
		[ "$status" -eq 125 ] && [ -z "$output" ] && [[ $stderr == *"$words"* ]] || said
	}
	refusal 'trace' --trace
	refusal 'workspace' --workspace .
	refusal 'start programs' --allow-exec false
	refusal 'a port of the host leads into one sandbox' --publish 127.0.0.1:7099:80
	refusal '--allow-domain: ' --allow-domain 'no/domain'
	(ulimit -n 600 && refusal 'say --size less' --allow-domain example.org --size 64)
	refusal '--hosts-file: ' --allow-domain example.org --hosts-file not-there
	refusal 'supervisor' --limits-backend cgroup2
	for _ in 1 2 3 4 5; do
		refusal 'interpreter ended with status 1; standard error says why' --preload no_such_module_at_all
	done
	refusal '/tmp/a/b cannot be mounted: each task of a pool has /tmp to itself' --mount "$PWD:/tmp/a/b"
	refusal '/dev/shm cannot be mounted' --mount "$PWD:/dev/shm:rw"
	refusal '--size' --size 5000
	refusal 'longer than' --socket "$(printf '%0200d' 1)"
	run --separate-stderr sandbox serve
	[ "$status" -eq 125 ] && [[ $stderr == *--socket* ]] || said
}

@test "under the host's network abstract sockets of others are out of reach, also those of another task" {
	python3 -c '
import socket, sys, time
s = socket.socket(socket.AF_UNIX); s.bind("\0serve-test-host"); s.listen()
c = socket.socket(socket.AF_UNIX); c.connect("\0serve-test-host")' || skip "no abstract sockets"
	sandbox doctor --require landlock >/dev/null || skip "Landlock knows no scopes here"
	pool '
import socket, threading
host = socket.socket(socket.AF_UNIX); host.bind("\0serve-test-host"); host.listen()
code = """
import socket, time
def reach(name):
	try: socket.socket(socket.AF_UNIX).connect(name); return "reached"
	except OSError as e: return type(e).__name__
print(reach("\\0serve-test-host"), reach("\\0serve-test-task"))
"""
with Pool("--allow-network", size=2) as p:
	c, other = p.client(), p.client()
	other.raw(json.dumps({"version": 1, "op": "execute", "code":
		"import socket, time; s = socket.socket(socket.AF_UNIX); s.bind(\"\\0serve-test-task\"); s.listen(); time.sleep(20)"}).encode())
	eventually(lambda: "@serve-test-task" in open("/proc/net/unix").read())
	r = c.run(code)
	assert r["stdout"] == "PermissionError PermissionError\n", r
	other.close()'
}

@test "secrets are masked, and mounts are what exec has" {
	echo content >file
	TOKEN=hunter2 pool '
with Pool("--secret", "KEY=env:TOKEN", "--mount", os.path.abspath("file") + ":/data/file:ro", size=1) as p:
	r = p.client().run("import os; print(os.environ[\"KEY\"], open(\"/data/file\").read(), os.access(\"/data/file\", os.W_OK))")
	assert r["stdout"] == "*** content\n False\n", r'
}

@test "preloaded modules are there without their import's time, and memory is told" {
	pool '
with Pool("--preload", "decimal,sqlite3", size=2) as p:
	c = p.client()
	assert c.run("import sys; print(\"sqlite3\" in sys.modules)")["stdout"] == "True\n"
	s = eventually(lambda: (s := c.stats()) and s["idle"] == 2 and s)
	assert 100_000 < s["idle_bytes"] < 16 << 20, s'
}

@test "what preloaded modules hold in memory is whole in each task, also where one has a thread" {
	mkdir modules
	cat >modules/held.py <<-'MODULE'
		import hashlib, mmap, os

		def mapping(share):
		    held = mmap.mmap(-1, 1 << 20, flags=share | mmap.MAP_ANONYMOUS)
		    held[1 << 18:1 << 19] = os.urandom(1 << 18)
		    return held

		held = [list(range(100000, 200000)), {str(n): [n] * 3 for n in range(50000)}, os.urandom(3 << 20)]
		mappings = [mapping(mmap.MAP_PRIVATE), mapping(mmap.MAP_SHARED)]

		def digest():
		    return hashlib.sha256(b"".join([repr(held).encode(), *map(bytes, mappings)])).hexdigest()

		before = digest()
	MODULE
	printf '%s\n' 'import _thread, time' 'from held import *' '_thread.start_new_thread(time.sleep, (1000,))' >modules/threaded.py
	pool '
mount = os.path.abspath("modules") + ":/modules:ro"
for module in "held", "threaded":
	with Pool("--mount", mount, "--env", "PYTHONPATH=/modules", "--preload", module, size=2) as p:
		c = p.client()
		for n in range(4):
			r = c.run("import held; print(held.digest() == held.before); held.held.clear(); held.mappings[0][:] = bytes(1 << 20)")
			assert r["stdout"] == "True\n", (module, n, r)'
}

@test "what every task writes is copied by its fork, not fault by fault" {
	pool '
import ctypes, resource
params = (ctypes.c_uint32 * 30)()
ring = ctypes.CDLL(None).syscall(425, 1, params)  # io_uring_setup; of its features the fifteenth came with Linux 6.10
locked = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
if ring < 0 or not params[5] >> 14 & 1 or 0 <= locked < 1 << 20 or os.sysconf("SC_PAGESIZE") != 4096:
	sys.exit(99)
with Pool("--preload", "resource", size=1) as p:
	r = p.client().run("import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)")
	assert 0 < int(r["stdout"]) < 60, r' || { [ "$status" -eq 99 ] && skip "no io_uring of Linux 6.10, or no memory to lock"; false; }
}
