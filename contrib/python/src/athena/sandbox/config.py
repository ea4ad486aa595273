# SPDX-License-Identifier: Apache-2.0
"""What an executor is asked to hold the code to."""

from __future__ import annotations

import dataclasses
import ipaddress
import math
import os
import re
from dataclasses import dataclass, field
from typing import Any

from .modes import ExecutionLanguage, NetworkAccessMode, SandboxMode
from .policy import DEVELOPMENT_POLICY, RESEARCH_POLICY, STRICT_POLICY, SRTPolicy
from .result import new_id

_VERSION = "1"

_DOMAIN = re.compile(
    r"(\*|(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)", re.I
)


@dataclass(frozen=True)
class SandboxResourceLimits:
    """How much of the machine the code may use."""

    timeout_seconds: float = 30
    max_memory_mb: int = 256
    max_cpu_percent: float = 90.0
    max_file_size_mb: int = 10
    max_total_files: int = 100
    max_disk_space_mb: int = 500
    max_processes: int = 10

    def to_dict(self) -> dict[str, Any]:
        """The limits as plain data."""
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class SandboxSecurityPolicy:
    """What the code may reach and do."""

    network_mode: NetworkAccessMode = NetworkAccessMode.NONE
    allow_network: bool = False
    allow_outbound_http: bool = False
    blocked_domains: tuple[str, ...] = ()
    allow_eval: bool = False
    allow_exec: bool = False
    allow_import_dynamic: bool = False
    policy: SRTPolicy | None = None

    def to_dict(self) -> dict[str, Any]:
        """The policy as plain data; sensitive values are "***"."""
        d = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        d["network_mode"] = self.network_mode.value
        d["blocked_domains"] = list(self.blocked_domains)
        d["policy"] = self.policy.to_dict() if self.policy else None
        return d


def is_domain(text: str) -> bool:
    """Whether this is a domain, a "*.domain", "*", an address or a range of them, with or without ":port"."""
    host, colon, port = text.rpartition(":")
    if colon and port.isdigit() and (host.endswith("]") or ":" not in host):
        if not 1 <= int(port) <= 65535:
            return False
    else:
        host = text
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    try:
        ipaddress.ip_network(host, strict=False)
        return True
    except ValueError:
        return len(host) <= 253 and _DOMAIN.fullmatch(host) is not None


