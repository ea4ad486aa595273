# SPDX-License-Identifier: Apache-2.0
"""The pool under many threads, and the adapters."""

import asyncio
import concurrent.futures
import gc
import os
import threading
import time
import unittest
from unittest import mock

from athena.sandbox import (
    AsyncSRTExecutorPool,
    CodeOutput,
    ExecutionResult,
    SandboxConfig,
    SandboxMode,
    SandboxTool,
    SmolagentsExecutor,
    SRTConfigManager,
    SRTExecutor,
    SRTExecutorPool,
)
from test_run import children, eventually, marked


class Pool(unittest.TestCase):
    def test_sixteen_threads_without_cross_talk(self) -> None:
        results: dict[tuple[int, int], ExecutionResult] = {}
        with SRTExecutorPool(4) as pool:

            def work(thread: int) -> None:
                for i in range(4):
                    code = (
                        f"import os\nopen('/tmp/{thread}-{i}', 'w')\nprint({thread}, {i}, os.listdir('/tmp'))"
                    )
                    results[thread, i] = pool.execute(code)

            threads = [threading.Thread(target=work, args=(t,)) for t in range(16)]
            for t in threads:
                t.start()
            for t in threads:
                t.join()
        self.assertEqual(len(results), 64)
        for (thread, i), result in results.items():
            self.assertEqual(result.stdout, f"{thread} {i} ['{thread}-{i}']\n", result)
        self.assertEqual(len({r.sandbox_id for r in results.values()}), 64)
        self.assertEqual(children(), [])

    def test_never_more_than_its_size(self) -> None:
        running, most, lock = 0, 0, threading.Lock()

        def execute(self: SRTExecutor, code: str, language: object = None) -> ExecutionResult:
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
            time.sleep(0.02)
            with lock:
                running -= 1
            return ExecutionResult(True)

        with mock.patch.object(SRTExecutor, "execute", execute), SRTExecutorPool(3, warm=False) as pool:
            threads = [threading.Thread(target=pool.execute, args=("x",)) for _ in range(16)]
            for t in threads:
                t.start()
            pool.execute_many(["x"] * 16)
            for t in threads:
                t.join()
        self.assertEqual(most, 3)

    def test_many_in_their_order(self) -> None:
        with SRTExecutorPool(2) as pool:
            results = pool.execute_many(
                ["import time; time.sleep(0.3); print(0)", "print(1)", ("echo 2", "bash")]
            )
        self.assertEqual([r.stdout for r in results], ["0\n", "1\n", "2\n"])

    def test_is_an_executor(self) -> None:
        with SRTExecutorPool(2) as pool:
            self.assertIsInstance(pool, concurrent.futures.Executor)
            futures = [
                pool.submit("print(1)"),
                pool.submit("echo 1", "bash"),
                pool.submit(pool.execute, "print(1)"),
            ]
            self.assertEqual(
                [f.result(20).stdout for f in concurrent.futures.as_completed(futures)], ["1\n"] * 3
            )
            self.assertEqual(
                [r.stdout for r in pool.map(pool.execute, ["print(2)", "print(3)"])], ["2\n", "3\n"]
            )
            with self.assertRaises(TypeError):
                pool.submit(os.getpid)  # type: ignore[arg-type]
        with self.assertRaises(RuntimeError):
            pool.submit("print(1)")

    def test_for_asyncio(self) -> None:
        async def work() -> str:
            with SRTExecutorPool(1) as pool:
                return (
                    await asyncio.get_running_loop().run_in_executor(pool, pool.execute, "print(1)")
                ).stdout

        self.assertEqual(asyncio.run(work()), "1\n")

    def test_cleanup_ends_all(self) -> None:
        mark = f"pool-{os.getpid()}"
        pool = SRTExecutorPool(2, SandboxConfig(environment_vars={"MARK": mark}))
        futures = [pool.submit("import time; time.sleep(20)") for _ in range(4)]
        self.assertTrue(eventually(lambda: bool(marked(mark))))
        begin = time.monotonic()
        pool.cleanup()
        pool.cleanup()
        self.assertLess(time.monotonic() - begin, 8)
        self.assertTrue(all(f.done() for f in futures))
        self.assertTrue(eventually(lambda: not marked(mark)))

    def test_sizes(self) -> None:
        self.assertEqual(SRTExecutorPool(config=SandboxConfig(mode=SandboxMode.MOCK)).size, 5)
        for size in (0, -1, 1.5):
            with self.assertRaises(ValueError):
                SRTExecutorPool(size)  # type: ignore[arg-type]


