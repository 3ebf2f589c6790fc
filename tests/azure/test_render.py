"""Host groups as security rules: lists of peers, of source ports and of ports."""

import re

import pytest

from swyx_components.azure.abilities import azure_abilities, limits
from swyx_components.azure.count import count_quotas
from swyx_components.azure.names import assign_priorities, physical_name, rule_name
from swyx_components.azure.render import render_group, render_site
from swyx_components.catalogue import load_catalogue
from swyx_components.installation.model import Egress
from swyx_components.planner.model import Direction, HostGroup, Identity, Protocol, SitePlan, Spec
from swyx_components.sets.ports import PortSet
from tests.build import group, need, provenance, told


def rendered(own: HostGroup, egress: Egress = Egress.CLOSED, **reasons: str) -> tuple[Spec, ...]:
    return render_group(own, egress, azure_abilities(), provenance(**reasons))


def allowed(own: HostGroup) -> list[Spec]:
    return [spec for spec in rendered(own) if spec.allow]


CASES = [
    (
        "Peers that may do the same are one rule",
        ["in udp 1719 from @SwyxGate", "in udp 1719 from @LinkManager"],
        ["in udp 1719 from @LinkManager,@SwyxGate"],
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
            "in udp 51000-51499 from @SwyxIt source 50000-50099",
            "in udp 51000-51499 from @SwyxPhoneL420 source 5006-5007",
        ],
        [
            "in udp 51000-51499 from @SwyxIt source 50000-50099",
            "in udp 51000-51499 from @SwyxPhoneL420 source 5006-5007",
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
        "Groups, IPv4 and IPv6 are never in one rule",
        ["in udp 1719 from @SwyxGate", "in udp 1719 from 10.1.0.0/24,2001:db8::/64"],
        [
            "in udp 1719 from @SwyxGate",
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
            "in udp 1719 from @SwyxFaxServer",
            "in udp 51000-51499 from @SwyxFaxServer source 2000-8000",
        ],
        [
            "in udp 1719 from @SwyxFaxServer",
            "in udp 51000-51499 from @SwyxFaxServer source 2000-8000",
        ],
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


def test_more_than_ten_groups_are_spread_over_rules() -> None:
    peers = [f"@LinkManager/m{number:02}" for number in range(23)]
    specs = allowed(group(*(need(f"in udp 1719 from {peer}") for peer in peers)))
    assert sorted(len(spec.identities) for spec in specs) == [3, 10, 10]
    assert sorted(spec.name for spec in specs) == [
        "in-udp-1719-asg",
        "in-udp-1719-asg-2",
        "in-udp-1719-asg-3",
    ]
    assert sorted(identity.variant for spec in specs for identity in spec.identities) == [
        peer.split("/")[1] for peer in peers
    ]


def test_each_direction_that_is_controlled_ends_in_a_deny() -> None:
    own = group(need("in udp 1719 from 10.1.0.0/24"))
    everything = "0.0.0.0/0,::/0"
    denies = [f"deny in any - from {everything}", f"deny out any - to {everything}"]
    assert [told(s) for s in rendered(own) if not s.allow] == denies
    assert [told(s) for s in rendered(own, Egress.OPEN) if not s.allow] == denies[:1]
    assert {s.priority for s in rendered(own) if not s.allow} == {4096}


def test_the_machines_own_side_is_one_of_its_asgs() -> None:
    own = group(need("in udp 1719 from 10.1.0.0/24"), roles="SwyxServer PhoneManager")
    assert {spec.own_identity for spec in allowed(own)} == {Identity("SwyxServer")}


def test_priorities_are_unique_and_leave_the_customers_band_alone() -> None:
    names = [f"in-udp-{port}-asg" for port in range(1000, 1900)]
    priorities = assign_priorities(names)
    assert len(set(priorities.values())) == len(names)
    assert min(priorities.values()) >= 500
    assert max(priorities.values()) <= 3999


def test_a_priority_follows_from_the_rules_name() -> None:
    alone = assign_priorities(["in-udp-1719-asg"])
    among = assign_priorities([*(f"in-tcp-{port}-asg" for port in (135, 1720)), "in-udp-1719-asg"])
    assert alone["in-udp-1719-asg"] == among["in-udp-1719-asg"]


def test_another_peer_changes_only_the_list_of_peers() -> None:
    own = [need("in udp 1719 from @SwyxGate", "C9"), need("in tcp 135 from 10.1.20.0/24", "C1")]
    before = {spec.name: spec for spec in rendered(group(*own))}
    more = need("in udp 1719 from @LinkManager", "C9")
    after = {spec.name: spec for spec in rendered(group(*own, more))}
    assert before.keys() == after.keys()
    changed = [name for name in before if before[name] != after[name]]
    assert changed == ["in-udp-1719-asg"]
    assert before["in-udp-1719-asg"].priority == after["in-udp-1719-asg"].priority


def test_the_order_of_needs_changes_nothing() -> None:
    own = [need("in tcp 1720 from @SwyxGate", "C9"), need("in udp 1719 from 10.1.0.0/24", "C7")]
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
    assert extra.description.startswith("extra:aachen:0: B_ro _ Server_[31m xxx")


def test_a_name_that_is_too_long_keeps_its_beginning_and_stays_apart_from_others() -> None:
    many = PortSet.union_of((10 * number, 10 * number + 5) for number in range(1, 40))
    others = PortSet.union_of((10 * number, 10 * number + 5) for number in range(1, 41))
    one, two = (
        rule_name(Direction.IN, Protocol.UDP, ports, None, "asg") for ports in (many, others)
    )
    assert one != two
    assert len(one) == len(two) == 80
    assert one[:60] == two[:60]


def test_resources_have_names_that_never_change_and_always_fit() -> None:
    assert physical_name("bochum", "swyxgate", "nsg") == "bochum-swyxgate-nsg"
    long = physical_name("bochum", "-".join(["swyxserver"] * 14), "nsg")
    assert len(long) == 80
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*[A-Za-z0-9_]", long)
    assert physical_name("_x", "nsg") == "swyx-_x-nsg"


def test_quotas_are_counted_as_azure_counts_them() -> None:
    own = group(
        need("in udp 1719 from 10.1.0.0/24,10.3.0.0/24,2001:db8::/64"),
        need("in udp 1719 from @SwyxGate"),
        need("out udp 2001 to @SwyxGate"),
        addresses="10.1.0.10 2001:db8::10",
    )
    plan = SitePlan(site="aachen", egress=Egress.CLOSED, groups=(own,))
    usages = count_quotas(render_site(plan, load_catalogue(), {"rules_per_group": 500}))
    assert [(usage.quota, usage.where, usage.used, usage.limit) for usage in usages] == [
        ("rules_per_group", "swyxserver", 6, 500),
        ("prefixes_per_group", "swyxserver", 3, 4000),
        ("prefixes_per_group", "swyxserver", 0, 4000),
        ("asgs_per_group", "swyxserver", 2, 100),
        ("asgs_per_interface", "swyxserver", 1, 20),
        ("ip_configurations_per_asg", "", 2, 4000),
        ("asgs_per_region", "", 1, 3000),
    ]


def test_the_data_has_the_providers_figures() -> None:
    assert limits()["quotas"] == {
        "rules_per_group": 1000,
        "prefixes_per_group": 4000,
        "asgs_per_rule_side": 10,
        "asgs_per_group": 100,
        "asgs_per_interface": 20,
        "ip_configurations_per_asg": 4000,
        "asgs_per_region": 3000,
    }
