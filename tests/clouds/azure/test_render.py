"""Host groups as security rules: lists of peers, of source ports and of ports."""

import re
from dataclasses import replace

import pytest

from swyx_components.catalogue.load import load_catalogue
from swyx_components.clouds.azure import Azure
from swyx_components.clouds.azure.names import assign_priorities, limits, physical_name, rule_name
from swyx_components.clouds.azure.render import count_quotas
from swyx_components.installation.model import Egress, Machine
from swyx_components.planner.model import Direction, HostGroup, Protocol, Rule, SitePlan
from swyx_components.planner.render import find_capabilities, render_site
from swyx_components.sets.ports import PortSet
from swyx_components.sets.prefixes import Prefix
from tests.tools.build import bare_installation, group, need, provenance, told


def rendered(own: HostGroup, egress: Egress = Egress.CLOSED, **reasons: str) -> tuple[Rule, ...]:
    return Azure.render_group(own, egress, find_capabilities(Azure()), provenance(**reasons))


def allowed(own: HostGroup) -> list[Rule]:
    return [spec for spec in rendered(own) if spec.allow]


CASES = [
    (
        "Peers that may do the same are one rule",
        ["in udp 1719 from 10.1.0.12/32", "in udp 1719 from 10.1.0.11/32"],
        ["in udp 1719 from 10.1.0.11/32,10.1.0.12/32"],
    ),
    (
        "Port ranges for the same peer are one rule",
        ["in tcp 135 from 10.1.20.0/24", "in tcp 40000-40199 from 10.1.20.0/24"],
        ["in tcp 135+40000-40199 from 10.1.20.0/24"],
    ),
    (
        "Source ports are matched for media",
        ["in udp 51000-51499 from 10.1.20.0/24 source 50000-50099"],
        ["in udp 51000-51499 from 10.1.20.0/24 source 50000-50099"],
    ),
    (
        "Two peers with different source ports stay apart",
        [
            "in udp 51000-51499 from 10.1.20.0/24 source 50000-50099",
            "in udp 51000-51499 from 10.1.21.0/24 source 5006-5007",
        ],
        [
            "in udp 51000-51499 from 10.1.20.0/24 source 50000-50099",
            "in udp 51000-51499 from 10.1.21.0/24 source 5006-5007",
        ],
    ),
    (
        "One network with two kinds of clients is one rule with both ranges",
        [
            "in udp 51000-51499 from 10.1.20.0/24 source 50000-50099",
            "in udp 51000-51499 from 10.1.20.0/24 source 4103-4119",
        ],
        ["in udp 51000-51499 from 10.1.20.0/24 source 4103-4119+50000-50099"],
    ),
    (
        "IPv4 and IPv6 are never in one rule",
        ["in udp 1719 from 10.1.0.0/24,2001:db8::/64"],
        [
            "in udp 1719 from 10.1.0.0/24",
            "in udp 1719 from 2001:db8::/64",
        ],
    ),
    (
        "Prefixes within one rule are collapsed and never overlap",
        [
            "in udp 1719 from 10.1.0.0/25",
            "in udp 1719 from 10.1.0.128/25",
            "in udp 1719 from 10.1.0.7/32",
            "in udp 1719 from 10.9.0.0/24",
        ],
        ["in udp 1719 from 10.1.0.0/24,10.9.0.0/24"],
    ),
    (
        "One address inside a network that may do more keeps the network's rule as it is",
        ["in udp 51000-51499 from 10.1.20.0/24", "in tcp 3389 from 10.1.20.7/32"],
        ["in tcp 3389 from 10.1.20.7/32", "in udp 51000-51499 from 10.1.20.0/24"],
    ),
    (
        "A control port from anywhere is not drawn into a media rule",
        [
            "in udp 1719 from 10.1.0.17/32",
            "in udp 51000-51499 from 10.1.0.17/32 source 2000-8000",
        ],
        [
            "in udp 1719 from 10.1.0.17/32",
            "in udp 51000-51499 from 10.1.0.17/32 source 2000-8000",
        ],
    ),
    (
        "A range that is wanted stays whole although another rule has a part of it",
        [
            "out tcp 2000 to 10.1.0.12/32",
            "out tcp 61000 to 10.1.0.13/32",
            "out tcp 2000-8000 to 10.1.0.13/32",
        ],
        ["out tcp 2000 to 10.1.0.12/32", "out tcp 2000-8000+61000 to 10.1.0.13/32"],
    ),
    (
        "ICMP has no ports, and a rule for each IP version",
        ["in icmp - from 10.1.99.0/24", "in icmpv6 - from 2001:db8::/64"],
        ["in icmp - from 10.1.99.0/24", "in icmpv6 - from 2001:db8::/64"],
    ),
]


@pytest.mark.parametrize(("title", "needs", "rules"), CASES, ids=[case[0] for case in CASES])
def test_needs_become_rules(title: str, needs: list[str], rules: list[str]) -> None:
    assert sorted(map(told, allowed(group(*map(need, needs))))) == sorted(rules)


def test_each_direction_that_is_controlled_ends_in_a_deny() -> None:
    own = group(need("in udp 1719 from 10.1.0.0/24"))
    everything = "0.0.0.0/0,::/0"
    denies = [f"deny in any - from {everything}", f"deny out any - to {everything}"]
    assert [told(s) for s in rendered(own) if not s.allow] == denies
    assert [told(s) for s in rendered(own, Egress.OPEN) if not s.allow] == denies[:1]
    assert {s.priority for s in rendered(own) if not s.allow} == {4096}


