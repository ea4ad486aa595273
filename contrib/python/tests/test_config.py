# SPDX-License-Identifier: Apache-2.0
"""Names, defaults, presets, policies and their files: nothing here starts a sandbox."""

import dataclasses
import inspect
import json
import os
import tempfile
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

import athena.sandbox as package
from athena.mcp import MemoryAPI
from athena.sandbox import (
    DEVELOPMENT_POLICY,
    RESEARCH_POLICY,
    STRICT_POLICY,
    ExecutionLanguage,
    ExecutionResult,
    FilesystemAccessMode,
    NetworkAccessMode,
    SandboxConfig,
    SandboxMode,
    SandboxResourceLimits,
    SRTConfigManager,
    SRTExecutor,
    SRTPolicy,
)
from athena.sandbox.config import is_domain
from athena.sandbox.program import find_program, make_command

DOMAINS = ["api.github.com", "*.github.com", "pypi.org", "*.pypi.org", "files.pythonhosted.org"]


class Names(unittest.TestCase):
    def test_every_promised_name_can_be_imported(self) -> None:
        for name in (
            "SRTExecutor SRTExecutorPool SandboxConfig SandboxMode ExecutionLanguage SRTConfigManager SRTPolicy "
            "NetworkAccessMode FilesystemAccessMode FilesystemRule NetworkRule EnvironmentVariable ExecutionResult "
            "SandboxResourceLimits SandboxSecurityPolicy STRICT_POLICY RESEARCH_POLICY DEVELOPMENT_POLICY"
        ).split():
            self.assertIn(name, package.__all__)
            self.assertTrue(hasattr(package, name), name)

    def test_everything_exported_has_a_docstring(self) -> None:
        for name in package.__all__:
            thing = getattr(package, name)
            if not inspect.isclass(thing):
                continue
            self.assertTrue(thing.__doc__, name)
            for word, member in vars(thing).items():
                if inspect.isfunction(member) and not word.startswith("_"):
                    self.assertTrue(member.__doc__, f"{name}.{word}")

    def test_the_words_of_the_enums(self) -> None:
        self.assertEqual(
            {m.name: m.value for m in SandboxMode}, {"SRT": "srt", "RESTRICTED": "restricted", "MOCK": "mock"}
        )
        self.assertEqual([m.name for m in ExecutionLanguage], ["PYTHON", "JAVASCRIPT", "BASH"])
        self.assertEqual(
            {m.name: m.value for m in FilesystemAccessMode},
            {"ALLOW": "allow", "DENY": "deny", "READ_ONLY": "read_only"},
        )
        self.assertEqual(
            {m.name: m.value for m in NetworkAccessMode},
            {"NONE": "none", "RESTRICTED": "restricted", "FULL": "full"},
        )


