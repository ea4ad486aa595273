#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""world.py - a host with a network of its own, for tests of what leaves it:  world.py PROGRAM [ARGUMENT]…

Run inside new network and mount namespaces (unshare -nm).  The host is 203.0.113.1 and 2001:db8:1::1; behind a veth another
namespace is the internet: web servers on every address at ports 80 and 8080, whose answer is the address that they were
reached at, and a name server at 203.0.113.53, which writes each name that it is asked for to the file "asked".
"""
import http.server
import os
import socket
import struct
import subprocess
import sys
import threading

ADDRESSES = ["203.0.113.10", "203.0.113.11", "203.0.113.53"]
ADDRESS6 = "2001:db8:1::10"
NAMES = {  # each answer in turn, the last one for ever
    b"good.test": ["203.0.113.10"],
    b"other.test": ["203.0.113.11"],
    b"rebind.test": ["203.0.113.10", "127.0.0.1"],
    b"home.test": ["203.0.113.1"],
    b"meta.test": ["169.254.169.254"],
}
HOSTS6 = {b"good.test": ADDRESS6, b"six.test": ADDRESS6}


def ip(*words):
    subprocess.run(["ip", *words], check=True)


class Web(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = self.connection.getsockname()[0].removeprefix("::ffff:").encode() + b"\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
    request_queue_size = 512

    def server_bind(self):
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()


def answer(question, log):
    """The answer of a name server that knows NAMES, for one question without compression."""
    labels, at = [], 12
    while question[at]:
        labels.append(question[at + 1:at + 1 + question[at]])
        at += question[at] + 1
    name = b".".join(labels).lower()
    kind = struct.unpack(">H", question[at + 1:at + 3])[0]
    log.write(name + b"\n")
    log.flush()
    rows = NAMES.get(name, [])
    data = b""
    if kind == 1 and rows:
        data = socket.inet_aton(rows.pop(0) if len(rows) > 1 else rows[0])
    elif kind == 28 and name in HOSTS6:
        data = socket.inet_pton(socket.AF_INET6, HOSTS6[name])
    known = name in NAMES or name in HOSTS6
    head = question[:2] + struct.pack(">HHHHH", 0x8180 if known else 0x8183, 1, 1 if data else 0, 0, 0)
    record = b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 0, len(data)) + data if data else b""
    return head + question[12:at + 5] + record


def names():
    with open("asked", "ab") as log, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("203.0.113.53", 53))
        while True:
            question, peer = s.recvfrom(1500)
            s.sendto(answer(question, log), peer)


def internet(ready, device):
    """In a namespace of its own, until our end of the pipe is closed."""
    os.unshare(os.CLONE_NEWNET) if hasattr(os, "unshare") else unshare_net()
    ready.send(b"x")
    device.recv(1)
    ip("link", "set", "lo", "up")
    for a in ADDRESSES:
        ip("addr", "add", a + "/24", "dev", "outer")
    ip("-6", "addr", "add", ADDRESS6 + "/64", "dev", "outer", "nodad")
    ip("link", "set", "outer", "up")
    for port in (80, 8080):
        threading.Thread(target=Server(("::", port), Web).serve_forever, daemon=True).start()
    threading.Thread(target=names, daemon=True).start()
    ready.send(b"x")
    device.recv(1)
    os._exit(0)


def unshare_net():
    import ctypes
    if ctypes.CDLL(None, use_errno=True).unshare(0x40000000) != 0:
        raise OSError(ctypes.get_errno(), "unshare")


def main():
    ready, told = socket.socketpair()
    device, given = socket.socketpair()
    ip("link", "set", "lo", "up")
    child = os.fork()
    if child == 0:
        ready.close()
        given.close()
        internet(told, device)
    told.close()
    device.close()
    ready.recv(1)
    ip("link", "add", "inner", "type", "veth", "peer", "name", "outer", "netns", str(child))
    ip("addr", "add", "203.0.113.1/24", "dev", "inner")
    ip("-6", "addr", "add", "2001:db8:1::1/64", "dev", "inner", "nodad")
    ip("link", "set", "inner", "up")
    ip("route", "add", "default", "via", "203.0.113.10")
    with open("resolv.conf", "w") as f:
        f.write("nameserver 203.0.113.53\n")
    subprocess.run(["mount", "--bind", "resolv.conf", os.path.realpath("/etc/resolv.conf")], check=True)
    given.send(b"x")
    ready.recv(1)
    status = subprocess.run(sys.argv[1:]).returncode
    given.close()
    os.waitpid(child, 0)
    sys.exit(status if status >= 0 else 128 - status)


main()
