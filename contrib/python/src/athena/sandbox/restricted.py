# SPDX-License-Identifier: Apache-2.0
"""Mode RESTRICTED: Python compiled by RestrictedPython, in this process. A hint for honest code, no boundary.

No memory, file or process limit is held. The timeout interrupts Python code; a call that stays in C is
left behind in its thread.
"""

from __future__ import annotations

import ast
import builtins
import ctypes
import importlib
import io
import operator
import sys
import threading
import time
import traceback
from collections.abc import Callable
from types import CodeType, SimpleNamespace
from typing import Any

from .config import SandboxConfig
from .result import ExecutionResult

# Modules that `import` gives without allow_import_dynamic: their public names, and none of what they import.
_IMPORTABLE = frozenset(
    ("math", "cmath", "datetime", "decimal", "fractions", "itertools", "json", "random", "re", "statistics")
)
_MORE_BUILTINS = (
    "all", "any", "bytearray", "dict", "enumerate", "filter", "frozenset", "iter", "list", "map", "max", "min",
    "next", "object", "reversed", "set", "sum", "super", "staticmethod", "classmethod", "property",
)  # fmt: skip
_INPLACE: dict[str, Callable[[Any, Any], Any]] = {
    "+=": operator.iadd, "-=": operator.isub, "*=": operator.imul, "/=": operator.itruediv,
    "//=": operator.ifloordiv, "%=": operator.imod, "**=": operator.ipow, "@=": operator.imatmul,
    "<<=": operator.ilshift, ">>=": operator.irshift,
    "&=": operator.iand, "|=": operator.ior, "^=": operator.ixor,
}  # fmt: skip
_GRACE = 1.0


class _Deadline(BaseException):
    """Raised in the code's thread when its time is over."""


def _modules() -> tuple[Any, Any]:
    try:
        return importlib.import_module("RestrictedPython"), importlib.import_module("RestrictedPython.Guards")
    except ImportError:
        raise ImportError("RestrictedPython not installed") from None


def _refused(errors: list[str]) -> ExecutionResult:
    return ExecutionResult(
        False,
        stderr="\n".join(errors) + "\n",
        exit_code=1,
        violations=errors,
        error="SyntaxError",
        status="exit",
    )


class RestrictedEngine:
    """Compiles and runs code under RestrictedPython's rules and those of a config."""

    def __init__(self, config: SandboxConfig) -> None:
        self._config = config
        self._library, self._guards = _modules()
        self._transformer = _transformer(self._library, config)

    def execute(self, code: str) -> ExecutionResult:
        """Run the code; what it does wrong is in the result."""
        begin = time.monotonic()
        try:
            compiled = self._library.compile_restricted_exec(code, "<string>", policy=self._transformer)
        except Exception as e:
            # The library meets syntax that it does not know, or code that is nested too deeply.
            return _refused([f"RestrictedPython cannot compile it: {e or type(e).__name__}"])
        if compiled.errors:
            return _refused([str(e) for e in compiled.errors])
        result = self._run(compiled.code)
        result.execution_time_ms = round((time.monotonic() - begin) * 1000, 3)
        return result

    def _run(self, code: CodeType) -> ExecutionResult:
        out, err = io.StringIO(), io.StringIO()
        task = _Task(code, self._globals(out), err)
        task.start()
        task.join(self._config.timeout_seconds)
        if task.is_alive():
            task.interrupt()
            words = f"Execution timeout after {self._config.timeout_seconds:g}s"
            return ExecutionResult(
                False,
                out.getvalue(),
                words,
                124,
                violations=[words],
                error="TimeoutExpired",
                status="timeout",
            )
        return ExecutionResult(
            task.exit_code == 0,
            out.getvalue(),
            err.getvalue(),
            task.exit_code,
            error=task.error,
            status="exit" if task.exit_code else "ok",
        )

    def _globals(self, out: io.StringIO) -> dict[str, Any]:
        guards = self._guards
        names = dict(guards.safe_builtins)
        names.update({name: getattr(builtins, name) for name in _MORE_BUILTINS})
        names["__import__"] = __import__ if self._config.allow_import_dynamic else _import
        namespace: dict[str, Any] = {
            "__builtins__": names,
            "__name__": "__main__",
            "__metaclass__": type,
            "_getattr_": guards.safer_getattr,
            "_getitem_": lambda o, key: o[key],
            "_getiter_": iter,
            "_iter_unpack_sequence_": guards.guarded_iter_unpack_sequence,
            "_unpack_sequence_": guards.guarded_unpack_sequence,
            "_apply_": lambda f, *a, **kw: f(*a, **kw),
            "_write_": _writable,
            "_inplacevar_": _inplace,
            "_print_": lambda _getattr_=None: _Printer(out),
        }
        # eval and exec see the code's own names and compile by the same rules.
        if self._config.allow_eval:
            names["eval"] = lambda source: eval(self._compile(source, "eval"), namespace)
        if self._config.allow_exec:
            names["exec"] = lambda source: exec(self._compile(source, "exec"), namespace)
        return namespace

    def _compile(self, source: str, kind: str) -> CodeType:
        compiled = getattr(self._library, f"compile_restricted_{kind}")(
            source, "<string>", policy=self._transformer
        )
        if compiled.errors:
            raise SyntaxError("; ".join(str(e) for e in compiled.errors))
        code: CodeType = compiled.code
        return code


