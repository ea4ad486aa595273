# SPDX-License-Identifier: Apache-2.0
# serve_network.bats - the warm pool under rules for its network: what a task reaches, whose refusal is whose, and what is left
# of it; in a network of the test's own.
# status is set by bats; the Python is between quotes.
# shellcheck disable=SC2016,SC2154

load lib/sandbox

setup_here() {
	mkdir lib
	cp "$SRT_TOP"/tests/integration/lib/{world,reach,serve_client}.py lib
	: >asked
	cat >lib/network.py <<-'PYTHON'
		import os, subprocess, sys, threading
		sys.path.insert(0, "lib")
		from serve_client import *
		class Network(Pool):
		    def __init__(self, *arguments, size=2, allow=("good.test",)):
		        rules = [w for name in allow for w in ("--allow-domain", name)]
		        super().__init__("--mount", os.getcwd() + "/lib:/reach", *rules, *arguments, size=size)
		    def helper(self):
		        (pid,) = self.processes("srt-egress")
		        return pid
		def reach(client, *what, **members):
		    """What came of each, then whom it was refused."""
		    code = f"import sys; sys.argv = ['', *{what!r}]; exec(open('/reach/reach.py').read())"
		    result = client.run(code, **members)
		    assert result["status"] == "ok", result
		    return result["stdout"].splitlines(), refused(result)
		def refused(result):
		    events = [e for e in result["violation_events"] if e["type"] == "network"]
		    assert len(result["violations"]) == len(events) and result["violations_dropped"] == 0, result
		    return sorted((e["context"]["host"], e["context"].get("port", 0)) for e in events)
		def wanted(got, *want):
		    """The one value, or each of a tuple."""
		    assert got == (want if len(want) > 1 else want[0]), (got, want)
	PYTHON
}

# world SCRIPT: Python with lib/network.py at hand, in a host with a network of its own; it prints nothing and ends well. As an
# ordinary user that host is a user namespace's.
world() {
	local user=()
	[ "$(id -u)" -eq 0 ] || user=(-Ur)
	{ echo 'from network import *' && printf '%s\n' "$1"; } >test.py
	# What the servers of that world say of connections that are reset is no news.
	PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=lib run timeout -k 1 "${2:-60}" \
		unshare "${user[@]}" -nm python3 lib/world.py sh -c "/usr/bin/python3 test.py >said 2>&1"
	# shellcheck disable=SC2015 # false fails anyway
	[ "$status" -eq 0 ] && [ ! -s said ] || { tail -n 30 said stderr 2>/dev/null; false; }
}

@test "a task reaches what the rules allow, and is told of what they do not: by name, port, network, raw address, rebinding, UDP" {
	world '
with Network(allow=("good.test", "*.test:8080", "203.0.113.11/32", "rebind.test", "meta.test", "home.test"),
             *()) as p:
	c = p.client()
	wanted(reach(c, "tcp:good.test:80", "urllib:http://good.test:8080/", "socks:http://good.test/", "tcp:203.0.113.11:80"),
	       ["203.0.113.10"] * 3 + ["203.0.113.11"], [])
	wanted(reach(c, "tcp:other.test:80", "tcp:203.0.113.10:80", "tcp:evil.example:80"),
	       ["ECONNRESET", "ECONNRESET", "unknown name"], [("203.0.113.10", 80), ("evil.example", 0), ("other.test", 80)])
	wanted(reach(c, "tcp:rebind.test:80", "tcp:rebind.test:80", "tcp:meta.test:80", "tcp:home.test:80"),
	       ["203.0.113.10"] + ["ECONNRESET"] * 3, [("home.test", 80), ("meta.test", 80), ("rebind.test", 80)])
	wanted(reach(c, "udp:203.0.113.10:123", "socket:17:3:0", "socket:40:1:0", "socket:16:3:12", "socket:16:3:0", "relay:203.0.113.10:80"),
	       ["ECONNREFUSED", "EAFNOSUPPORT", "EAFNOSUPPORT", "EPROTONOSUPPORT", "made", "nothing"], [("203.0.113.10", 80)])
	wanted(reach(c, "tcp:good.test:80"), ["203.0.113.10"], [])
	# Nothing of the line to the helper is in a task, nor in the process that made it.
	r = c.run("import os\nfor pid in (\"self\", 1):\n\tfor n in range(40):\n\t\ttry: os.readlink(f\"/proc/{pid}/fd/{n}\"); print(pid, n)\n\t\texcept OSError: pass")
	wanted(r["stdout"], "self 0\nself 1\nself 2\n")
with Network("--allow-network", "--deny-domain", "other.test", allow=()) as p:
	wanted(reach(p.client(), "tcp:good.test:80", "tcp:other.test:80"), ["203.0.113.10", "unknown name"], [("other.test", 0)])'
	[ "$(grep -cv -e good -e rebind -e meta -e home -e other.test asked)" -eq 0 ]
}

