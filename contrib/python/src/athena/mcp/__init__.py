# SPDX-License-Identifier: Apache-2.0
"""A memory for agents: records in a file of JSON lines, each appended whole."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

__all__ = ["MemoryAPI"]


def _default_path() -> Path:
    named = os.environ.get("ATHENA_MEMORY_FILE")
    if named:
        return Path(named)
    data = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    return Path(data) / "athena" / "memory.jsonl"


class MemoryAPI:
    """What is remembered, and found again. Several processes may share one file."""

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self.path = Path(path) if path is not None else _default_path()

    @classmethod
    def create(cls, path: str | os.PathLike[str] | None = None) -> MemoryAPI:
        """A store in this file, or that of ATHENA_MEMORY_FILE, or in the user's data directory."""
        return cls(path)

    def remember(
        self,
        memory_type: str,
        content: Any,
        tags: Iterable[str] | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> str:
        """Keep a record; returns its id. TypeError where it is no JSON."""
        record = {
            "id": uuid.uuid4().hex,
            "timestamp": datetime.now(timezone.utc).isoformat(),
            "memory_type": memory_type,
            "content": content,
            "tags": list(tags or ()),
            "context": dict(context or {}),
        }
        line = json.dumps(record).encode() + b"\n"
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(fd, line)
        finally:
            os.close(fd)
        return str(record["id"])

    def recall(
        self, memory_type: str | None = None, tags: Iterable[str] = (), text: str = ""
    ) -> list[dict[str, Any]]:
        """The records of this type that have all these tags and contain the text, oldest first."""
        wanted = set(tags)
        try:
            # By newline alone: other ends of lines may stand in what is remembered.
            lines = self.path.read_text(encoding="utf-8").split("\n")
        except FileNotFoundError:
            return []
        records: list[dict[str, Any]] = [json.loads(line) for line in lines if line]
        return [
            r
            for r in records
            if memory_type in (None, r["memory_type"])
            and wanted <= set(r["tags"])
            and text in json.dumps(r["content"], ensure_ascii=False)
        ]