class Configs(unittest.TestCase):
    DEFAULTS: dict[str, Any] = {
        "mode": SandboxMode.SRT,
        "language": ExecutionLanguage.PYTHON,
        "timeout_seconds": 30,
        "max_memory_mb": 256,
        "max_cpu_percent": 90.0,
        "max_file_size_mb": 10,
        "max_total_files": 100,
        "max_disk_space_mb": 500,
        "max_processes": 10,
        "allow_network": False,
        "allow_outbound_http": False,
        "blocked_domains": [],
        "working_directory": None,
        "environment_vars": {},
        "enable_profiling": False,
        "enable_tracing": False,
        "capture_output": True,
        "capture_errors": True,
        "allow_eval": False,
        "allow_exec": False,
        "allow_import_dynamic": False,
        "policy": None,
        "version": "1.0",
        "purpose": "Code execution",
    }

    def test_every_default(self) -> None:
        config = SandboxConfig()
        for name, value in self.DEFAULTS.items():
            self.assertEqual(getattr(config, name), value, name)
        names = {f.name for f in dataclasses.fields(SandboxConfig)}
        self.assertEqual(names, set(self.DEFAULTS) | {"sandbox_id", "creator", "description"})
        self.assertNotEqual(config.sandbox_id, SandboxConfig().sandbox_id)
        self.assertEqual(config.validate(), (True, []))

    def test_presets(self) -> None:
        for preset, timeout, memory, mode, policy in (
            (SandboxConfig.strict(), 10, 128, NetworkAccessMode.NONE, STRICT_POLICY),
            (SandboxConfig.default(), 30, 256, NetworkAccessMode.NONE, None),
            (SandboxConfig.permissive(), 60, 512, NetworkAccessMode.FULL, None),
            (SandboxConfig.research(), 30, 256, NetworkAccessMode.RESTRICTED, RESEARCH_POLICY),
            (SandboxConfig.development(), 60, 512, NetworkAccessMode.FULL, DEVELOPMENT_POLICY),
        ):
            self.assertEqual((preset.timeout_seconds, preset.max_memory_mb), (timeout, memory))
            self.assertEqual(preset.network_mode(), mode)
            self.assertIs(preset.policy, policy)
            self.assertTrue(preset.validate()[0])

    def test_what_does_not_validate(self) -> None:
        for wrong in (
            {"timeout_seconds": 0}, {"timeout_seconds": 3601}, {"timeout_seconds": float("nan")}, {"timeout_seconds": True},
            {"max_memory_mb": 31}, {"max_memory_mb": 8193}, {"max_memory_mb": 64.5}, {"max_cpu_percent": 0},
            {"max_cpu_percent": 100.1}, {"max_file_size_mb": 0}, {"max_total_files": 0}, {"max_disk_space_mb": 0},
            {"max_processes": 0}, {"max_disk_space_mb": 5, "max_file_size_mb": 6}, {"blocked_domains": ["a b"]},
            {"version": "9.0"}, {"version": "10"}, {"version": 1}, {"version": ""},
            {"blocked_domains": ["http://x.org"]}, {"working_directory": "here"}, {"environment_vars": {"A=B": "c"}},
            {"environment_vars": {"A": 1}}, {"environment_vars": {"A": "b\0"}}, {"environment_vars": {"A": "\ud800"}},
            {"working_directory": "/a\0b"},
        ):  # fmt: skip
            config = SandboxConfig(**wrong)  # type: ignore[arg-type]
            valid, errors = config.validate()
            self.assertFalse(valid, wrong)
            self.assertEqual(len(errors), 1, errors)
            with self.assertRaises(ValueError) as caught:
                SRTExecutor(config)
            self.assertIn(errors[0], str(caught.exception))
        for right in (
            {"timeout_seconds": 1},
            {"timeout_seconds": 3600},
            {"max_memory_mb": 32},
            {"max_cpu_percent": 100},
            {"max_cpu_percent": 0.01},
            {"version": "1.2"},
        ):
            self.assertEqual(SandboxConfig(**right).validate(), (True, []))  # type: ignore[arg-type]

    def test_domains(self) -> None:
        for good in (
            "a",
            "a.b",
            "*.a.b",
            "*",
            "a.b:443",
            "10.0.0.0/8",
            "::1",
            "[::1]:443",
            "1.2.3.4:80",
            "xn--bcher-kva.de",
        ):
            self.assertTrue(is_domain(good), good)
        for bad in (
            "",
            "a..b",
            "-a.b",
            "*.*",
            "a*.b",
            "a.b:0",
            "a.b:70000",
            "a.b:x",
            "http://a",
            "a/b",
            "ä.de",
            "*.",
        ):
            self.assertFalse(is_domain(bad), bad)

    def test_limits_policy_and_dict(self) -> None:
        config = SandboxConfig(
            timeout_seconds=5, blocked_domains=["x.org"], allow_eval=True, policy=RESEARCH_POLICY
        )
        self.assertEqual(config.get_resource_limits(), SandboxResourceLimits(timeout_seconds=5))
        rights = config.get_security_policy()
        self.assertEqual(rights.network_mode, NetworkAccessMode.RESTRICTED)
        self.assertEqual((rights.blocked_domains, rights.allow_eval), (("x.org",), True))
        for document in (config.to_dict(), rights.to_dict(), config.get_resource_limits().to_dict()):
            json.dumps(document)
        self.assertEqual(set(config.to_dict()), {f.name for f in dataclasses.fields(config)})
        self.assertEqual(config.to_dict()["mode"], "srt")

    def test_plain_strings_are_words(self) -> None:
        config = SandboxConfig(mode="mock", language="bash")  # type: ignore[arg-type]
        self.assertIs(config.mode, SandboxMode.MOCK)
        self.assertIs(config.language, ExecutionLanguage.BASH)
        with self.assertRaises(ValueError):
            SandboxConfig(mode="docker")  # type: ignore[arg-type]


