"""Host groups as security group rules: one port range and one peer each."""

import re

import pytest

from swyx_components.catalogue.load import load_catalogue
from swyx_components.clouds.aws import Aws
from swyx_components.clouds.aws.names import TEXTS, group_logical_name, limits
from swyx_components.clouds.aws.quotas import count_quotas
from swyx_components.installation.model import Egress
from swyx_components.planner.model import HostGroup, RenderedSite, Rule, SitePlan
from swyx_components.planner.platform import Usage
from swyx_components.planner.render import find_capabilities, render_site
from tests.tools.build import bare_installation, group, need, provenance, told


def rendered(own: HostGroup, egress: Egress = Egress.CLOSED, **reasons: str) -> tuple[Rule, ...]:
    return Aws.render_group(own, egress, find_capabilities(Aws()), provenance(**reasons))


CASES = [
    (
        "Every address block and every group is a rule of its own",
        ["in udp 1719 from 10.1.0.0/24,10.3.0.0/24", "in udp 1719 from @SwyxGate"],
        [
            "in udp 1719 from @@swyxgate",
            "in udp 1719 from 10.1.0.0/24",
            "in udp 1719 from 10.3.0.0/24",
        ],
    ),
    (
        "Every port range is a rule of its own",
        ["in tcp 135+40000-40199 from 10.1.20.0/24"],
        ["in tcp 135 from 10.1.20.0/24", "in tcp 40000-40199 from 10.1.20.0/24"],
    ),
    (
        "Source ports can't be matched and are left out",
        ["in udp 51000-51499 from 10.1.20.0/24 source 50000-50099"],
        ["in udp 51000-51499 from 10.1.20.0/24"],
    ),
    (
        "Neighbouring blocks with the same ports become one",
        ["in udp 51000-51499 from 10.1.20.0/24", "in udp 51000-51499 from 10.1.21.0/24"],
        ["in udp 51000-51499 from 10.1.20.0/23"],
    ),
    (
        "ICMP has no ports, and ICMP for IPv6 is another protocol",
        ["in icmp - from 10.1.99.0/24", "in icmpv6 - from 2001:db8::/64"],
        ["in icmp - from 10.1.99.0/24", "in icmpv6 - from 2001:db8::/64"],
    ),
    (
        "IPv4 and IPv6 are never in one rule",
        ["in tcp 1720 from 10.1.0.12/32,2001:db8::12/128"],
        ["in tcp 1720 from 10.1.0.12/32", "in tcp 1720 from 2001:db8::12/128"],
    ),
]


@pytest.mark.parametrize(("title", "needs", "rules"), CASES, ids=[case[0] for case in CASES])
def test_needs_become_rules(title: str, needs: list[str], rules: list[str]) -> None:
    assert sorted(map(told, rendered(group(*map(need, needs))))) == sorted(rules)


def test_open_egress_is_one_rule_for_each_ip_version_that_the_machines_have() -> None:
    own = [need("in udp 1719 from 10.1.0.0/24")]
    only_ipv4 = rendered(group(*own), Egress.OPEN)
    both = rendered(group(*own, addresses="10.1.0.10 2001:db8::10"), Egress.OPEN)
    assert [told(spec) for spec in only_ipv4] == [
        "in udp 1719 from 10.1.0.0/24",
        "out any - to 0.0.0.0/0",
    ]
    assert [told(spec) for spec in both] == [
        "in udp 1719 from 10.1.0.0/24",
        "out any - to 0.0.0.0/0",
        "out any - to ::/0",
    ]


def test_a_rule_is_called_after_direction_protocol_ports_and_peer() -> None:
    specs = rendered(
        group(
            need("in tcp 40000-40199 from 10.1.20.0/24"),
            need("out udp 1719 to @SwyxGate"),
            need("in icmpv6 - from 2001:db8::/64"),
            addresses="10.1.0.10 2001:db8::10",
        )
    )
    assert [spec.name for spec in specs] == [
        "swyxserver-in-icmpv6-2001.db8.._64",
        "swyxserver-in-tcp-40000-40199-10.1.20.0_24",
        "swyxserver-out-udp-1719-swyxgate",
    ]


def test_an_unrelated_need_changes_no_other_rule() -> None:
    own = [need("in tcp 1720 from 10.1.0.12/32", "C9"), need("in udp 1719 from 10.1.0.12/32", "C9")]
    before = rendered(group(*own))
    after = rendered(group(need("in udp 51000-51499 from 10.7.0.0/24"), *own))
    assert set(before) < set(after)
    assert len(after) == len(before) + 1


def test_the_order_of_needs_changes_nothing() -> None:
    own = [need("in tcp 1720 from 10.1.0.12/32", "C9"), need("in udp 1719 from 10.1.0.0/24", "C7")]
    assert rendered(group(*own)) == rendered(group(*reversed(own)))


