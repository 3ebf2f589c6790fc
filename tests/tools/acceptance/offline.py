"""Two sites on the sandbox's strict EC2, deployed, edited and destroyed through one AWS provider."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from pulumi import automation as auto

from sandbox.engine.plugins import sdk_version
from sandbox.environment import REGION
from sandbox.estate import seeder_of
from sandbox.journal import read_journal
from sandbox.paths import REPOSITORY, Sandbox
from sandbox.servers import running_endpoints
from swyx_components import SwyxSite
from tests.tools.acceptance.calls import Reader
from tests.tools.engine.in_process import QuickStack
from tests.tools.engine.trial import machines_of
from tests.tools.hubs import hub_with
from tests.tools.offline import connect_ec2

Plain = dict[str, Any]

_INSTALL = 900.0  # seconds to download and unpack a plugin


class NotRun(Exception):
    """Why there is nothing to compare: no test has been made, neither a good nor a bad one."""


@dataclass(frozen=True)
class Scene:
    """A site as it is deployed first, and as it is edited."""

    site: str
    first: Plain
    edited: Plain

    def operations(self) -> Iterator[tuple[str, Plain, Callable[[auto.Stack, Any], object]]]:
        """What is done, with the installation of then."""
        yield "up", self.first, lambda stack, listen: stack.up(on_event=listen)
        yield "up again", self.first, lambda stack, listen: stack.up(on_event=listen)
        yield "edit", self.edited, lambda stack, listen: stack.up(on_event=listen)
        yield "refresh", self.edited, lambda stack, listen: stack.up(refresh=True, on_event=listen)
        yield "destroy", self.edited, lambda stack, listen: stack.destroy(on_event=listen)


def scenes() -> Iterator[Scene]:
    """The example's Aachen, where a role moves and a range grows; a hub that gets a branch more."""
    aachen = yaml.safe_load((REPOSITORY / "stacks" / "installation.yaml").read_text())
    moved = deepcopy(aachen)
    machines = moved["sites"]["aachen"]["machines"]
    machines["ac-gate"]["roles"].remove("ConferenceManager")
    machines["ac-fax"]["roles"].append("ConferenceManager")
    moved["sites"]["aachen"]["ports"] = {"SwyxIt": {"media": "50000-50199"}}
    yield Scene("aachen", aachen, moved)
    quotas = {"aws": {"rules_per_group": 20}}
    small, grown = (hub_with(range(n), office=False, quotas=quotas) for n in (4, 5))
    yield Scene("hub", small, grown)


def install_plugin(package: str, path: str, environment: Mapping[str, str]) -> None:
    """The plugin at a path, or the official one, into the PULUMI_HOME of an environment.

    Raises:
        NotRun: it can't be had.
    """
    given = ["--reinstall", "-f", str(Path(path).absolute())] if path else []
    command = ["plugin", "install", "resource", package, sdk_version(package), *given]
    pulumi = shutil.which("pulumi", path=environment["PATH"]) or "pulumi"
    try:
        subprocess.run(
            [pulumi, *command],
            env=dict(environment),
            capture_output=True,
            text=True,
            timeout=_INSTALL,
            check=True,
        )
    except subprocess.SubprocessError as failed:
        said = str(getattr(failed, "stderr", None) or failed).strip().splitlines()
        raise NotRun(f"`pulumi {' '.join(command)}` failed: {said[-1]}") from None


@contextmanager
def finding_engine(environment: Mapping[str, str]) -> Iterator[None]:
    """The automation API looks for the engine on this process's own PATH."""
    was = os.environ["PATH"]
    os.environ["PATH"] = environment["PATH"]
    try:
        yield
    finally:
        os.environ["PATH"] = was


def run_scene(scene: Scene, sandbox: Sandbox, environment: Mapping[str, str]) -> Plain:
    """By operation: the engine's steps, the calls of EC2's, and what came too late."""
    endpoint = running_endpoints(sandbox)["aws"]
    ec2 = connect_ec2(endpoint)
    seeder_of("aws")(scene.site, machines_of([scene.first, scene.edited], scene.site), endpoint)
    current: list[Plain] = [{}]
    # One write of the state an update instead of one a step: nothing is killed here.
    own = {**environment, "PULUMI_SKIP_CHECKPOINTS": "true"}
    program = partial(_make_current, scene.site, current)
    stack = QuickStack.open(scene.site, "acceptance", program, sandbox.root, own)
    stack.set_all_config({name: auto.ConfigValue(v) for name, v in _config(endpoint).items()})
    done: Plain = {}
    for name, current[0], operation in scene.operations():
        reader, before = Reader(ec2), len(read_journal(sandbox.server("aws") / "state"))
        steps = sorted(map(reader.say, run_operation(stack, operation)))
        calls, late = reader.read(read_journal(sandbox.server("aws") / "state")[before:])
        done[name] = {"steps": steps, "calls": calls, "late": late}
    return done


def _make_current(site: str, current: list[Plain]) -> None:
    network = {"vpc_tags": {"Name": site}}
    given = {"installation": current[0], "site": site, "cloud": "aws", "network": network}
    SwyxSite(site, given)


def _config(endpoint: str) -> dict[str, str]:
    """The provider's settings, by which the official one asks nothing but the offline EC2."""
    skipped = (
        "skipCredentialsValidation",
        "skipMetadataApiCheck",
        "skipRegionValidation",
        "skipRequestingAccountId",
    )
    places = json.dumps([dict.fromkeys(("ec2", "iam", "sts"), endpoint)])
    settings = {"region": REGION, "endpoints": places, **dict.fromkeys(skipped, "true")}
    return {f"aws:{name}": value for name, value in settings.items()}


def run_operation(
    stack: auto.Stack, operation: Callable[[auto.Stack, Any], object]
) -> Iterator[str]:
    """What an operation did to each resource; a failure is a line too."""
    events: list[auto.EngineEvent] = []
    try:
        operation(stack, events.append)
    except auto.CommandError:
        said = [event.diagnostic_event for event in events]
        errors = [each.message for each in said if each and each.severity == "error"]
        yield "failed: " + " ".join(" ".join(errors).split())
    for event in events:
        step = event.res_outputs_event or event.res_op_failed_event
        if step and step.metadata.op.value not in ("same", "read", "refresh"):
            meta = step.metadata
            names = meta.detailed_diff or dict.fromkeys(meta.diffs or ())
            what = ", ".join(sorted({name.partition(".")[0].partition("[")[0] for name in names}))
            kind, name = meta.type.rpartition(":")[2], meta.urn.rpartition("::")[2]
            yield f"{meta.op.value} {kind} {name}" + f": {what}" * bool(what)