@dataclass
class SandboxConfig:
    """Mode, language, limits and rights of an executor. The defaults give little."""

    mode: SandboxMode = SandboxMode.SRT
    language: ExecutionLanguage = ExecutionLanguage.PYTHON
    timeout_seconds: float = 30
    max_memory_mb: int = 256
    max_cpu_percent: float = 90.0
    """Of one processor."""
    max_file_size_mb: int = 10
    max_total_files: int = 100
    max_disk_space_mb: int = 500
    max_processes: int = 10
    allow_network: bool = False
    allow_outbound_http: bool = False
    """Ports 80 and 443 alone."""
    blocked_domains: list[str] = field(default_factory=list)
    working_directory: str | None = None
    """A directory of the host, shown read-only unless the policy says otherwise; or a private one, as /tmp."""
    environment_vars: dict[str, str] = field(default_factory=dict)
    enable_profiling: bool = False
    """Milliseconds by phase, in the result's timings."""
    enable_tracing: bool = False
    """What the code was refused, in the result's violation_events."""
    capture_output: bool = True
    """False: standard output is not kept in the result; a callback has it all the same."""
    capture_errors: bool = True
    allow_eval: bool = False
    """This and the next two act in mode RESTRICTED."""
    allow_exec: bool = False
    allow_import_dynamic: bool = False
    policy: SRTPolicy | None = None
    """Files, variables and network. Where there is one, its network mode counts, not allow_network."""
    version: str = "1.0"
    sandbox_id: str = field(default_factory=new_id)
    creator: str = ""
    purpose: str = "Code execution"
    description: str = ""

    def __post_init__(self) -> None:
        self.mode = SandboxMode(self.mode)
        self.language = ExecutionLanguage(self.language)

    def validate(self) -> tuple[bool, list[str]]:
        """Whether the config can be used, and a line for each thing that is wrong with it."""
        wrong = [
            f"{name} must be between {low} and {high}, is {getattr(self, name)!r}"
            for name, low, high in (("timeout_seconds", 1, 3600), ("max_memory_mb", 32, 8192))
            if not _is_between(getattr(self, name), low, high)
        ]
        if not _is_between(self.max_cpu_percent, 0, 100) or self.max_cpu_percent == 0:
            wrong.append(f"max_cpu_percent must be above 0 and at most 100, is {self.max_cpu_percent!r}")
        counts = ("max_file_size_mb", "max_total_files", "max_disk_space_mb", "max_processes")
        wrong += [
            f"{name} must be at least 1, is {getattr(self, name)!r}"
            for name in counts
            if not _is_between(getattr(self, name), 1, 1 << 30)
        ]
        wrong += [
            f"{name} must be a whole number, is {getattr(self, name)!r}"
            for name in (*counts, "max_memory_mb")
            if not isinstance(getattr(self, name), int)
        ]
        if not wrong and self.max_disk_space_mb < self.max_file_size_mb:
            wrong.append(
                f"max_disk_space_mb ({self.max_disk_space_mb}) must be at least "
                f"max_file_size_mb ({self.max_file_size_mb})"
            )
        wrong += [f"blocked_domains: {d!r} is no domain" for d in self.blocked_domains if not is_domain(d)]
        rules = self.policy.network_rules if self.policy else []
        wrong += [f"policy: {r.domain!r} is no domain" for r in rules if not is_domain(r.domain)]
        wrong += [
            f"environment_vars: {name!r} is no name of a variable"
            for name in self.environment_vars
            if not name or "=" in name or "\0" in name
        ]
        wrong += [
            f"environment_vars: the value of {name} is no text that a variable can have"
            for name, value in self.environment_vars.items()
            if not _is_text(value)
        ]
        if not _is_known_version(self.version):
            wrong.append(f"version must be {_VERSION} or {_VERSION}.N, is {self.version!r}")
        if self.working_directory is not None and not os.path.isabs(self.working_directory):
            wrong.append(f"working_directory must be absolute, is {self.working_directory!r}")
        elif self.working_directory is not None and not _is_text(self.working_directory):
            wrong.append(f"working_directory is no path: {self.working_directory!r}")
        return not wrong, wrong

    def network_mode(self) -> NetworkAccessMode:
        """What of the network this config gives."""
        if self.policy:
            return self.policy.network_mode
        if self.allow_network:
            return NetworkAccessMode.FULL
        return NetworkAccessMode.RESTRICTED if self.allow_outbound_http else NetworkAccessMode.NONE

    def get_resource_limits(self) -> SandboxResourceLimits:
        """The limits alone."""
        return SandboxResourceLimits(
            **{f.name: getattr(self, f.name) for f in dataclasses.fields(SandboxResourceLimits)}
        )

    def get_security_policy(self) -> SandboxSecurityPolicy:
        """The rights alone."""
        return SandboxSecurityPolicy(
            self.network_mode(),
            self.allow_network,
            self.allow_outbound_http,
            tuple(self.blocked_domains),
            self.allow_eval,
            self.allow_exec,
            self.allow_import_dynamic,
            self.policy,
        )

    def to_dict(self) -> dict[str, Any]:
        """The config as plain data; sensitive values of the policy are "***"."""
        d = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        d["mode"], d["language"] = self.mode.value, self.language.value
        d["blocked_domains"] = list(self.blocked_domains)
        d["environment_vars"] = dict(self.environment_vars)
        d["policy"] = self.policy.to_dict() if self.policy else None
        return d

    @classmethod
    def strict(cls) -> SandboxConfig:
        """10 s, 128 MB, no network, nothing of the home directory."""
        return cls(timeout_seconds=10, max_memory_mb=128, policy=STRICT_POLICY)

    @classmethod
    def default(cls) -> SandboxConfig:
        """30 s, 256 MB, no network."""
        return cls()

    @classmethod
    def permissive(cls) -> SandboxConfig:
        """60 s, 512 MB, the host's network."""
        return cls(timeout_seconds=60, max_memory_mb=512, allow_network=True)

    @classmethod
    def research(cls) -> SandboxConfig:
        """The default limits with RESEARCH_POLICY."""
        return cls(policy=RESEARCH_POLICY)

    @classmethod
    def development(cls) -> SandboxConfig:
        """60 s, 512 MB, with DEVELOPMENT_POLICY."""
        return cls(timeout_seconds=60, max_memory_mb=512, allow_network=True, policy=DEVELOPMENT_POLICY)


def _is_known_version(value: Any) -> bool:
    # A later one of the same major number is no other document.
    return isinstance(value, str) and re.fullmatch(rf"{_VERSION}(\.[0-9]+)*", value) is not None


def _is_text(value: Any) -> bool:
    if not isinstance(value, str) or "\0" in value:
        return False
    try:
        os.fsencode(value)
    except UnicodeEncodeError:
        return False
    return True


def _is_between(value: Any, low: float, high: float) -> bool:
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and math.isfinite(value)
        and low <= value <= high
    )