def test_a_description_has_flows_lines_and_purpose() -> None:
    (spec,) = rendered(group(need("in udp 1719 from 10.1.0.12/32", "C9")))
    assert spec.description == (
        "C9 kb2308 L64 L87 L89: SwyxGate registers at SwyxServer and brings calls in"
    )
    assert (spec.flows, spec.lines) == (("C9",), (64, 87, 89))


def test_a_merged_rule_lists_all_its_flows() -> None:
    (spec,) = rendered(
        group(
            need("in udp 2001 from 10.1.0.12/32", "C10"),
            need("in udp 2000-8000 from 10.1.0.12/32", "M3"),
        )
    )
    assert spec.flows == ("C10", "M3")
    assert spec.description.startswith("C10 M3 kb2308 L76 L91 L93 L109 L111: ")


def test_the_reason_of_an_extra_rule_is_told_and_made_acceptable() -> None:
    (spec,) = rendered(
        group(need("in tcp 3389 from 10.1.99.0/28", "extra:aachen:0")),
        extra_0="Fernwartung -> Büro & <script>\n",
    )
    assert spec.description == "extra:aachen:0: Fernwartung -_ Buero _ _script__"


def test_a_description_is_never_longer_than_ec2_takes() -> None:
    flows = list(load_catalogue().flows)
    needs = [need("in udp 51000-51499 from 10.1.0.12/32", flow) for flow in flows]
    (spec,) = rendered(group(*needs))
    assert len(spec.description) <= 255
    assert re.fullmatch(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=;{}!$*]*", spec.description)
    assert spec.flows == tuple(sorted(flows))


def test_a_tag_is_spread_where_its_value_would_be_too_long() -> None:
    words = [f"extra:aachen:{number}" for number in range(40)]
    tags = TEXTS.spread_tag("swyx:flows", words)
    assert list(tags) == ["swyx:flows", "swyx:flows-2", "swyx:flows-3"]
    assert " ".join(tags.values()).split() == words
    assert max(map(len, tags.values())) <= 256


def test_tags_that_would_be_too_many_count_what_they_leave_out() -> None:
    words = [f"machine-{number:03}" for number in range(1000)]
    tags = TEXTS.spread_tag("swyx:machines", words, most=2)
    kept = sum(len(value.split()) for value in tags.values()) - 1
    assert len(tags) == 2
    assert tags["swyx:machines-2"].endswith(f" +{1000 - kept}")
    assert max(map(len, tags.values())) <= 256


def test_a_tag_holds_only_what_ec2_takes() -> None:
    assert TEXTS.clean_tag("a&b <c> ü\t+=._:/@-") == "a_b _c_ ue_+=._:/@-"


def test_a_group_whose_component_begins_like_an_id_is_called_otherwise() -> None:
    assert group_logical_name("sg-berlin-swyxserver") == "swyx-sg-berlin-swyxserver"
    assert group_logical_name("aachen-swyxserver") == "aachen-swyxserver"


def site_of(*groups: HostGroup, quotas: dict[str, int] | None = None) -> RenderedSite:
    plan = SitePlan(site="aachen", egress=Egress.CLOSED, groups=groups)
    return render_site(plan, bare_installation(aws=quotas or {}), Aws())


def test_rules_are_counted_by_direction_and_ip_version_and_references_in_both() -> None:
    own = group(
        need("in udp 1719 from 10.1.0.0/24,2001:db8::/64"),
        need("in udp 1719 from 10.3.0.0/24"),
        need("in udp 1719 from @SwyxGate"),
        need("out udp 2001 to 10.1.0.0/24"),
        addresses="10.1.0.10 2001:db8::10",
    )
    counted = [
        (usage.where, usage.used, usage.limit, usage.note.split(" rules")[0])
        for usage in count_quotas(site_of(own))
        if usage.quota == "rules_per_group"
    ]
    assert counted == [
        ("swyxserver", 3, 60, "; inbound IPv4"),
        ("swyxserver", 2, 60, "; inbound IPv6"),
        ("swyxserver", 1, 60, "; outbound IPv4"),
    ]


def test_quotas_of_the_installation_replace_the_defaults() -> None:
    site = site_of(group(need("in udp 1719 from 10.1.0.0/24")), quotas={"rules_per_group": 200})
    usages = {usage.quota: usage for usage in count_quotas(site)}
    assert usages["rules_per_group"].limit == 200
    assert usages["rules_times_groups"] == Usage(
        site.capabilities.limits,
        quota="rules_times_groups",
        used=1000,
        note="; rules_per_group times groups_per_interface, as AWS grants them together",
        by_quotas=True,
    )
    assert usages["rules_times_groups"].limit == 1000


def test_the_data_has_the_providers_figures() -> None:
    assert limits()["quotas"] == {
        "rules_per_group": 60,
        "groups_per_interface": 5,
        "groups_kept": 1,
        "rules_times_groups": 1000,
        "groups_per_region": 2500,
    }
