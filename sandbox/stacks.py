"""Stacks: their files, and the engine's commands on them.

Nothing is ever written into the committed `stacks/`. The engine adds an encryption salt to a stack
file that has none, so every command here is given a file of the sandbox's own, which has one: a
copy of the committed file, or one made for the site.
"""

import json
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sandbox.environment import PASSPHRASE, REGION, child_environment
from sandbox.paths import REPOSITORY, Sandbox, shorten
from sandbox.sites import COMMITTED, EXAMPLE, Site, read_mapping
from sandbox.talk import SandboxError, say

# Made by the engine for the passphrase in `environment.py`. It protects nothing: the passphrase is
# public.
SALT = "v1:VQ7RAThX4eg=:v1:nM/uEwk1MWb0dpZd:lFTcWtvrF3qomNtmyA4tUychHTlO0w=="
assert PASSPHRASE == "sandbox", "a new passphrase needs a new salt"

LONGEST_RUN = 3600.0  # seconds for one update
_QUESTION = 120.0  # seconds for a command that only reads or writes state


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A stack in the backend."""

    project: str
    name: str

    @property
    def reference(self) -> str:
        return f"organization/{self.project}/{self.name}"


class Pulumi:
    """The `pulumi` commands that the sandbox gives, in the sandbox's environment."""

    def __init__(self, sandbox: Sandbox, pulumi: Path, endpoints: dict[str, str]) -> None:
        self._sandbox = sandbox
        self._pulumi = pulumi
        self._endpoints = endpoints

    @property
    def environment(self) -> dict[str, str]:
        return child_environment(self._sandbox, self._endpoints, self._pulumi)

    def list_stacks(self) -> list[Stack]:
        """Every stack of the backend, of whatever project."""
        if not (self._sandbox.state / ".pulumi").is_dir():
            return []
        listed = self.ask("stack", "ls", "--all", "--json", "-Q", cwd=self._sandbox.state)
        names = (row["name"].split("/") for row in json.loads(listed))
        return [Stack(project=project, name=name) for _, project, name in names]

    def ensure_stack(self, stack: Stack) -> None:
        """Make the stack if there is none; its file is there before, so the engine writes none."""
        if stack not in self.list_stacks():
            self.ask("stack", "init", stack.name, "--no-select", cwd=self.folder(stack.project))

    def select(self, stack: Stack) -> None:
        """Make it what a plain `pulumi up` in the repository means."""
        self.ask("stack", "select", stack.name, cwd=REPOSITORY)

    def up(self, stack: Stack, file: Path, *, refresh: bool) -> bool:
        """Preview, then update; False if either failed. The engine's output goes to the log."""
        options = ["--refresh"] if refresh else []
        words = ("up", "--yes", "--stack", stack.name, "--config-file", str(file), *options)
        return self.run(*words) == 0

    def destroy(self, stack: Stack, *, refresh: bool) -> bool:
        """End everything that the stack has, then the stack; False if something is left."""
        folder = self.folder(stack.project)
        options = ["--refresh"] if refresh else []
        if self.run("destroy", "--yes", "--stack", stack.name, *options, cwd=folder) != 0:
            return False
        self.ask("stack", "rm", "--yes", "--preserve-config", "--stack", stack.name, cwd=folder)
        return True

    def last_changes(self, stack: Stack) -> dict[str, int]:
        """What the last update did: operation and how many resources, such as `{"create": 4,
        "same": 1}`.
        """
        words = ("history", "--json", "--page-size", "1", "--stack", stack.name)
        updates = json.loads(self.ask("stack", *words, cwd=self.folder(stack.project)))
        return dict(updates[0].get("resourceChanges") or {}) if updates else {}

    def read_summary(self, stack: Stack) -> dict[str, Any]:
        """The output `summary` of the example's program; empty for another program."""
        said = self.ask("stack", "output", "--json", "--stack", stack.name)
        return json.loads(said).get("summary") or {}

    def count_resources(self, stack: Stack) -> int:
        """How many resources the state holds, the stack's own entry apart."""
        answer = self.ask("stack", "export", "--stack", stack.name, cwd=self.folder(stack.project))
        resources = json.loads(answer)["deployment"].get("resources") or []
        return sum(1 for resource in resources if resource["type"] != "pulumi:pulumi:Stack")

    def folder(self, project: str) -> Path:
        """A project folder of the sandbox's own, for commands that run no program."""
        stacks = self._sandbox.stacks
        folder = stacks if project == project_name() else stacks / project
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "Pulumi.yaml").write_text(yaml.safe_dump({"name": project, "runtime": "python"}))
        return folder

    def ask(self, *words: str, cwd: Path | None = None) -> str:
        """Run a command that says little; its stdout.

        Raises:
            SandboxError: it failed; the message holds what it said.
        """
        command = f"`pulumi {' '.join(words)}`"
        try:
            done = subprocess.run(
                [self._pulumi, "--non-interactive", *words],
                cwd=cwd or self.folder(project_name()),
                env=self.environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_QUESTION,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise SandboxError(f"{command} did not finish within {_QUESTION:.0f} s.") from error
        if done.returncode != 0:
            raise SandboxError(f"{command} failed: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def run(self, *words: str, cwd: Path | None = None) -> int:
        """Run a command with its output in the log; its exit code. Ctrl-C reaches it too."""
        with self._sandbox.log.open("a") as log:
            process = subprocess.Popen(
                [self._pulumi, "--color", "never", *words],
                cwd=cwd or REPOSITORY,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            return process.wait(timeout=LONGEST_RUN)
        except KeyboardInterrupt:
            say("Interrupted: the engine finishes its steps. Ctrl-C again stops it at once.")
            process.wait(timeout=LONGEST_RUN)
            raise
        except subprocess.TimeoutExpired as error:
            process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=60)
            process.kill()  # no effect once it has ended
            raise SandboxError(
                f"`pulumi {words[0]}` took over {LONGEST_RUN / 60:.0f} minutes and was interrupted."
            ) from error


def project_name() -> str:
    """The name in the repository's `Pulumi.yaml`."""
    return str(read_mapping(REPOSITORY / "Pulumi.yaml").get("name", "swyx"))


def write_stack_file(sandbox: Sandbox, site: Site) -> Path:
    """The stack file for a site: the committed one if it says the same, else one made for it."""
    committed = COMMITTED / f"Pulumi.{site.name}.yaml"
    has_one = site.installation == EXAMPLE and committed.is_file()
    document = read_mapping(committed) if has_one else {}
    if (document.get("config") or {}).get("swyx:cloud") != site.cloud:
        document = {"config": bind(site)}
    sandbox.stacks.mkdir(parents=True, exist_ok=True)
    path = sandbox.stacks / f"Pulumi.{site.name}.yaml"
    path.write_text(yaml.safe_dump({"encryptionsalt": SALT} | document, sort_keys=False))
    return path


def bind(site: Site) -> dict[str, Any]:
    """The stack's configuration for a seeded site: where its network is, in its cloud's terms."""
    common: dict[str, Any] = {
        "swyx:installation": str(shorten(site.installation)),
        "swyx:site": site.name,
        "swyx:cloud": site.cloud,
    }
    if site.cloud == "aws":
        return common | {"swyx:network": {"vpc_tags": {"Name": site.name}}, "aws:region": REGION}
    return common | {
        "swyx:network": {"resource_group": site.name, "virtual_network": site.name},
        "azure-native:location": "westeurope",
    }
