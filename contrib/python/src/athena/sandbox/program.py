# SPDX-License-Identifier: Apache-2.0
"""The program: where it is, and how a config and a piece of code become its arguments."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, field

from .config import SandboxConfig
from .modes import ExecutionLanguage, FilesystemAccessMode, NetworkAccessMode
from .policy import SRTPolicy

FACE = "sandbox-runtime"
"""The name that the program is called by, whichever of its links was found."""

_PLACES = ("/usr/local/bin/srt", "/usr/bin/srt", "~/bin/srt")
_NAMES = ("srt", "sandbox-runtime")

# A kernel takes 128 KiB an argument; longer code goes by standard input.
_ARGUMENT_MAX = 100_000

# The caller's environment sets defaults for people at a shell. Here the config says what is given.
_WIDENING = ("SANDBOX_ALLOW_NETWORK", "SANDBOX_NETWORK", "SANDBOX_ALLOW_FS_WRITE")

# A hundredth of one is the least share that can be held.
_CPU_LEAST = 0.01

_VIEW = ("/", "/tmp", "/dev", "/proc", "/sys", "/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc")

# Node takes a thread a processor for its garbage, which on a large machine alone would be over max_processes.
_NODE = ("node", "--v8-pool-size=1")

_BY_ARGUMENT = {
    ExecutionLanguage.PYTHON: ("python3", "-c"),
    ExecutionLanguage.JAVASCRIPT: (*_NODE, "-e"),
    ExecutionLanguage.BASH: ("bash", "-c"),
}
_BY_INPUT = {
    ExecutionLanguage.PYTHON: (
        "python3",
        "-c",
        "exec(compile(__import__('sys').stdin.buffer.read(), '<string>', 'exec'))",
    ),
    ExecutionLanguage.JAVASCRIPT: (*_NODE, "-"),
    ExecutionLanguage.BASH: ("bash", "-c", "IFS= read -r -d '' REPLY; exec </dev/null; eval \"$REPLY\""),
}


def find_program() -> str:
    """The program's path: SANDBOX_RUNTIME_PATH alone where it is set, else the usual places, else $PATH.

    Raises RuntimeError("SRT binary not found"); its cause says what was looked at.
    """
    named = os.environ.get("SANDBOX_RUNTIME_PATH")
    places = [named] if named else [os.path.expanduser(p) for p in _PLACES]
    for place in places:
        if os.path.isfile(place) and os.access(place, os.X_OK):
            return place
    for name in () if named else _NAMES:
        found = shutil.which(name)
        if found:
            return os.path.abspath(found)
    raise RuntimeError("SRT binary not found") from FileNotFoundError(
        f"SANDBOX_RUNTIME_PATH: {named}" if named else ", ".join((*_PLACES, "$PATH"))
    )


@dataclass(frozen=True)
class Command:
    """One start of the program. Nothing in it that is secret is in the arguments."""

    arguments: list[str]
    environment: dict[str, str] = field(repr=False)
    settings: bytes | None = field(repr=False)
    """What --settings reads, where the arguments have SETTINGS for its path."""
    stdin: bytes | None = field(repr=False)
    secrets: list[str] = field(repr=False)
    """The values, to mask what the code writes of them."""
    directory: str | None = None


SETTINGS = "{settings}"


def make_command(config: SandboxConfig, code: str, language: ExecutionLanguage) -> Command:
    """What runs the code under the config. LookupError where a secret's value is to be had nowhere."""
    environment = {k: v for k, v in os.environ.items() if k not in _WIDENING}
    arguments = _limits(config) + _network(config) + _directory(config)
    settings = None
    secrets = config.policy.secrets() if config.policy else {}
    for i, (name, value) in enumerate(secrets.items()):
        environment[f"ATHENA_SECRET_{i}"] = value
        arguments += ["--secret", f"{name}=env:ATHENA_SECRET_{i}"]
    if config.policy or config.environment_vars:
        document = (config.policy or SRTPolicy()).settings(config.environment_vars)
        settings = json.dumps(document).encode()
        arguments += ["--settings", SETTINGS]
    if config.enable_tracing:
        arguments.append("--trace")
    program, stdin = _program(code, language)
    return Command(
        arguments + ["--", *program],
        environment,
        settings,
        stdin,
        [v for v in secrets.values() if v],
        config.working_directory,
    )


def _program(code: str, language: ExecutionLanguage) -> tuple[list[str], bytes | None]:
    source = code.encode("utf-8", "surrogatepass")
    if len(source) <= _ARGUMENT_MAX and b"\0" not in source and source.decode("utf-8", "replace") == code:
        return [*_BY_ARGUMENT[language], code], None
    return list(_BY_INPUT[language]), source


def _limits(config: SandboxConfig) -> list[str]:
    return [
        "--timeout", f"{round(config.timeout_seconds * 1000)}ms",
        "--memory", f"{config.max_memory_mb}M",
        "--cpu", f"{max(config.max_cpu_percent / 100, _CPU_LEAST):.3f}",
        "--max-file-size", f"{config.max_file_size_mb}M",
        "--max-files", str(config.max_total_files),
        "--disk", f"{config.max_disk_space_mb}M",
        "--max-processes", str(config.max_processes),
    ]  # fmt: skip


def _network(config: SandboxConfig) -> list[str]:
    mode = config.network_mode()
    if mode is NetworkAccessMode.NONE:
        return ["--no-network"]
    arguments = ["--allow-network"] if mode is NetworkAccessMode.FULL else []
    if mode is NetworkAccessMode.RESTRICTED and not config.policy:
        arguments += ["--allow-domain", "*:80", "--allow-domain", "*:443"]
    elif mode is NetworkAccessMode.RESTRICTED and not _reachable(config.policy):
        return ["--no-network"]
    for domain in config.blocked_domains:
        arguments += ["--deny-domain", domain]
    return arguments


def _reachable(policy: SRTPolicy | None) -> bool:
    return policy is not None and any(r.mode is not NetworkAccessMode.NONE for r in policy.network_rules)


def _directory(config: SandboxConfig) -> list[str]:
    wanted = config.working_directory
    if config.policy:
        if wanted is None and any(
            os.path.normpath(r.path) == "." and r.mode is not FilesystemAccessMode.DENY
            for r in config.policy.filesystem_rules
        ):
            wanted = os.getcwd()
        return ["--cwd", wanted] if wanted else []
    if wanted is None:
        return []
    inside = os.path.normpath(wanted) in _VIEW or wanted.startswith(("/usr/", "/dev/", "/proc/"))
    return ["--cwd", wanted] if inside else ["--allow-path", wanted, "--cwd", wanted]
