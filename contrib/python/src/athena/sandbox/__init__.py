# SPDX-License-Identifier: Apache-2.0
"""Run code that is not trusted, with limits, without a network, and with a verdict.

    from athena.sandbox import SandboxConfig, SRTExecutor

    with SRTExecutor(SandboxConfig.strict()) as executor:
        print(executor.execute("print(6 * 7)").stdout)

The sandbox is the program sandbox-runtime of srt-oci; this package starts it and reads its verdict.
"""

from .adapters import CodeOutput, SandboxTool, SmolagentsExecutor
from .config import SandboxConfig, SandboxResourceLimits, SandboxSecurityPolicy
from .executor import AsyncSRTExecutor, SRTExecutor
from .modes import ExecutionLanguage, FilesystemAccessMode, NetworkAccessMode, SandboxMode
from .policy import (
    DEVELOPMENT_POLICY,
    RESEARCH_POLICY,
    STRICT_POLICY,
    EnvironmentVariable,
    FilesystemRule,
    NetworkRule,
    SRTConfigManager,
    SRTPolicy,
)
from .pool import AsyncSRTExecutorPool, SRTExecutorPool
from .result import ExecutionResult

__version__ = "0.1.0"

__all__ = [
    "DEVELOPMENT_POLICY",
    "RESEARCH_POLICY",
    "STRICT_POLICY",
    "AsyncSRTExecutor",
    "AsyncSRTExecutorPool",
    "CodeOutput",
    "EnvironmentVariable",
    "ExecutionLanguage",
    "ExecutionResult",
    "FilesystemAccessMode",
    "FilesystemRule",
    "NetworkAccessMode",
    "NetworkRule",
    "SRTConfigManager",
    "SRTExecutor",
    "SRTExecutorPool",
    "SRTPolicy",
    "SandboxConfig",
    "SandboxMode",
    "SandboxResourceLimits",
    "SandboxSecurityPolicy",
    "SandboxTool",
    "SmolagentsExecutor",
]
