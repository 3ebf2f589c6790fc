"""A host group whose rules are more than a security group may have: several groups, stably."""

from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

from swyx_components.clouds.aws import Aws
from swyx_components.clouds.aws.quotas import count_quotas
from swyx_components.clouds.azure import Azure
from swyx_components.installation import load_installation
from swyx_components.installation.model import Egress, Installation
from swyx_components.messages import Severity
from swyx_components.planner import plan_site
from swyx_components.planner.assess import SiteResult, assess_site
from swyx_components.planner.model import HostGroup, RenderedGroup, Rule, SitePlan
from swyx_components.planner.render import render_site
from tests.tools.build import bare_installation, group, need
from tests.tools.hubs import hub_with


def hub(branches: list[int], quotas: Mapping[str, Any] | None = None) -> Installation:
    """A hub whose LinkManager serves branches with CIDRs that can't be joined."""
    return load_installation(hub_with(branches, quotas=quotas))


@cache
def result(
    branches: int,
    extra: int | None = None,
    rules: int = 60,
    groups: int = 5,
    product: int = 1000,
    kept: int = 1,
) -> SiteResult:
    quotas = {
        "rules_per_group": rules,
        "groups_per_interface": groups,
        "rules_times_groups": product,
        "groups_kept": kept,
    }
    numbers = [*range(branches), *([] if extra is None else [extra])]
    installation = hub(numbers, {"aws": quotas})
    return assess_site(plan_site(installation, "hub"), installation, Aws())


def links_of(found: SiteResult) -> RenderedGroup:
    return next(e for e in found.rendered.groups if e.group.name == "linkmanager")


def by_shard(specs: tuple[Rule, ...]) -> dict[int, set[Rule]]:
    found: dict[int, set[Rule]] = {}
    for spec in specs:
        found.setdefault(spec.shard, set()).add(spec)
    return found


def told(found: SiteResult, *severities: Severity) -> list[str]:
    return [str(m) for m in found.messages if m.id.startswith("quota") and m.severity in severities]


ERROR, WARNING = Severity.ERROR, Severity.WARNING


def test_a_group_that_fits_is_one_security_group() -> None:
    assert links_of(result(10)).shards == (0,)
    assert all("+" not in spec.name for spec in links_of(result(10)).rules)


def test_thirty_branches_are_spread_and_proven() -> None:
    found = result(30)
    entry = links_of(found)
    assert len(entry.shards) == 4
    assert found.proof is not None
    assert found.proof.holds
    assert told(found, ERROR, WARNING) == []
    counts = Counter((spec.shard, spec.direction) for spec in entry.rules)
    assert max(counts.values()) <= 60
    assert sum(counts.values()) == 217


def test_the_first_group_keeps_its_names_and_all_that_names_other_groups() -> None:
    first = by_shard(links_of(result(30)).rules)[0]
    alone = {spec for spec in links_of(result(10)).rules if spec.groups}
    assert first == alone


def test_a_rule_is_called_after_its_shard() -> None:
    for spec in links_of(result(30)).rules:
        label = f"linkmanager+{spec.shard}-" if spec.shard else "linkmanager-"
        assert spec.name.startswith(label)


def test_all_rules_of_a_branch_are_in_one_shard() -> None:
    shards: dict[str, set[int]] = {}
    for spec in links_of(result(30)).rules:
        for prefix in spec.prefixes:
            net = ".".join(str(prefix).split(".")[:3])
            shards.setdefault(net, set()).add(spec.shard)
    assert {len(own) for own in shards.values()} == {1}


@pytest.mark.parametrize("extra", range(200, 220))
def test_adding_a_branch_touches_one_shard(extra: int) -> None:
    before, after = (by_shard(links_of(result(30, e)).rules) for e in (None, extra))
    touched = [shard for shard in after if after[shard] != before[shard]]
    assert len(touched) == 1
    assert before[touched[0]] < after[touched[0]]


@pytest.mark.parametrize("extra", range(300, 310))
def test_three_hundred_branches_fit_raised_quotas_and_an_addition_touches_one_shard(
    extra: int,
) -> None:
    """200 rules in each of 10 groups are more than AWS grants today; the figures are only settings."""
    before, after = (result(300, e, rules=200, groups=10, product=2000) for e in (None, extra))
    assert told(before, ERROR, WARNING) == []
    old, new = (by_shard(links_of(found).rules) for found in (before, after))
    assert len([shard for shard in new if new[shard] != old.get(shard)]) == 1


