# SPDX-License-Identifier: Apache-2.0
"""The words of the package: where code runs, in which language, and what it may reach."""

from enum import Enum


class SandboxMode(str, Enum):
    """Where code runs."""

    SRT = "srt"
    """In a sandbox of the program: namespaces, limits, no network. The only mode that is a boundary."""
    RESTRICTED = "restricted"
    """In this process, compiled by RestrictedPython. A hint for honest code, no boundary."""
    MOCK = "mock"
    """Nothing runs; the answer is canned."""


class ExecutionLanguage(str, Enum):
    """The language of the code."""

    PYTHON = "python"
    JAVASCRIPT = "javascript"
    BASH = "bash"


class FilesystemAccessMode(str, Enum):
    """What may be done with a path."""

    ALLOW = "allow"
    """Read and write."""
    DENY = "deny"
    READ_ONLY = "read_only"


class NetworkAccessMode(str, Enum):
    """What may be reached: of a policy the whole, of a rule its domain."""

    NONE = "none"
    RESTRICTED = "restricted"
    FULL = "full"