class Results(unittest.TestCase):
    def test_fields_and_dict(self) -> None:
        result = ExecutionResult(True)
        for name in (
            "success stdout stderr exit_code execution_time_ms violations memory_used_mb sandbox_id timestamp error "
            "status violation_events changes"
        ).split():
            self.assertIn(name, result.to_dict())
        self.assertNotEqual(result.sandbox_id, ExecutionResult(True).sandbox_id)
        json.dumps(result.to_dict())


class Policies(unittest.TestCase):
    def setUp(self) -> None:
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.file = Path(place.name, "policy.json")

    def test_the_manager_begins_with_what_is_denied(self) -> None:
        manager = SRTConfigManager()
        self.assertEqual(manager.name, "default")
        self.assertEqual(
            [r.path for r in manager.filesystem_rules],
            [
                "~/.ssh",
                "~/.aws",
                "~/.anthropic",
                "~/.config/github",
                "/etc/passwd",
                "/etc/shadow",
                "/proc",
                "/sys",
            ],
        )
        self.assertEqual({r.mode for r in manager.filesystem_rules}, {FilesystemAccessMode.DENY})
        self.assertEqual((manager.network_rules, manager.environment_vars), ([], {}))
        self.assertEqual(manager.network_mode, NetworkAccessMode.NONE)

    def test_every_method_returns_the_manager(self) -> None:
        m = SRTConfigManager("m")
        for got in (
            m.allow_read("/a", recursive=True, description="d"),
            m.allow_write("/b"),
            m.deny_path("/c", description="d"),
            m.deny_domain("x.org", description="d"),
            m.expose_env_var("A", "1", sensitive=True, description="d"),
            m.expose_env_vars_from_dict({"B": "2", "C": "3"}, sensitive_keys=["C"]),
            m.set_network_mode(NetworkAccessMode.FULL),
            m.allow_domain("y.org", ports=[443], description="d"),
        ):
            self.assertIs(got, m)
        self.assertEqual(m.network_mode, NetworkAccessMode.RESTRICTED)
        self.assertEqual(
            {v.name: v.sensitive for v in m.environment_vars.values()}, {"A": True, "B": False, "C": True}
        )
        policy = m.build()
        m.deny_path("/later")
        self.assertEqual([r.path for r in policy.filesystem_rules][-3:], ["/a", "/b", "/c"])
        self.assertEqual([r.recursive for r in policy.filesystem_rules][-3:], [True, False, True])

    def policy(self) -> SRTPolicy:
        return (
            SRTConfigManager("round")
            .allow_read("/data", recursive=True, description="ä")
            .allow_domain("y.org", ports=[80, 443])
            .deny_domain("z.org")
            .expose_env_var("PLAIN", "p")
            .expose_env_var("TOKEN", "hunter2", sensitive=True)
            .build()
        )

    def test_the_file(self) -> None:
        self.policy().save(self.file)
        document = json.loads(self.file.read_text(encoding="utf-8"))
        self.assertEqual(set(document), {"name", "network_mode", "filesystem", "network", "environment"})
        self.assertEqual(
            document["filesystem"]["rules"][-1],
            {"path": "/data", "mode": "read_only", "recursive": True, "description": "ä"},
        )
        self.assertEqual(document["network"]["mode"], "restricted")
        self.assertEqual(
            set(document["network"]["rules"][0]), {"domain", "mode", "ports", "protocols", "description"}
        )
        self.assertEqual(
            document["environment"]["TOKEN"],
            {"name": "TOKEN", "value": "***", "sensitive": True, "description": ""},
        )
        self.assertNotIn("hunter2", self.file.read_text(encoding="utf-8"))
        self.assertEqual(self.file.stat().st_mode & 0o777, 0o600)
        self.assertEqual(os.listdir(self.file.parent), ["policy.json"])

    def test_round_trip(self) -> None:
        policy = self.policy()
        policy.save(self.file)
        with mock.patch.dict(os.environ, {"TOKEN": "hunter2"}):
            self.assertEqual(SRTPolicy.load(self.file), policy)
        self.assertEqual(SRTPolicy.load(str(self.file)).to_dict(), policy.to_dict())
        for each in (STRICT_POLICY, RESEARCH_POLICY, DEVELOPMENT_POLICY):
            each.save(self.file)
            self.assertEqual(SRTPolicy.load(self.file), each)

    def test_a_missing_sensitive_value_is_an_error_at_execution(self) -> None:
        self.policy().save(self.file)
        loaded = SRTPolicy.load(self.file)
        with self.assertRaises(LookupError) as caught:
            make_command(SandboxConfig(policy=loaded), "", ExecutionLanguage.PYTHON)
        self.assertIn("TOKEN is not set", str(caught.exception))

    def test_sensitive_values_are_shown_nowhere(self) -> None:
        config = SandboxConfig(policy=self.policy())
        command = make_command(config, "print(1)", ExecutionLanguage.PYTHON)
        for text in (
            repr(config),
            json.dumps(config.to_dict()),
            repr(command),
            repr(command.settings),
            str(command.arguments),
        ):
            self.assertNotIn("hunter2", text)
        self.assertIn("hunter2", command.environment.values())

    def test_wrong_files_say_where(self) -> None:
        for text, said in (
            ("", "Expecting value"),
            ("[]", "no object"),
            ('{"nmae":"x"}', 'unknown key "nmae"'),
            ('{"filesystem":{"rules":[{"path":"/a"}]}}', '/filesystem/rules/0: "mode" is missing'),
            ('{"filesystem":{"rules":[{"path":"/a","mode":"maybe"}]}}', "/filesystem/rules/0/mode"),
            ('{"filesystem":{"rules":[{"path":1,"mode":"deny"}]}}', "/filesystem/rules/0/path"),
            ('{"network":{"rules":[{"domain":"a","ports":[0]}]}}', "0 is no port"),
            ('{"environment":{"A":{"value":"b","secret":true}}}', 'unknown key "secret"'),
            ('{"network_mode":"full","network":{"mode":"none"}}', '/network/mode: "none" is not'),
        ):
            self.file.write_text(text, encoding="utf-8")
            with self.assertRaises(ValueError) as caught:
                SRTPolicy.load(self.file)
            self.assertIn(said, str(caught.exception))
            self.assertIn(str(self.file), str(caught.exception))

    def test_the_three_policies(self) -> None:
        def rules(p: SRTPolicy) -> list[tuple[str, str]]:
            return [(r.path, r.mode.value) for r in p.filesystem_rules]

        self.assertEqual(rules(STRICT_POLICY), [("/tmp", "allow")])
        self.assertEqual(rules(RESEARCH_POLICY), [("/home", "read_only"), ("/tmp", "allow")])
        self.assertEqual(rules(DEVELOPMENT_POLICY), [(".", "allow"), ("/tmp", "allow")])
        self.assertEqual([r.domain for r in RESEARCH_POLICY.network_rules], DOMAINS)
        self.assertEqual(
            [p.network_mode.value for p in (STRICT_POLICY, RESEARCH_POLICY, DEVELOPMENT_POLICY)],
            ["none", "restricted", "full"],
        )