@test "flags, settings, a file of names and an audit log" {
	echo '203.0.113.11 good.test' >hosts
	printf '%s' '{"name":"p","network_mode":"restricted","network":{"rules":[{"domain":"good.test","mode":"allow","ports":[8080]}]}}' >saved
	world '
with Network("--hosts-file", "hosts", "--audit-log", "log") as p:
	wanted(reach(p.client(), "tcp:good.test:80", "tcp:evil.test:80"), ["203.0.113.11", "unknown name"], [("evil.test", 0)])
(end,) = [e for e in map(json.loads, open("log")) if e["event"] == "end"]
assert end["violations"] == 1, end
with Network("--settings", "saved", allow=()) as p:
	wanted(reach(p.client(), "tcp:good.test:80", "tcp:good.test:8080"), ["ECONNRESET", "203.0.113.10"], [("good.test", 80)])'
}

@test "two tasks at one time are told each of its own, and each has its own names" {
	world '
wait = "import time, socket; end = time.time() + 2; print(socket.gethostbyname(\"good.test\")); "
def code(i): return wait + f"""
n = 0
while time.time() < end:
	n += 1
	try: socket.create_connection((f"203.0.113.{{100 + {i} * 50 + n % 5}}", 1000 + {i}), 2)
	except OSError: pass
	time.sleep(0.01)
try: socket.gethostbyname("only{i}.evil")
except OSError: pass
"""
with Network() as p:
	results = [None] * 2
	def run(i): results[i] = p.client().run(code(i))
	threads = [threading.Thread(target=run, args=(i,)) for i in range(2)]
	for t in threads: t.start()
	for t in threads: t.join()
	for i, r in enumerate(results):
		wanted(refused(r), sorted([(f"203.0.113.{100 + i * 50 + n}", 1000 + i) for n in range(5)] + [(f"only{i}.evil", 0)]))
	# Whoever asks first has the first address of the pool, whatever others asked before.
	c = p.client()
	first = c.run("import socket; print(socket.gethostbyname(\"good.test\"))")["stdout"]
	assert [r["stdout"] for r in results] == [first, first], (first, results)
	# An address that was a name for another task is none for this one.
	address = first.strip()
	wanted(reach(c, f"tcp:{address}:80"), ["ECONNRESET"], [(address, 80)])'
}

@test "a task that floods or holds connections leaves room for others; with its end they are gone" {
	world '
hold = """
import resource, socket, time
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
made, refused = [], 0
for _ in range(400):
	try: made.append(socket.create_connection(("good.test", 80), 5))
	except OSError: refused += 1
time.sleep(1)
def is_held(s):
	s.setblocking(False)
	try: return bool(s.recv(1))
	except BlockingIOError: return True
	except OSError: return False
held = [s for s in made if is_held(s)]
refused += len(made) - len(held)
print(len(held), refused, flush=True)
"""
flood = """
import socket, threading, time
end = time.time() + 4
def names():
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	while time.time() < end: s.sendto(b"x" * 100, ("198.18.0.1", 53))
def calls():
	while time.time() < end:
		try: socket.create_connection(("203.0.113.99", 80), 1).close()
		except OSError: pass
for f in [names, calls] * 2: threading.Thread(target=f).start()
"""
def connections():
	return sum(" 01 " in line for line in open("/proc/net/tcp")) + sum(" 01 " in line for line in open("/proc/net/tcp6"))
with Network("--max-open-files", "600", "--timeout", "30s", size=3) as p:
	holder, flooder, c = p.client(), p.client(), p.client()
	results = {}
	def run(name, client, code): results[name] = client.run(code)
	threads = [threading.Thread(target=run, args=("hold", holder, hold + "time.sleep(4)")),
	           threading.Thread(target=run, args=("flood", flooder, flood))]
	for t in threads: t.start()
	time.sleep(1.5)
	for _ in range(10):
		begin = time.monotonic()
		wanted(reach(c, "tcp:good.test:80"), ["203.0.113.10"], [])
		assert time.monotonic() - begin < 10, time.monotonic() - begin
	for t in threads: t.join()
	assert results["hold"]["stdout"], results["hold"]
	held, refused = map(int, results["hold"]["stdout"].split())
	assert 200 <= held <= 256 and held + refused == 400, results["hold"]
	assert any("too many" in v for v in results["hold"]["violations"]), results["hold"]["violations"]
	assert results["flood"]["violations"] == ["Network access denied: 203.0.113.99 port 80: no rule allows it; --allow-domain 203.0.113.99:80 opens it, --allow-network all"], results["flood"]
	eventually(lambda: connections() == 0)
	# One that hangs up takes its connections along.
	holder.raw(json.dumps({"version": 1, "op": "execute", "code": hold + "time.sleep(20)"}).encode())
	eventually(lambda: connections() > 150, 20)
	holder.close()
	eventually(lambda: connections() == 0)' 90
}

