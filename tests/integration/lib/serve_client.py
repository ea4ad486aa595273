# SPDX-License-Identifier: Apache-2.0
"""A pool for tests, and a client that says what it is told to."""
import glob
import json
import os
import socket
import struct
import subprocess
import sys
import time

PROGRAM = os.environ["SRT_BUILD"] + "/sandbox-runtime"


class Client:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(30)
        self.socket.connect(path)

    def receive(self, size):
        data = b""
        while len(data) < size:
            try:
                part = self.socket.recv(size - len(data))
            except TimeoutError:
                os.system("ps -eo pid,ppid,stat,wchan:30,comm --forest >&2")
                raise
            if not part:
                raise EOFError
            data += part
        return data

    def raw(self, frame):
        self.socket.sendall(struct.pack("!I", len(frame)) + frame)

    def answer(self):
        return json.loads(self.receive(*struct.unpack("!I", self.receive(4))))

    def ask(self, op, **members):
        self.raw(json.dumps({"version": 1, "op": op, **members}).encode())
        return self.answer()

    def run(self, code, **members):
        answer = self.ask("execute", code=code, **members)
        assert "result" in answer, answer
        return answer["result"]

    def stats(self):
        return self.ask("stats")["stats"]

    def close(self):
        self.socket.close()


class Pool:
    """`sandbox-runtime serve`, until the with block ends."""

    def __init__(self, *arguments, size=2):
        self.path = os.path.abspath("socket")
        self.process = subprocess.Popen(
            [PROGRAM, "serve", "--socket", self.path, "--size", str(size), "--until-eof", "--env",
             "SANDBOX_TEST=" + os.environ.get("SRT_TEST_MARK", ""), *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=open("stderr", "w"))
        ready = self.process.stdout.readline()
        if ready != b"ready\n":
            self.process.wait()
            sys.exit("the pool did not start: " + open("stderr").read())

    def client(self):
        return Client(self.path)

    def processes(self, name=None):
        """Of all below the pool's process: pid to name."""
        found, todo = {}, [self.process.pid]
        while todo:
            pid = todo.pop()
            try:
                for child in open(f"/proc/{pid}/task/{pid}/children").read().split():
                    todo.append(int(child))
                    comm = open(f"/proc/{child}/comm").read().strip()
                    if name in (None, comm):
                        found[int(child)] = comm
            except OSError:
                pass
        return found

    def agent(self):
        """The first process of the zygote's sandbox: of those that are ours directly."""
        pid = self.process.pid
        children = map(int, open(f"/proc/{pid}/task/{pid}/children").read().split())
        (agent,) = [p for p in children if open(f"/proc/{p}/comm").read() == "sandbox-pool\n"]
        return agent

    def zygote(self):
        agent = self.agent()
        children = map(int, open(f"/proc/{agent}/task/{agent}/children").read().split())
        return min(set(children) & set(self.processes("python3")))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        status = self.process.wait(10)
        assert status == 0, f"the pool ended with {status}: " + open("stderr").read()
        assert not os.path.exists(self.path), "the socket is still there"


def eventually(true, seconds=5):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        value = true()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError("never came true")
