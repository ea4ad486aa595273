# SPDX-License-Identifier: Apache-2.0
"""A bounded pool: many threads share a number of sandboxes. Each execution has a fresh one of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any

from .config import SandboxConfig
from .executor import SRTExecutor
from .modes import ExecutionLanguage
from .result import ExecutionResult

Task = str | tuple[str, "ExecutionLanguage | str | None"]


class SRTExecutorPool(Executor):
    """At most `size` sandboxes at once; who comes then waits. Safe from any number of threads.

    It is a concurrent.futures.Executor: submit("print(1)") and map(pool.execute, codes) give results. A
    function of this process is refused by submit(): it would run outside of any sandbox.

    The sandboxes are not warm: each is started when its code comes.
    """

    def __init__(self, size: int = 5, config: SandboxConfig | None = None) -> None:
        if not isinstance(size, int) or size < 1:
            raise ValueError(f"size must be at least 1, is {size!r}")
        self.size = size
        self._executor = SRTExecutor(config)
        self.config = self._executor.config
        self._slots = threading.BoundedSemaphore(size)
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="athena-sandbox")

    def execute(self, code: str, language: ExecutionLanguage | str | None = None) -> ExecutionResult:
        """Run the code as soon as there is room, to its end."""
        with self._slots:
            return self._executor.execute(code, language)

    def execute_many(
        self, tasks: Iterable[Task], language: ExecutionLanguage | str | None = None
    ) -> list[ExecutionResult]:
        """Run pieces of code, or pairs of code and language, side by side; the results are in their order."""
        pairs = [(t, language) if isinstance(t, str) else t for t in tasks]
        futures = [self._threads.submit(self.execute, code, chosen) for code, chosen in pairs]
        return [f.result() for f in futures]

    def submit(  # type: ignore[override]
        self, fn: str | Callable[..., ExecutionResult], /, *args: Any, **kwargs: Any
    ) -> Future[ExecutionResult]:
        """Run code, or execute() of this pool with its arguments, without waiting for it."""
        if isinstance(fn, str):
            return self._threads.submit(self.execute, fn, *args, **kwargs)
        if fn == self.execute:
            return self._threads.submit(self.execute, *args, **kwargs)
        raise TypeError("a function of this process would run outside the sandbox; submit its code as text")

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more; with wait, until all is done."""
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures)
        if wait:
            self._executor.cleanup()

    def cleanup(self) -> None:
        """End what still runs, forget what waits, take no more. May be called again."""
        self._executor.cleanup()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def __enter__(self) -> SRTExecutorPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.shutdown(wait=True)
        else:
            self.cleanup()
