"""One site as the report tells it: rules with their reasons, links to them, flows."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from hypothesis import Phase, given, settings

from swyx_components.catalogue.model import FlowRow
from swyx_components.clouds import PLATFORMS
from swyx_components.installation import load_installation
from swyx_components.planner import plan_site, plan_sites
from swyx_components.planner.assess import assess_site
from swyx_components.planner.model import Direction, Protocol, Rule
from swyx_components.planner.topology import Topology
from swyx_components.report.html.chapter import (
    FlowLine,
    RuleRow,
    find_parties,
    find_peers,
    list_flows,
    list_rules,
)
from swyx_components.report.html.pages import write_chapter
from swyx_components.sets.ports import PortSet
from swyx_components.sets.prefixes import Prefix
from tests.oracle.installations import installations
from tests.tools.report_pages import page_of

Plain = dict[str, Any]
HOSTILE = "</noscript><script>'\"&amp;</script> {{ 7 }}"


def plain(**aachen: Any) -> Plain:
    """A server, an office of SwyxIt! and one rule of the site's own."""
    return {
        "swyxware": "6.01",
        "decisions": {"dcom": "restricted", "h245": "tunnelled", "fax_transport": "udp"},
        "sites": {
            "aachen": {
                "machines": {"ac-server": {"addresses": ["10.1.0.10"], "roles": ["SwyxServer"]}},
                "networks": {"ac-office": {"cidrs": ["10.1.20.0/24"], "roles": ["SwyxIt"]}},
                "extra_rules": [
                    {
                        "direction": "in",
                        "to": "ac-server",
                        "from": ["10.1.99.0/24"],
                        "protocol": "tcp",
                        "ports": 3389,
                        "reason": "remote desktop",
                    }
                ],
                **aachen,
            }
        },
    }


class Chapter(NamedTuple):
    rules: list[RuleRow]
    flows: list[tuple[FlowRow, list[FlowLine]]]


def chapter(source: Plain, cloud: str = "", site: str = "aachen") -> Chapter:
    installation = load_installation(source)
    result = assess_site(plan_site(installation, site), installation, PLATFORMS.get(cloud))
    rules = list_rules(result, installation.catalogue)
    return Chapter([*rules], [*list_flows(site, Topology(installation))])


def rules(told: Chapter) -> list[tuple[str, ...]]:
    return [
        (
            row.rule.direction.value,
            row.rule.protocol.value,
            str(row.rule.ports or ""),
            str(row.rule.source_ports or ""),
            " ".join(map(str, row.rule.prefixes)),
            " ".join(row.parties),
        )
        for row in told.rules
    ]


def test_each_rule_says_who_is_behind_its_addresses() -> None:
    assert rules(chapter(plain())) == [
        ("in", "tcp", "135", "", "10.1.20.0/24", "ac-office"),
        ("in", "tcp", "3389", "", "10.1.99.0/24", ""),
        ("in", "tcp", "40000-40199", "", "10.1.20.0/24", "ac-office"),
        ("in", "udp", "51000-51499", "50000-50099", "10.1.20.0/24", "ac-office"),
        ("out", "tcp", "135", "", "10.1.20.0/24", "ac-office"),
        ("out", "tcp", "40000-40199", "", "10.1.20.0/24", "ac-office"),
        ("out", "udp", "50000-50099", "51000-51499", "10.1.20.0/24", "ac-office"),
    ]


def test_only_those_stand_behind_a_rule_who_need_its_ports() -> None:
    """M2 goes to SwyxIt! on 50000-50099 and to the L420 on 5006-5007."""
    source = plain(
        networks={
            "ac-office": {"cidrs": ["10.1.20.0/24"], "roles": ["SwyxIt"]},
            "ac-phones": {"cidrs": ["10.1.21.0/24"], "roles": ["SwyxPhoneL420"]},
        }
    )
    server = source["sites"]["aachen"]["machines"]["ac-server"]
    server["roles"] = ["SwyxServer", "PhoneManager"]
    peers = find_peers(plan_site(load_installation(source), "aachen"))
    rule = Rule(
        direction=Direction.OUT,
        protocol=Protocol.UDP,
        ports=PortSet.of((5006, 5007)),
        source_ports=None,
        prefixes=(Prefix.parse("10.1.0.0/16"),),
    )
    assert find_parties(peers, "swyxserver-phonemanager", rule, "M2") == ("ac-phones",)


def test_rules_name_machines_where_the_cloud_names_groups() -> None:
    """C9 and M2 between the server and two gates, which share a security group on AWS."""
    gate = {"roles": ["SwyxGate"]}
    source = plain(
        machines={
            "ac-server": {"addresses": ["10.1.0.10"], "roles": ["SwyxServer", "PhoneManager"]},
            "ac-gate1": {"addresses": ["10.1.0.11"], **gate},
            "ac-gate2": {"addresses": ["10.1.0.12"], **gate},
        },
        networks={},
        extra_rules=[],
    )
    rows = chapter(source, "aws").rules
    assert {row.label for row in rows} == {"ac-server", "ac-gate1, ac-gate2"}
    assert {row.parties for row in rows if row.label == "ac-server"} == {("ac-gate1", "ac-gate2")}
    page = page_of(source, "aws")
    assert '"><td>ac-gate1, ac-gate2<td>in<td>tcp<td>2000<td><b>ac-server</b> <td>' in page
    assert "<td>swyxserver-phonemanager" not in page


