# SPDX-License-Identifier: Apache-2.0
"""Real runs, by the program that SANDBOX_RUNTIME_PATH names."""

import asyncio
import concurrent.futures
import gc
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

from athena.sandbox import (
    AsyncSRTExecutor,
    ExecutionResult,
    SandboxConfig,
    SandboxMode,
    SRTConfigManager,
    SRTExecutor,
    SRTPolicy,
)

STATUSES = "ok exit signal timeout cpu memory processes disk files output seccomp setup_error killed".split()


def children() -> list[str]:
    """Processes below this one."""
    found: list[str] = []
    for task in Path("/proc/self/task").iterdir():
        try:
            found += (task / "children").read_text().split()
        except OSError:
            pass
    return found


def marked(mark: str) -> list[str]:
    """Processes that have the mark in their environment."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if mark.encode() in Path("/proc", pid, "environ").read_bytes():
                found.append(pid)
        except OSError:
            pass
    return found


def eventually(true: Callable[[], bool], seconds: float = 5) -> bool:
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


class Runs(unittest.TestCase):
    streamed = False

    def run_code(self, code: str, language: str | None = None, **options: Any) -> ExecutionResult:
        said: list[str] = []
        callbacks = (said.append, lambda text: None) if self.streamed else (None, None)
        with SRTExecutor(SandboxConfig(**options), *callbacks) as executor:
            result = executor.execute(code, language)
        self.assertIn(result.status, STATUSES)
        self.assertTrue(result.sandbox_id.startswith("sb-"))
        json.dumps(result.to_dict())
        if self.streamed and options.get("capture_output", True):
            self.assertEqual("".join(said), result.stdout)
        return result

    def test_prints(self) -> None:
        result = self.run_code("print(6 * 7)")
        self.assertEqual(
            (
                result.success,
                result.stdout,
                result.stderr,
                result.exit_code,
                result.status,
                result.error,
                result.violations,
            ),
            (True, "42\n", "", 0, "ok", None, []),
        )
        self.assertGreater(result.memory_used_mb, 1)
        self.assertGreater(result.execution_time_ms, 0)

    def test_an_exception_is_in_the_result(self) -> None:
        result = self.run_code("raise ValueError('no')")
        self.assertEqual((result.success, result.exit_code, result.status), (False, 1, "exit"))
        self.assertTrue(result.stderr.endswith("ValueError: no\n"), result.stderr)
        self.assertFalse(result.infra_error)

    def test_exit_codes_and_signals(self) -> None:
        self.assertEqual(self.run_code("import sys; sys.exit(3)").exit_code, 3)
        result = self.run_code("import os; os.kill(os.getpid(), 9)")
        self.assertEqual((result.exit_code, result.status), (137, "signal"))

    def test_timeout(self) -> None:
        begin = time.monotonic()
        result = self.run_code("import time; time.sleep(20)", timeout_seconds=1)
        self.assertLess(time.monotonic() - begin, 10)
        self.assertEqual(
            (result.success, result.exit_code, result.error, result.stderr, result.status),
            (False, 124, "TimeoutExpired", "Execution timeout after 1s", "timeout"),
        )

    def test_timeout_after_words(self) -> None:
        result = self.run_code(
            "import sys, time; print('out', flush=True); sys.stderr.write('err'); time.sleep(20)",
            timeout_seconds=1,
        )
        self.assertEqual((result.stdout, result.stderr), ("out\n", "err\nExecution timeout after 1s"))

    def test_memory(self) -> None:
        result = self.run_code("x = b'1' * (200 << 20)\nimport time; time.sleep(10)", max_memory_mb=64)
        self.assertEqual((result.success, result.exit_code, result.status), (False, 137, "memory"))
        self.assertIn("Memory limit exceeded", result.violations[0])

    def test_processes_files_disk(self) -> None:
        code = "import os, time\nfor _ in range(20):\n  if os.fork() == 0: time.sleep(5); os._exit(0)"
        self.assertIn("BlockingIOError", self.run_code(code, max_processes=5).stderr)
        code = "for i in range(50): open(f'/tmp/{i}', 'w').close()"
        self.assertIn("No space left", self.run_code(code, max_total_files=20).stderr)
        code = "for name in 'abc':\n  with open('/tmp/' + name, 'wb') as f: f.write(bytes(1 << 20))"
        self.assertIn("No space left", self.run_code(code, max_disk_space_mb=2, max_file_size_mb=2).stderr)
        code = "with open('/tmp/f', 'wb') as f:\n  for _ in range(4): f.write(bytes(1 << 20))"
        self.assertIn("File too large", self.run_code(code, max_file_size_mb=2).stderr)

    def test_no_network(self) -> None:
        code = "import socket\nsocket.create_connection(('1.1.1.1', 53), 2)"
        result = self.run_code(code)
        self.assertFalse(result.success)
        self.assertIn("Network is unreachable", result.stderr)
        self.assertEqual(self.run_code("import socket; print(len(socket.if_nameindex()))").stdout, "1\n")

    def test_single_domains(self) -> None:
        code = "import socket\ntry: socket.create_connection(('{}', {}))\nexcept OSError as e: print(e.strerror)"
        for config, host, port in (
            (SandboxConfig.research(), "example.org", 443),
            (SandboxConfig(allow_outbound_http=True, blocked_domains=["example.org"]), "example.org", 443),
        ):
            with SRTExecutor(config) as executor:
                result = executor.execute(code.format(host, port))
            self.assertTrue(result.success, result.stderr)
            self.assertEqual(result.stdout, "Name or service not known\n")
            self.assertIn(f"Network access denied: {host}", result.violations[0])

    def test_the_home_cannot_be_read(self) -> None:
        home = os.environ["HOME"]
        Path(home, "secret-of-home").write_text("s")
        self.addCleanup(os.unlink, Path(home, "secret-of-home"))
        for config in (SandboxConfig(), SandboxConfig.strict()):
            with SRTExecutor(config) as executor:
                result = executor.execute(f"open({home + '/secret-of-home'!r})")
            self.assertIn("FileNotFoundError", result.stderr)

    def test_tmp_is_the_sandboxs_own(self) -> None:
        with tempfile.NamedTemporaryFile(dir="/tmp", prefix="host-"), SRTExecutor(
            SandboxConfig.strict()
        ) as executor:
            result = executor.execute("import os; print(os.listdir('/tmp')); open('/tmp/mine', 'w')")
        self.assertEqual((result.stdout, result.exit_code), ("[]\n", 0), result.stderr)
        self.assertFalse(os.path.exists("/tmp/mine"))

    def test_a_policys_paths(self) -> None:
        with tempfile.TemporaryDirectory() as place:
            os.chmod(place, 0o755)
            for name in ("in", "in/sub", "in/key", "out"):
                Path(place, name).mkdir()
            Path(place, "in/file").write_text("data")
            Path(place, "in/sub/deep").write_text("deep")
            policy = (
                SRTConfigManager()
                .allow_read(f"{place}/in", recursive=True)
                .deny_path(f"{place}/in/key")
                .allow_write(f"{place}/out", recursive=True)
                .build()
            )
            code = (
                "import os, sys\nplace = sys.stdin.name and os.environ['PLACE']\n"
                "print(open(place + '/in/file').read(), open(place + '/in/sub/deep').read())\n"
                "open(place + '/out/made', 'w').write('x')\n"
                "try: os.listdir(place + '/in/key'); print('key is seen')\n"
                "except OSError: print('no key')\n"
                "open(place + '/in/new', 'w')"
            )
            result = self.run_code(code, policy=policy, environment_vars={"PLACE": place})
            self.assertEqual(result.stdout.splitlines()[0], "data deep", result.stderr)
            self.assertIn("Read-only file system", result.stderr)
            self.assertEqual(Path(place, "out/made").read_text(), "x")
            self.assertEqual(os.stat(f"{place}/out/made").st_uid, os.getuid())

    def test_a_saved_policy_runs(self) -> None:
        with tempfile.TemporaryDirectory() as place:
            file = Path(place, "p.json")
            SRTConfigManager().expose_env_var("TOKEN", "hunter2", True).expose_env_var(
                "PLAIN", "p"
            ).build().save(file)
            code = "import os; print(os.environ['PLAIN'], len(os.environ['TOKEN']), os.environ['TOKEN'])"
            with mock.patch.dict(os.environ, {"TOKEN": "hunter2"}):
                loaded = SRTPolicy.load(file)
            self.assertEqual(self.run_code(code, policy=loaded).stdout, "p 7 ***\n")
            missing = self.run_code(code, policy=SRTPolicy.load(file))
            self.assertEqual((missing.exit_code, missing.status), (125, "setup_error"))
            self.assertIn("TOKEN is not set", missing.stderr)

    def test_secrets_are_in_no_command_line(self) -> None:
        policy = SRTConfigManager().expose_env_var("TOKEN", "hunter2-unseen", True).build()
        seen: list[bytes] = []
        done = threading.Event()

        def watch() -> None:
            while not done.is_set():
                for pid in filter(str.isdigit, os.listdir("/proc")):
                    try:
                        seen.append(Path("/proc", pid, "cmdline").read_bytes())
                    except OSError:
                        pass

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            self.assertTrue(
                self.run_code("import time; time.sleep(0.5); print('UNIQUE')", policy=policy).success
            )
        finally:
            done.set()
            watcher.join()
        self.assertTrue(any(b"UNIQUE" in line for line in seen))
        self.assertFalse(any(b"hunter2-unseen" in line for line in seen))

    def test_working_directory(self) -> None:
        with tempfile.TemporaryDirectory() as place:
            os.chmod(place, 0o755)
            Path(place, "file").write_text("data")
            code = "import os; print(os.getcwd(), os.listdir('.')); open('new', 'w')"
            result = self.run_code(code, working_directory=place)
            self.assertEqual(result.stdout, f"{place} ['file']\n", result.stderr)
            self.assertIn("Read-only file system", result.stderr)
        self.assertEqual(
            self.run_code("import os; print(os.getcwd())", working_directory="/tmp").stdout, "/tmp\n"
        )

    def test_development_writes_the_working_directory(self) -> None:
        with tempfile.TemporaryDirectory() as place:
            os.chmod(place, 0o755)
            config = SandboxConfig.development()
            config.working_directory = place
            with SRTExecutor(config) as executor:
                result = executor.execute("import os; open('made', 'w').write('x'); print(os.getcwd())")
            self.assertEqual((result.stdout, result.stderr), (place + "\n", ""))
            self.assertEqual(Path(place, "made").read_text(), "x")

    def test_other_languages(self) -> None:
        result = self.run_code("echo $((6 * 7)); cat; exit 4", "bash")
        self.assertEqual((result.stdout, result.exit_code), ("42\n", 4))
        with self.assertRaises(ValueError):
            self.run_code("", "cobol")
        if not any(shutil.which("node", path=p) for p in ("/usr/bin", "/bin")):
            self.skipTest("node is not in /usr/bin")
        self.assertEqual(self.run_code("console.log(6 * 7)", "javascript").stdout, "42\n")
        self.assertEqual(self.run_code("//" + "x" * 300_000 + "\nconsole.log(1)", "javascript").stdout, "1\n")

    def test_long_and_strange_code(self) -> None:
        self.assertEqual(self.run_code("#" * 300_000 + "\nprint('ä')").stdout, "ä\n")
        self.assertEqual(self.run_code(":" + " " * 300_000 + "\necho hi; cat", "bash").stdout, "hi\n")
        self.assertIn("null bytes", self.run_code("print(1)\0").stderr)
        self.assertFalse(self.run_code("print('\ud800')").success)
        self.assertTrue(self.run_code("").success)

    def test_output_that_is_no_text(self) -> None:
        result = self.run_code("import sys; sys.stdout.buffer.write(b'\\xff\\n')")
        self.assertEqual(result.stdout, "\ufffd\n")

    def test_what_is_not_captured(self) -> None:
        result = self.run_code(
            "import sys; print(1); sys.exit('x')", capture_output=False, capture_errors=False
        )
        self.assertEqual((result.stdout, result.stderr, result.exit_code), ("", "", 1))

    def test_tracing_and_profiling(self) -> None:
        result = self.run_code("open('/etc/shadow')", enable_tracing=True, enable_profiling=True)
        self.assertEqual(result.violation_events[0]["type"], "fs_read")
        self.assertEqual(result.violation_events[0]["context"]["path"], "/etc/shadow")
        self.assertIn("/etc/shadow", result.violations[0])
        self.assertGreater(result.timings["total_ms"], 0)
        self.assertGreaterEqual(result.timings["total_ms"], result.timings["execution_ms"])

    def test_the_audit_log_of_the_caller(self) -> None:
        with tempfile.TemporaryDirectory() as place:
            log = Path(place, "log")
            with mock.patch.dict(os.environ, {"SANDBOX_AUDIT_LOG": str(log)}):
                result = self.run_code("print(1)")
            records = [json.loads(line) for line in log.read_text().splitlines()]
            self.assertEqual([r["event"] for r in records], ["start", "end"])
            self.assertEqual({r["sandbox_id"] for r in records}, {result.sandbox_id})


class StreamedRuns(Runs):
    """The same with callbacks, where the streams come by another way than the verdict."""

    streamed = True


class Executors(unittest.TestCase):
    def test_callbacks_come_while_it_runs(self) -> None:
        times: list[float] = []
        with SRTExecutor(SandboxConfig(), on_stdout=lambda text: times.append(time.monotonic())) as executor:
            executor.execute("import time\nfor _ in range(3): print(1, flush=True); time.sleep(0.3)")
            end = time.monotonic()
        self.assertEqual(len(times), 3)
        self.assertGreater(end - times[0], 0.5)

    def test_both_streams(self) -> None:
        out: list[str] = []
        err: list[str] = []
        with SRTExecutor(None, out.append, err.append) as executor:
            executor.execute("import sys; print('a'); print('b'); print('c', file=sys.stderr)")
        self.assertEqual((out, err), (["a\n", "b\n"], ["c\n"]))

    def test_secrets_are_masked_for_callbacks(self) -> None:
        out: list[str] = []
        policy = SRTConfigManager().expose_env_var("TOKEN", "hunter2\nline2", True).build()
        with SRTExecutor(SandboxConfig(policy=policy), out.append) as executor:
            result = executor.execute("import os; print(os.environ['TOKEN'])")
        self.assertEqual("".join(out), "***\n***\n")
        self.assertEqual(result.stdout, "***\n")

    def test_a_line_without_an_end_is_handed_on_in_parts(self) -> None:
        sizes: list[int] = []
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with SRTExecutor(SandboxConfig(), on_stdout=lambda text: sizes.append(len(text))) as executor:
            result = executor.execute(
                "import sys\nfor _ in range(200): sys.stdout.write('\u00fc' * (1 << 19))", "python"
            )
        self.assertEqual((result.status, sum(sizes)), ("ok", 200 << 19))
        self.assertLess(max(sizes), 1 << 17)
        self.assertLess(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, 100 << 10)

    def test_a_secret_between_two_parts_is_masked(self) -> None:
        out: list[str] = []
        policy = SRTConfigManager().expose_env_var("TOKEN", "hunter2", True).build()
        with SRTExecutor(SandboxConfig(policy=policy), out.append) as executor:
            executor.execute("import os\nfor i in range(9): print('x' * (65533 - i), end=os.environ['TOKEN'])")
        self.assertGreater(len(out), 5)
        self.assertEqual("".join(out).count("***"), 9)
        self.assertEqual({len(part) for part in "".join(out).split("***")[:9]}, set(range(65525, 65534)))

    def test_what_is_to_be_recorded_and_cannot_be_does_not_run(self) -> None:
        out: list[str] = []
        with mock.patch.dict(os.environ, {"SANDBOX_AUDIT_LOG": "/nowhere/log"}):
            for callbacks in ((), (out.append,)):
                with SRTExecutor(None, *callbacks) as executor:
                    result = executor.execute("print(1)")
                self.assertEqual((result.status, result.stdout, out), ("setup_error", "", []))
                self.assertIn("/nowhere/log", result.stderr)

    def test_what_is_ended_has_begun_in_the_audit_log(self) -> None:
        with tempfile.TemporaryDirectory() as place:
            log = Path(place, "log")
            with mock.patch.dict(os.environ, {"SANDBOX_AUDIT_LOG": str(log)}):
                executor = SRTExecutor(None, lambda text: None)
                runner = threading.Thread(target=executor.execute, args=("import time; time.sleep(20)",))
                runner.start()
                self.assertTrue(eventually(lambda: log.exists() and log.stat().st_size > 0))
                executor.cleanup()
                runner.join(10)
            self.assertEqual(json.loads(log.read_text())["event"], "start")

    def test_a_process_without_standard_descriptors(self) -> None:
        with tempfile.NamedTemporaryFile("r") as said:
            code = (
                "import os, sys; from athena.sandbox import *; [os.close(fd) for fd in (0, 1, 2)]\n"
                "policy = SRTConfigManager().expose_env_var('A', 'b').build()\n"
                "for words in ((), (lambda text: None,)):\n"
                "    r = SRTExecutor(SandboxConfig(policy=policy), *words).execute('print(1)')\n"
                "    open(sys.argv[1], 'a').write(repr((r.status, r.stdout, r.stderr)))\n"
                "with SRTExecutorPool(1) as pool: open(sys.argv[1], 'a').write(pool.execute('print(2)').stdout)"
            )
            subprocess.run([sys.executable, "-c", code, said.name], check=True, timeout=60)
            self.assertEqual(said.read(), "('ok', '1\\n', '')" * 2 + "2\n")

    def test_what_a_callback_raises_is_raised(self) -> None:
        def fail(text: str) -> None:
            raise KeyError(text)

        with SRTExecutor(SandboxConfig(), on_stdout=fail) as executor, self.assertRaises(KeyError):
            executor.execute("print(1)\n" * 5)
        self.assertEqual(children(), [])

    def test_cleanup_ends_what_runs_and_leaves_nothing(self) -> None:
        mark = f"cleanup-{os.getpid()}"
        before = set(os.listdir("/proc/self/fd"))
        executor = SRTExecutor(SandboxConfig(environment_vars={"MARK": mark}))
        results: list[ExecutionResult] = []
        code = "import subprocess; subprocess.run(['sleep', '20'])"
        runner = threading.Thread(target=lambda: results.append(executor.execute(code)))
        runner.start()
        self.assertTrue(eventually(lambda: bool(marked(mark))))
        begin = time.monotonic()
        executor.cleanup()
        executor.cleanup()
        runner.join(10)
        self.assertLess(time.monotonic() - begin, 5)
        self.assertEqual((results[0].success, results[0].status), (False, "killed"))
        self.assertTrue(eventually(lambda: not marked(mark)), marked(mark))
        with self.assertRaises(RuntimeError):
            executor.execute("print(1)")
        gc.collect()
        self.assertEqual(set(os.listdir("/proc/self/fd")), before)
        self.assertEqual(children(), [])

    def test_executions_share_nothing(self) -> None:
        with SRTExecutor() as executor:
            executor.execute("open('/tmp/left', 'w'); open('left', 'w')")
            result = executor.execute("import os; print(os.listdir('/tmp'), os.listdir('.'))")
        self.assertEqual(result.stdout, "[] []\n")

    def test_a_program_that_is_none(self) -> None:
        with tempfile.TemporaryDirectory() as place:
            fake = Path(place, "srt")
            fake.write_text("#!/bin/sh\necho nothing here >&2\nexit 1\n")
            fake.chmod(0o755)
            with mock.patch.dict(os.environ, {"SANDBOX_RUNTIME_PATH": str(fake)}):
                for callback in (None, print):
                    result = SRTExecutor(None, callback).execute("print(1)")
                    self.assertEqual(
                        (result.success, result.exit_code, result.infra_error), (False, 125, True)
                    )
                    self.assertIn("nothing here", result.stderr)

    def test_mock(self) -> None:
        with SRTExecutor(SandboxConfig(mode=SandboxMode.MOCK)) as executor:
            executor.execute("x")
            begin = time.perf_counter()
            for _ in range(100):
                result = executor.execute("import os; os.abort()", "bash")
            self.assertLess((time.perf_counter() - begin) / 100, 0.001)
        self.assertTrue(result.success)
        self.assertEqual(result.exit_code, 0)


class Async(unittest.IsolatedAsyncioTestCase):
    async def test_side_by_side(self) -> None:
        async with AsyncSRTExecutor() as executor:
            results = await asyncio.gather(*(executor.execute(f"print({i})") for i in range(4)))
            self.assertEqual([r.stdout for r in results], [f"{i}\n" for i in range(4)])
        with self.assertRaises(RuntimeError):
            await executor.execute("print(1)")

    async def test_a_cancelled_execution_is_ended(self) -> None:
        mark = f"cancel-{os.getpid()}"
        executor = AsyncSRTExecutor(SandboxConfig(environment_vars={"MARK": mark}))
        with self.assertRaises(asyncio.TimeoutError):
            await asyncio.wait_for(executor.execute("import time; time.sleep(20)"), 1)
        self.assertTrue(eventually(lambda: not marked(mark)), marked(mark))
        await executor.cleanup()

    async def test_what_never_had_its_turn_is_forgotten(self) -> None:
        executor = AsyncSRTExecutor()
        asyncio.get_running_loop().set_default_executor(concurrent.futures.ThreadPoolExecutor(1))
        tasks = [asyncio.create_task(executor.execute("import time; time.sleep(20)")) for _ in range(5)]
        await asyncio.sleep(0.3)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.assertEqual(executor._executor._runs, set())
        await executor.cleanup()

    async def test_mock(self) -> None:
        async with AsyncSRTExecutor(SandboxConfig(mode=SandboxMode.MOCK)) as executor:
            self.assertTrue((await executor.execute("x")).success)


if __name__ == "__main__":
    unittest.main()