class _Task(threading.Thread):
    """The thread that the code runs in, so that it can be interrupted."""

    def __init__(self, code: CodeType, namespace: dict[str, Any], err: io.StringIO) -> None:
        super().__init__(daemon=True)
        self.exit_code = 0
        self.error: str | None = None
        self._code, self._namespace, self._err = code, namespace, err

    def run(self) -> None:
        try:
            exec(self._code, self._namespace)
        except _Deadline:
            pass
        except SystemExit as e:
            self.exit_code = e.code if isinstance(e.code, int) else int(e.code is not None)
        except BaseException as e:
            self.exit_code, self.error = 1, type(e).__name__
            inner = e.__traceback__.tb_next if e.__traceback__ else None
            traceback.print_exception(type(e), e, inner, file=self._err)

    def interrupt(self) -> None:
        """Raise in the thread, again where the code catches it, until it ends or is given up."""
        until = time.monotonic() + _GRACE
        while self.is_alive() and time.monotonic() < until:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(self.ident or 0), ctypes.py_object(_Deadline)
            )
            self.join(0.01)


class _Printer:
    """What print becomes: every scope writes to the one stream."""

    def __init__(self, out: io.StringIO) -> None:
        self._out = out

    def _call_print(self, *objects: Any, **options: Any) -> None:
        options["file"] = self._out
        print(*objects, **options)

    def __call__(self) -> str:
        return self._out.getvalue()


def _writable(thing: Any) -> Any:
    """Containers may be changed, and objects of classes that the code itself made; nothing of the host's."""
    if type(thing) in (dict, list, set, bytearray) or type(thing).__module__ == "__main__":
        return thing
    raise TypeError(f"'{type(thing).__name__}' object cannot be changed here")


def _inplace(op: str, left: Any, right: Any) -> Any:
    return _INPLACE[op](left, right)


def _import(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
    if level or name not in _IMPORTABLE:
        raise ImportError(f"import of {name} is not allowed; allow_import_dynamic allows any")
    module = importlib.import_module(name)
    public = getattr(module, "__all__", [n for n in vars(module) if not n.startswith("_")])
    kept = {n: getattr(module, n) for n in public}
    return SimpleNamespace(**{n: v for n, v in kept.items() if not isinstance(v, type(sys))})


def _transformer(library: Any, config: SandboxConfig) -> type[Any]:
    base: type[Any] = library.RestrictingNodeTransformer

    class Transformer(base):  # type: ignore[misc]
        """RestrictedPython's rules, but f-strings, annotations, and eval and exec as the config says."""

        _allowed = {n for n, yes in (("eval", config.allow_eval), ("exec", config.allow_exec)) if yes}

        def visit_Call(self, node: ast.Call) -> Any:
            name = node.func.id if isinstance(node.func, ast.Name) else None
            if name in self._allowed:
                return self.node_contents_visit(node)
            return super().visit_Call(node)

        def visit_JoinedStr(self, node: ast.JoinedStr) -> Any:
            return self.node_contents_visit(node)

        def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
            return self.node_contents_visit(node)

        def visit_FormattedValue(self, node: ast.FormattedValue) -> Any:
            return self.node_contents_visit(node)

        def visit_Constant(self, node: ast.Constant) -> Any:
            return node

        def visit_Module(self, node: ast.Module) -> Any:
            return _placed(super().visit_Module(node))

        def visit_Expression(self, node: ast.Expression) -> Any:
            return _placed(super().visit_Expression(node))

    return Transformer


def _placed(tree: ast.AST) -> ast.AST:
    """Nodes that the library adds have no end; Python 3.11 wants one that is not before the beginning."""
    for node in ast.walk(tree):
        line, end = getattr(node, "lineno", None), getattr(node, "end_lineno", None)
        if line is not None and (end is None or end < line):
            setattr(node, "end_lineno", line)
            setattr(node, "end_col_offset", getattr(node, "col_offset", 0))
    return tree
