"""`pulumi up` of a site against a program by hand that makes the same resources in the same cloud."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.tools.bench.estates import write_estate, write_hubs
from tests.tools.bench.measure import ROOT

ROUNDS = 3
BRANCHES = 300
MODULES = {
    "aws:ec2/securityGroup:": "pulumi_aws.ec2",
    "aws:ec2/networkInterfaceSecurityGroupAttachment:": "pulumi_aws.ec2",
    "aws:vpc/": "pulumi_aws.vpc",
    "azure-native:network:": "pulumi_azure_native.network",
}
Json = dict[str, Any]


EMPTY = "import pulumi\n"
# Resources that no provider makes: what is left is the engine, and its backend writing the state.
MANY = """\
import pulumi
for n in range({count}):
    pulumi.ComponentResource("bench:index:Thing", f"thing{{n}}", {{"text": "x" * 1000}})
"""
SIZES = (100, 400, 1600)


def engine_figures() -> Iterator[str]:
    """`pulumi up` of ordinary sites and of hubs, previews without a change, and what a state's size costs."""
    with tempfile.TemporaryDirectory(prefix="swyx-bench-") as folder:
        pair = write_estate(Path(folder), 2)
        yield from _with_engine(Path(folder) / "pair", pair, {"s0": "aws", "s1": "azure"})
        hubs = write_hubs(Path(folder), {"east": True, "west": False}, BRANCHES)
        yield from _with_engine(Path(folder) / "hubs", hubs, {"east": "aws", "west": "azure"})


def _with_engine(folder: Path, file: Path, sites: Mapping[str, str]) -> Iterator[str]:
    folder.mkdir()
    engine = Engine(folder)
    try:
        if not engine.start(file, sites):
            yield f"pulumi up of {file.name}: the sandbox did not come up, see above"
            return
        if file.stem == "2":
            yield engine.measure_backend()
        for site, cloud in sites.items():
            yield engine.preview(site, cloud)
            yield from engine.compare(site, cloud)
    finally:
        engine.stop()