def test_one_more_shard_takes_rules_and_no_other_shard_gains_any_but_the_new_ones() -> None:
    """Whatever the branch with which the number grows: old rules move to the new shard or stay."""
    grown = 0
    before = links_of(result(12))
    for branches in range(13, 60):
        after = links_of(result(branches))
        if len(after.shards) == len(before.shards) + 1 and len(before.shards) > 1:
            grown += 1
            last = after.shards[-1]
            old = {s._replace(name="", shard=0): s.shard for s in before.rules}
            for spec in after.rules:
                was = old.get(spec._replace(name="", shard=0), spec.shard)
                assert spec.shard in (was, last)
        before = after
    assert grown >= 1


def test_every_update_by_one_branch_fits_while_old_and_new_are_there_together() -> None:
    """New rules are made before old ones go: their union must be within the quota of every group."""
    before = links_of(result(1))
    for branches in range(2, 47):
        found = result(branches)
        after = links_of(found)
        together = Counter((s.shard, s.direction) for s in {*before.rules, *after.rules})
        assert max(together.values()) <= 60, branches
        before = after


def test_full_shards_are_used_before_a_plan_is_refused_and_said_to_be_full() -> None:
    found = result(59)
    assert links_of(found).shards == (0, 1, 2, 3)
    assert told(found, ERROR) == []
    assert told(found, WARNING) == [
        "sites.hub.groups.linkmanager: its rules nearly fill 5 of 5 (groups_per_interface) on AWS: an "
        "update that adds a peer may exceed the rules of a group while old and new rules coexist; before "
        "you add a peer, request a higher groups_per_interface or rules_per_group and set it under "
        "quotas.aws."
    ]


def test_a_hundred_branches_are_refused_with_figure_quota_and_remedies() -> None:
    assert told(result(100), ERROR) == [
        "sites.hub.groups.linkmanager: 8 where AWS allows 5 (groups_per_interface); 1 already on its "
        "interfaces (groups_kept), and 7 for 404 outbound IPv4 rules, 60 per security group "
        "(rules_per_group); request a higher quota and set quotas.aws.groups_per_interface, or merge "
        "networks, machines or links."
    ]


def test_five_groups_are_refused_beside_the_one_that_an_interface_has_already() -> None:
    """244 rules are five groups, and every interface is in one already: six where five are allowed."""
    (said,) = told(result(60), ERROR)
    assert said == (
        "sites.hub.groups.linkmanager: 6 where AWS allows 5 (groups_per_interface); 1 already on its "
        "interfaces (groups_kept), and 5 for 244 outbound IPv4 rules, 60 per security group "
        "(rules_per_group); request a higher quota and set quotas.aws.groups_per_interface, or set "
        "`groups_kept: 0` there if its interfaces are in no other group, or merge networks, machines or "
        "links."
    )
    assert told(result(60, groups=6), ERROR) == []
    assert told(result(60, kept=0), ERROR) == []
    assert told(result(30, kept=2), ERROR) == []
    (said,) = told(result(50, kept=2), ERROR)
    assert said.startswith(
        "sites.hub.groups.linkmanager: 6 where AWS allows 5 (groups_per_interface); 2 already on its "
        "interfaces (groups_kept), and 4 for 204 outbound IPv4 rules"
    )


def test_a_hundred_branches_fit_once_a_quota_is_raised() -> None:
    assert told(result(100, groups=8), ERROR) == []
    assert told(result(100, rules=200), ERROR, WARNING) == []
    assert len(links_of(result(100, rules=200)).shards) == 4


def test_three_hundred_branches_are_refused_with_figure_quota_and_remedies() -> None:
    (said,) = told(result(300), ERROR)
    assert said.startswith(
        "sites.hub.groups.linkmanager: 22 where AWS allows 5 (groups_per_interface); 1 already on its "
        "interfaces (groups_kept), and 21 for 1204 outbound IPv4 rules, 60 per security group"
    )


