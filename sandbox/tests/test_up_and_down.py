"""`up` and `down` with the real engine, on a small project with servers and `swyx` stubbed.

What is judged is the order of things: nothing is created from a wrong file, nothing is written
into `stacks/`, an emptied AWS is found out, nothing is left behind.
"""

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from sandbox import commands, paths, servers, sites, stacks
from sandbox.paths import Sandbox, locate_sandbox
from sandbox.sites import Site
from sandbox.talk import SandboxError

PROGRAM = """
import os, pulumi

config = pulumi.Config()
class Thing(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("tests:index:Thing", name, {})
        self.register_outputs({})

if os.path.exists("broken"):
    raise RuntimeError("the program is broken")
for name in ("a", "b"):
    Thing(f"{config.require('site')}-{name}")
for name in ("installation", "site", "cloud"):
    pulumi.export(name, config.require(name))
pulumi.export("summary", {"groups": 2, "machines": 1, "rules": 5, "proof": "a: 9 ends"})
pulumi.export("network", config.require_object("network"))
pulumi.export("env", {n: os.environ.get(n) for n in ("AWS_ENDPOINT_URL", "AWS_PROFILE")})
"""
INSTALLATION = """
sites:
  aachen: {machines: {ac: {addresses: [10.1.0.10]}}}
  bochum: {machines: {bo: {addresses: [10.2.0.10]}}}
"""
COMMITTED = """# a comment that must stay
config:
  swyx:installation: stacks/installation.yaml
  swyx:site: {site}
  swyx:cloud: {cloud}
  swyx:network: {{id: committed}}
"""
SWYX = """#!/bin/sh
echo "swyx $*" >> {log}
echo "told by $1"
test ! -e {log}.$1
"""


