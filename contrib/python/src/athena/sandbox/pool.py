# SPDX-License-Identifier: Apache-2.0
"""A pool: many threads share a number of sandboxes. Each execution has a fresh one of its own, and Python a warm one."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any

from .config import SandboxConfig
from .executor import SRTExecutor
from .modes import ExecutionLanguage, SandboxMode
from .result import ExecutionResult
from .run import Run
from .serve import Call, Server, ask, frame_of

Task = str | tuple[str, "ExecutionLanguage | str | None"]

# A zygote's copies have its address layout and its hash seed: not for longer than this.
_ROTATE_TASKS = 1000


class SRTExecutorPool(Executor):
    """At most `size` sandboxes at once; who comes then waits. Safe from any number of threads.

    Python is warm: `sandbox-runtime serve` keeps `size` interpreters ready, each in a sandbox of its own, with the
    modules of `preload` loaded; each runs one piece of code. Other languages, and all with warm=False, have a
    sandbox that is started when the code comes. A sandbox that its code left as it was made serves the next, unless
    `fresh`.

    It is a concurrent.futures.Executor: submit("print(1)") and map(pool.execute, codes) give results. A
    function of this process is refused by submit(): it would run outside of any sandbox.

    Raises what SRTExecutor raises, and RuntimeError where the pool cannot be kept under that config: it never
    goes on without.
    """

    def __init__(
        self,
        size: int = 5,
        config: SandboxConfig | None = None,
        *,
        preload: Iterable[str] = (),
        rotate_tasks: int = _ROTATE_TASKS,
        fresh: bool = False,
        warm: bool = True,
    ) -> None:
        if not isinstance(size, int) or size < 1:
            raise ValueError(f"size must be at least 1, is {size!r}")
        modules = list(preload)
        if not all(all(part.isidentifier() for part in m.split(".")) for m in modules):
            raise ValueError(f"preload must be names of modules, is {modules!r}")
        self.size = size
        self._executor = SRTExecutor(config)
        self.config = self._executor.config
        self._slots = threading.BoundedSemaphore(size)
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="athena-sandbox")
        self._lock = threading.Lock()
        self._calls: set[Call] = set()
        self._idle: list[socket.socket] = []
        self._closed = self._shut = False
        self._server: Server | None = None
        if warm and self.config.mode is SandboxMode.SRT:
            self._server = Server(self._executor.program, self.config, size, modules, rotate_tasks, fresh)

    def execute(self, code: str, language: ExecutionLanguage | str | None = None) -> ExecutionResult:
        """Run the code as soon as there is room, to its end."""
        if self._shut:
            raise RuntimeError("cannot execute after shutdown")
        return self._execute(code, language)

    def _execute(self, code: str, language: ExecutionLanguage | str | None = None) -> ExecutionResult:
        call = self._call(code, language)
        with self._slots:
            return self._run(call) if call else self._executor.execute(code, language)

    def _call(self, code: str, language: ExecutionLanguage | str | None) -> Call | None:
        """A task of the warm pool, known to cleanup(); None where it is none of its."""
        chosen = ExecutionLanguage(language) if language is not None else self.config.language
        if self._server is None or chosen is not ExecutionLanguage.PYTHON or "\0" in code:
            return None
        self._server.check()
        try:
            frame = frame_of({"op": "execute", "code": code})
        except ValueError:
            return None
        call = Call(self._server, self._idle, frame, self.config.timeout_seconds)
        with self._lock:
            if self._closed:
                raise RuntimeError("the executor is cleaned up")
            self._calls.add(call)
        return call

    def _run(self, call: Call) -> ExecutionResult:
        try:
            return self._executor.kept(call.run())
        finally:
            self._forget(call)

    def _forget(self, call: Call) -> None:
        with self._lock:
            self._calls.discard(call)

    def stats(self) -> dict[str, int]:
        """What the warm pool has: idle, running, waiting, tasks, zygotes, idle_bytes (memory of a waiting one) …"""
        if self._server is None:
            return {}
        with self._server.connect() as connection:
            return dict(ask(connection, frame_of({"op": "stats"}))["stats"])

    def execute_many(
        self, tasks: Iterable[Task], language: ExecutionLanguage | str | None = None
    ) -> list[ExecutionResult]:
        """Run pieces of code, or pairs of code and language, side by side; the results are in their order."""
        pairs = [(t, language) if isinstance(t, str) else t for t in tasks]
        futures = [self._threads.submit(self._execute, code, chosen) for code, chosen in pairs]
        return [f.result() for f in futures]

    def submit(  # type: ignore[override]
        self, fn: str | Callable[..., ExecutionResult], /, *args: Any, **kwargs: Any
    ) -> Future[ExecutionResult]:
        """Run code, or execute() of this pool with its arguments, without waiting for it."""
        if isinstance(fn, str):
            return self._threads.submit(self._execute, fn, *args, **kwargs)
        if fn == self.execute:
            return self._threads.submit(self._execute, *args, **kwargs)
        raise TypeError("a function of this process would run outside the sandbox; submit its code as text")

    def _stop(self) -> None:
        with self._lock:
            self._closed = True
            calls = list(self._calls)
        for call in calls:
            call.cancel()
        self._executor.cleanup()

    def _close(self) -> None:
        while self._idle:
            self._idle.pop().close()
        if self._server is not None:
            self._server.stop()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more; with wait, until all is done."""
        self._shut = True
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures)
        if wait:
            self._stop()
            self._close()

    def cleanup(self) -> None:
        """End what still runs, forget what waits, take no more. May be called again."""
        self._stop()
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._close()

    def __enter__(self) -> SRTExecutorPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.shutdown(wait=True)
        else:
            self.cleanup()


class AsyncSRTExecutorPool:
    """The twin of SRTExecutorPool for asyncio. A cancelled execution is ended, and its sandbox with it."""

    def __init__(self, size: int = 5, config: SandboxConfig | None = None, **options: Any) -> None:
        self._pool = SRTExecutorPool(size, config, **options)
        self.size, self.config = self._pool.size, self._pool.config

    async def execute(self, code: str, language: ExecutionLanguage | str | None = None) -> ExecutionResult:
        """Run the code as soon as there is room, while other tasks go on."""
        pool, loop = self._pool, asyncio.get_running_loop()
        call: Call | Run | ExecutionResult | None = pool._call(code, language)
        if call is None and self.config.mode is SandboxMode.SRT:
            call = pool._executor.begin(code, language)
        if not isinstance(call, (Call, Run)):
            return await loop.run_in_executor(pool._threads, pool._execute, code, language)
        try:
            return await loop.run_in_executor(pool._threads, self._run, call)
        except asyncio.CancelledError:
            call.cancel()
            # Where it never had its turn, nobody else would.
            if isinstance(call, Call):
                pool._forget(call)
            else:
                pool._executor.forget(call)
            raise

    def _run(self, call: Call | Run) -> ExecutionResult:
        with self._pool._slots:
            return self._pool._run(call) if isinstance(call, Call) else self._pool._executor.finish(call)

    async def execute_many(
        self, tasks: Iterable[Task], language: ExecutionLanguage | str | None = None
    ) -> list[ExecutionResult]:
        """Run pieces of code side by side; the results are in their order."""
        pairs = [(t, language) if isinstance(t, str) else t for t in tasks]
        return list(await asyncio.gather(*(self.execute(code, chosen) for code, chosen in pairs)))

    async def cleanup(self) -> None:
        """End what still runs and refuse what comes later. May be called again."""
        await asyncio.to_thread(self._pool.cleanup)

    async def __aenter__(self) -> AsyncSRTExecutorPool:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.cleanup()
