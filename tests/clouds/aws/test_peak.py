"""New rules are there before old ones go: what a security group holds meanwhile must fit as well."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

import pytest

from swyx_components.clouds.aws import Aws
from swyx_components.clouds.aws.quotas import (
    Membership,
    check_memberships,
    check_peak,
    check_transient_quotas,
    rule_tag,
)
from swyx_components.installation import load_installation
from swyx_components.planner import plan_site
from swyx_components.planner.assess import assess_site
from swyx_components.planner.model import RenderedSite
from tests.tools.hubs import hub_with


def hub(branches: Sequence[int], rules: int = 20, groups: int = 5) -> RenderedSite:
    """A LinkManager with the same rules for each branch: 4 outbound, 3 inbound; 3 and 2 by its server."""
    quotas = {"aws": {"rules_per_group": rules, "groups_per_interface": groups}}
    installation = load_installation(hub_with(branches, office=False, quotas=quotas))
    return assess_site(plan_site(installation, "hub"), installation, Aws()).rendered


class Ec2:
    """The tags of deployed rules, and how often it was asked about them."""

    def __init__(self, *deployed: RenderedSite) -> None:
        self.rules = {
            (entry.group.name, rule_tag(spec))
            for rendered in deployed
            for entry in rendered.groups
            for spec in entry.rules
        }
        self.asked = 0

    def count(self, group: str, rules: Sequence[str]) -> int:
        self.asked += 1
        return sum(
            group in ("", name) and (not rules or any(fnmatchcase(tag, rule) for rule in rules))
            for name, tag in self.rules
        )


def told(planned: RenderedSite, cloud: Ec2) -> list[str]:
    return [str(message) for message in check_peak(planned, cloud.count)]


def test_every_rule_has_a_tag_of_its_own_that_says_what_it_is() -> None:
    (link,) = (entry for entry in hub([0]).groups if entry.group.name == "linkmanager")
    assert sorted(map(rule_tag, link.rules)) == [
        "0 in4 tcp 65001 10.1.0.10/32",
        "0 in4 udp 55000-56000 10.1.0.10/32",
        "0 in4 udp 55000-56000 10.1.0.128/25",
        "0 in46 tcp 65000 swyxserver",
        "0 in46 udp 55000-56000 swyxserver",
        "0 out4 tcp 1720 10.1.0.10/32",
        "0 out4 udp 1719 10.1.0.10/32",
        "0 out4 udp 50000-50099 10.1.0.128/25",
        "0 out4 udp 51000-51499 10.1.0.10/32",
        "0 out46 tcp 1720 swyxserver",
        "0 out46 udp 1719 swyxserver",
        "0 out46 udp 51000-51499 swyxserver",
    ]


def test_branches_changed_for_others_at_once_would_exceed_a_group_while_both_are_there() -> None:
    """19 outbound rules before and after, of which 3 stay: 16 new ones beside 19 old ones."""
    assert told(hub(range(4, 8)), Ec2(hub(range(4)))) == [
        "sites.hub.groups.linkmanager: 26 inbound IPv4 rules where AWS allows 20 (rules_per_group) during "
        "this update (now 14; it creates 12, then deletes 12); request a higher quota and set "
        "quotas.aws.rules_per_group, or update in two steps, deletions first.",
        "sites.hub.groups.linkmanager: 35 outbound IPv4 rules where AWS allows 20 (rules_per_group) during "
        "this update (now 19; it creates 16, then deletes 16); request a higher quota and set "
        "quotas.aws.rules_per_group, or update in two steps, deletions first.",
    ]


def test_the_same_change_fits_in_two_steps_and_with_a_raised_quota() -> None:
    """What is deployed after the first step are the rules of the branches that stay: none here."""
    nothing = hub([])
    assert told(nothing, Ec2(hub(range(4)))) == []
    assert told(hub(range(4, 8)), Ec2(nothing)) == []
    assert told(hub(range(4, 8), rules=35), Ec2(hub(range(4), rules=35))) == []
    assert len(told(hub(range(4, 8), rules=34), Ec2(hub(range(4), rules=34)))) == 1


def test_a_group_that_stays_as_it_is_or_gains_within_its_quota_is_no_peak() -> None:
    for before, after in (([0, 1, 2, 3], [0, 1, 2, 3]), ([0, 1], [0, 1, 2, 3]), ([0, 1, 2], [0])):
        assert told(hub(after), Ec2(hub(before))) == []


def test_growing_by_a_branch_always_fits_whatever_the_number_of_shards() -> None:
    for branches in range(1, 14):
        assert told(hub(range(branches + 1)), Ec2(hub(range(branches)))) == []


@pytest.mark.parametrize("shift", range(1, 13))
def test_what_is_refused_is_exactly_what_does_not_fit_together(shift: int) -> None:
    """Shard by shard; the union is taken of the rules themselves, not of their tags."""
    before, after = hub(range(12)), hub(range(shift, shift + 12))
    together = {
        (entry.group.name, spec.shard, spec.direction, spec.protocol, spec.ports, *spec.prefixes)
        for rendered in (before, after)
        for entry in rendered.groups
        for spec in entry.rules
        if spec.prefixes
    } | {
        (entry.group.name, spec.shard, spec.direction, spec.protocol, spec.ports, *spec.groups)
        for rendered in (before, after)
        for entry in rendered.groups
        for spec in entry.rules
        if spec.groups
    }
    counts = Counter((group, shard, direction) for group, shard, direction, *_ in together)
    assert len(told(after, Ec2(before))) == sum(count > 20 for count in counts.values())


def test_what_an_interrupted_update_left_is_counted_as_it_is() -> None:
    """Some of the new rules exist already beside all old ones: they are not counted twice."""
    old, new = hub(range(3)), hub(range(1, 4))
    assert told(new, Ec2(old, new)) == told(new, Ec2(old)) == []


def test_a_site_with_few_rules_asks_one_question() -> None:
    cloud = Ec2(hub([0], rules=60))
    assert told(hub([1], rules=60), cloud) == []
    assert cloud.asked == 1


@pytest.mark.parametrize(
    ("on", "ours", "own", "planned", "said"),
    [
        ("", "", "", 5, None),  # nothing is there yet
        ("x", "", "", 4, None),  # the group that it was made with
        ("x", "", "", 5, "6 security groups where AWS allows 5 .*: 5 of this plan and 1 of others"),
        (
            "x y",
            "",
            "",
            4,
            "6 .*: 4 of this plan and 2 of others.*, or set quotas.aws.groups_kept: 2, so",
        ),
        ("a b c d e", "a b c d e", "a b c d e", 5, None),  # nothing changes
        ("a b c d", "a b c d", "a b c d", 5, None),  # one more shard
        ("x a b c", "a b c", "a b c", 4, None),
        ("x a b c d", "a b c d", "a b c d", 5, "6 .*: 5 of this plan and 1 of others"),
        ("a b c d e", "a b c d e", "a b c d e", 2, None),  # fewer shards
        ("a b c d", "a b c d", "", 3, r"7 .* \(now 4; it joins 3, then leaves 4\)"),  # other roles
        ("x a b c", "a b c", "", 3, r"7 .* \(now 4; it joins 3, then leaves 3\)"),
        ("x a", "a", "", 1, None),
        ("a b", "a b", "b c", 3, None),  # a shard exists already, but not on this interface
    ],
)
def test_an_interface_is_in_new_groups_before_it_leaves_old_ones(
    on: str, ours: str, own: str, planned: int, said: str | None
) -> None:
    """`ours` are groups of the same stack, which the plan moves it out of; `x` and `y` stay."""
    groups = (frozenset(names.split()) for names in (on, ours, own))
    asked = Membership("link", "eni-1", *groups, planned)
    texts = [str(message) for message in check_memberships(hub([0]), [asked])]
    assert len(texts) == (said is not None)
    for text in texts:
        assert re.match(f"sites.hub.machines.link: eni-1 would be in {said}", text), text


# ---- foreseen from two plans, before anything is updated


def foreseen(old: RenderedSite | None, new: RenderedSite) -> list[str]:
    return [str(message) for message in check_transient_quotas(old.groups if old else (), new)]


@pytest.mark.parametrize("shift", [0, 1, 4, 9, 12])
def test_what_two_plans_foresee_is_what_ec2_would_refuse(shift: int) -> None:
    before, after = hub(range(12)), hub(range(shift, shift + 12))
    rules = [text for text in foreseen(before, after) if ".groups." in text]
    assert rules == told(after, Ec2(before))
    assert foreseen(None, after) == []


def test_an_interface_that_leaves_a_spread_group_for_another_is_foreseen() -> None:
    """The LinkManager is in 4 groups and its own; with a second role its new host group has 4 others."""
    before = hub(range(12))
    (link,) = (entry for entry in before.groups if entry.group.name == "linkmanager")
    assert len(link.shards) == 4
    other = replace(link, group=replace(link.group, name="linkmanager-swyxgate"))
    others = tuple(entry for entry in before.groups if entry is not link)
    after = replace(before, groups=(*others, other))
    (said,) = (text for text in foreseen(before, after) if ".machines." in text)
    assert said.startswith(
        "sites.hub.machines.link: its interface would be in 9 security groups where AWS allows 5"
    )
    assert foreseen(before, before) == []
