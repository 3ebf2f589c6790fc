"""Both example sites deployed once: their states and the clouds' answers, verified and audited as files."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sandbox.azure.client import ArmClient
from sandbox.environment import SUBSCRIPTION
from sandbox.paths import Sandbox
from sandbox.stacks import Pulumi
from tests.tools.command import Outcome, swyx
from tests.tools.faults.site import BrokenSite
from tests.tools.offline import connect_ec2

pytestmark = pytest.mark.usefixtures("standing")

CALLS = ("security_groups", "security_group_rules", "network_interfaces", "network_acls")
KINDS = ("networkSecurityGroups", "networkInterfaces")
FILE = Path(__file__).parents[2] / "stacks/installation.yaml"


@dataclass(frozen=True)
class Exports:
    """What was exported of a site: its state, and the cloud's answers by the call."""

    site: str
    state: dict[str, Any]
    answers: dict[str, Any]

    def verify(self, folder: Path, *names: str) -> Outcome:
        return swyx("verify", FILE, "--site", self.site, *self._saved(folder, names))

    def verify_state(self, folder: Path) -> Outcome:
        path = folder / "state.json"
        path.write_text(json.dumps(self.state))
        return swyx("verify", FILE, "--state", path)

    def audit(self, folder: Path) -> Outcome:
        return swyx("audit", FILE, "--site", self.site, *self._saved(folder, tuple(self.answers)))

    def _saved(self, folder: Path, names: tuple[str, ...]) -> list[str]:
        words = []
        for name in names:
            path = folder / f"{name}.json"
            path.write_text(json.dumps(self.answers[name], default=str))
            words += ["--saved", str(path)]
        return words

    def changed(self) -> Exports:
        return copy.deepcopy(self)


def ask_aws(endpoint: str) -> dict[str, Any]:
    ec2 = connect_ec2(endpoint)
    return {name: getattr(ec2, f"describe_{name}")() for name in CALLS}


def ask_azure(endpoint: str) -> dict[str, Any]:
    place = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/bochum/providers/Microsoft.Network"
    client = ArmClient(endpoint)
    return {kind: client.get(f"{place}/{kind}") for kind in KINDS}


@pytest.fixture(scope="module")
def both(
    engine: Pulumi, own_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Exports]]:
    found: dict[str, Exports] = {}
    for name, cloud, ask in (("aachen", "aws", ask_aws), ("bochum", "azure", ask_azure)):
        scratch = tmp_path_factory.mktemp(name)
        site = BrokenSite.open(own_sandbox, engine, name, cloud, scratch)
        try:
            outcome = site.run("up")
            assert outcome.code == 0, outcome.said
            code, said = site.project.run("stack", "export")
            assert code == 0, said
            found[name] = Exports(name, json.loads(said), ask(site.endpoint))
        finally:
            assert site.run("destroy").code == 0
            site.forget()
    yield found


EQUAL = {
    "aachen": "aachen (aws): 4 groups, 110 rules; proof: 0 missing, 0 excess",
    "bochum": "bochum (azure): 5 groups, 72 rules; proof: 0 missing, 0 excess",
}


@pytest.mark.parametrize(
    ("site", "names"),
    [
        ("aachen", ("security_groups", "network_interfaces")),
        ("aachen", CALLS),
        ("bochum", KINDS),
    ],
)
def test_saved_answers_verify(
    both: dict[str, Exports], tmp_path: Path, site: str, names: tuple[str, ...]
) -> None:
    outcome = both[site].verify(tmp_path, *names)
    assert outcome.out.splitlines()[0] == EQUAL[site]
    unread = [line for line in outcome.out.splitlines() if "not checked" in line]
    assert ["Virtual Network Manager" in line for line in unread] == [True] * (site == "bochum")
    assert outcome.code == 0


@pytest.mark.parametrize(
    ("site", "names"),
    [
        ("aachen", ("security_group_rules",)),
        ("aachen", ("security_groups",)),
        ("bochum", ("networkSecurityGroups",)),
    ],
)
def test_saved_rules_alone_verify_as_far_as_they_go(
    both: dict[str, Exports], tmp_path: Path, site: str, names: tuple[str, ...]
) -> None:
    outcome = both[site].verify(tmp_path, *names)
    assert outcome.out.splitlines()[0] == EQUAL[site]
    assert "  not checked: no interfaces in the files" in outcome.out
    assert outcome.code == 0


@pytest.mark.parametrize("site", ["aachen", "bochum"])
def test_states_verify(both: dict[str, Exports], tmp_path: Path, site: str) -> None:
    outcome = both[site].verify_state(tmp_path)
    assert outcome.out.splitlines()[0] == EQUAL[site]
    assert "which groups stand before which machine" not in outcome.out
    assert outcome.code == 0


@pytest.mark.parametrize("site", ["aachen", "bochum"])
def test_what_was_generated_passes_the_audit_of_hand_made_firewalls(
    both: dict[str, Exports], tmp_path: Path, site: str
) -> None:
    outcome = both[site].audit(tmp_path)
    assert "0 requirements not met, 0 rules open beyond need" in outcome.out
    assert outcome.code == 0


def test_a_rule_deleted_from_each_source_of_aws_is_found(
    both: dict[str, Exports], tmp_path: Path
) -> None:
    found = both["aachen"].changed()
    flat = found.answers["security_group_rules"]["SecurityGroupRules"]
    flat[:] = [rule for rule in flat if not (rule["FromPort"] == 65001 and not rule["IsEgress"])]
    for group in found.answers["security_groups"]["SecurityGroups"]:
        inbound = group["IpPermissions"]
        inbound[:] = [each for each in inbound if each.get("FromPort") != 65001]
    resources = found.state["deployment"]["resources"]
    resources[:] = [
        each
        for each in resources
        if "IngressRule" not in each["type"] or each["outputs"].get("fromPort") != 65001
    ]
    lacks = "  ac-link: missing rule in tcp 65001 from 10.2.0.10/32 [K4 L96]"
    for outcome in (
        found.verify(tmp_path, "security_group_rules", "network_interfaces"),
        found.verify(tmp_path, "security_groups", "network_interfaces"),
        found.verify_state(tmp_path),
    ):
        assert outcome.code == 1
        assert lacks.partition(" [")[0] in outcome.out
        assert "proof: 1 missing, 0 excess" in outcome.out
    audited = found.audit(tmp_path)
    assert audited.code == 1
    assert "    ac-link in tcp 65001 from 10.2.0.10 (bochum/swyxserver)" in audited.out


def test_a_rule_widened_in_each_source_of_azure_is_found(
    both: dict[str, Exports], tmp_path: Path
) -> None:
    found = both["bochum"].changed()

    def widen(rules: list[dict[str, Any]]) -> None:
        for rule in rules:
            own = rule.get("properties", rule)
            if own.get("destinationPortRange") == "4102":
                own["destinationPortRange"] = "4102-4103"

    for group in found.answers["networkSecurityGroups"]["value"]:
        widen(group["properties"]["securityRules"])
    for resource in found.state["deployment"]["resources"]:
        widen(resource.get("outputs", {}).get("securityRules", []))
    for outcome in (
        found.verify(tmp_path, "networkSecurityGroups", "networkInterfaces"),
        found.verify_state(tmp_path),
    ):
        assert outcome.code == 1
        assert "proof: 0 missing, 1 excess" in outcome.out
        assert "  excess packets: bo-managers in tcp 4103 from 10.2.20.0-" in outcome.out
    audited = found.audit(tmp_path)
    assert audited.code == 1
    assert "    allows in tcp 4103 from 10.2.20.0/24" in audited.out