class Program(unittest.TestCase):
    def setUp(self) -> None:
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.place = Path(place.name)
        for name in ("named", "home/bin/srt", "path/srt"):
            file = self.place / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("")
            file.chmod(0o755)

    def found(self, **variables: str) -> str:
        environment = {"HOME": "/nonexistent", "PATH": "/nonexistent", **variables}
        with mock.patch.dict(os.environ, environment, clear=True), mock.patch(
            "athena.sandbox.program._PLACES", ("/nonexistent/srt", "~/bin/srt")
        ):
            return find_program()

    def test_the_order(self) -> None:
        home, path, named = (str(self.place / n) for n in ("home", "path", "named"))
        self.assertEqual(self.found(SANDBOX_RUNTIME_PATH=named, HOME=home, PATH=path), named)
        self.assertEqual(self.found(HOME=home, PATH=path), home + "/bin/srt")
        self.assertEqual(self.found(PATH=path), path + "/srt")

    def test_the_places(self) -> None:
        from athena.sandbox import program

        self.assertEqual(program._PLACES, ("/usr/local/bin/srt", "/usr/bin/srt", "~/bin/srt"))

    def test_absent(self) -> None:
        absent: list[dict[str, str]] = [
            {},
            {"SANDBOX_RUNTIME_PATH": "/nonexistent", "PATH": str(self.place / "path")},
        ]
        for variables in absent:
            with self.assertRaises(RuntimeError) as caught:
                self.found(**variables)
            self.assertEqual(str(caught.exception), "SRT binary not found")

    def test_the_callers_environment_does_not_widen(self) -> None:
        with mock.patch.dict(os.environ, {"SANDBOX_ALLOW_NETWORK": "true", "SANDBOX_ALLOW_FS_WRITE": "true"}):
            command = make_command(SandboxConfig(), "", ExecutionLanguage.PYTHON)
        self.assertNotIn("SANDBOX_ALLOW_NETWORK", command.environment)
        self.assertNotIn("SANDBOX_ALLOW_FS_WRITE", command.environment)
        self.assertIn("--no-network", command.arguments)

    def test_a_restricted_network_is_never_the_whole_one(self) -> None:
        for config in (
            SandboxConfig.research(),
            SandboxConfig(allow_outbound_http=True),
            SandboxConfig(allow_network=True, policy=SRTConfigManager().allow_domain("a.b").build()),
            SandboxConfig(allow_network=True, policy=STRICT_POLICY),
        ):
            self.assertNotIn("--allow-network", make_command(config, "", ExecutionLanguage.PYTHON).arguments)


class Memory(unittest.TestCase):
    def test_remembers(self) -> None:
        with tempfile.TemporaryDirectory() as place:
            memory = MemoryAPI.create(Path(place, "sub", "memory.jsonl"))
            self.assertEqual(memory.recall(), [])
            first = memory.remember(
                memory_type="fact", content="the sky", tags=["a", "b"], context={"by": "me"}
            )
            memory.remember(memory_type="code", content={"exit": 0}, tags=["a"], context=None)
            self.assertEqual([r["id"] for r in memory.recall("fact")], [first])
            self.assertEqual(len(memory.recall(tags=["a"])), 2)
            self.assertEqual(memory.recall(text="sky")[0]["context"], {"by": "me"})
            self.assertEqual(memory.path.stat().st_mode & 0o777, 0o600)
            # What ends a line elsewhere, and what is no character, ends none here.
            strange = "a\u2028b\x85c\x1cd\x0be\nf\ud800"
            memory.remember("odd", strange)
            self.assertEqual(memory.recall("odd")[0]["content"], strange)


if __name__ == "__main__":
    unittest.main()