def test_a_rule_gives_flow_evidence_lines_and_purpose_of_all_that_it_is_for() -> None:
    (reason,) = chapter(plain()).rules[3].reasons
    assert (reason.flow, reason.evidence, reason.lines) == ("M2", "inferred", (111,))
    assert reason.why == "announcements, voicemail and conferences are endpoints of a call"
    (own,) = chapter(plain()).rules[1].reasons
    assert (own.flow, own.evidence, own.lines, own.why) == (
        "extra:aachen:0",
        "own",
        (),
        "remote desktop",
    )


def test_a_rule_on_azure_is_the_cloud_s_own_with_its_priority_and_the_closing_deny() -> None:
    told = chapter(plain(), "azure")
    assert [row.anchor for row in told.rules if not row.rule.allow] == [
        "rule-aachen/ac-server/in-deny-rest",
        "rule-aachen/ac-server/out-deny-rest",
    ]
    assert {row.rule.priority for row in told.rules if not row.rule.allow} == {4096}


def test_flows_stand_under_the_article_s_row_as_the_site_sees_them() -> None:
    told = chapter(plain())
    lines = {
        row.id: [(line.initiator, line.responder, line.way, line.ports) for line in lines]
        for row, lines in told.flows
    }
    assert lines == {
        "C1": [("ac-office", "ac-server", "inside", "135, 40000-40199")],
        "C2": [("ac-server", "ac-office", "inside", "135, 40000-40199")],
        "M1": [("ac-office", "ac-office", "outside the cloud", "50000-50099")],
        "M2": [
            ("ac-office", "ac-server", "inside", "51000-51499"),
            ("ac-server", "ac-office", "inside", "50000-50099"),
        ],
    }


OFFICES = {
    "ac-home": {"cidrs": ["10.1.30.0/24"], "roles": ["SwyxIt"]},
    "ac-office": {"cidrs": ["10.1.20.0/24"], "roles": ["SwyxPhoneL420"]},
}
AT_PREMISES = {
    "ac-server": {"addresses": ["10.1.0.10"], "roles": ["SwyxServer"]},
    "ac-isdn": {"addresses": ["10.1.0.12"], "roles": ["SwyxGate"], "outside": True},
    "ac-phones": {"addresses": ["10.1.0.13"], "roles": ["PhoneManager"], "outside": True},
}


def test_flows_that_no_rule_is_made_for_stand_there_too_told_apart() -> None:
    """Audio between two networks, and between them and machines outside the cloud (kb2308 L111)."""
    told = chapter(plain(machines=AT_PREMISES, networks=OFFICES, extra_rules=[]))
    lines = {
        row.id: {(one.initiator, one.responder, one.way) for one in rows}
        for row, rows in told.flows
    }
    outside = {
        id: {line[:2] for line in own if line[2] == "outside the cloud"}
        for id, own in lines.items()
    }
    assert {id: own for id, own in outside.items() if own} == {
        "C3a": {("ac-office", "ac-phones")},
        "C4": {("ac-phones", "ac-office")},
        "M1": {
            *(("ac-home", "ac-home"), ("ac-home", "ac-isdn"), ("ac-home", "ac-office")),
            *(("ac-isdn", "ac-home"), ("ac-isdn", "ac-office")),
            *(("ac-office", "ac-home"), ("ac-office", "ac-isdn"), ("ac-office", "ac-office")),
        },
    }
    assert ("ac-isdn", "ac-server", "inside") in lines["C9"]


def test_what_the_page_says_of_a_flow_is_there_for_flows_outside_the_cloud_alone() -> None:
    """M1 is between the hosts of the office alone, so that no rule of the page cites it."""
    page = page_of(plain())
    assert '<tr id="flow-M1">' in page
    assert "<td>outside the cloud<td>udp<td>50000-50099" in page


def test_a_link_to_a_rule_outlives_what_does_not_concern_it() -> None:
    more = plain()
    more["sites"]["aachen"]["machines"]["ac-gate"] = {
        "addresses": ["10.1.0.11"],
        "roles": ["SwyxGate"],
    }
    before, after = ({row.anchor for row in chapter(one).rules} for one in (plain(), more))
    assert "rule-aachen/swyxserver/in/udp/51000-51499/from/50000-50099/10.1.20.0/24" in before
    assert before < after


@settings(max_examples=8, phases=(Phase.generate,))
@given(installations())
def test_no_two_rules_of_a_page_have_one_link(source: Plain) -> None:
    installation = load_installation(source)
    for site in source["sites"]:
        for cloud in ("", "aws", "azure"):
            told = chapter(source, cloud, site)
            anchors = [row.anchor for row in told.rules]
            assert len(set(anchors)) == len(anchors)
            assert all(re.fullmatch(r"[!-~]+", anchor) for anchor in anchors)
    assert installation.sites.keys() == source["sites"].keys()


@settings(max_examples=12, phases=(Phase.generate,))
@given(installations())
def test_a_hostile_reason_is_text_in_a_chapter(source: Plain) -> None:
    for site in source["sites"].values():
        for place, rule in enumerate(site.get("extra_rules", ())):
            rule["reason"] = f"{HOSTILE} {place}"
    installation = load_installation(source)
    for plan in plan_sites(installation):
        result = assess_site(plan, installation)
        _, text = write_chapter(Topology(installation), False, result)
        assert b"<script" not in text and text.count(b"</noscript>") == 1
