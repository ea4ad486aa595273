# SPDX-License-Identifier: Apache-2.0
"""What became of one execution."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from typing import Any


def new_id() -> str:
    """A name for an execution that no other has."""
    return f"sb-{uuid.uuid4().hex[:16]}"


def now() -> str:
    """This moment, in UTC, as the program writes it."""
    return datetime.now(timezone.utc).isoformat().replace("+00:00", "Z")


@dataclass
class ExecutionResult:
    """The streams, the status and the verdict of one execution."""

    success: bool
    stdout: str = ""
    stderr: str = ""
    exit_code: int = 0
    """The code's own; 124 timeout, 137 memory limit, 128+N signal N, 125 where it never ran."""
    execution_time_ms: float = 0.0
    violations: list[str] = field(default_factory=list)
    memory_used_mb: float = 0.0
    sandbox_id: str = field(default_factory=new_id)
    timestamp: str = field(default_factory=now)
    error: str | None = None
    """A word for what went wrong, or what kept the code from running."""
    status: str = "ok"
    """ok exit signal timeout cpu memory processes disk files output seccomp setup_error killed."""
    violation_events: list[dict[str, Any]] = field(default_factory=list)
    changes: list[dict[str, Any]] = field(default_factory=list)
    infra_error: bool = False
    """The fault is ours, not the code's: whoever grades by results should leave this one out."""
    timings: dict[str, float] = field(default_factory=dict)
    """Milliseconds by phase, with enable_profiling."""

    def to_dict(self) -> dict[str, Any]:
        """The result as plain data."""
        return asdict(self)