class Warm(unittest.TestCase):
    def test_sandboxes_serve_many_tasks_unless_fresh(self) -> None:
        # Two may have the same number and be made within the same tick, but hardly half of them.
        which = "import os; print(os.readlink('/proc/self/ns/mnt'), open('/proc/1/stat').read().split()[21])"
        for fresh in (False, True):
            with SRTExecutorPool(1, fresh=fresh) as pool:
                seen = {pool.execute(which).stdout for _ in range(50)}
            self.assertEqual(len(seen) > 25, fresh, seen)

    def test_is_warm_and_each_task_is_fresh(self) -> None:
        with SRTExecutorPool(2, preload=["decimal"]) as pool:
            for _ in range(3):
                result = pool.execute(
                    "import os, sys\nprint('decimal' in sys.modules, os.listdir('/tmp'), os.getpid())\n"
                    "open('/tmp/x', 'w'); sys.modules['json'] = None"
                )
                self.assertEqual(result.stdout, "True [] 2\n", result)
            stats = pool.stats()
            self.assertEqual((stats["tasks"], stats["zygotes"], stats["size"]), (3, 1, 2))
        self.assertEqual(children(), [])

    def test_verdicts_are_those_of_the_executor(self) -> None:
        config = SandboxConfig(timeout_seconds=1, max_memory_mb=64, environment_vars={"A": "b"})
        codes = (
            "import os, sys; print(os.environ['A']); sys.exit(3)",
            "import time; time.sleep(9)",
            "x = b'1' * (500 << 20)",
            "import os; os.kill(os.getpid(), 9)",
            "import socket; socket.create_connection(('192.0.2.1', 80))",
        )
        with SRTExecutor(config) as cold, SRTExecutorPool(1, config) as pool:
            for code in codes:
                a, b = cold.execute(code), pool.execute(code)
                for name in ("success", "stdout", "stderr", "exit_code", "status", "error", "violations"):
                    self.assertEqual(getattr(a, name), getattr(b, name), (code, a, b))

    def test_single_domains(self) -> None:
        code = "import socket\ntry: socket.create_connection(('{}', 443))\nexcept OSError as e: print(e.strerror)"
        for config in (
            SandboxConfig.research(),
            SandboxConfig(allow_outbound_http=True, blocked_domains=["a.test", "b.test"]),
        ):
            with SRTExecutorPool(2, config) as pool:
                results = pool.execute_many([code.format("a.test"), code.format("b.test"), "print(1)"])
                for result, host in zip(results, ("a.test", "b.test"), strict=False):
                    self.assertEqual(result.stdout, "Name or service not known\n", result)
                    self.assertEqual(len(result.violations), 1, result)
                    self.assertIn(f"Network access denied: {host}", result.violations[0])
                    self.assertEqual([e["type"] for e in result.violation_events], ["network"])
                self.assertEqual((results[2].stdout, results[2].violations), ("1\n", []))
                # The helper is one for all.
                self.assertEqual(pool.stats()["zygotes"], 1)
        self.assertEqual(children(), [])

    def test_what_it_cannot_hold_is_an_error_and_never_cold(self) -> None:
        with self.assertRaisesRegex(RuntimeError, "the pool did not start: .*use exec"):
            SRTExecutorPool(1, SandboxConfig(enable_tracing=True))
        with self.assertRaisesRegex(RuntimeError, "did not start"):
            SRTExecutorPool(1, preload=["no_such_module_at_all"])
        with self.assertRaises(ValueError):
            SRTExecutorPool(1, preload=["os;x"])
        self.assertEqual(children(), [])

    def test_cold_when_asked_to_be(self) -> None:
        with SRTExecutorPool(1, SandboxConfig(enable_tracing=True), warm=False) as pool:
            self.assertEqual(pool.execute("print(1)").stdout, "1\n")
            self.assertEqual(pool.stats(), {})

    def test_without_a_place_for_its_socket_it_is_none(self) -> None:
        with mock.patch("tempfile.mkdtemp", side_effect=FileNotFoundError("no usable temporary directory")):
            with self.assertRaisesRegex(RuntimeError, "no usable temporary directory"):
                SRTExecutorPool(1)

    def test_a_program_that_is_gone_is_our_fault(self) -> None:
        pool = SRTExecutorPool(1)
        assert pool._server
        for child in children():
            os.kill(int(child), 9)
        result = pool.execute("print(1)")
        self.assertEqual((result.status, result.infra_error), ("setup_error", True), result)
        pool.cleanup()

    def test_belongs_to_its_process(self) -> None:
        with SRTExecutorPool(1) as pool:
            pid = os.fork()
            if pid == 0:
                try:
                    pool.execute("print(1)")
                except RuntimeError:
                    os._exit(7)
                os._exit(1)
            self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 7)

    def test_nothing_is_left_where_it_is_forgotten(self) -> None:
        pool = SRTExecutorPool(1)
        self.assertEqual(pool.execute("print(1)").stdout, "1\n")
        assert pool._server
        path = pool._server._path
        del pool
        gc.collect()
        self.assertEqual(children(), [])
        self.assertFalse(os.path.exists(os.path.dirname(path)))

    def test_secrets_are_masked(self) -> None:
        policy = SRTConfigManager().expose_env_var("TOKEN", "hunter2", sensitive=True).build()
        with SRTExecutorPool(1, SandboxConfig(policy=policy)) as pool:
            result = pool.execute("import os; print(len(os.environ['TOKEN']), os.environ['TOKEN'])")
            self.assertEqual(result.stdout, "7 ***\n")

    def test_asyncio_twin(self) -> None:
        async def work() -> None:
            async with AsyncSRTExecutorPool(2) as pool:
                results = await pool.execute_many(["print(1)", ("echo 2", "bash")])
                self.assertEqual([r.stdout for r in results], ["1\n", "2\n"])
                task = asyncio.create_task(pool.execute("import time; time.sleep(20)"))
                await asyncio.sleep(0.3)
                task.cancel()
                with self.assertRaises(asyncio.CancelledError):
                    await task
                begin = time.monotonic()
                self.assertEqual((await pool.execute("print(3)")).stdout, "3\n")
                self.assertLess(time.monotonic() - begin, 8)

        asyncio.run(work())

    def test_much_code_and_much_output(self) -> None:
        with SRTExecutorPool(1) as pool:
            result = pool.execute(f"x = '{'y' * (3 << 20)}'\nprint(x)")
            self.assertEqual(len(result.stdout), (3 << 20) + 1)
            # What a pool takes no request of has a sandbox of its own, as with warm=False.
            for code in ("#" * (16 << 20) + "\nprint(1)", "print('\ud800')", "print(1)\0"):
                cold = SRTExecutor().execute(code)
                result = pool.execute(code)
                self.assertEqual((result.status, result.stdout, result.stderr), (cold.status, cold.stdout, cold.stderr))
            self.assertEqual(pool.execute("print(1)").stdout, "1\n")
            self.assertEqual(pool.stats()["tasks"], 2)

    def test_a_fork_leaves_it_as_it_is(self) -> None:
        pool = SRTExecutorPool(1)
        self.assertEqual(pool.execute("print(1)").stdout, "1\n")
        for end in ("gc", "cleanup"):
            pid = os.fork()
            if pid == 0:
                try:
                    # It has the owner's idle connection, which is not its own.
                    pool.execute("print(2)")
                    os._exit(1)
                except RuntimeError:
                    pass
                if end == "cleanup":
                    pool.cleanup()
                del pool
                gc.collect()
                os._exit(0)
            self.assertEqual(os.waitpid(pid, 0)[1], 0)
            self.assertEqual(pool.execute("print(3)").stdout, "3\n")
        self.assertEqual(pool.stats()["tasks"], 3)
        # One that lives on holds what the pool would end with.
        pid = os.fork()
        if pid == 0:
            time.sleep(60)
            os._exit(0)
        begin = time.monotonic()
        pool.cleanup()
        self.assertLess(time.monotonic() - begin, 3)
        os.kill(pid, 9)
        os.waitpid(pid, 0)

    def test_what_is_shut_takes_nothing(self) -> None:
        pool = SRTExecutorPool(1)
        future = pool.submit("import time; time.sleep(0.3); print(1)")
        pool.shutdown(wait=False)
        with self.assertRaises(RuntimeError):
            pool.execute("print(2)")
        self.assertEqual(future.result().stdout, "1\n")
        pool.cleanup()

    def test_a_cancelled_execution_is_ended_and_forgotten_in_whatever_language(self) -> None:
        mark = f"pool-cancel-{os.getpid()}"

        async def work() -> None:
            async with AsyncSRTExecutorPool(1, SandboxConfig(environment_vars={"MARK": mark})) as twin:
                pool = twin._pool
                for code, language in (("import time; time.sleep(20)", "python"), ("sleep 20", "bash")):
                    tasks = [asyncio.create_task(twin.execute(code, language)) for _ in range(4)]
                    await asyncio.sleep(0.5)
                    for task in tasks:
                        task.cancel()
                    ended = await asyncio.gather(*tasks, return_exceptions=True)
                    self.assertTrue(all(isinstance(e, asyncio.CancelledError) for e in ended), ended)
                    self.assertEqual((await twin.execute("print(3)")).stdout, "3\n")
                    self.assertEqual((pool._calls, pool._executor._runs), (set(), set()))

        begin = time.monotonic()
        asyncio.run(work())
        self.assertLess(time.monotonic() - begin, 15)


