"""The clouds as values: which sites need not be counted for them, and what another cloud takes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from swyx_components.clouds import PLATFORMS
from swyx_components.installation import load_installation
from swyx_components.installation.model import Egress, Installation
from swyx_components.messages import Severity
from swyx_components.planner import plan_site
from swyx_components.planner.assess import assess_site, is_small
from swyx_components.planner.describe import Provenance
from swyx_components.planner.minimise import minimise
from swyx_components.planner.model import Capabilities, HostGroup, RenderedSite, Rule, SitePlan
from swyx_components.planner.platform import Usage
from swyx_components.planner.render import render_site
from tests.tools.command import swyx, write_file


def hub(networks: int, machines: int = 1) -> Installation:
    """A site with many networks, whose CIDRs can't be joined."""
    site = {
        "machines": {
            "server": {"addresses": ["10.0.0.1"], "roles": ["SwyxServer"]},
            **{
                f"gate{n}": {"addresses": [f"10.0.1.{n}"], "roles": ["SwyxGate"]}
                for n in range(machines)
            },
        },
        "networks": {
            f"n{n}": {"cidrs": [f"10.{1 + n // 100}.{2 * (n % 100)}.0/24"], "roles": ["SwyxIt"]}
            for n in range(networks)
        },
    }
    decisions = {"dcom": "restricted", "h245": "tunnelled"}
    return load_installation({"swyxware": "6.01", "decisions": decisions, "sites": {"hub": site}})


def plan(installation: Installation) -> SitePlan:
    return plan_site(installation, "hub")


@pytest.mark.parametrize("networks", [1, 10, 25, 40, 60, 120])
def test_a_site_that_is_not_counted_fits_every_cloud(networks: int) -> None:
    """The shortcut may only skip what would have found nothing."""
    installation = hub(networks)
    site = plan(installation)
    for platform in PLATFORMS.values():
        usages = platform.count_quotas(render_site(site, installation, platform))
        assert not is_small(site) or all(usage.used <= usage.limit for usage in usages)


def test_small_sites_are_not_counted_and_large_ones_are() -> None:
    assert is_small(plan(hub(3)))
    assert not is_small(plan(hub(100)))


class Paper:
    """A cloud that only exists here: groups are shared, a rule has one peer, a sheet has room for few."""

    name = "paper"

    def __init__(self, room: int = 100) -> None:
        self.room = room

    def limits(self) -> Mapping[str, Any]:
        return {
            "capabilities": {"matches_source_ports": True, "stores_rules_by": "cidr"},
            "quotas": {"rules_per_sheet": self.room},
            "texts": {"description_characters": " -~"},
        }

    def count_quotas(self, rendered: RenderedSite) -> tuple[Usage, ...]:
        limits = rendered.capabilities.limits
        return tuple(
            Usage(limits, "rules_per_sheet", len(e.rules), "", e.group.name)
            for e in rendered.groups
        )

    @staticmethod
    def render_group(
        group: HostGroup, egress: Egress, capabilities: Capabilities, provenance: Provenance
    ) -> tuple[Rule, ...]:
        return minimise(group.requirements, capabilities, provenance.catalogue)


def test_another_cloud_plans_counts_and_proves_without_a_change_elsewhere() -> None:
    installation = hub(3)
    result = assess_site(plan(installation), installation, Paper())
    assert (result.cloud, result.has_errors) == ("paper", False)
    assert result.proof is not None
    assert result.proof.holds
    assert result.proof.compared > 0
    refused = assess_site(plan(installation), installation, Paper(room=2))
    assert {m.id for m in refused.messages if m.severity is Severity.ERROR} == {"quota-exceeded"}


def test_another_cloud_is_bound_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PLATFORMS, "paper", Paper())  # type: ignore[misc,arg-type]
    outcome = swyx("plan", write_file(tmp_path), "--cloud", "paper")
    assert outcome.code == 0, outcome.err
    assert "paper" in outcome.out