class Engine:
    """A sandbox of its own with all sites deployed, and the commands on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment: dict[str, str] = {**os.environ, "SWYX_SANDBOX": str(folder / "sandbox")}
        # What pip installs is compiled, the SDKs of the program by hand too: so is this package then.
        self.environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def start(self, file: Path, sites: Mapping[str, str]) -> bool:
        named = " ".join(f"{site}={cloud}" for site, cloud in sites.items())
        up = [sys.executable, "-m", "sandbox", "up", str(file), "--sites", named]
        log = self.folder / "up.log"
        with log.open("w") as sink:
            code = subprocess.run(
                up, env=self.environment, cwd=ROOT, stdout=sink, stderr=sink
            ).returncode
        if code:
            print(log.read_text()[-2000:], file=sys.stderr)
            return False
        source = f". {self.folder}/sandbox/env && env -0"
        shell = subprocess.run(
            ["bash", "-c", source], env=self.environment, capture_output=True, check=True
        )
        pairs = (entry.partition("=") for entry in shell.stdout.decode().split("\0") if entry)
        self.environment = {name: value for name, _, value in pairs}
        return True

    def stop(self) -> None:
        down = [sys.executable, "-m", "sandbox", "down"]
        subprocess.run(down, env=self.environment, cwd=ROOT, stdout=subprocess.DEVNULL)

    def configured(self, site: str) -> list[str]:
        stacks = self.folder / "sandbox" / "stacks"
        return ["--stack", site, "--config-file", str(stacks / f"Pulumi.{site}.yaml")]

    def measure_backend(self) -> str:
        """What one more resource costs as the state grows, with the backend in a folder."""
        told = []
        for count in SIZES:
            project = self.write_project(f"many-{count}", MANY.format(count=count))
            self.pulumi(project, "stack", "init", f"many-{count}", yes=False)
            seconds = self.pulumi(project, "up", "--skip-preview", "--stack", f"many-{count}")
            told.append(f"{count:,} in {seconds:.1f} s, {seconds / count * 1000:.0f} ms each")
        return f"resources that no provider makes, state in a folder: {'; '.join(told)}"

    def preview(self, site: str, cloud: str) -> str:
        """A preview that finds nothing to do, against that of a program which has nothing."""
        empty = self.write_project(f"empty-{site}", EMPTY)
        self.pulumi(empty, "stack", "init", f"empty-{site}", yes=False)
        best = {"site": float("inf"), "empty": float("inf")}
        for _ in range(ROUNDS):
            ours = self.pulumi(ROOT, "preview", *self.configured(site), yes=False)
            none = self.pulumi(empty, "preview", "--stack", f"empty-{site}", yes=False)
            best = {"site": min(best["site"], ours), "empty": min(best["empty"], none)}
        return (
            f"pulumi preview of {site} on {cloud} without a change: {best['site']:.1f} s, of an empty "
            f"program {best['empty']:.1f} s: {best['site'] / best['empty']:.2f} times"
        )

    def compare(self, site: str, cloud: str) -> Iterator[str]:
        """The site's own program and the one by hand in turns, each from nothing."""
        resources = self.export(site)
        counts = Counter(resource["type"] for resource in resources)
        groups = sum(
            counts[kind]
            for kind in counts
            if kind.endswith((":SecurityGroup", ":NetworkSecurityGroup"))
        )
        by_hand = self.write_program(site, resources)
        kilobytes = len(json.dumps(resources)) / 1000
        configured = self.configured(site)
        self.pulumi(ROOT, "destroy", *configured)
        self.pulumi(by_hand, "stack", "init", f"hand-{site}", yes=False)
        best = {"site": float("inf"), "hand": float("inf")}
        for _ in range(ROUNDS):
            best["site"] = min(
                best["site"],
                self.pulumi(ROOT, "up", "--skip-preview", *configured),
            )
            self.pulumi(ROOT, "destroy", *configured)
            best["hand"] = min(
                best["hand"],
                self.pulumi(by_hand, "up", "--skip-preview", "--stack", f"hand-{site}"),
            )
            self.pulumi(by_hand, "destroy", "--stack", f"hand-{site}")
        shown = ", ".join(
            f"{count} {kind.rpartition(':')[2]}" for kind, count in sorted(counts.items())
        )
        yield (
            f"pulumi up of {site} on {cloud}: {best['site']:.1f} s, by hand {best['hand']:.1f} s: "
            f"{best['site'] / best['hand']:.2f} times (at most 1.10) for {len(resources)} resources"
        )
        yield (
            f"resources of {site} on {cloud}: {groups} groups in {shown}; {kilobytes:.0f} kB of state, "
            f"{best['hand'] / len(resources) * 1000:.0f} ms a resource by hand"
        )

    def export(self, site: str) -> list[Json]:
        """The resources that the cloud holds for a stack."""
        done = subprocess.run(
            ["pulumi", "stack", "export", "--stack", site],
            env=self.environment, cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return [
            resource
            for resource in json.loads(done.stdout)["deployment"]["resources"]
            if any(resource["type"].startswith(kind) for kind in MODULES)
        ]

    def pulumi(self, folder: Path, *words: str, yes: bool = True) -> float:
        """One command of the engine: its wall time in seconds."""
        command = ["pulumi", *words, *(["--yes"] if yes else [])]
        begun = time.perf_counter()
        done = subprocess.run(
            command, env=self.environment, cwd=folder, capture_output=True, text=True
        )
        if done.returncode:
            raise SystemExit(
                f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
            )
        return time.perf_counter() - begun

    def write_program(self, site: str, resources: list[Json]) -> Path:
        """A project that makes the same resources, line by line, as a person would have written it."""
        references = {resource["id"]: f"r{place}" for place, resource in enumerate(resources)}
        lines = [f"import {module}" for module in sorted({module_of(r["type"]) for r in resources})]
        for place, resource in enumerate(resources):
            kind = resource["type"].rpartition(":")[2]
            name = resource["urn"].rpartition("::")[2]
            values = ", ".join(
                f"{snake(key)}={literal(value, references)}"
                for key, value in resource["inputs"].items()
                if not key.startswith("__")
                and key not in LEFT_TO_THE_PROVIDER.get(kind, ("tagsAll", "region"))
            )
            lines.append(f"r{place} = {module_of(resource['type'])}.{kind}({name!r}, {values})")
        return self.write_project(f"hand-{site}", "\n".join(lines) + "\n")

    def write_project(self, name: str, program: str) -> Path:
        folder = self.folder / name
        folder.mkdir()
        (folder / "Pulumi.yaml").write_text(
            f"name: {name}\nruntime:\n  name: python\n  options:\n    toolchain: pip\n"
            f"    virtualenv: {Path(sys.prefix)}\n"
        )
        (folder / "__main__.py").write_text(program)
        return folder


# What the engine's or the provider's defaults put among a resource's inputs.
LEFT_TO_THE_PROVIDER = {"SecurityGroup": ("tagsAll", "region", "name")}


def module_of(kind: str) -> str:
    return next(module for start, module in MODULES.items() if kind.startswith(start))


def snake(key: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", lambda found: f"_{found[1].lower()}", key)


def literal(value: Any, references: Mapping[str, str]) -> str:
    """Python for a value; an id of another resource becomes a reference to it."""
    if isinstance(value, str) and value in references:
        return f"{references[value]}.id"
    if isinstance(value, list):
        return f"[{', '.join(literal(item, references) for item in value)}]"
    if isinstance(value, dict):
        pairs = (f"{key!r}: {literal(item, references)}" for key, item in value.items())
        return f"{{{', '.join(pairs)}}}"
    return repr(value)
