# SPDX-License-Identifier: Apache-2.0
"""Policies: which paths, domains and variables the code sees, and the file that they are kept in."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

from .modes import FilesystemAccessMode, NetworkAccessMode

MASK = "***"
"""What stands in place of a sensitive value wherever it is written down."""

_PRIVATE = ("/tmp", "/dev/shm")

_E = TypeVar("_E", bound=Enum)


@dataclass
class FilesystemRule:
    """What may be done with one path. It is at the same place inside."""

    path: str
    mode: FilesystemAccessMode
    recursive: bool = False
    """False on a directory: only the files directly in it."""
    description: str = ""

    def __post_init__(self) -> None:
        self.path = os.fspath(self.path)
        self.mode = FilesystemAccessMode(self.mode)

    def to_dict(self) -> dict[str, Any]:
        """The rule as it stands in a policy file."""
        return {
            "path": self.path,
            "mode": self.mode.value,
            "recursive": self.recursive,
            "description": self.description,
        }


@dataclass
class NetworkRule:
    """One domain: NONE denies it, RESTRICTED and FULL allow it, on the given ports or on any."""

    domain: str
    mode: NetworkAccessMode = NetworkAccessMode.RESTRICTED
    ports: list[int] = field(default_factory=list)
    protocols: list[str] = field(default_factory=lambda: ["tcp"])
    description: str = ""

    def __post_init__(self) -> None:
        self.mode = NetworkAccessMode(self.mode)
        self.ports = list(self.ports)
        for port in self.ports:
            if not isinstance(port, int) or not 1 <= port <= 65535:
                raise ValueError(f"{self.domain}: {port!r} is no port")

    def to_dict(self) -> dict[str, Any]:
        """The rule as it stands in a policy file."""
        return {
            "domain": self.domain,
            "mode": self.mode.value,
            "ports": list(self.ports),
            "protocols": list(self.protocols),
            "description": self.description,
        }


@dataclass
class EnvironmentVariable:
    """A variable that the code is given. The value of a sensitive one is shown nowhere."""

    name: str
    value: str = field(repr=False)
    sensitive: bool = False
    description: str = ""

    def __post_init__(self) -> None:
        if not self.name or "=" in self.name or "\0" in self.name:
            raise ValueError(f"{self.name!r} is no name of a variable")

    def resolve(self) -> str:
        """The value; a sensitive one that a file did not keep comes from our variable of that name.

        Raises LookupError where that is not set.
        """
        if not self.sensitive or self.value != MASK:
            return self.value
        if self.name not in os.environ:
            raise LookupError(
                f"/environment/{self.name}: the value is not saved and the variable {self.name} is not set"
            )
        return os.environ[self.name]

    def to_dict(self) -> dict[str, Any]:
        """The variable as it stands in a policy file: without the value, where that is sensitive."""
        return {
            "name": self.name,
            "value": MASK if self.sensitive else self.value,
            "sensitive": self.sensitive,
            "description": self.description,
        }


@dataclass
class SRTPolicy:
    """Files, network and variables of a sandbox. The most specific path counts, of two alike the DENY."""

    name: str = "default"
    filesystem_rules: list[FilesystemRule] = field(default_factory=list)
    network_rules: list[NetworkRule] = field(default_factory=list)
    environment_vars: dict[str, EnvironmentVariable] = field(default_factory=dict)
    network_mode: NetworkAccessMode = NetworkAccessMode.NONE

    def __post_init__(self) -> None:
        self.network_mode = NetworkAccessMode(self.network_mode)

    def to_dict(self) -> dict[str, Any]:
        """The policy as its file has it; sensitive values are "***"."""
        return {
            "name": self.name,
            "network_mode": self.network_mode.value,
            "filesystem": {"rules": [r.to_dict() for r in self.filesystem_rules]},
            "network": {
                "mode": self.network_mode.value,
                "rules": [r.to_dict() for r in self.network_rules],
            },
            "environment": {k: v.to_dict() for k, v in self.environment_vars.items()},
        }

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the policy to a file that is there whole or not at all, readable by its owner."""
        target = Path(path)
        fd, new = tempfile.mkstemp(prefix=target.name + ".", dir=target.parent)
        try:
            with os.fdopen(fd, "w", encoding="utf-8") as file:
                json.dump(self.to_dict(), file, indent=2, ensure_ascii=False)
                file.write("\n")
            os.replace(new, target)
        except BaseException:
            os.unlink(new)
            raise

    @staticmethod
    def load(path: str | os.PathLike[str]) -> SRTPolicy:
        """Read a policy that save() wrote. What is wrong or unknown in it is a ValueError that says where."""
        with open(path, encoding="utf-8") as file:
            try:
                document = json.load(file)
            except ValueError as e:
                raise ValueError(f"{os.fspath(path)}: {e}") from None
        try:
            return _policy_from(document)
        except ValueError as e:
            raise ValueError(f"{os.fspath(path)}:{e}") from None

    def settings(self, extra: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The document that the program is given: without the sensitive variables, which go by --secret.

        The private places of a sandbox are there, readable and writable, without a rule; a rule that
        allows them does not put the host's in their place.
        """
        document = self.to_dict()
        document["filesystem"]["rules"] = [
            r.to_dict()
            for r in self.filesystem_rules
            if r.mode is FilesystemAccessMode.DENY or os.path.normpath(r.path) not in _PRIVATE
        ]
        plain = {k: v.to_dict() for k, v in self.environment_vars.items() if not v.sensitive}
        for name, value in (extra or {}).items():
            plain[name] = EnvironmentVariable(name, value).to_dict()
        document["environment"] = plain
        return document

    def secrets(self) -> dict[str, str]:
        """The sensitive variables and their values; LookupError where one is to be had nowhere."""
        return {v.name: v.resolve() for v in self.environment_vars.values() if v.sensitive}


class _Object:
    """A JSON object whose members are taken one by one; what is left over at the end is unknown."""

    def __init__(self, value: Any, place: str) -> None:
        if not isinstance(value, dict):
            raise ValueError(f"{place or ' '}: is no object")
        self.left = dict(value)
        self.place = place

    def take(self, key: str, kind: type | tuple[type, ...], default: Any = None, needed: bool = False) -> Any:
        if key not in self.left:
            if needed:
                raise ValueError(f'{self.place}: "{key}" is missing')
            return default
        value = self.left.pop(key)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is int):
            raise ValueError(f"{self.place}/{key}: is of the wrong type")
        return value

    def word(self, key: str, words: type[_E], default: _E | None) -> _E:
        value = self.take(key, str, needed=default is None)
        try:
            return words(value) if value is not None else _given(default)
        except ValueError:
            raise ValueError(
                f"{self.place}/{key}: {value!r} is not one of {', '.join(w.value for w in words)}"
            ) from None

    def end(self) -> None:
        if self.left:
            raise ValueError(f'{self.place}: unknown key "{next(iter(self.left))}"')


def _given(value: _E | None) -> _E:
    assert value is not None
    return value


def _rules(top: _Object, key: str, where: str) -> tuple[_Object, list[_Object]]:
    inner = _Object(top.take(key, dict, {}), "/" + key)
    rules = inner.take("rules", list, [])
    return inner, [_Object(r, f"{where}/{i}") for i, r in enumerate(rules)]


def _file_rule(o: _Object) -> FilesystemRule:
    rule = FilesystemRule(
        o.take("path", str, needed=True),
        o.word("mode", FilesystemAccessMode, None),
        o.take("recursive", bool, False),
        o.take("description", str, ""),
    )
    o.end()
    return rule


def _network_rule(o: _Object) -> NetworkRule:
    domain = o.take("domain", str, needed=True)
    mode = o.word("mode", NetworkAccessMode, NetworkAccessMode.RESTRICTED)
    rule = NetworkRule(
        domain,
        mode,
        o.take("ports", (list, type(None)), []) or [],
        o.take("protocols", (list, type(None)), []) or [],
        o.take("description", str, ""),
    )
    o.end()
    return rule


def _variable(name: str, value: Any) -> EnvironmentVariable:
    o = _Object(value, f"/environment/{name}")
    v = EnvironmentVariable(
        o.take("name", str, name),
        o.take("value", str, needed=True),
        o.take("sensitive", bool, False),
        o.take("description", str, ""),
    )
    o.end()
    if v.sensitive and v.value == MASK:
        v.value = os.environ.get(v.name, MASK)
    return v


def _policy_from(document: Any) -> SRTPolicy:
    top = _Object(document, "")
    files, file_rules = _rules(top, "filesystem", "/filesystem/rules")
    network, network_rules = _rules(top, "network", "/network/rules")
    said = "mode" in network.left
    inner = network.word("mode", NetworkAccessMode, NetworkAccessMode.NONE)
    outer = top.word("network_mode", NetworkAccessMode, inner)
    # It stands twice; of two that differ neither is known to be meant.
    if said and inner is not outer:
        raise ValueError(f'/network/mode: "{inner.value}" is not what network_mode says, "{outer.value}"')
    variables = top.take("environment", dict, {})
    policy = SRTPolicy(
        top.take("name", str, "default"),
        [_file_rule(r) for r in file_rules],
        [_network_rule(r) for r in network_rules],
        {name: _variable(name, value) for name, value in variables.items()},
        outer,
    )
    for o in (files, network, top):
        o.end()
    return policy


class SRTConfigManager:
    """Builds a policy, one call a rule; each returns the manager.

    It begins with the places of keys and of the host's accounts denied, and without a network.
    """

    _DENIED = (
        ("~/.ssh", "SSH keys"),
        ("~/.aws", "AWS credentials"),
        ("~/.anthropic", "API keys"),
        ("~/.config/github", "GitHub credentials"),
        ("/etc/passwd", "the host's accounts"),
        ("/etc/shadow", "the host's passwords"),
        ("/proc", "the host's processes"),
        ("/sys", "the host's devices"),
    )

    def __init__(self, name: str = "default") -> None:
        self.name = name
        self.filesystem_rules: list[FilesystemRule] = [
            FilesystemRule(path, FilesystemAccessMode.DENY, True, text) for path, text in self._DENIED
        ]
        self.network_rules: list[NetworkRule] = []
        self.environment_vars: dict[str, EnvironmentVariable] = {}
        self.network_mode = NetworkAccessMode.NONE

    def _file(
        self, path: str | os.PathLike[str], mode: FilesystemAccessMode, recursive: bool, description: str
    ) -> SRTConfigManager:
        self.filesystem_rules.append(FilesystemRule(os.fspath(path), mode, recursive, description))
        return self

    def allow_read(
        self, path: str | os.PathLike[str], recursive: bool = False, description: str = ""
    ) -> SRTConfigManager:
        """Show a path read-only."""
        return self._file(path, FilesystemAccessMode.READ_ONLY, recursive, description)

    def allow_write(
        self, path: str | os.PathLike[str], recursive: bool = False, description: str = ""
    ) -> SRTConfigManager:
        """Show a path; it may be read and written."""
        return self._file(path, FilesystemAccessMode.ALLOW, recursive, description)

    def deny_path(self, path: str | os.PathLike[str], description: str = "") -> SRTConfigManager:
        """Hide a path and all below it."""
        return self._file(path, FilesystemAccessMode.DENY, True, description)

    def allow_domain(
        self, domain: str, ports: Iterable[int] | None = None, description: str = ""
    ) -> SRTConfigManager:
        """Allow a domain; the network is then RESTRICTED to those allowed."""
        self.network_rules.append(
            NetworkRule(domain, NetworkAccessMode.RESTRICTED, list(ports or ()), description=description)
        )
        self.network_mode = NetworkAccessMode.RESTRICTED
        return self

    def deny_domain(self, domain: str, description: str = "") -> SRTConfigManager:
        """Deny a domain, whatever else allows it."""
        self.network_rules.append(NetworkRule(domain, NetworkAccessMode.NONE, description=description))
        return self

    def set_network_mode(self, mode: NetworkAccessMode | str) -> SRTConfigManager:
        """No network, the allowed domains alone, or all of it."""
        self.network_mode = NetworkAccessMode(mode)
        return self

    def expose_env_var(
        self, name: str, value: str, sensitive: bool = False, description: str = ""
    ) -> SRTConfigManager:
        """Give the code a variable."""
        self.environment_vars[name] = EnvironmentVariable(name, value, sensitive, description)
        return self

    def expose_env_vars_from_dict(
        self, env: Mapping[str, str], sensitive_keys: Iterable[str] | None = None
    ) -> SRTConfigManager:
        """Give the code these variables; those named in sensitive_keys are sensitive."""
        sensitive = frozenset(sensitive_keys or ())
        for name, value in env.items():
            self.expose_env_var(name, value, name in sensitive)
        return self

    def build(self) -> SRTPolicy:
        """The policy as it now is; later calls do not change it."""
        return SRTPolicy(
            self.name,
            list(self.filesystem_rules),
            list(self.network_rules),
            dict(self.environment_vars),
            self.network_mode,
        )


def _allowed(*domains: str) -> list[NetworkRule]:
    return [NetworkRule(d, NetworkAccessMode.RESTRICTED) for d in domains]


STRICT_POLICY = SRTPolicy(
    "strict",
    [FilesystemRule("/tmp", FilesystemAccessMode.ALLOW, True, "the sandbox's own")],
)
"""No network; /tmp, which is the sandbox's own, and nothing else of the user's."""

RESEARCH_POLICY = SRTPolicy(
    "research",
    [
        FilesystemRule("/home", FilesystemAccessMode.READ_ONLY, True, "read what is at home"),
        FilesystemRule("/tmp", FilesystemAccessMode.ALLOW, True, "the sandbox's own"),
    ],
    _allowed("api.github.com", "*.github.com", "pypi.org", "*.pypi.org", "files.pythonhosted.org"),
    network_mode=NetworkAccessMode.RESTRICTED,
)
"""/home to read, and the sites of code and packages."""

DEVELOPMENT_POLICY = SRTPolicy(
    "development",
    [
        FilesystemRule(".", FilesystemAccessMode.ALLOW, True, "the working directory"),
        FilesystemRule("/tmp", FilesystemAccessMode.ALLOW, True, "the sandbox's own"),
    ],
    network_mode=NetworkAccessMode.FULL,
)
"""The working directory to read and write, and the whole network."""