def test_priorities_are_unique_and_leave_the_customers_band_alone() -> None:
    names = [f"in-udp-{port}-ipv4" for port in range(1000, 1900)]
    priorities = assign_priorities(names)
    assert len(set(priorities.values())) == len(names)
    assert min(priorities.values()) >= 500
    assert max(priorities.values()) <= 3999


def test_a_priority_follows_from_the_rules_name() -> None:
    alone = assign_priorities(["in-udp-1719-ipv4"])
    among = assign_priorities(
        [*(f"in-tcp-{port}-ipv4" for port in (135, 1720)), "in-udp-1719-ipv4"]
    )
    assert alone["in-udp-1719-ipv4"] == among["in-udp-1719-ipv4"]


def test_another_peer_changes_only_the_list_of_peers() -> None:
    own = [need("in udp 1719 from 10.1.0.12/32", "C9"), need("in tcp 135 from 10.1.20.0/24", "C1")]
    before = {spec.name: spec for spec in rendered(group(*own))}
    more = need("in udp 1719 from 10.1.0.11/32", "C9")
    after = {spec.name: spec for spec in rendered(group(*own, more))}
    assert before.keys() == after.keys()
    changed = [name for name in before if before[name] != after[name]]
    assert changed == ["in-udp-1719-ipv4"]
    assert before["in-udp-1719-ipv4"].priority == after["in-udp-1719-ipv4"].priority


def test_the_order_of_needs_changes_nothing() -> None:
    own = [need("in tcp 1720 from 10.1.0.12/32", "C9"), need("in udp 1719 from 10.1.0.0/24", "C7")]
    assert rendered(group(*own)) == rendered(group(*reversed(own)))


def test_names_and_descriptions_are_what_azure_takes() -> None:
    flows = list(load_catalogue().flows)
    ports = "+".join(f"{10 * number}-{10 * number + 5}" for number in range(1, 40))
    specs = rendered(
        group(
            *(need(f"in udp {ports} from 10.1.0.12/32 source 2000-8000", flow) for flow in flows),
            need("out tcp 3389 to 10.1.99.0/28", "extra:aachen:0"),
        ),
        extra_0="Büro → Server\x1b[31m " + "x" * 300,
    )
    for spec in specs:
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,78}[A-Za-z0-9_]", spec.name), spec.name
        assert len(spec.description) <= 140
        assert re.fullmatch(r"[ -~]*", spec.description), spec.description
    (extra,) = [spec for spec in specs if spec.flows == ("extra:aachen:0",)]
    assert extra.description.startswith("extra:aachen:0: Buero _ Server_[31m xxx")


def test_a_name_that_is_too_long_keeps_its_beginning_and_stays_apart_from_others() -> None:
    many = PortSet.union_of((10 * number, 10 * number + 5) for number in range(1, 40))
    others = PortSet.union_of((10 * number, 10 * number + 5) for number in range(1, 41))
    one, two = (rule_name(Direction.IN, Protocol.UDP, ports, None, 4) for ports in (many, others))
    assert one != two
    assert len(one) == len(two) == 80
    assert one[:60] == two[:60]


def test_resources_have_names_that_never_change_and_always_fit() -> None:
    assert physical_name("bochum", "bo-gate", kind="nsg") == "bochum.bo-gate-nsg"
    long = physical_name("b" * 40, "m" * 40, kind="nsg")
    assert len(long) == 80
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*[A-Za-z0-9_]", long)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("aachen", "nord-gate"), ("aachen-nord", "gate")),
        (("aachen", "srv", "back"), ("aachen", "srv-back")),
    ],
)
def test_no_two_sites_machines_or_subnets_make_one_name(
    one: tuple[str, ...], other: tuple[str, ...]
) -> None:
    assert physical_name(*one, kind="nic") != physical_name(*other, kind="nic")


def machine(name: str, *addresses: str) -> Machine:
    return Machine(name=name, addresses=tuple(map(Prefix.parse, addresses)), roles=("SwyxIt",))


def test_each_machine_has_a_group_that_names_its_peers_by_address_and_never_itself() -> None:
    own = replace(
        group(need("in udp 50000-50099 from @SwyxIt", "M1"), roles="SwyxIt"),
        machines=(machine("pc-1", "10.1.0.1"), machine("pc-2", "10.1.0.2", "2001:db8::2")),
    )
    plan = SitePlan(site="aachen", egress=Egress.CLOSED, groups=(own,))
    site = render_site(plan, bare_installation(), Azure())
    assert {
        entry.group.name: [told(spec) for spec in entry.rules if spec.allow]
        for entry in site.groups
    } == {
        "pc-1": ["in udp 50000-50099 from 10.1.0.2/32"],
        "pc-2": ["in udp 50000-50099 from 10.1.0.1/32"],
    }


def test_quotas_are_counted_as_azure_counts_them() -> None:
    own = group(
        need("in udp 1719 from 10.1.0.0/24,10.3.0.0/24,2001:db8::/64"),
        need("out udp 2001 to 10.1.0.12/32"),
        addresses="10.1.0.10 2001:db8::10",
    )
    plan = SitePlan(site="aachen", egress=Egress.CLOSED, groups=(own,))
    usages = count_quotas(
        render_site(plan, bare_installation(azure={"rules_per_group": 500}), Azure())
    )
    assert [(usage.quota, usage.where, usage.used, usage.limit) for usage in usages] == [
        ("rules_per_group", "box", 5, 500),
        ("prefixes_per_group", "box", 3, 4000),
        ("prefixes_per_group", "box", 1, 4000),
        ("groups_per_region", "", 1, 5000),
    ]


def test_the_data_has_the_providers_figures() -> None:
    assert limits()["quotas"] == {
        "rules_per_group": 1000,
        "prefixes_per_group": 4000,
        "groups_per_region": 5000,
    }
