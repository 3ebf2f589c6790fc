"""The one place that knows both clouds: what is foreseen for a site that is bound to none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from swyx_components.clouds import CLOUDS, count_quotas, find_fitting, foresee_quotas, render_site
from swyx_components.installation import load_installation
from swyx_components.installation.model import Egress, Installation
from swyx_components.planner import plan_site
from swyx_components.planner.model import Direction, SitePlan
from swyx_components.planner.quota import most_rules


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
def test_a_site_that_is_not_counted_fits_both_clouds(networks: int) -> None:
    """The shortcut may only skip what would have found nothing, and its bound holds for AWS."""
    installation = hub(networks)
    site = plan(installation)
    for cloud in CLOUDS:
        rendered = render_site(cloud, site, installation)
        if cloud in find_fitting(site):
            assert all(usage.used <= usage.limit for usage in count_quotas(cloud, rendered))
        if cloud == "aws":
            most = max(
                sum(spec.direction is direction for spec in entry.specs)
                for entry in rendered.groups
                for direction in Direction
            )
            assert most <= most_rules(site)


@pytest.mark.parametrize("egress", ["closed", "open"])
@pytest.mark.parametrize(("limit", "most"), [(1, 1), (5, 2), (20, 3), (40, 10), (60, 5), (500, 5)])
def test_what_is_foreseen_is_what_the_rendered_site_uses(
    limit: int, most: int, egress: str
) -> None:
    """Whether one security group holds the rules, some are filled, or each peer has its own."""
    quotas = {"aws": {"rules_per_group": limit, "groups_per_interface": most}}
    installation = replace(hub(30, machines=2), quotas=quotas)
    site = replace(plan(installation), egress=Egress(egress))
    for cloud in CLOUDS:
        rendered = render_site(cloud, site, installation)
        assert foresee_quotas(cloud, site, installation) == count_quotas(cloud, rendered)


def test_an_unknown_cloud_is_a_programming_error() -> None:
    installation = hub(1)
    with pytest.raises(ValueError, match="'gcp' is none of aws, azure"):
        render_site("gcp", plan(installation), installation)
