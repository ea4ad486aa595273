# SPDX-License-Identifier: Apache-2.0
"""The program's pool: started, spoken to by its socket, ended with us. docs/pool.md describes what is said."""

from __future__ import annotations

import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import weakref
from typing import Any

from .config import SandboxConfig
from .modes import ExecutionLanguage
from .program import FACE, SETTINGS, make_command
from .result import ExecutionResult
from .run import content, infra, memory_file, read_document, usable

_VERSION = 1
_LENGTH = struct.Struct("!I")
_REQUEST_MAX = 8 << 20

# How much longer than its timeout a task may take before its connection counts as dead.
_PATIENCE = 30.0
_ENDING = 5.0


def _stop(process: subprocess.Popen[bytes], directory: str, owner: int) -> None:
    """The program is ended; what does not end is killed, and with it all that is in the pool.

    A fork of its owner, which comes by here at its own end, too, lets go of it.
    """
    assert process.stdin and process.stdout
    process.stdin.close()
    if os.getpid() != owner:
        process.stdout.close()
        process.returncode = 0  # nobody here waits for it
        return
    process.terminate()  # its standard input may be open in a fork
    try:
        process.wait(_ENDING)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()
    shutil.rmtree(directory, ignore_errors=True)


class Server:
    """One `sandbox-runtime serve`, for one config. RuntimeError, with the program's words, where it does not start."""

    def __init__(
        self, program: str, config: SandboxConfig, size: int, preload: list[str], rotate_tasks: int,
        fresh: bool
    ) -> None:
        self._pid = os.getpid()
        try:
            directory = tempfile.mkdtemp(prefix="athena-pool-")
        except OSError as e:
            raise RuntimeError(f"the pool has no place for its socket: {e}") from e
        self._path = os.path.join(directory, "socket")
        own = [
            FACE, "serve", "--until-eof", "--socket", self._path, "--size", str(size),
            "--preload", ",".join(preload), "--rotate-tasks", str(rotate_tasks),
            *(["--fresh"] if fresh else []),
        ]  # fmt: skip
        try:
            process = self._start(program, config, own)
        except BaseException:
            shutil.rmtree(directory, ignore_errors=True)
            raise
        self._end = weakref.finalize(self, _stop, process, directory, self._pid)

    def _start(self, program: str, config: SandboxConfig, own: list[str]) -> subprocess.Popen[bytes]:
        try:
            command = make_command(config, "", ExecutionLanguage.PYTHON)
        except LookupError as e:
            raise RuntimeError(str(e.args[0])) from e
        fds = [memory_file("errors")]
        try:
            path = ""
            if command.settings is not None:
                fds.append(memory_file("settings", command.settings))
                path = f"/proc/self/fd/{fds[-1]}"
            rest = command.arguments[: command.arguments.index("--")]
            process = subprocess.Popen(
                own + [path if a == SETTINGS else a for a in rest],
                executable=program,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=fds[0],
                env=command.environment,
                cwd=usable(command.directory),
                pass_fds=fds[1:],
                start_new_session=True,
            )
            assert process.stdin and process.stdout
            if process.stdout.readline() != b"ready\n":
                process.stdin.close()
                process.stdout.close()
                process.wait()
                said = content(fds[0]).decode("utf-8", "replace").strip()
                raise RuntimeError(f"the pool did not start: {said or process.returncode}")
            return process
        finally:
            for fd in fds:
                os.close(fd)

    def check(self) -> None:
        """RuntimeError in a fork of the owner: its connections are the owner's."""
        if os.getpid() != self._pid:
            raise RuntimeError("the pool belongs to the process that made it, not to its forks")

    def connect(self) -> socket.socket:
        """A connection; it runs one task at a time."""
        self.check()
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(self._path)
        except BaseException:
            connection.close()
            raise
        return connection

    def stop(self) -> None:
        """End it. May be called again."""
        self._end()


def _receive(connection: socket.socket, size: int) -> bytes:
    parts = []
    while size:
        part = connection.recv(min(size, 1 << 20))
        if not part:
            raise EOFError("the pool has hung up")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def frame_of(request: dict[str, Any]) -> bytes:
    """As it is sent. ValueError where a pool takes none such."""
    # Half of a surrogate pair is a UnicodeEncodeError, which is a ValueError.
    frame = json.dumps({"version": _VERSION, **request}, ensure_ascii=False).encode()
    if len(frame) > _REQUEST_MAX:
        raise ValueError(f"a request has at most {_REQUEST_MAX} bytes, this one {len(frame)}")
    return _LENGTH.pack(len(frame)) + frame


def ask(connection: socket.socket, frame: bytes) -> dict[str, Any]:
    """One request and its answer."""
    connection.sendall(frame)
    (size,) = _LENGTH.unpack(_receive(connection, _LENGTH.size))
    answer = json.loads(_receive(connection, size))
    assert isinstance(answer, dict)
    return answer


class Call:
    """One task. run() may be called once, cancel() by any thread at any time: the task then ends."""

    def __init__(self, server: Server, idle: list[socket.socket], frame: bytes, timeout: float) -> None:
        self._server = server
        self._idle = idle
        self._frame = frame
        self._timeout = timeout
        self._lock = threading.Lock()
        self._connection: socket.socket | None = None
        self._cancelled = False

    def cancel(self) -> None:
        with self._lock:
            self._cancelled = True
            if self._connection is not None:
                try:
                    self._connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass  # it has hung up by itself

    def run(self) -> ExecutionResult:
        try:
            try:
                connection = self._idle.pop()
            except IndexError:
                connection = self._server.connect()
        except OSError as e:
            return self._failed(e)
        with self._lock:
            self._connection = connection
            cancelled = self._cancelled
        try:
            if cancelled:
                raise EOFError
            connection.settimeout(self._timeout + _PATIENCE)
            answer = ask(connection, self._frame)
        except (OSError, EOFError) as e:
            connection.close()
            return self._failed(e)
        except BaseException:
            connection.close()
            raise
        with self._lock:
            self._connection = None
            cancelled = self._cancelled
        if cancelled:
            connection.close()
        else:
            self._idle.append(connection)
        if "error" in answer:
            ours = answer["error"]["kind"] != "request"
            return infra("setup_error", "SetupError", f"{FACE}: {answer['error']['message']}", ours)
        return read_document(answer["result"], self._timeout)

    def _failed(self, why: BaseException) -> ExecutionResult:
        if self._cancelled:
            return infra("killed", "Cancelled")
        return infra("setup_error", "SetupError", f"{FACE}: the pool is gone: {why}")