class Setting:
    """A small repository, a sandbox of its own, and a record of what was asked of the stubs."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        self.repository = folder
        self.sandbox = sandbox
        self.log = folder / "swyx.log"
        self.seeded: list[tuple[str, str, dict[str, list[str]], str]] = []

    def up(self, installation: Path | None = None, named: str | None = None) -> int:
        return commands.up(self.sandbox, installation or sites.EXAMPLE, named)

    def outputs(self, stack: str) -> dict[str, object]:
        path = self.sandbox.state / ".pulumi" / "stacks" / "swyx" / f"{stack}.json"
        resources = json.loads(path.read_text())["checkpoint"]["latest"]["resources"]
        return dict(resources[0]["outputs"])

    def committed(self) -> dict[str, str]:
        return {path.name: path.read_text() for path in (self.repository / "stacks").iterdir()}


@pytest.fixture
def setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Setting]:
    repository = tmp_path / "repository"
    (repository / "stacks").mkdir(parents=True)
    (repository / "Pulumi.yaml").write_text("name: swyx\nruntime: python\nstackConfigDir: stacks\n")
    (repository / "__main__.py").write_text(PROGRAM)
    (repository / "stacks" / "installation.yaml").write_text(INSTALLATION)
    for site, cloud in (("aachen", "aws"), ("bochum", "azure")):
        text = COMMITTED.format(site=site, cloud=cloud)
        (repository / "stacks" / f"Pulumi.{site}.yaml").write_text(text)
    made = Setting(
        repository, locate_sandbox(dict(os.environ) | {"SWYX_SANDBOX": str(tmp_path / "sandbox")})
    )
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "swyx").write_text(SWYX.format(log=made.log))
    (tmp_path / "bin" / "swyx").chmod(0o755)

    def seed(chosen: list[Site], endpoints: dict[str, str]) -> None:
        made.seeded += [(s.name, s.cloud, s.machines, endpoints[s.cloud]) for s in chosen]

    stub = "sandbox.tests.stub_cloud"
    monkeypatch.setattr(servers, "CLOUDS", {"aws": stub, "azure": stub})
    monkeypatch.setattr(commands, "CLOUDS", servers.CLOUDS)
    monkeypatch.setattr(commands, "seed_sites", seed)
    monkeypatch.setattr(commands, "venv_bin", lambda: tmp_path / "bin")
    for module in (commands, paths, stacks):
        monkeypatch.setattr(module, "REPOSITORY", repository)
    for module in (sites, stacks):
        monkeypatch.setattr(module, "COMMITTED", repository / "stacks")
        monkeypatch.setattr(module, "EXAMPLE", repository / "stacks" / "installation.yaml")
    yield made
    for cloud in servers.CLOUDS:
        servers.stop_server(made.sandbox, cloud)


@pytest.fixture
def said(capfd: pytest.CaptureFixture[str]) -> Callable[[], str]:
    return lambda: capfd.readouterr().out


def test_the_example_goes_up_unchanged_up_again_and_down_without_a_trace(
    setting: Setting, said: Callable[[], str]
) -> None:
    before = setting.committed()
    assert setting.up() == 0
    text = said()
    assert re.search(r"^aachen on aws: 2 groups on 1 machine, 5 rules \(3 created\)$", text, re.M)
    assert re.search(r"^  proved: 9 ends, in the cloud as in the plan$", text, re.M)
    assert re.search(
        r"^  pulumi preview --stack aachen --config-file \S+/Pulumi.aachen.yaml$", text, re.M
    )
    assert "Updating (aachen)" not in text
    assert "Updating (aachen)" in setting.sandbox.log.read_text()
    outputs = setting.outputs("aachen")
    assert outputs["installation"] == "stacks/installation.yaml"
    assert outputs["network"] == {"id": "committed"}  # the committed file's own binding
    endpoints = servers.running_endpoints(setting.sandbox)
    assert outputs["env"] == {"AWS_ENDPOINT_URL": endpoints["aws"], "AWS_PROFILE": None}
    assert setting.seeded == [
        ("aachen", "aws", {"ac": ["10.1.0.10"]}, endpoints["aws"]),
        ("bochum", "azure", {"bo": ["10.2.0.10"]}, endpoints["azure"]),
    ]
    file = sites.EXAMPLE
    assert setting.log.read_text().splitlines() == [
        "swyx check -q stacks/installation.yaml",
        f"swyx verify {file} --site aachen --cloud aws",
        f"swyx verify {file} --site bochum --cloud azure",
    ]

    assert setting.up() == 0
    assert re.search(r"^aachen on aws: .* \(unchanged, 3 resources\)$", said(), re.M)
    assert servers.running_endpoints(setting.sandbox) == endpoints
    assert setting.committed() == before

    processes = [servers.process_of(setting.sandbox, cloud) for cloud in servers.CLOUDS]
    commands.down(setting.sandbox)
    assert not setting.sandbox.root.exists()
    assert not any(process.is_alive() for process in processes)
    assert setting.committed() == before
    commands.down(setting.sandbox)  # there is nothing to do, and that is fine


def test_plain_pulumi_works_by_hand_after_sourcing_the_env_file(setting: Setting) -> None:
    for path in (setting.repository / "stacks").glob("Pulumi.*.yaml"):
        path.write_text(f"encryptionsalt: {stacks.SALT}\n" + path.read_text())
    before = setting.committed()
    assert setting.up(named="bochum=azure") == 0
    script = (
        f". '{setting.sandbox.env_file}'; pulumi preview --expect-no-changes --stack bochum && "
        "pulumi up --yes && pulumi refresh --yes && pulumi stack output site && "
        "pulumi destroy --yes"
    )
    env = {name: os.environ[name] for name in ("PATH", "HOME")}
    done = subprocess.run(
        ["/bin/sh", "-ec", script],
        cwd=setting.repository,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\nbochum\n" in done.stdout
    assert "3 deleted" in done.stdout
    assert setting.committed() == before


def test_an_own_file_gets_stack_files_in_the_sandbox_only(
    setting: Setting, said: Callable[[], str]
) -> None:
    own = setting.repository / "stacks" / "own.yaml"
    own.write_text("sites: {berlin: {}, essen: {}, ulm: {}}")
    before = setting.committed()
    assert setting.up(own, "berlin=aws essen=azure") == 0
    assert setting.committed() == before
    proposed = re.search(r"^  (pulumi preview .*)$", said(), re.M)
    assert proposed
    script = f". '{setting.sandbox.env_file}'; {proposed[1]} --expect-no-changes"
    env = {name: os.environ[name] for name in ("PATH", "HOME")}
    done = subprocess.run(["/bin/sh", "-ec", script], cwd=setting.repository, env=env, timeout=120)
    assert done.returncode == 0
    assert setting.committed() == before
    made = {path.name for path in setting.sandbox.stacks.glob("Pulumi.*.yaml")}
    assert made == {"Pulumi.berlin.yaml", "Pulumi.essen.yaml"}
    berlin, essen = setting.outputs("berlin"), setting.outputs("essen")
    assert berlin["installation"] == essen["installation"] == "stacks/own.yaml"
    assert berlin["network"] == {"vpc_tags": {"Name": "berlin"}}
    assert essen["network"] == {"resource_group": "essen", "virtual_network": "essen"}
    config = yaml.safe_load((setting.sandbox.stacks / "Pulumi.essen.yaml").read_text())["config"]
    assert config["azure-native:location"] == "westeurope"
    commands.down(setting.sandbox)
    assert not setting.sandbox.root.exists()


def test_stack_files_of_an_own_file_leave_the_example_as_it_is(setting: Setting) -> None:
    text = COMMITTED.format(site="berlin", cloud="aws") + "  swyx:installation: stacks/own.yaml\n"
    (setting.repository / "stacks" / "Pulumi.berlin.yaml").write_text(text)
    assert [site.name for site in sites.choose_sites(sites.EXAMPLE, None)] == ["aachen", "bochum"]


def test_a_file_that_fails_its_check_creates_nothing_and_the_person_sees_why(
    setting: Setting, said: Callable[[], str]
) -> None:
    Path(f"{setting.log}.check").touch()
    assert setting.up() == 2
    assert "told by check\n" in said()
    assert setting.log.read_text() == "swyx check -q stacks/installation.yaml\n"
    assert not setting.sandbox.root.exists()
    assert setting.seeded == []


def test_a_deployment_that_does_not_verify_fails(setting: Setting, said: Callable[[], str]) -> None:
    Path(f"{setting.log}.verify").touch()
    assert setting.up(named="aachen=aws") == 1
    assert "aachen on aws: 3 created; NOT proved" in said()


def test_a_program_that_fails_is_reported_and_the_next_run_goes_on(
    setting: Setting, said: Callable[[], str]
) -> None:
    (setting.repository / "broken").touch()
    assert setting.up(named="aachen=aws") == 3
    text = said()
    assert "RuntimeError: the program is broken" in text
    assert "aachen on aws: `pulumi up` failed" in text
    assert "verify" not in setting.log.read_text()
    (setting.repository / "broken").unlink()
    assert setting.up(named="aachen=aws") == 0


def test_an_emptied_aws_is_said_and_looked_at_again_until_an_update_succeeds(
    setting: Setting, said: Callable[[], str]
) -> None:
    assert setting.up(named="aachen=aws") == 0
    commands.stop(setting.sandbox)
    said()
    commands.start(setting.sandbox)
    text = said()
    assert "aws: starts empty" in text
    assert "`make up` creates them again" in text
    (setting.repository / "broken").touch()
    assert setting.up(named="aachen=aws") == 3
    (setting.repository / "broken").unlink()
    said()
    assert setting.up(named="aachen=aws") == 0
    assert "refreshing" in setting.sandbox.log.read_text().lower()
    assert setting.up(named="aachen=aws") == 0
    assert "refreshing" not in setting.sandbox.log.read_text().lower()


def test_a_stack_that_cannot_be_destroyed_is_named_and_everything_stays(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert setting.up(named="aachen=aws bochum=azure") == 0
    destroy = stacks.Pulumi.destroy

    def refuse(self: stacks.Pulumi, stack: stacks.Stack, *, refresh: bool) -> bool:
        return stack.name != "aachen" and destroy(self, stack, refresh=refresh)

    monkeypatch.setattr(stacks.Pulumi, "destroy", refuse)
    with pytest.raises(SandboxError, match=r"These stacks remain: aachen with 2 resources\."):
        commands.down(setting.sandbox)
    assert set(servers.running_endpoints(setting.sandbox)) == {"aws", "azure"}
    assert setting.sandbox.env_file.is_file()