class Adapters(unittest.TestCase):
    def test_smolagents(self) -> None:
        executor = SmolagentsExecutor()
        executor.send_variables({"x": 20, "words": ["it's", 'a "b"']})
        executor.send_tools({"final_answer": object()})
        output, logs, final = executor("print(x + 1)")
        self.assertEqual((output, logs, final), (None, "21\n", False))
        answer = executor("print('log')\nfinal_answer({'sum': x + 22, 'words': words})\nprint('never')")
        self.assertEqual(answer, CodeOutput({"sum": 42, "words": ["it's", 'a "b"']}, "log\n", True))
        with self.assertRaisesRegex(RuntimeError, "ZeroDivisionError"):
            executor("1/0")
        with self.assertRaisesRegex(ValueError, "search"):
            executor.send_tools({"search": print})
        with self.assertRaises(TypeError):
            executor.send_variables({"f": print})
        executor.cleanup()

    def test_langchain(self) -> None:
        tool = SandboxTool(SandboxConfig(timeout_seconds=1))
        self.assertTrue(tool.name and tool.description and tool.args)
        self.assertEqual(tool.invoke({"code": "print(6 * 7)"}), "42")
        self.assertEqual(tool.run("print(6 * 7)"), "42")
        self.assertEqual(tool("import sys; print('a'); sys.exit(2)"), "a\n[exit, exit code 2]")
        self.assertEqual(
            asyncio.run(tool.ainvoke("import time; time.sleep(9)")),
            "Execution timeout after 1s\n[timeout, exit code 124]",
        )
        with self.assertRaises(ValueError):
            tool.run({"text": "print(1)"})


if __name__ == "__main__":
    unittest.main()
