"""The real engine with our language host: programs, plugins and policy packs run, fail and end as
they should.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox.engine.cli import (
    Engine,
    find_installed,
    pinned_version,
    provide_engine,
    read_version,
)
from sandbox.engine.launcher import write_launcher
from sandbox.engine.plugins import install_plugins
from sandbox.environment import child_environment
from sandbox.paths import Sandbox, locate_sandbox
from sandbox.talk import SandboxError

COMPONENT = """
import pulumi

class Thing(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("tests:index:Thing", name, {})
        self.register_outputs({})

Thing("thing")
pulumi.export("greeting", pulumi.Config().require("greeting"))
pulumi.export("secret", pulumi.Config().get_secret("hidden"))
pulumi.export("project", f"{pulumi.get_project()}/{pulumi.get_stack()}")
"""


@dataclass
class Project:
    """A project folder with one stack, and the CLI to use on it."""

    folder: Path
    env: dict[str, str]
    engine: Engine

    def write(self, program: str, runtime: str = "python") -> None:
        (self.folder / "Pulumi.yaml").write_text(f"name: tiny\nruntime: {runtime}\n")
        (self.folder / "__main__.py").write_text(program)

    def pulumi(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.engine.pulumi), "--non-interactive", "--color", "never", *words]
        return subprocess.run(
            command, cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=120
        )

    def outputs(self) -> dict[str, object]:
        answer: dict[str, object] = json.loads(self.pulumi("stack", "output", "--json").stdout)
        return answer


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    return locate_sandbox(
        dict(os.environ) | {"SWYX_SANDBOX": str(tmp_path_factory.mktemp("sandbox"))}
    )


@pytest.fixture(scope="module")
def engine(sandbox: Sandbox) -> Engine:
    return provide_engine(sandbox.engine_bin)


@pytest.fixture
def project(sandbox: Sandbox, engine: Engine, tmp_path: Path) -> Iterator[Project]:
    sandbox.state.mkdir(parents=True, exist_ok=True)
    made = Project(
        folder=tmp_path, env=child_environment(sandbox, {}, engine.pulumi), engine=engine
    )
    made.write(COMPONENT)
    assert made.pulumi("stack", "init", "one").returncode == 0
    yield made
    made.pulumi("stack", "rm", "--yes", "--force", "one")


def hosts_of(project: Project) -> set[int]:
    """The process ids of language hosts and programs that belong to this test's sandbox."""
    marker = f"PULUMI_HOME={project.env['PULUMI_HOME']}".encode()
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if marker in (folder / "environ").read_bytes().split(b"\0"):
                command = (folder / "cmdline").read_bytes()
                state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
                if b"language" in command and state not in "ZX":
                    found.add(int(folder.name))
        except OSError:
            continue
    return found


def await_no_hosts(project: Project, seconds: float) -> set[int]:
    deadline = time.monotonic() + seconds
    while (left := hosts_of(project)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


def test_a_program_gets_its_configuration_and_its_outputs_reach_the_state(project: Project) -> None:
    project.pulumi("config", "set", "greeting", "good day")
    project.pulumi("config", "set", "--secret", "hidden", "s3cret")
    done = project.pulumi("up", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert project.outputs() == {
        "greeting": "good day",
        "secret": "[secret]",
        "project": "tiny/one",
    }
    types = [
        item["type"]
        for item in json.loads(project.pulumi("stack", "export").stdout)["deployment"]["resources"]
    ]
    assert types == ["pulumi:pulumi:Stack", "tests:index:Thing"]
    assert await_no_hosts(project, 5) == set()


def test_a_failing_program_shows_its_traceback_once_and_fails_the_update(project: Project) -> None:
    project.write("def main():\n    raise ValueError('the site is missing')\n\nmain()\n")
    done = project.pulumi("up", "--yes")
    assert done.returncode != 0
    assert "ValueError: the site is missing" in done.stdout
    assert (
        "non-zero exit code" not in done.stdout
    )  # it was shown by the program itself: exit code 32


def test_a_program_that_exits_with_a_code_fails_the_update_with_that_code(project: Project) -> None:
    project.write("import os\nprint('leaving', flush=True)\nos._exit(7)\n")
    done = project.pulumi("up", "--yes")
    assert done.returncode != 0
    assert "leaving" in done.stdout
    assert "Program exited with non-zero exit code: 7" in done.stdout + done.stderr


def test_a_named_virtual_environment_runs_the_program(project: Project, tmp_path: Path) -> None:
    venv = tmp_path / "own"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True, timeout=60)
    packages = next((venv / "lib").glob("python*/site-packages"))
    (packages / "shared.pth").write_text(
        "\n".join(path for path in sys.path if path.endswith("site-packages"))
    )
    project.write(
        "import sys, pulumi\npulumi.export('prefix', sys.prefix)\n",
        runtime="{name: python, options: {virtualenv: own}}",
    )
    done = project.pulumi("up", "--yes", "--skip-preview")
    assert done.returncode == 0, done.stdout + done.stderr
    assert project.outputs() == {"prefix": str(venv)}


def test_a_missing_virtual_environment_is_named_with_the_remedy(project: Project) -> None:
    project.write(COMPONENT, runtime="{name: python, options: {virtualenv: nowhere}}")
    done = project.pulumi("preview")
    assert done.returncode != 0
    assert (
        f"The virtual environment {project.folder}/nowhere has no Python"
        in done.stdout + done.stderr
    )


def begin_long_update(project: Project) -> subprocess.Popen[str]:
    """An update whose program runs, and would for two minutes."""
    project.write("import time, pathlib\npathlib.Path('running').touch()\ntime.sleep(120)\n")
    update = subprocess.Popen(
        [project.engine.pulumi, "up", "--yes", "--skip-preview"],
        cwd=project.folder,
        env=project.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    await_file(project.folder / "running")
    return update


def test_a_killed_cli_leaves_no_host_and_no_program_behind(project: Project) -> None:
    update = begin_long_update(project)
    assert len(hosts_of(project)) == 2  # the host and the program
    update.kill()
    update.communicate(timeout=20)
    assert await_no_hosts(project, 10) == set()
    assert project.pulumi("cancel", "--yes").returncode == 0


def test_an_interrupted_update_ends_the_program_without_a_traceback(project: Project) -> None:
    update = begin_long_update(project)
    update.send_signal(signal.SIGINT)
    said, _ = update.communicate(timeout=30)
    assert update.returncode != 0
    assert "Traceback" not in said
    assert "KeyboardInterrupt" not in said
    assert await_no_hosts(project, 5) == set()


def test_a_policy_pack_that_cannot_start_shows_why(project: Project, tmp_path: Path) -> None:
    pack = tmp_path / "pack"
    pack.mkdir()
    (pack / "PulumiPolicy.yaml").write_text("runtime: python\n")
    (pack / "__main__.py").write_text("raise RuntimeError('the rules are missing')\n")
    project.pulumi("config", "set", "greeting", "x")
    done = project.pulumi("preview", "--policy-pack", str(pack))
    assert done.returncode != 0
    assert "it ended before it listened: RuntimeError: the rules are missing" in done.stderr
    assert await_no_hosts(project, 5) == set()


def test_a_policy_pack_sees_the_stack_and_stops_a_bad_resource(
    project: Project, tmp_path: Path
) -> None:
    pack = tmp_path / "pack"
    pack.mkdir()
    (pack / "PulumiPolicy.yaml").write_text("runtime: python\n")
    (pack / "__main__.py").write_text(
        "import pulumi\n"
        "from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy\n"
        "def judge(args, report):\n"
        "    if args.name == 'thing':\n"
        "        said = pulumi.Config('tiny').require('greeting')\n"
        "        report(f'{pulumi.get_project()}/{pulumi.get_stack()} {said} "
        "{pulumi.runtime.is_dry_run()}')\n"
        "PolicyPack('p', [ResourceValidationPolicy('no-things', 'none', judge, "
        "EnforcementLevel.MANDATORY)])\n"
    )
    project.pulumi("config", "set", "greeting", "hello")
    done = project.pulumi("preview", "--policy-pack", str(pack))
    assert done.returncode != 0
    assert "tiny/one hello True" in done.stdout


def test_a_component_written_in_python_is_run_as_a_plugin(
    project: Project, sandbox: Sandbox, tmp_path: Path
) -> None:
    install_plugins(sandbox, project.engine.pulumi, project.env)  # what the installed SDKs require
    plugin = tmp_path / "plugin"
    plugin.mkdir()
    (plugin / "PulumiPlugin.yaml").write_text("runtime: python\n")
    (plugin / "__main__.py").write_text(
        "from pulumi.provider.experimental import component_provider_host\n"
        "from thing import Thing\n"
        "component_provider_host([Thing], name='things', version='1.0.0')\n"
    )
    (plugin / "thing.py").write_text(
        "from typing import Optional, TypedDict\n"
        "import pulumi\n"
        "class ThingArgs(TypedDict):\n"
        "    size: pulumi.Input[int]\n"
        "class Thing(pulumi.ComponentResource):\n"
        "    def __init__(self, name: str, args: ThingArgs, opts: "
        "Optional[pulumi.ResourceOptions] = None):\n"
        "        super().__init__('things:index:Thing', name, {}, opts)\n"
        "        self.register_outputs({})\n"
    )
    done = project.pulumi("package", "get-schema", str(plugin))
    assert done.returncode == 0, done.stderr
    schema = json.loads(done.stdout)
    assert schema["resources"]["things:index:Thing"]["requiredInputs"] == ["size"]
    assert await_no_hosts(project, 5) == set()


def test_the_pinned_version_is_the_oldest_installed_one_accepted(tmp_path: Path) -> None:
    def install(version: str, host: bytes) -> str:
        folder = tmp_path / version.replace(".", "-")
        folder.mkdir(exist_ok=True)
        (folder / "pulumi").write_text(f"#!/bin/sh\necho v{version}\n")
        (folder / "pulumi").chmod(0o755)
        (folder / "pulumi-language-python").write_bytes(host)
        return str(folder)

    binary = b"\x7fELF"
    assert find_installed(install("3.258.9", binary), but_not=tmp_path) is None
    assert find_installed(install("3.300.0", b"#!/bin/sh\n"), but_not=tmp_path) is None
    pinned = install(pinned_version(), binary)
    assert find_installed(pinned, but_not=Path(pinned)) is None
    found = find_installed(pinned, but_not=tmp_path)
    assert found is not None
    assert found.pulumi == Path(pinned, "pulumi")


LOGGING_CLI = f"""#!/bin/sh
mkdir -p "${{PULUMI_HOME:-$HOME/.pulumi}}/logs" && echo x > "${{PULUMI_HOME:-$HOME/.pulumi}}/logs/x"
echo v{pinned_version()}
"""


@pytest.mark.parametrize("given", ["", "own"])
def test_finding_an_installed_cli_writes_nothing_into_the_users_pulumi_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    """Every command of the CLI writes a log into PULUMI_HOME, `version` too."""
    folder, home = tmp_path / "installed", tmp_path / "home"
    for each in (folder, home / "own"):
        each.mkdir(parents=True)
    (folder / "pulumi").write_text(LOGGING_CLI)
    (folder / "pulumi").chmod(0o755)
    (folder / "pulumi-language-python").write_bytes(b"\x7fELF")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("PULUMI_HOME", raising=False)
    if given:
        monkeypatch.setenv("PULUMI_HOME", str(home / given))
    assert find_installed(str(folder), but_not=tmp_path) is not None
    assert [each.relative_to(home) for each in home.rglob("*")] == [Path("own")]


GO = """#!/bin/sh
case "$*" in
  "list -deps"*) printf 'a\\nb\\nc\\n' ;;
  *"{{.Dir}}"*) echo "$SDK" ;;
  install*) echo one >&2; sleep 0.5; echo two >&2; test -z "$FAIL" || exit 1
    printf '#!/bin/sh\\necho v%s\\n' "$BUILT" > "$GOBIN/pulumi"; chmod +x "$GOBIN/pulumi"
    touch "$GOBIN/pulumi-language-yaml" ;;
esac
"""


@pytest.fixture
def fake_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "go").write_text(GO)
    (tmp_path / "go").chmod(0o755)
    script = tmp_path / "sdk" / "python" / "cmd" / "pulumi-language-python-exec"
    script.parent.mkdir(parents=True)
    script.write_text("# the exec script")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("SDK", str(tmp_path / "sdk"))
    monkeypatch.setenv("BUILT", pinned_version())
    monkeypatch.setattr("sandbox.engine.cli.HEARTBEAT", 0.2)
    return tmp_path / "bin"


def test_the_engine_is_built_once_and_tells_how_far_it_is(
    fake_go: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = provide_engine(fake_go)
    assert engine.pulumi == fake_go / "pulumi"
    assert "1 of at most 3 packages compiled" in capsys.readouterr().out
    assert (fake_go / "pulumi-language-python-exec").read_text() == "# the exec script"
    assert os.access(fake_go / "pulumi-language-python", os.X_OK)
    assert (fake_go / "pulumi-language-yaml").is_file()
    provide_engine(fake_go)
    assert capsys.readouterr().out == ""


def test_an_engine_of_another_version_is_built_anew(
    fake_go: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUILT", "3.1.0")
    provide_engine(fake_go)
    assert read_version(fake_go / "pulumi") == "3.1.0"
    monkeypatch.setenv("BUILT", pinned_version())
    provide_engine(fake_go)
    assert read_version(fake_go / "pulumi") == pinned_version()


def test_a_failed_build_says_what_go_said_and_what_to_do(
    fake_go: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAIL", "1")
    with pytest.raises(SandboxError, match=r"Go module proxy is reachable(.|\n)*one\ntwo"):
        provide_engine(fake_go)


def test_without_go_and_without_a_cli_both_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxError, match=r"the Pulumi CLI .* or newer .* or Go to build it"):
        provide_engine(tmp_path / "bin")


def test_a_cli_that_does_not_run_has_no_version(tmp_path: Path) -> None:
    assert read_version(tmp_path / "absent") is None


def test_a_launcher_passes_arguments_on_and_does_not_leak_its_path(tmp_path: Path) -> None:
    launcher = tmp_path / "with space" / "show"
    assert write_launcher(launcher, "json.tool", "--compact")
    assert not write_launcher(launcher, "json.tool", "--compact")
    done = subprocess.run(
        [launcher, "--sort-keys"], input='{"b": 1, "a": 2}', capture_output=True, text=True
    )
    assert done.stdout.strip() == '{"a":2,"b":1}'
    assert "PYTHONPATH" not in launcher.read_text()


def await_file(path: Path) -> None:
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.05)
