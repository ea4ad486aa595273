# SPDX-License-Identifier: Apache-2.0
"""One run of the program: started, fed, listened to, ended, and its verdict read.

Without callbacks the program's own result document comes by its standard output, streams and all. With them
the streams are ours as they come, and the document is written to a file in memory.
"""

from __future__ import annotations

import base64
import codecs
import fcntl
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from typing import IO, Any

from .policy import MASK
from .program import FACE, SETTINGS, Command
from .result import ExecutionResult

OutputCallback = Callable[[str], None]

# How much longer than its timeout the program may take before it counts as hanging.
_PATIENCE = 30.0
_KEPT_MAX = 16 << 20

# Of a line that has no end so much is handed on at once.
_PART_MAX = 1 << 16


def _write_all(fd: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(fd, view) :]


def memory_file(name: str, content: bytes = b"") -> int:
    """A descriptor that is none of the standard ones, which a child has others in place of."""
    made = os.memfd_create(name)
    try:
        fd = fcntl.fcntl(made, fcntl.F_DUPFD_CLOEXEC, 3)
    finally:
        os.close(made)
    _write_all(fd, content)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def usable(directory: str | None) -> str | None:
    """The directory, where the program can be started there: relative paths are meant from it.

    None of another: the program says what is wrong with it.
    """
    return directory if directory and os.path.isdir(directory) and os.access(directory, os.X_OK) else None


def content(fd: int) -> bytes:
    os.lseek(fd, 0, os.SEEK_SET)
    with os.fdopen(os.dup(fd), "rb") as file:
        return file.read()