@test "a task that is refused without end ends in time, and keeps no memory of the pool's" {
	world '
flood = """
import socket
question = b"\\x12\\x34\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0\\2no\\4evil\\0\\0\\1\\0\\1"
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect(("198.18.0.1", 53))
s.setblocking(False)
while True:
	try: s.send(question)
	except OSError: pass
"""
with Network() as p:
	(r, c), begin = ([], p.client()), time.monotonic()
	thread = threading.Thread(target=lambda: r.append(c.run(flood, timeout_ms=4000)))
	thread.start()
	time.sleep(3.5)
	(worker,) = p.processes("sandbox-worker")
	memory = int(open(f"/proc/{worker}/status").read().split("VmHWM:")[1].split()[0])
	thread.join()
	assert r[0]["status"] == "timeout" and time.monotonic() - begin < 20, r
	assert [e["context"]["host"] for e in r[0]["violation_events"] if e["type"] == "network"] == ["no.evil"], r
	assert memory < 6 << 10, memory'
}

@test "a helper that is killed is replaced: what runs has no network and says so, what comes has one" {
	world '
import signal
with Network() as p:
	first, c = p.helper(), p.client()
	results = []
	code = """
import socket, time
last, end = None, time.time() + 20
while last != 111 and time.time() < end:
	try: socket.create_connection((\"203.0.113.10\", 80), 2).recv(1)
	except OSError as e:
		if e.errno != last: print(e.errno)
		last = e.errno
	time.sleep(0.02)
"""
	running = threading.Thread(target=lambda: results.append(p.client().run(code)))
	running.start()
	eventually(lambda: c.stats()["running"] == 1)
	time.sleep(1)
	os.kill(first, signal.SIGKILL)
	second = eventually(lambda: [q for q in p.processes("srt-egress") if q != first])[0]
	eventually(lambda: c.stats()["idle"] == 2)
	wanted(reach(c, "tcp:good.test:80"), ["203.0.113.10"], [])
	running.join()
	wanted(results[0]["stdout"].split(), ["104", "111"])
	assert results[0]["status"] == "ok" and c.stats()["zygotes_lost"] == 0
	# One that answers nobody keeps the network back, not the pool.
	os.kill(second, signal.SIGSTOP)
	assert c.run("print(7)")["stdout"] == "7\n"
	r = c.run("import socket\nsocket.create_connection((\"203.0.113.10\", 80), 1).recv(1)", timeout_ms=500)
	assert r["status"] == "timeout", r
	os.kill(second, signal.SIGCONT)
	wanted(reach(c, "tcp:good.test:80"), ["203.0.113.10"], [])
said = open("stderr").read()
assert "the network helper has ended" in said and "network helper ended; another one is started" in said, said'
}

@test "two hundred tasks in a row leave nothing with the helper, and each finds no connection of the last" {
	world '
def of_helper(pid):
	rows = dict(line.split(":", 1) for line in open(f"/proc/{pid}/status"))
	return int(rows["FDSize"]), int(rows["VmRSS"].split()[0])
task = """
import socket
held = [socket.create_connection((\"good.test\", 80), 5) for _ in range(3)]
lines = [line.split() for line in open(\"/proc/net/tcp\")][1:]
print(sum(line[3] == \"01\" for line in lines), socket.gethostbyname(\"good.test\"))
"""
with Network() as p:
	c, helper = p.client(), p.helper()
	wanted = c.run(task)["stdout"]
	for _ in range(20): assert c.run(task)["stdout"] == wanted
	# The pool, its interpreter and the first process of that, the helper, a worker, and two tasks with theirs.
	settled = lambda: eventually(lambda: (s := c.stats())["idle"] == 2 and not s["making"] and len(p.processes()) == 9, 10)
	settled()
	fds, memory = of_helper(helper)
	for i in range(200):
		r = c.run(task)
		assert r["stdout"] == wanted and r["violations"] == [], (i, r)
	settled()
	after = of_helper(helper)
	assert p.helper() == helper and after[0] == fds and after[1] <= memory + 256, (fds, memory, after)' 90
}

@test "without nf_tables the ports that rules name are reached, and the pool says so once" {
	cc -O1 -o no-netfilter "$SRT_TOP/tests/integration/lib/no_netfilter.c"
	# shellcheck disable=SC2031 # exported by the runner
	printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$PWD/no-netfilter" "$SRT_BUILD/sandbox-runtime" >runtime
	chmod +x runtime
	world '
import serve_client
serve_client.PROGRAM = os.path.abspath("runtime")
with Network(allow=("good.test:8080", "other.test")) as p:
	c = p.client()
	for _ in range(2):
		wanted(reach(c, "tcp:good.test:8080", "tcp:other.test:80", "tcp:other.test:81", "tcp:203.0.113.10:80"),
		       ["203.0.113.10", "203.0.113.11", "ECONNREFUSED", "ECONNRESET"], [("203.0.113.10", 80)])
assert open("stderr").read().count("/srt/network: this kernel cannot redirect by nf_tables") == 1, open("stderr").read()'
}
