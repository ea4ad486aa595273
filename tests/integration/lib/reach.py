# SPDX-License-Identifier: Apache-2.0
"""reach.py - inside a sandbox: reach.py WHAT…  tells of each, one a line, what came of it.

tcp:HOST:PORT  urllib:URL  curl:URL  direct:URL (curl without a proxy)  socks:URL  udp:HOST:PORT  unix:PATH (@NAME: abstract)
socket:FAMILY:TYPE:PROTOCOL  relay:HOST:PORT (by a relay of our own)  many:N:HOST:PORT
"""
import errno
import socket
import subprocess
import sys
import threading
import urllib.request

REQUEST = b"GET / HTTP/1.0\r\n\r\n"


def split(words):
    host, port = words.rsplit(":", 1)
    return host.strip("[]"), int(port)


def tcp(words):
    with socket.create_connection(split(words), timeout=5) as s:
        s.sendall(REQUEST)
        return b"".join(iter(lambda: s.recv(4096), b"")).decode().split("\r\n\r\n")[1].strip()


def curl(url, *more):
    p = subprocess.run(["curl", "-sS", "-m", "5", *more, url], capture_output=True, text=True)
    # Whether it is told at the connection or behind it is a matter of time.
    return p.stdout.strip() or ("not reached" if p.returncode in (7, 52, 56) else p.stderr.strip())


def udp(words):
    host, port = split(words)
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(2)
        s.connect((host, port))
        s.send(b"x")
        return s.recv(1)


def unix(path):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(path.replace("@", "\0"))
        return "connected"


def made(words):
    with socket.socket(*map(int, words.split(":"))):
        return "made"


def relay(words):
    """A process of the sandbox that connects for others gets no further than they do."""
    target = split(words)
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        client, _ = server.accept()
        with client, socket.create_connection(target, timeout=5) as out:
            out.sendall(client.recv(4096))
            client.sendall(out.recv(4096))
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with socket.create_connection(server.getsockname(), timeout=5) as s:
        try:
            s.sendall(REQUEST)
            return s.recv(4096).decode() or "nothing"
        except ConnectionError:
            return "nothing"


def many(words):
    n, words = words.split(":", 1)
    results = []
    threads = [threading.Thread(target=lambda: results.append(tcp(words))) for _ in range(int(n))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return f"{len(results)} {' '.join(sorted(set(results)))}"


WAYS = {
    "tcp": tcp, "udp": udp, "unix": unix, "socket": made, "relay": relay, "many": many, "curl": curl,
    "urllib": lambda url: urllib.request.urlopen(url, timeout=5).read().decode().strip(),
    "direct": lambda url: curl(url, "--noproxy", "*"),
    "socks": lambda url: curl(url, "--noproxy", "", "-x", "socks5h://127.0.0.1:3128"),
}
threading.excepthook = lambda _: None
for word in sys.argv[1:]:
    way, what = word.split(":", 1)
    try:
        print(WAYS[way](what), flush=True)
    except (OSError, IndexError) as e:
        number = getattr(e, "reason", e)
        print(errno.errorcode.get(getattr(number, "errno", None), str(number) or type(e).__name__)
              if not isinstance(number, socket.gaierror) else "unknown name", flush=True)
