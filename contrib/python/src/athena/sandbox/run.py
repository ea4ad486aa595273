# SPDX-License-Identifier: Apache-2.0
"""One run of the program: started, fed, listened to, ended, and its verdict read.

Without callbacks the program's own result document is read. With them the streams are ours as they come,
and the verdict is what the program's audit record says; both in memory, no file of either is left.
"""

from __future__ import annotations

import base64
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


def _write_all(fd: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(fd, view) :]


def memory_file(name: str, content: bytes = b"") -> int:
    fd = os.memfd_create(name)
    _write_all(fd, content)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def content(fd: int) -> bytes:
    os.lseek(fd, 0, os.SEEK_SET)
    with os.fdopen(os.dup(fd), "rb") as file:
        return file.read()


class Run:
    """One execution. wait() may be called once, kill() by any thread at any time."""

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

    def kill(self) -> None:
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
            for name in ("audit", "violations") if self._streams else ():
                fds[name] = memory_file(name)
            result = self._run(fds)
        finally:
            for fd in fds.values():
                os.close(fd)
        result.timings["total_ms"] = round((time.monotonic() - begin) * 1000, 3)
        return result

    def _arguments(self, fds: dict[str, int]) -> list[str]:
        own = [FACE, "exec"]
        if not self._streams:
            own.append("--json-output")
        else:
            own += ["--audit-log", f"/proc/self/fd/{fds['audit']}"]
            if "--trace" in self._command.arguments:
                own += ["--violations", f"/proc/self/fd/{fds['violations']}"]
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
                    cwd=self._command.directory if os.path.isdir(self._command.directory or "") else None,
                    pass_fds=[fd for name, fd in fds.items() if name != "stdin"],
                    # An interrupt from the terminal is ours to answer: kill() then ends the run.
                    start_new_session=True,
                )
            except (OSError, ValueError) as e:
                return infra("setup_error", "SetupError", str(e))
        with process:
            watch = threading.Timer(self._timeout + _PATIENCE, self.kill)
            watch.daemon = True
            watch.start()
            try:
                out, err = self._listen(process)
            except BaseException:
                self.kill()
                raise
            finally:
                watch.cancel()
        if self._killed:
            return infra("killed", "Cancelled", err.decode("utf-8", "replace"))
        if self._streams:
            self._hand_on_audit(content(fds["audit"]))
            return self._from_records(process.returncode, out, err, fds)
        return self._from_document(process.returncode, out, err)

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
            return read_document(json.loads(out), self._timeout)
        except (ValueError, KeyError, TypeError):
            return infra(
                "setup_error", "SetupError", _said(err) or f"no result; the program ended with {returncode}"
            )

    def _from_records(self, returncode: int, out: bytes, err: bytes, fds: dict[str, int]) -> ExecutionResult:
        record = _last_record(content(fds["audit"]))
        stdout, stderr = out.decode("utf-8", "replace"), err.decode("utf-8", "replace")
        for secret in self._command.secrets:
            stdout, stderr = stdout.replace(secret, MASK), stderr.replace(secret, MASK)
        if record is None:
            return infra(
                "setup_error",
                "SetupError",
                _said(err) or f"no record; the program ended with {returncode}",
                returncode != 125,
            )
        reason = record.get("reason")
        if reason and stderr.endswith(f"{FACE}: {reason}\n"):
            stderr = stderr[: -len(f"{FACE}: {reason}\n")]
        events = [json.loads(line) for line in content(fds["violations"]).splitlines()]
        limit = [reason] if reason and record["status"] not in ("setup_error", "exit", "signal") else []
        result = ExecutionResult(
            success=record["status"] == "ok",
            stdout=stdout,
            stderr=stderr,
            exit_code=record["exit_code"],
            execution_time_ms=record["execution_time_ms"],
            violations=[e["description"] for e in events] or limit,
            memory_used_mb=round(record["memory_bytes"] / (1 << 20), 1),
            sandbox_id=record["sandbox_id"],
            timestamp=record["timestamp"],
            error=_error_of(record["status"], record["exit_code"]),
            status=record["status"],
            violation_events=events,
        )
        result.timings = {"execution_ms": record["execution_time_ms"], "cpu_ms": record["cpu_time_ms"]}
        return _worded(result, reason, self._timeout)

    def _hand_on_audit(self, records: bytes) -> None:
        """The audit log that the caller's environment asks for has these records, too."""
        path = self._command.environment.get("SANDBOX_AUDIT_LOG")
        if path and records:
            fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOCTTY, 0o600)
            try:
                os.write(fd, records)
            finally:
                os.close(fd)


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


_ERRORS = {
    "timeout": "TimeoutExpired",
    "memory": "MemoryLimitExceeded",
    "cpu": "CpuTimeLimitExceeded",
    "output": "OutputLimitExceeded",
    "killed": "Killed",
    "ok": None,
    "exit": None,
    "signal": None,
}
_NEVER_RAN = {126: "NotExecutable", 127: "NotFound"}


def _error_of(status: str, exit_code: int) -> str | None:
    """The word that the program's document would have for it."""
    if status == "setup_error":
        return _NEVER_RAN.get(exit_code, "SetupError")
    return _ERRORS.get(status, "LimitExceeded")


class _Reader(threading.Thread):
    """Reads one stream and hands it on, line by line, without secrets. A part of a line waits for the rest."""

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

    def run(self) -> None:
        kept: list[bytes] = []
        size = 0
        held: bytes | None = None
        for line in self._file:
            if size < _KEPT_MAX:
                kept.append(line[: _KEPT_MAX - size])
                size += len(kept[-1])
            if held is not None:
                self._say(held)
            # The program's own last word comes on its standard error, after all that the code wrote.
            own = self._diagnostics and line.startswith(FACE.encode() + b": ")
            held = line if own else None
            if not own:
                self._say(line)
        self.kept = b"".join(kept)

    def _say(self, line: bytes) -> None:
        if self._callback is None or self.error is not None:
            return
        text = line.decode("utf-8", "replace")
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        try:
            self._callback(text)
        except BaseException as e:  # noqa: B036 - it is raised where the run was started
            self.error = e


def _decoded(text: str, encoding: str) -> str:
    return base64.b64decode(text).decode("utf-8", "replace") if encoding == "base64" else text


def _said(err: bytes) -> str:
    return err.decode("utf-8", "replace").strip()


def _last_record(records: bytes) -> dict[str, Any] | None:
    found = [json.loads(line) for line in records.splitlines()]
    return next((r for r in reversed(found) if r.get("event") == "end"), None)


def infra(status: str, error: str, stderr: str = "", ours: bool = True) -> ExecutionResult:
    """A result without a run."""
    code = 128 + signal.SIGKILL if status == "killed" else 125
    return ExecutionResult(False, stderr=stderr, exit_code=code, status=status, error=error, infra_error=ours)
