"""One site of the example in a sandbox: deployed, edited, destroyed, broken at a call, recovered, judged."""

from __future__ import annotations

import json
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from sandbox.azure.client import ArmClient
from sandbox.environment import SUBSCRIPTION
from sandbox.estate import seeder_of
from sandbox.paths import REPOSITORY, Sandbox, venv_bin
from sandbox.servers import running_endpoints
from sandbox.sites import EXAMPLE, Site, read_machines
from sandbox.stacks import SALT, Pulumi, Stack, bind, project_name
from tests.tools.engine.running import Project, run
from tests.tools.faults.ids import ids_in_cloud, ids_in_state

_TIME = 300.0  # seconds for one command


@dataclass
class Outcome:
    """What became of one engine command: its exit code (None: killed), its words, its writes."""

    code: int | None
    said: str
    writes: int


@dataclass
class BrokenSite:
    """A site, the stack that deploys it, and the two installation files between which it is edited."""

    sandbox: Sandbox
    project: Project
    site: str
    cloud: str
    endpoint: str
    files: tuple[Path, Path]
    planned: Path = field(init=False)

    @classmethod
    def open(
        cls, sandbox: Sandbox, engine: Pulumi, site: str, cloud: str, scratch: Path
    ) -> BrokenSite:
        endpoint = running_endpoints(sandbox)[cloud]
        before = scratch / "before.yaml"
        after = scratch / "after.yaml"
        before.write_text(EXAMPLE.read_text())
        after.write_text(yaml.safe_dump(edited(yaml.safe_load(EXAMPLE.read_text()))))
        seeder_of(cloud)(site, read_machines(before)[site], endpoint)
        stack = Stack(project=project_name(), name=site)
        engine.ensure_stack(stack)
        project = Project(engine, REPOSITORY, stack, scratch / f"Pulumi.{site}.yaml")
        made = cls(sandbox, project, site, cloud, endpoint, (before, after))
        made.plan(before)
        return made

    # What is planned

    def plan(self, file: Path) -> None:
        """The installation file that the next update deploys."""
        self.planned = file
        bound = Site(name=self.site, cloud=self.cloud, installation=file, machines={})
        document = {"encryptionsalt": SALT, "config": bind(bound)}
        self.project.file.write_text(yaml.safe_dump(document))

    def edit(self) -> None:
        """Plan the other file."""
        self.plan(next(file for file in self.files if file != self.planned))

    def reset(self) -> None:
        """Begin anew after a failure: an emptied cloud, its estate, a stack without a state."""
        stack = self.project.stack
        self.project.run("cancel", "--yes")
        self.project.run("stack", "rm", "--yes", "--force", "--preserve-config")
        self._empty_cloud()
        self.project.engine.ensure_stack(stack)
        seeder_of(self.cloud)(self.site, read_machines(self.planned)[self.site], self.endpoint)

    def forget(self) -> None:
        """Remove the stack, which has nothing any more."""
        self.project.run("stack", "rm", "--yes", "--preserve-config")

    def _empty_cloud(self) -> None:
        if self.cloud == "azure":
            ArmClient(self.endpoint).delete(
                f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{self.site}"
            )
            return
        request = urllib.request.Request(f"{self.endpoint}/moto-api/reset", method="POST")
        urllib.request.urlopen(request, timeout=60).close()

    # The engine

    def run(self, verb: str, faults: list[dict[str, Any]] | None = None, *options: str) -> Outcome:
        """`up` or `destroy` to its end, with faults; a hold among them is where it is killed."""
        self.control("PUT", "/faults", faults or [])
        words = ["pulumi", verb, "--yes", "--skip-preview", "--non-interactive"]
        words += ["--stack", self.site, "--config-file", str(self.project.file), *options]
        log = self.project.file.with_suffix(".log")
        with log.open("w") as output:
            process = subprocess.Popen(
                words,
                cwd=REPOSITORY,
                env=self.project.engine.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        holds = any(fault["kind"].startswith("hold") for fault in faults or [])
        code = self._kill_when_held(process) if holds else process.wait(timeout=_TIME)
        writes = self.control("GET")["writes"]
        self.control("PUT", "/faults", [])
        return Outcome(code, log.read_text(), writes)

    def _kill_when_held(self, process: subprocess.Popen[bytes]) -> int | None:
        """SIGKILL the CLI when the cloud holds a call; its plugins end by themselves, as they do."""
        deadline = time.monotonic() + _TIME
        while process.poll() is None and time.monotonic() < deadline:
            if self.control("GET")["held"]:
                family = list(_descendants(process.pid))
                process.send_signal(signal.SIGKILL)
                process.wait(timeout=_TIME)
                self.control("PUT", "/faults", [])
                _await_end(family)
                return None
            time.sleep(0.02)
        return process.wait(timeout=_TIME)

    def recover(self) -> Outcome:
        """The documented way back from anything: cancel, `swyx prune`, update with a refresh."""
        self.project.run("cancel", "--yes")  # refuses where there is no lock
        code, said = self.swyx("prune", str(self.planned), "--stack", self.site, "--yes")
        if code != 0:
            return Outcome(code, said, 0)
        done = self.run("up", None, "--refresh")
        return Outcome(done.code, said + done.said, done.writes)

    # What is checked

    def verify(self) -> str:
        """Empty where `swyx verify` is content, else what it said."""
        code, said = self.swyx("verify", str(self.planned))
        return "" if code == 0 else said

    def swyx(self, command: str, file: str, *options: str) -> tuple[int, str]:
        where = ("--site", self.site, "--cloud", self.cloud)
        words = [str(venv_bin() / "swyx"), command, file, *where, *options]
        return run(words, REPOSITORY, self.project.engine.environment, _TIME)

    def ids_in_cloud(self) -> set[str]:
        """What the cloud holds with the site's tags."""
        return ids_in_cloud(self.cloud, self.endpoint, self.site)

    def orphans(self) -> list[str]:
        """What the cloud holds with the site's tags and the state does not, and the other way round."""
        code, said = self.project.run("stack", "export")
        assert code == 0, said
        state, cloud = ids_in_state(json.loads(said)), self.ids_in_cloud()
        return [f"in the cloud only: {each}" for each in sorted(cloud - state)] + [
            f"in the state only: {each}" for each in sorted(state - cloud)
        ]

    def control(self, method: str, path: str = "", body: Any = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.endpoint}/_sandbox{path}", data, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            told: dict[str, Any] = json.load(answer)
            return told


def edited(installation: dict[str, Any]) -> dict[str, Any]:
    """Another range, and roles that move between machines: groups come and go."""
    for site in ("aachen", "bochum"):
        installation["sites"][site]["ports"] = {"SwyxIt": {"media": "50000-50199"}}
    aachen, bochum = (installation["sites"][site]["machines"] for site in ("aachen", "bochum"))
    for machines, gate in ((aachen, "ac-gate"), (bochum, "bo-gate")):
        machines[gate]["roles"].remove("ConferenceManager")
    aachen["ac-fax"]["roles"].append("ConferenceManager")
    bochum["bo-fax"]["roles"] = ["SwyxGate", "ConferenceManager"]
    bochum["bo-terminal"]["roles"].append("SwyxFaxServer")
    return installation


def _descendants(pid: int) -> Iterator[int]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            if parent == pid:
                yield int(folder.name)
                yield from _descendants(int(folder.name))


def _await_end(pids: list[int]) -> None:
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        if not any(Path(f"/proc/{pid}").exists() for pid in pids):
            return
        time.sleep(0.05)
    raise TimeoutError(f"of the killed engine's children, some still run: {pids}")
