# SPDX-License-Identifier: Apache-2.0
"""Executors: code in, result out; plain and for asyncio."""

from __future__ import annotations

import asyncio
import threading
from types import TracebackType

from .config import SandboxConfig
from .modes import ExecutionLanguage, SandboxMode
from .program import find_program, make_command
from .restricted import RestrictedEngine
from .result import ExecutionResult
from .run import OutputCallback, Run

MOCK_OUTPUT = "[MOCK] nothing was executed\n"


class SRTExecutor:
    """Runs code under a config, each time in a fresh sandbox. May be used by many threads at once.

    The callbacks are called with each line as it is written, from threads of the executor.

    Raises ValueError for a config that does not validate, RuntimeError("SRT binary not found"), and in mode
    RESTRICTED ImportError("RestrictedPython not installed").
    """

    def __init__(
        self,
        config: SandboxConfig | None = None,
        on_stdout: OutputCallback | None = None,
        on_stderr: OutputCallback | None = None,
    ) -> None:
        self.config = config if config is not None else SandboxConfig()
        self.on_stdout = on_stdout
        self.on_stderr = on_stderr
        valid, wrong = self.config.validate()
        if not valid:
            raise ValueError("; ".join(wrong))
        self.program = find_program() if self.config.mode is SandboxMode.SRT else ""
        self._engine = RestrictedEngine(self.config) if self.config.mode is SandboxMode.RESTRICTED else None
        self._lock = threading.Lock()
        self._runs: set[Run] = set()
        self._closed = False

    def execute(self, code: str, language: ExecutionLanguage | str | None = None) -> ExecutionResult:
        """Run the code to its end. What the code does wrong is in the result, and is never raised.

        Raises ValueError for an unknown language, RuntimeError after cleanup(), and what a callback raises.
        """
        chosen = ExecutionLanguage(language) if language is not None else self.config.language
        if self.config.mode is SandboxMode.SRT:
            run = self.begin(code, chosen)
            return self.finish(run) if isinstance(run, Run) else run
        if self._closed:
            raise RuntimeError("the executor is cleaned up")
        return self._told(self._inside(code, chosen))

    def _inside(self, code: str, language: ExecutionLanguage) -> ExecutionResult:
        if self._engine is None:
            return self.kept(ExecutionResult(True, MOCK_OUTPUT))
        if language is not ExecutionLanguage.PYTHON:
            words = f"mode restricted runs python alone, not {language.value}"
            return ExecutionResult(
                False, stderr=words, exit_code=125, status="setup_error", error="SetupError"
            )
        return self._engine.execute(code)

    def _told(self, result: ExecutionResult) -> ExecutionResult:
        for callback, text in ((self.on_stdout, result.stdout), (self.on_stderr, result.stderr)):
            for line in text.splitlines(keepends=True) if callback else ():
                assert callback
                callback(line)
        return self.kept(result)

    def begin(self, code: str, language: ExecutionLanguage | str | None) -> Run | ExecutionResult:
        """A run, known to cleanup(); or the result, where a secret's value is missing."""
        chosen = ExecutionLanguage(language) if language is not None else self.config.language
        try:
            command = make_command(self.config, code, chosen)
        except LookupError as e:
            words = str(e.args[0])
            return ExecutionResult(
                False, stderr=words, exit_code=125, status="setup_error", error="SetupError"
            )
        run = Run(self.program, command, self.config.timeout_seconds, self.on_stdout, self.on_stderr)
        with self._lock:
            if self._closed:
                raise RuntimeError("the executor is cleaned up")
            self._runs.add(run)
        return run

    def finish(self, run: Run) -> ExecutionResult:
        """The run's result, once it has ended."""
        try:
            return self.kept(run.wait())
        finally:
            self.forget(run)

    def forget(self, run: Run) -> None:
        """A run that nobody waits for any more."""
        with self._lock:
            self._runs.discard(run)

    def kept(self, result: ExecutionResult) -> ExecutionResult:
        """The result with what of it the config keeps."""
        if not self.config.capture_output:
            result.stdout = ""
        if not self.config.capture_errors:
            result.stderr = ""
        if not self.config.enable_profiling:
            result.timings = {}
        return result

    def cleanup(self) -> None:
        """End what still runs and refuse what comes later. May be called again."""
        with self._lock:
            self._closed = True
            runs = list(self._runs)
        for run in runs:
            run.cancel()

    def __enter__(self) -> SRTExecutor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cleanup()


class AsyncSRTExecutor:
    """The twin of SRTExecutor for asyncio. A cancelled execution is ended, and its sandbox with it."""

    def __init__(
        self,
        config: SandboxConfig | None = None,
        on_stdout: OutputCallback | None = None,
        on_stderr: OutputCallback | None = None,
    ) -> None:
        self._executor = SRTExecutor(config, on_stdout, on_stderr)
        self.config = self._executor.config

    async def execute(self, code: str, language: ExecutionLanguage | str | None = None) -> ExecutionResult:
        """Run the code to its end, while other tasks go on."""
        inner = self._executor
        if self.config.mode is not SandboxMode.SRT:
            return await asyncio.to_thread(inner.execute, code, language)
        run = inner.begin(code, language)
        if not isinstance(run, Run):
            return run
        try:
            return await asyncio.to_thread(inner.finish, run)
        except asyncio.CancelledError:
            run.cancel()
            inner.forget(run)  # where no thread was free, nobody else would
            raise

    async def cleanup(self) -> None:
        """End what still runs and refuse what comes later. May be called again."""
        self._executor.cleanup()

    async def __aenter__(self) -> AsyncSRTExecutor:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.cleanup()
