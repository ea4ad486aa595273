# SPDX-License-Identifier: Apache-2.0
"""Mode RESTRICTED, with RestrictedPython and without."""

import importlib.util
import sys
import time
import unittest
from typing import Any
from unittest import mock

from athena.sandbox import ExecutionResult, SandboxConfig, SandboxMode, SRTExecutor


class Without(unittest.TestCase):
    def test_says_what_is_missing(self) -> None:
        with mock.patch.dict(sys.modules, {"RestrictedPython": None}), self.assertRaises(
            ImportError
        ) as caught:
            SRTExecutor(SandboxConfig(mode=SandboxMode.RESTRICTED))
        self.assertEqual(str(caught.exception), "RestrictedPython not installed")


@unittest.skipUnless(importlib.util.find_spec("RestrictedPython"), "RestrictedPython is not installed")
class Restricted(unittest.TestCase):
    def run_code(self, code: str, language: str | None = None, **options: Any) -> ExecutionResult:
        with SRTExecutor(SandboxConfig(mode=SandboxMode.RESTRICTED, **options)) as executor:
            return executor.execute(code, language)

    def test_runs_python(self) -> None:
        code = (
            "import math\nn: int = 1\nclass A:\n  def f(self, *a: int, **k: int) -> tuple: return a, k\nx = [1]\nx[0] = 2\ny = 1\ny += 2\n"
            "for a, b in [(1, 2)]: print(a, b)\nprint(f'{math.pi:.2f}', x, y, A().f(*x, **{'k': 1}), max(x), end='')"
        )
        result = self.run_code(code)
        self.assertEqual(result.stderr, "")
        self.assertEqual(result.stdout, "1 2\n3.14 [2] 3 ((2,), {'k': 1}) 2")
        self.assertEqual((result.success, result.status, result.exit_code), (True, "ok", 0))

    def test_what_the_library_cannot_compile_is_a_result(self) -> None:
        # Subscripts are what its releases for older interpreters do not know; the nesting is too deep for any.
        for code in ("().__class__.__bases__[0]", "print(" + "-" * 9000 + "1)"):
            result = self.run_code(code)
            self.assertEqual((result.success, result.status, result.exit_code), (False, "exit", 1))
            self.assertEqual(result.error, "SyntaxError")

    def test_refuses(self) -> None:
        for code in (
            "().__class__", "import os", "open('/etc/passwd')", "__import__('os')", "eval('1')", "exec('x=1')",
            "'{0.__class__}'.format(1)", "import json\njson.codecs", "import math\nmath.pi = 3", "getattr(1, 'x')",
            "f'{().__class__}'",
        ):  # fmt: skip
            result = self.run_code(code)
            self.assertEqual((result.success, result.exit_code), (False, 1), code)
            self.assertTrue(result.stderr, code)

    def test_what_the_config_allows(self) -> None:
        self.assertEqual(self.run_code("print(eval('1 + 1'))", allow_eval=True).stdout, "2\n")
        self.assertEqual(self.run_code("exec('x = 3')\nprint(x)", allow_exec=True).stdout, "3\n")
        self.assertFalse(self.run_code("exec('x = 3')", allow_eval=True).success)
        self.assertFalse(self.run_code("eval('().__class__')", allow_eval=True).success)
        self.assertEqual(
            self.run_code("import string\nprint(string.digits)", allow_import_dynamic=True).stdout,
            "0123456789\n",
        )

    def test_ends(self) -> None:
        self.assertIn("ZeroDivisionError", self.run_code("1/0").stderr)
        self.assertTrue(self.run_code("").success)
        result = self.run_code("print(1")
        self.assertEqual((result.exit_code, result.error), (1, "SyntaxError"))

    def test_timeout_also_where_all_is_caught(self) -> None:
        begin = time.monotonic()
        result = self.run_code(
            "print('a')\nwhile True:\n  try:\n    while True: pass\n  except: pass", timeout_seconds=1
        )
        self.assertLess(time.monotonic() - begin, 6)
        self.assertEqual(
            (result.exit_code, result.error, result.stderr, result.stdout),
            (124, "TimeoutExpired", "Execution timeout after 1s", "a\n"),
        )

    def test_callbacks_and_languages(self) -> None:
        said: list[str] = []
        with SRTExecutor(SandboxConfig(mode=SandboxMode.RESTRICTED), said.append) as executor:
            executor.execute("print(1)\nprint(2)")
            self.assertEqual(executor.execute("echo", "bash").exit_code, 125)
        self.assertEqual(said, ["1\n", "2\n"])


if __name__ == "__main__":
    unittest.main()
