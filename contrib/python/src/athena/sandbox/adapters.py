# SPDX-License-Identifier: Apache-2.0
"""The sandbox as the executor of agents' code, in the shapes that smolagents and LangChain ask for.

Neither is imported: an object is taken for a tool or an executor by the methods that it has.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .config import SandboxConfig
from .executor import AsyncSRTExecutor, SRTExecutor
from .modes import ExecutionLanguage
from .result import ExecutionResult


@dataclass
class CodeOutput:
    """What a step of an agent gave. Older agents unpack it as (output, logs, is_final_answer)."""

    output: Any
    logs: str
    is_final_answer: bool

    def __iter__(self) -> Iterator[Any]:
        return iter((self.output, self.logs, self.is_final_answer))


_PRELUDE = """\
def final_answer(value=None, *, __mark={mark!r}):
    import json, sys
    print()
    print(__mark + json.dumps(value, default=str))
    sys.exit(0)
globals().update(__import__('json').loads({variables!r}))
"""


class SmolagentsExecutor:
    """A Python executor for a smolagents CodeAgent: code goes in; output, logs and whether that is final come out.

    Each step is a sandbox of its own: variables are handed in by send_variables() as JSON, and what a step
    defines is gone with it. final_answer(value) ends the agent's work. Tools of the host's are refused, as
    they would run outside.
    """

    def __init__(self, config: SandboxConfig | None = None) -> None:
        self._executor = SRTExecutor(config)
        self._variables: dict[str, Any] = {}

    def send_variables(self, variables: Mapping[str, Any]) -> None:
        """Names that later steps see. TypeError where one is no JSON."""
        json.dumps(dict(variables))
        self._variables.update(variables)

    def send_tools(self, tools: Mapping[str, Any]) -> None:
        """Only final_answer can be had; any other tool of this process is refused."""
        others = sorted(set(tools) - {"final_answer"})
        if others:
            raise ValueError(
                f"tools that run in this process cannot be called from the sandbox: {', '.join(others)}"
            )

    def __call__(self, code_action: str) -> CodeOutput:
        mark = f"final-{secrets.token_hex(16)}:"
        prelude = _PRELUDE.format(mark=mark, variables=json.dumps(self._variables))
        result = self._executor.execute(prelude + code_action, ExecutionLanguage.PYTHON)
        logs, found, answer = result.stdout.rpartition("\n" + mark)
        if found and result.success:
            return CodeOutput(json.loads(answer), logs, True)
        if not result.success:
            raise RuntimeError(describe(result))
        return CodeOutput(None, result.stdout, False)

    def cleanup(self) -> None:
        """End what still runs."""
        self._executor.cleanup()


class SandboxTool:
    """A tool in the shape of LangChain's: name, description, args, run(), invoke(), arun(), ainvoke().

    The answer is text for a model: what the code wrote, and what became of it where that was not success.
    """

    name = "python_sandbox"
    description = (
        "Runs Python code in a sandbox without network and with limits of time and memory. "
        "Input is the code; the answer is what it prints. Nothing is kept between two calls."
    )
    args = {"code": {"type": "string", "description": "the Python code"}}

    def __init__(self, config: SandboxConfig | None = None) -> None:
        self._executor = SRTExecutor(config)
        self._twin = AsyncSRTExecutor(config)

    def run(self, tool_input: str | Mapping[str, Any], **kwargs: Any) -> str:
        """Run the code."""
        return describe(self._executor.execute(_code(tool_input)))

    async def arun(self, tool_input: str | Mapping[str, Any], **kwargs: Any) -> str:
        """Run the code, while other tasks go on."""
        return describe(await self._twin.execute(_code(tool_input)))

    def invoke(self, input: str | Mapping[str, Any], config: Any = None, **kwargs: Any) -> str:
        """Run the code."""
        return self.run(input)

    async def ainvoke(self, input: str | Mapping[str, Any], config: Any = None, **kwargs: Any) -> str:
        """Run the code, while other tasks go on."""
        return await self.arun(input)

    def __call__(self, code: str) -> str:
        return self.run(code)


def describe(result: ExecutionResult) -> str:
    """A result as text for a model."""
    parts = [result.stdout, result.stderr]
    if not result.success:
        parts.append(f"[{result.status}, exit code {result.exit_code}]")
    return "\n".join(p.rstrip("\n") for p in parts if p)


def _code(tool_input: str | Mapping[str, Any]) -> str:
    code = tool_input if isinstance(tool_input, str) else tool_input.get("code")
    if not isinstance(code, str):
        raise ValueError('the input of the tool is the code, or {"code": ...}')
    return code