def test_the_product_of_both_quotas_is_watched_when_they_are_raised() -> None:
    said = told(result(300, rules=250, groups=5), ERROR)
    assert said[0].startswith(
        "quotas.aws: their product is 1250 where AWS allows 1000 (rules_times_groups)"
    )


def test_what_is_used_is_counted_for_each_shard_and_for_the_interface() -> None:
    found = result(30)
    own = {u.where for u in found.usages if u.quota == "rules_per_group"}
    assert own >= {"linkmanager", "linkmanager+1", "linkmanager+2", "linkmanager+3"}
    interfaces = [u for u in found.usages if u.quota == "groups_per_interface"]
    assert [(u.where, u.used, u.limit) for u in interfaces] == [
        ("linkmanager", 5, 5),
        ("swyxserver", 2, 5),
    ]
    (region,) = (u for u in found.usages if u.quota == "groups_per_region")
    assert region.used == 5  # the server's, and four of the LinkManager


def azure(quotas: Mapping[str, int] | None = None) -> SiteResult:
    installation = hub(list(range(300)), {"azure": quotas} if quotas else None)
    return assess_site(plan_site(installation, "hub"), installation, Azure())


def test_three_hundred_branches_fit_one_group_on_azure() -> None:
    found = azure()
    used = {(u.quota, u.used) for u in found.usages if u.where == "link"}
    # Each of the four rules outward lists every branch and one address or network of the hub itself.
    assert used >= {("rules_per_group", 10), ("prefixes_per_group", 1204)}
    assert told(found, ERROR, WARNING) == []
    assert found.proof is not None
    assert found.proof.holds


def test_azure_refuses_beyond_its_prefixes_and_rules_with_the_figure() -> None:
    said = "".join(told(azure({"prefixes_per_group": 1200, "rules_per_group": 9}), ERROR))
    assert "sites.hub.groups.link: 1204 where Azure allows 1200 (prefixes_per_group)" in said
    assert "sites.hub.groups.link: 10 where Azure allows 9 (rules_per_group)" in said


def test_the_order_of_branches_changes_nothing() -> None:
    numbers = list(range(30))
    one, other = (
        links_of(assess_site(plan_site(i, "hub"), i, Aws()))
        for i in (hub(numbers), hub(numbers[::-1]))
    )
    assert one == other


def rules_of(own: HostGroup, egress: Egress = Egress.CLOSED, **quotas: int) -> tuple[Rule, ...]:
    plan = SitePlan(site="aachen", egress=egress, groups=(own,))
    return render_site(plan, bare_installation(aws=quotas), Aws()).groups[0].rules


def test_a_peer_with_more_rules_than_half_a_group_is_divided() -> None:
    blocks = ",".join(f"10.3.{2 * n}.0/24" for n in range(30))
    specs = rules_of(group(need(f"in udp 1719 from {blocks}")), rules_per_group=10)
    assert max(Counter(spec.shard for spec in specs).values()) <= 10
    assert len(specs) == 30


def test_more_references_than_a_group_may_have_rules_are_spread_too() -> None:
    own = group(*(need(f"in udp 1719 from @SwyxGate/g{n}") for n in range(30)))
    specs = rules_of(own, rules_per_group=10)
    assert max(Counter(spec.shard for spec in specs).values()) <= 10
    assert len(specs) == 30


def test_open_egress_stays_in_the_first_group() -> None:
    blocks = ",".join(f"10.3.{2 * n}.0/24" for n in range(30))
    own = group(need(f"in udp 1719 from {blocks}"))
    (egress,) = (
        s
        for s in rules_of(own, Egress.OPEN, rules_per_group=20)
        if s.protocol == "any" or not s.ports
    )
    assert egress.shard == 0


def test_a_quota_of_one_rule_ends_in_a_figure() -> None:
    own = group(need("in udp 1719 from 10.1.0.0/24,10.3.0.0/24,10.5.0.0/24"))
    plan = SitePlan(site="aachen", egress=Egress.CLOSED, groups=(own,))
    for limit, groups in ((1, 5), (1, 1)):
        quotas = {"rules_per_group": limit, "groups_per_interface": groups}
        usages = count_quotas(render_site(plan, bare_installation(aws=quotas), Aws()))
        (used,) = (u.used for u in usages if u.quota == "groups_per_interface")
        assert used >= 3
