"""What a `summary` of its branches makes of a hub's rules, and what a refusal says about it."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from swyx_components.clouds import PLATFORMS
from swyx_components.installation import load_installation
from swyx_components.planner import plan_site
from swyx_components.planner.assess import SiteResult, assess_site
from swyx_components.planner.model import RenderedGroup
from tests.oracle.assess import assess_site as compare_with_oracle
from tests.oracle.domain import Oracle
from tests.oracle.rendered import aws_cloud, azure_cloud
from tests.tools.hubs import hub_with

ONE_OFFICE = ("128/25",)
THREE_OFFICES = ("32/28", "64/27", "128/25")


def hub(branches: int, offices: Sequence[str] = ONE_OFFICE, summary: str = "") -> dict[str, Any]:
    return hub_with(range(branches), offices=offices, summary=summary)


def result(plain: dict[str, Any], cloud: str = "aws") -> SiteResult:
    installation = load_installation(plain)
    return assess_site(plan_site(installation, "hub"), installation, PLATFORMS.get(cloud))


def link_manager(found: SiteResult) -> RenderedGroup:
    return next(e for e in found.rendered.groups if e.group.name == "linkmanager")


def figures(found: SiteResult) -> tuple[int, int, int]:
    """Inbound rules, outbound rules, security groups of the LinkManager."""
    entry = link_manager(found)
    counts = Counter(spec.direction.value for spec in entry.rules)
    return counts["in"], counts["out"], len(entry.shards)


def refusals(found: SiteResult) -> list[str]:
    return [str(m) for m in found.messages if m.id == "quota-exceeded"]


@pytest.mark.parametrize(
    ("branches", "before", "after"),
    [(100, (303, 404, 7), (9, 16, 1)), (300, (903, 1204, 21), (21, 40, 1))],
)
def test_a_hub_that_was_refused_is_one_group_where_the_summaries_adjoin(
    branches: int, before: tuple[int, int, int], after: tuple[int, int, int]
) -> None:
    without, declared = result(hub(branches)), result(hub(branches, summary="23"))
    assert (figures(without), figures(declared)) == (before, after)
    assert refusals(without) and not refusals(declared)
    assert declared.proof is not None and declared.proof.holds


def test_summaries_that_do_not_adjoin_are_one_rule_a_branch_and_kind_of_port() -> None:
    """Four port ranges outbound, two inbound: 100 branches still need more than 5 groups of 60."""
    found = result(hub(100, THREE_OFFICES, summary="24"))
    assert figures(found) == (203, 404, 7)
    assert figures(result(hub(100, THREE_OFFICES))) == (503, 604, 11)
    assert refusals(found) == [
        "sites.hub.groups.linkmanager: 8 where AWS allows 5 (groups_per_interface); 1 already on its "
        "interfaces (groups_kept), and 7 for 404 outbound IPv4 rules, 60 per security group "
        "(rules_per_group); request a higher quota and set quotas.aws.groups_per_interface, or merge "
        "networks, machines or links."
    ]


def test_a_refusal_says_what_a_summary_would_make_of_it_and_so_it_is() -> None:
    (said,) = refusals(result(hub(50, THREE_OFFICES)))
    assert said.startswith("sites.hub.groups.linkmanager: 7 where AWS allows 5")
    assert (
        "quotas.aws.groups_per_interface, or declare a `summary` for its 50 linked sites (5 with the "
        "smallest CIDR around each, fewer if those of neighbours adjoin), or merge" in said
    )
    declared = result(hub(50, THREE_OFFICES, summary="24"))
    assert (refusals(declared), len(link_manager(declared).shards)) == ([], 4)


def test_a_refusal_says_so_where_summaries_would_leave_one_group() -> None:
    plain = hub(14, THREE_OFFICES) | {"quotas": {"aws": {"groups_per_interface": 2}}}
    (said,) = refusals(result(plain))
    assert said.startswith("sites.hub.groups.linkmanager: 3 where AWS allows 2")
    assert "for its 14 linked sites (2 with the smallest CIDR around each" in said


def test_one_linked_site_is_named_in_the_singular() -> None:
    plain = hub(1, THREE_OFFICES) | {"quotas": {"azure": {"prefixes_per_group": 8}}}
    said = refusals(result(plain, "azure"))
    assert said
    assert all("for its 1 linked site (" in text for text in said)


def test_a_summary_that_saves_nothing_is_not_proposed() -> None:
    """As many rules on Azure, whatever the number of prefixes in each."""
    plain = hub(1, THREE_OFFICES) | {"quotas": {"azure": {"rules_per_group": 9}}}
    said = refusals(result(plain, "azure"))
    assert said[0].startswith("sites.hub.groups.link: 10 where Azure allows 9 (rules_per_group)")
    assert not any("summary" in text for text in said)


def test_a_summary_is_not_proposed_where_it_would_hold_addresses_of_another() -> None:
    plain = hub(100, THREE_OFFICES)
    plain["sites"]["b0"]["machines"]["b0-far"] = {
        "addresses": ["10.3.0.1"],
        "roles": ["ITSPManager"],
    }
    (said,) = refusals(result(plain))
    assert "declare a `summary` for its 99 linked sites (" in said


def test_azure_says_what_a_summary_would_make_of_its_prefixes() -> None:
    plain = hub(100, THREE_OFFICES) | {"quotas": {"azure": {"prefixes_per_group": 500}}}
    (inbound, outbound) = refusals(result(plain, "azure"))
    for said in (inbound, outbound):
        assert "or declare a `summary` for its 100 linked sites (" in said


@pytest.mark.parametrize("summary", ["23", "24"])
def test_the_oracle_agrees_about_a_hub_of_summarised_branches(summary: str) -> None:
    plain = hub(20, THREE_OFFICES, summary)
    for cloud, read in (("aws", aws_cloud), ("azure", azure_cloud)):
        rendered = result(plain, cloud).rendered
        assert compare_with_oracle(Oracle(plain), "hub", read(rendered)) == []