class Run:
    """One execution. wait() may be called once, cancel() by any thread at any time."""

    def __init__(
        self,
        program: str,
        command: Command,
        timeout: float,
        on_stdout: OutputCallback | None = None,
        on_stderr: OutputCallback | None = None,
    ) -> None:
        self._program = program
        self._command = command
        self._timeout = timeout
        self._callbacks = (on_stdout, on_stderr)
        self._streams = on_stdout is not None or on_stderr is not None
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._killed = False
        self._told = False
        self._reason: str | None = None

    def cancel(self) -> None:
        """End the run, and with it all that is in the sandbox."""
        with self._lock:
            self._killed = True
            if self._process is not None and self._process.returncode is None:
                self._process.kill()

    def wait(self) -> ExecutionResult:
        """Run it, to its end."""
        begin = time.monotonic()
        fds: dict[str, int] = {}
        try:
            if self._command.settings is not None:
                fds["settings"] = memory_file("settings", self._command.settings)
            if self._command.stdin is not None:
                fds["stdin"] = memory_file("code", self._command.stdin)
            if self._streams:
                fds["result"] = memory_file("result")
            result = self._run(fds)
        finally:
            for fd in fds.values():
                os.close(fd)
        result.timings["total_ms"] = round((time.monotonic() - begin) * 1000, 3)
        return result

    def _arguments(self, fds: dict[str, int]) -> list[str]:
        own = [FACE, "exec"]
        own += ["--result", f"/proc/self/fd/{fds['result']}"] if self._streams else ["--json-output"]
        path = f"/proc/self/fd/{fds['settings']}" if "settings" in fds else ""
        rest = self._command.arguments
        end = rest.index("--")
        return own + [path if a == SETTINGS else a for a in rest[:end]] + rest[end:]

    def _run(self, fds: dict[str, int]) -> ExecutionResult:
        with self._lock:
            if self._killed:
                return infra("killed", "Cancelled")
            try:
                process = self._process = subprocess.Popen(
                    self._arguments(fds),
                    executable=self._program,
                    stdin=fds.get("stdin", subprocess.DEVNULL),
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    env=self._command.environment,
                    cwd=usable(self._command.directory),
                    pass_fds=[fd for name, fd in fds.items() if name != "stdin"],
                    # An interrupt from the terminal is ours to answer: cancel() then ends the run.
                    start_new_session=True,
                )
            except (OSError, ValueError) as e:
                return infra("setup_error", "SetupError", str(e))
        with process:
            watch = threading.Timer(self._timeout + _PATIENCE, self.cancel)
            watch.daemon = True
            watch.start()
            try:
                out, err = self._listen(process)
            except BaseException:
                self.cancel()
                raise
            finally:
                watch.cancel()
        if self._killed:
            return infra("killed", "Cancelled", err.decode("utf-8", "replace"))
        if not self._streams:
            return self._from_document(process.returncode, out, err)
        result = self._from_document(process.returncode, content(fds["result"]), err)
        return self._with_streams(result, out, err) if self._told else result

    def _listen(self, process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
        if not self._streams:
            return process.communicate()
        assert process.stdout and process.stderr
        readers = [
            _Reader(process.stdout, self._callbacks[0], self._command.secrets, False),
            _Reader(process.stderr, self._callbacks[1], self._command.secrets, True),
        ]
        for r in readers:
            r.start()
        for r in readers:
            r.join()
        process.wait()
        for r in readers:
            if r.error is not None:
                raise r.error
        return readers[0].kept, readers[1].kept

    def _from_document(self, returncode: int, out: bytes, err: bytes) -> ExecutionResult:
        try:
            document = json.loads(out)
            result = read_document(document, self._timeout)
            self._told, self._reason = True, document["reason"]
            return result
        except (ValueError, KeyError, TypeError):
            return infra(
                "setup_error", "SetupError", _said(err) or f"no result; the program ended with {returncode}"
            )

    def _with_streams(self, result: ExecutionResult, out: bytes, err: bytes) -> ExecutionResult:
        """What was handed on is in the result, too, without the program's own last word."""
        stdout, stderr = out.decode("utf-8", "replace"), err.decode("utf-8", "replace")
        for secret in self._command.secrets:
            stdout, stderr = stdout.replace(secret, MASK), stderr.replace(secret, MASK)
        own = f"{FACE}: {self._reason}\n"
        if self._reason and stderr.endswith(own):
            stderr = stderr[: -len(own)]
        words = result.stderr
        gap = "\n" if words and stderr and not stderr.endswith("\n") else ""
        result.stdout, result.stderr = stdout, f"{stderr}{gap}{words}"
        return result


def read_document(d: dict[str, Any], timeout: float) -> ExecutionResult:
    """The program's result document. ValueError, KeyError or TypeError where it is none."""
    result = ExecutionResult(
        success=d["success"],
        stdout=_decoded(d["stdout"], d["stdout_encoding"]),
        stderr=_decoded(d["stderr"], d["stderr_encoding"]),
        exit_code=d["exit_code"],
        execution_time_ms=d["execution_time_ms"],
        violations=list(d["violations"]),
        memory_used_mb=d["memory_used_mb"],
        sandbox_id=d["sandbox_id"],
        timestamp=d["timestamp"],
        error=d["error"],
        status=d["status"],
        violation_events=list(d["violation_events"]),
        changes=list(d["changes"]),
        infra_error=d["infra_error"],
    )
    result.timings = {
        "setup_ms": d["setup_time_ms"],
        "execution_ms": d["execution_time_ms"],
        "cpu_ms": d["cpu_time_ms"],
    }
    return _worded(result, d["reason"], timeout)


def _worded(result: ExecutionResult, reason: str | None, timeout: float) -> ExecutionResult:
    """What people look for in stderr: the timeout's line, or why nothing ran."""
    words = None
    if result.status == "timeout":
        words = f"Execution timeout after {timeout:g}s"
        result.error = "TimeoutExpired"
    elif result.status == "setup_error" and reason:
        words = f"{FACE}: {reason}"
    if words:
        gap = "\n" if result.stderr and not result.stderr.endswith("\n") else ""
        result.stderr = f"{result.stderr}{gap}{words}"
    return result


class _Reader(threading.Thread):
    """Reads one stream and hands it on, line by line, without secrets.

    Of a line that is too long to be waited for parts are handed on; the end of each, which a secret may begin
    in, waits for the next.
    """

    def __init__(
        self, file: IO[bytes], callback: OutputCallback | None, secrets: list[str], diagnostics: bool
    ) -> None:
        super().__init__(daemon=True)
        self.kept = b""
        self.error: BaseException | None = None
        self._file = file
        self._callback = callback
        self._diagnostics = diagnostics
        parts = (line for s in secrets for line in (s, *s.splitlines()))
        self._secrets = sorted({p for p in parts if p}, key=len, reverse=True)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""

    def run(self) -> None:
        kept: list[bytes] = []
        size = 0
        held: bytes | None = None
        begins = True
        for part in iter(lambda: self._file.readline(_PART_MAX), b""):
            if size < _KEPT_MAX:
                kept.append(part[: _KEPT_MAX - size])
                size += len(kept[-1])
            if held is not None:
                self._say(held)
            # The program's own last word comes on its standard error, after all that the code wrote.
            own = self._diagnostics and begins and part.startswith(FACE.encode() + b": ")
            held = part if own else None
            if not own:
                self._say(part)
            begins = part.endswith(b"\n")
        self._say(b"", True)
        self.kept = b"".join(kept)

    def _say(self, part: bytes, last: bool = False) -> None:
        if self._callback is None or self.error is not None:
            return
        text = self._rest + self._decoder.decode(part, last)
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        whole = last or text.endswith("\n") or not self._secrets
        end = len(text) if whole else max(0, len(text) - len(self._secrets[0]) + 1)
        self._rest = text[end:]
        if not text[:end]:
            return
        try:
            self._callback(text[:end])
        except BaseException as e:  # noqa: B036 - it is raised where the run was started
            self.error = e


def _decoded(text: str, encoding: str) -> str:
    return base64.b64decode(text).decode("utf-8", "replace") if encoding == "base64" else text


def _said(err: bytes) -> str:
    return err.decode("utf-8", "replace").strip()


def infra(status: str, error: str, stderr: str = "", ours: bool = True) -> ExecutionResult:
    """A result without a run."""
    code = 128 + signal.SIGKILL if status == "killed" else 125
    return ExecutionResult(False, stderr=stderr, exit_code=code, status=status, error=error, infra_error=ours)
