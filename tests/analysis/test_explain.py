"""`swyx explain` and what is behind it: verdict, rules, flows, and what a denied packet would take."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from swyx_components.analysis.places import find_hosts
from swyx_components.installation import load_installation
from swyx_components.messages import SwyxError
from tests.tools.command import SMALL, Outcome, swyx, write_file

FIXTURES = Path(__file__).parents[1] / "fixtures"
SPREAD = FIXTURES / "one_role_a_machine.yaml"


def ask(*words: object, file: Path = SPREAD) -> Outcome:
    outcome = swyx("explain", file, *words)
    assert outcome.err == ""
    return outcome


def answer(*words: object, file: Path = SPREAD) -> dict[str, Any]:
    (pair,) = ask(*words, "--json", file=file).json()["pairs"]
    assert isinstance(pair, dict)
    return pair


def test_an_allowed_packet_names_rule_flow_evidence_and_lines() -> None:
    outcome = ask("ac-office", "ac-server", "tcp/135")
    assert outcome.code == 0
    assert outcome.out.splitlines() == [
        "allowed: ac-office (aachen) to ac-server (aachen), tcp 135",
        "  at ac-office: unmanaged endpoint: no rules are generated there",
        "  at ac-server: in tcp 135 from 10.1.20.0/24 [C1 L72 L115]",
        "  flow C1 SwyxIt to SwyxServer, tcp 135, 40000-40199: SwyxIt! contacts its SwyxServer over DCOM "
        "(stated, kb2308 L115 L72)",
    ]


def test_a_denied_packet_names_the_nearest_flow_and_what_it_would_take() -> None:
    outcome = ask("ac-l400", "ac-server", "tcp/1720")
    assert outcome.code == 1
    assert outcome.out.splitlines() == [
        "not allowed: ac-l400 (aachen) to ac-server (aachen), tcp 1720",
        "  at ac-l400: no rule lets it out",
        "  at ac-server: no rule lets it in",
        "  nearest flow: M2 SwyxPhoneL400 to SwyxServer, udp 51000-51499 from source ports 5010-5011: "
        "announcements, voicemail and conferences are endpoints of a call (inferred, kb2308 L111)",
        "  to allow it: choose the other control path: `control_path: {SwyxPhoneL400: h323}` at sites.aachen",
        '  as a requirement of your own, under extra_rules: {"direction": "out", "from": "ac-l400", '
        '"to": ["10.1.0.10"], "protocol": "tcp", "ports": 1720, "reason": "..."}',
        '  as a requirement of your own, under extra_rules: {"direction": "in", "to": "ac-server", '
        '"from": ["10.1.1.13"], "protocol": "tcp", "ports": 1720, "reason": "..."}',
    ]


@pytest.mark.parametrize(
    ("words", "takes"),
    [
        (
            ("ac-gate-1", "ac-gate-2", "udp/51500"),
            "enable the optional flow M1g: `flows: {enable: [M1g]}` at sites.aachen",
        ),
        (
            ("ac-fax-1", "ac-fax-2", "tcp/2500"),
            "set the decision `fax_transport: both` at sites.aachen",
        ),
        (
            ("ac-office", "ac-server", "udp/135"),
            "set the decision `dcom_transport: both` at sites.aachen",
        ),
        (
            ("198.51.100.7", "ac-server", "udp/5060"),
            "add 198.51.100.7 to the `sip_devices` of sites.aachen",
        ),
        (
            ("198.51.100.7", "ac-link", "udp/65002"),
            "declare a SIP provider with CIDRs 198.51.100.7 and `link_manager: ac-link`",
        ),
        (
            ("ac-l100-1", "ac-server", "tcp/1720"),
            "give ac-l100-1 the role SwyxGate or SwyxFaxServer",
        ),
        (("ac-server", "ac-l420-1", "tcp/1720"), "give ac-server the role PhoneManager"),
    ],
)
def test_what_it_would_take(words: tuple[str, ...], takes: str) -> None:
    assert answer(*words)["would_take"] == [takes]


@pytest.mark.parametrize(
    "words",
    [
        ("ac-desk-1", "bo-desk-1", "udp/50000"),
        ("bo-desk-1", "ac-conference", "udp/56000"),
        ("ac-server", "bo-server", "tcp/1720"),
        ("bo-server", "ac-link", "tcp/65000"),
        ("ac-office", "ac-phones", "udp/4061"),
    ],
)
def test_what_no_flow_of_the_article_joins(words: tuple[str, ...]) -> None:
    outcome = ask(*words)
    assert outcome.code == 1
    assert "  the article defines no flow between these two on this port\n" in outcome.out


@pytest.mark.parametrize(
    ("words", "takes"),
    [
        (("ac-l420-1", "ac-phones", "tcp/4060"), "set the decision `cornet: [4060, 4061]` at sites.aachen"),
        (
            ("ac-gate-1", "ac-server", "tcp/41000"),
            "set the decision `h245` to a range with 41000 at sites.aachen",
        ),
        (
            ("ac-link", "bo-server", "tcp/41000"),
            "set the decision `h245` to a range with 41000 at sites.aachen and sites.bochum",
        ),
        (
            ("ac-desk-1", "ac-server", "tcp/50000"),
            "set the decision `dcom` to a range with 50000 at sites.aachen",
        ),
    ],
)  # fmt: skip
def test_a_port_that_was_decided_otherwise(
    words: tuple[str, ...], takes: str, tmp_path: Path
) -> None:
    text = SPREAD.read_text(encoding="utf-8")
    decided = text.replace("h245: 41000-41099", "h245: tunnelled\n  cornet: [4061]")
    assert answer(*words, file=write_file(tmp_path, decided))["would_take"] == [takes]


@pytest.mark.parametrize("port", [1720, 3389, 443])
def test_no_decision_is_proposed_for_a_port_that_others_listen_on(port: int) -> None:
    takes = answer("ac-desk-1", "ac-server", f"tcp/{port}")["would_take"]
    assert not [each for each in takes if "decision" in each]


def test_a_missing_link_is_what_it_would_take(tmp_path: Path) -> None:
    file = write_file(tmp_path, SMALL[: SMALL.index("links:")])
    takes = answer("bo-server", "ac-link", "tcp/65001", file=file)["would_take"]
    assert takes == ["declare a link of aachen and bochum with `link_manager: ac-link`"]


def test_servers_of_two_sites_are_reached_through_a_link_and_never_by_an_extra_rule(
    tmp_path: Path,
) -> None:
    """Calls between sites go through a LinkManager (kb2308 L112): no rule opens 1720 between servers."""
    unlinked = write_file(tmp_path, SMALL[: SMALL.index("links:")])
    found = answer("ac-server", "bo-server", "tcp/1720", file=unlinked)
    assert (found["would_take"], found["extra_rules_needed"]) == ([], [])
    linked = answer("ac-server", "bo-server", "tcp/1720", file=write_file(tmp_path))
    assert (linked["would_take"], linked["extra_rules_needed"]) == ([], [])
    desktop = answer("ac-server", "bo-server", "tcp/3389", file=unlinked)
    assert len(desktop["extra_rules_needed"]) == 2


def test_a_disabled_flow_is_what_it_would_take(tmp_path: Path) -> None:
    file = write_file(
        tmp_path, SMALL.replace("    extra_rules", "    flows: {disable: [C10]}\n    extra_rules")
    )
    takes = answer("ac-server", "ac-gates", "tcp/2000", file=file)["would_take"]
    assert takes == ["enable the inferred flow C10: remove it from sites.aachen.flows.disable"]


def test_media_passes_from_its_own_source_ports_only_where_the_cloud_can_tell() -> None:
    words = ("ac-desk-1", "ac-l420-1", "udp/5006", "--source-port")
    assert ask(*words, 50000).code == 0
    assert ask(*words, 40000).code == 1
    assert ask(*words, 40000, "--cloud", "azure").code == 1
    assert ask(*words, 40000, "--cloud", "aws").code == 0


def test_without_a_source_port_the_condition_is_said() -> None:
    assert "(only from those source ports)" in ask("ac-desk-1", "ac-l420-1", "udp/5006").out


@pytest.mark.parametrize("cloud", ["aws", "azure"])
def test_the_rules_shown_are_those_of_the_cloud(cloud: str) -> None:
    (rule,) = answer("ac-office", "ac-server", "tcp/135", "--cloud", f"aachen={cloud}")["ends"][1][
        "rules"
    ]
    assert ("priority" in rule) == (cloud == "azure")
    # A rule of Azure lists peers that may do the same for different reasons.
    assert rule["flows"] == {"aws": ["C1"], "azure": ["C1", "C13", "C6"]}[cloud]


def test_a_rule_with_many_addresses_shows_those_that_were_asked_for(tmp_path: Path) -> None:
    peers = ", ".join(f"10.9.{n}.1" for n in range(1, 31, 2))
    file = write_file(tmp_path, SMALL.replace("10.1.99.0/24", peers))
    assert ask("10.9.5.1", "ac-server", "tcp/3389", file=file).out.splitlines()[2] == (
        "  at ac-server: in tcp 3389 from 10.9.5.1/32 and 14 more [extra:aachen:0]"
    )


def test_a_network_passes_only_as_a_whole(tmp_path: Path) -> None:
    """An extra rule for half of an office is no answer for the office."""
    file = write_file(tmp_path, SMALL.replace("10.1.99.0/24", "10.1.20.0/25"))
    assert ask("ac-office", "ac-server", "tcp/3389", file=file).code == 1
    half = ask("10.1.20.5", "ac-server", "tcp/3389", file=file)
    assert half.code == 0
    assert "  extra rule extra:aachen:0: desktop\n" in half.out


def test_a_range_means_the_machines_in_it_and_all_the_others() -> None:
    pairs = ask("10.1.0.10/31", "ac-gate-1", "tcp/2000", "--json").json()["pairs"]
    assert [(pair["source"]["name"], pair["allowed"]) for pair in pairs] == [
        ("ac-link", False),
        ("ac-server", True),
        ("10.1.0.10/31", False),
    ]


def test_a_rule_of_a_further_security_group_names_that_group(tmp_path: Path) -> None:
    """60 rules fill a group of AWS, so the desktops stand in others on the same interface."""
    rule = "      - {{direction: in, to: ac-server, from: [10.9.{}.1], protocol: tcp, ports: 1, reason: n}}\n"
    rules = "".join(map(rule.format, range(1, 130, 2)))
    file = write_file(tmp_path, SMALL.replace("    extra_rules:\n", f"    extra_rules:\n{rules}"))
    outcome = ask("10.9.1.1", "ac-server", "tcp/1", "--cloud", "aws", file=file)
    assert outcome.code == 0
    assert re.search(
        r"  at ac-server \(swyxserver\+[12]\): in tcp 1 from 10\.9\.1\.1/32 ", outcome.out
    )


def test_a_group_of_a_rule_is_told_by_its_machines(tmp_path: Path) -> None:
    """A group's name is made of its roles, and may be as long as all of them."""
    gates = "".join(
        f"      gate-{n}: {{addresses: [10.1.0.{20 + n}], roles: [SwyxGate]}}\n" for n in range(3)
    )
    file = write_file(tmp_path, SMALL.replace("    networks:\n", f"{gates}    networks:\n", 1))
    lines = ask("gate-1", "ac-server", "tcp/1720", "--cloud", "aws", file=file).out.splitlines()
    assert lines[1:3] == [
        "  at gate-1: out tcp 1720 to ac-server [C9 L64 L87 L89]",
        "  at ac-server: in tcp 1720 from ac-gates, gate-0, and 2 more [C9 L64 L87 L89]",
    ]


PARALLEL = SMALL.replace(
    "bo-server: {addresses: [10.2.0.10], roles: [SwyxServer]}",
    "bo-server: {addresses: [10.2.0.10], roles: [SwyxServer]}\n"
    "      bo-link: {addresses: [10.2.0.11], roles: [LinkManager]}",
).replace("  aachen-bochum:", "  west: {sites: [aachen, bochum], link_manager: bo-link}\n  east:")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            PARALLEL,
            "calls between two sites go through a LinkManager (link east through ac-link, "
            "link west through bo-link), so no extra rule is proposed",
        ),
        (
            SMALL,
            "calls between two sites go through a LinkManager (link aachen-bochum through "
            "ac-link), so no extra rule is proposed",
        ),
        (
            SMALL[: SMALL.index("links:")],
            "a call between the two sites needs a link; this packet stays closed even then, "
            "so no extra rule is proposed",
        ),
    ],
)
def test_what_no_link_serves_names_the_links_that_there_are(
    text: str, told: str, tmp_path: Path
) -> None:
    outcome = ask("ac-server", "bo-server", "tcp/1720", file=write_file(tmp_path, text))
    assert outcome.code == 1
    assert outcome.out.splitlines()[-2:] == [
        "  the article defines no flow between these two on this port",
        f"  {told}",
    ]


def test_two_link_managers_of_a_site_are_no_way_for_a_call(tmp_path: Path) -> None:
    """No further role makes a LinkManager take transit, nor does a rule of one's own."""
    two = SMALL.replace(
        "      ac-gates:",
        "      ac-trunk: {addresses: [10.1.0.13], roles: [LinkManager]}\n      ac-gates:",
    )
    file = write_file(tmp_path, two)
    outcome = ask("ac-link", "ac-trunk", "udp/55000", file=file)
    assert outcome.out.splitlines()[-2:] == [
        "  the article defines no flow between these two on this port",
        "  calls from one LinkManager of a site to another (transit) are not covered, so no extra "
        "rule is proposed; use one LinkManager for both",
    ]
    found = answer("ac-link", "ac-trunk", "tcp/65001", file=file)
    assert (found["would_take"], found["extra_rules_needed"]) == ([], [])
    assert len(answer("ac-link", "ac-trunk", "tcp/3389", file=file)["extra_rules_needed"]) == 2


@pytest.mark.parametrize(("packet", "flow"), [("tcp/65001", "K9"), ("udp/55000", "M7")])
@pytest.mark.parametrize("ends", [("ac-link", "bo-link"), ("bo-link", "ac-link")])
def test_two_link_managers_of_two_sites_need_a_chained_link(
    packet: str, flow: str, ends: tuple[str, str], tmp_path: Path
) -> None:
    chained = "mode: chained, link_managers: {aachen: ac-link, bochum: bo-link}"
    wanted = (
        "declare a link of aachen and bochum with `mode: chained` and "
        "`link_managers: {aachen: ac-link, bochum: bo-link}`"
    )
    assert answer(*ends, packet, file=write_file(tmp_path, PARALLEL))["would_take"] == [wanted]
    done = PARALLEL + f"  north: {{sites: [aachen, bochum], {chained}}}\n"
    found = answer(*ends, packet, file=write_file(tmp_path, done))
    assert [each["flow"] for each in found["flows"]] == [flow]


@pytest.mark.parametrize(
    ("words", "where"),
    [
        (("ac-office", "ac-link", "udp/55000", "--source-port", 40000), "from this source port"),
        (("ac-office", "ac-link", "udp/54999", "--source-port", 50000), "on this port"),
        (("ac-office", "ac-link", "icmp"), "by ICMP"),
        (("ac-gates", "ac-server", "icmpv6"), "by ICMP"),
    ],
)
def test_what_differs_from_each_flow_is_said(
    words: tuple[str | int, ...], where: str, tmp_path: Path
) -> None:
    file = write_file(tmp_path, SMALL.replace("[10.1.0.10]", '[10.1.0.10, "fd00:1::10"]'))
    lines = ask(*words, file=file).out.splitlines()
    assert f"  the article defines no flow between these two {where}" in lines


def test_nothing_is_said_of_flows_where_what_would_allow_it_was_not_tried(tmp_path: Path) -> None:
    """It is for the first five pairs only: a link would allow the others too."""
    links = "".join(
        f"      ac-link-{n}: {{addresses: [10.1.0.2{n}], roles: [LinkManager], "
        f"ports: {{LinkManager: {{sip: 6510{n}}}}}}}\n"
        for n in range(6)
    )
    text = SMALL[: SMALL.index("links:")].replace("    networks:\n", f"{links}    networks:\n", 1)
    file = write_file(tmp_path, text)
    out = ask("bo-server", "LinkManager@aachen", "tcp/65001", file=file).out
    assert out.count("not allowed: ") == 7
    assert out.count("  to allow it: declare a link") == 5
    assert "the article defines no flow" not in out


@pytest.mark.parametrize(
    ("words", "flows"),
    [
        (("ac-server", "ac-link", "tcp/65000"), ["K1"]),
        (("ac-server", "bo-link", "tcp/65001"), ["K4"]),
        (("ac-server", "bo-link", "tcp/65000"), []),
        (("bo-server", "bo-link", "tcp/65000"), ["K1"]),
        (("bo-server", "ac-link", "tcp/65001"), ["K4"]),
        (("bo-link", "ac-server", "tcp/1720"), ["K3"]),
        (("bo-link", "bo-server", "tcp/1720"), ["K2"]),
        (("ac-office", "bo-link", "udp/55000"), ["M4a"]),
        (("ac-link", "bo-link", "udp/55000"), []),
        (("ac-link", "bo-link", "tcp/65001"), []),
    ],
)
def test_each_of_two_parallel_links_brings_its_own_flows(
    words: tuple[str, ...], flows: list[str], tmp_path: Path
) -> None:
    found = answer(*words, file=write_file(tmp_path, PARALLEL))
    assert ([flow["flow"] for flow in found["flows"]], found["allowed"]) == (flows, bool(flows))


def test_machines_of_one_group_that_differ_in_ip_versions_are_answered_apart(
    tmp_path: Path,
) -> None:
    """One pair speaks for a group only as far as its machines have the same IP versions."""
    gates = 'ac-gate-6: {addresses: ["fd00:1::13"], roles: [SwyxGate]}\n      ac-gates:'
    file = write_file(tmp_path, SMALL.replace("ac-gates:", gates))
    pairs = ask("ac-server", "SwyxGate@aachen", "tcp/2000", "--json", file=file).json()["pairs"]
    assert [(pair["destination"]["name"], pair["allowed"]) for pair in pairs] == [
        ("ac-gate-6", False),
        ("ac-gates", True),
    ]
    assert pairs[0]["would_take"] == [
        "give ac-server and ac-gate-6 addresses of the same IP version"
    ]


def test_two_versions_of_ip_that_never_meet() -> None:
    outcome = ask("2001:db8::1", "ac-server", "tcp/1720")
    assert outcome.code == 1
    assert outcome.out.splitlines()[1] == "  they have no IP version in common"


def test_a_machine_reaches_itself_without_any_rule() -> None:
    outcome = ask("ac-server", "10.1.0.10", "tcp/1")
    assert outcome.code == 0
    assert "same machine" in outcome.out


def test_between_two_outsiders_the_plan_has_no_say() -> None:
    outcome = ask("ac-office", "192.0.2.1", "icmp")
    assert outcome.code == 1
    assert "  neither end is in a cloud: no rule of the plan allows it\n" in outcome.out


HOME = SMALL.replace(
    "    extra_rules:",
    "      ac-home: {cidrs: [10.1.30.0/24], roles: [SwyxIt]}\n    extra_rules:",
)


def test_what_neither_cloud_carries_is_allowed_by_the_article(tmp_path: Path) -> None:
    """Audio goes directly between callers of one site (kb2308 L111), also where a VPN ends on premises."""
    outcome = ask("ac-home", "ac-office", "udp/50000", file=write_file(tmp_path, HOME))
    assert outcome.code == 0
    assert outcome.out.splitlines() == [
        "allowed by the article, outside the cloud: ac-home (aachen) to ac-office (aachen), udp 50000",
        "  at ac-home: unmanaged endpoint: no rules are generated there",
        "  at ac-office: unmanaged endpoint: no rules are generated there",
        "  neither end is in a cloud: no rules are generated, your own firewall must allow it",
        "  flow M1 SwyxIt to SwyxIt, udp 50000-50099 from source ports 50000-50099: audio goes directly "
        "between caller and callee of one site (stated, kb2308 L111 L38)",
        "  your firewall must allow: udp 50000-50099 from 10.1.30.0/24, source ports 50000-50099, "
        "to 10.1.20.0/24",
    ]
    denied = answer("ac-home", "ac-office", "udp/50100", file=tmp_path / "plan.yaml")
    assert (denied["allowed"], denied["outside"], denied["flows"]) == (False, True, [])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("ac-home", "ac-gates", "udp/51500"), ["M1"]),
        (("ac-home", "bo-office", "udp/50000"), []),
        (("ac-link", "bo-office", "udp/50000"), ["M4a"]),
        (("203.0.113.17", "ac-link", "tcp/65002"), ["K8"]),
    ],
)
def test_machines_outside_and_providers_are_carried_too(
    words: tuple[str, ...], expected: list[str], tmp_path: Path
) -> None:
    text = HOME.replace("roles: [LinkManager]", "roles: [LinkManager], outside: true").replace(
        "roles: [SwyxGate]", "roles: [SwyxGate], outside: true"
    )
    found = answer(*words, file=write_file(tmp_path, text + TRUNK))
    assert ([flow["flow"] for flow in found["flows"]], found["allowed"]) == (
        expected,
        bool(expected),
    )


def test_a_managed_network_is_in_the_cloud(tmp_path: Path) -> None:
    managed = HOME.replace("[10.1.30.0/24], roles", "[10.1.30.0/24], managed: true, roles")
    found = answer("ac-home", "ac-office", "udp/50000", file=write_file(tmp_path, managed))
    assert (found["allowed"], found["outside"], bool(found["ends"][0]["rules"])) == (
        True,
        False,
        True,
    )


def test_a_role_speaks_for_its_groups_and_networks() -> None:
    pairs = ask("swyxit@aachen", "SwyxPhoneL420@Aachen", "udp/5006", "--json").json()["pairs"]
    assert [(pair["source"]["name"], pair["destination"]["name"]) for pair in pairs] == [
        ("ac-desk-1", "ac-l420-1"),
        ("ac-desk-1", "ac-l420s-net"),
        ("ac-office", "ac-l420-1"),
        ("ac-office", "ac-l420s-net"),
    ]
    assert [pair["outside"] for pair in pairs] == [False, False, False, True]
    assert [pair["allowed"] for pair in pairs] == [True, True, True, True]
    (pair,) = ask("SwyxGate@aachen", "SwyxGate@aachen", "udp/51500", "--json").json()["pairs"]
    assert (pair["source"]["name"], pair["destination"]["name"]) == ("ac-gate-1", "ac-gate-2")


def test_open_egress_is_left_to_others(tmp_path: Path) -> None:
    file = write_file(
        tmp_path, SMALL.replace("    extra_rules", "    egress: open\n    extra_rules")
    )
    outcome = ask("ac-server", "ac-gates", "tcp/2000", file=file)
    assert outcome.code == 0
    assert "  at ac-server: egress is open (unmanaged)\n" in outcome.out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("ac-servr", "ac-link", "tcp/1"), "unknown endpoint ac-servr: not a machine, network"),
        (("ac-servr", "ac-link", "tcp/1"), "(did you mean ac-server?)"),
        (
            ("ac-server", "nobody@aachen", "tcp/1"),
            "unknown endpoint nobody@aachen: not a machine, network",
        ),
        (("ac-server", "ac-link", "tcp/0"), "invalid packet tcp/0"),
        (("ac-server", "ac-link", "tcp/65536"), "invalid packet tcp/65536"),
        (("ac-server", "ac-link", "tcp/1-2"), "invalid packet tcp/1-2"),
        (("ac-server", "ac-link", "tcp"), "invalid packet tcp"),
        (("ac-server", "ac-link", "icmp/8"), "invalid packet icmp/8"),
        (("ac-server", "ac-link", "sctp/1"), "invalid packet sctp/1"),
        (("ac-server", "ac-link", "any/1"), "invalid packet any/1"),
    ],
)
def test_words_that_mean_nothing_are_exit_code_2(words: tuple[str, ...], says: str) -> None:
    outcome = swyx("explain", SPREAD, *words)
    assert (outcome.code, outcome.out) == (2, "")
    assert says in outcome.err


def test_an_undecided_installation_has_no_answer(tmp_path: Path) -> None:
    outcome = swyx(
        "explain",
        write_file(tmp_path, SMALL.replace("dcom: restricted, ", "")),
        "ac-server",
        "ac-link",
        "tcp/65000",
    )
    assert outcome.code == 2
    assert "the article does not specify a DCOM port range for C1 " in outcome.err


def test_a_name_at_two_sites_is_asked_for_with_its_site(tmp_path: Path) -> None:
    installation = load_installation(
        write_file(tmp_path, SMALL.replace("ac-office", "office").replace("bo-office", "office"))
    )
    with pytest.raises(SwyxError, match="office is ambiguous: 2 endpoints have this name"):
        find_hosts(installation, "office")
    (host,) = find_hosts(installation, "office@Bochum")
    assert host.site == "bochum"


@pytest.mark.parametrize(
    ("word", "site", "label"),
    [
        ("10.1.0.10", "aachen", "ac-server"),
        ("10.1.20.7", "aachen", "ac-office"),
        ("10.1.20.0/28", "aachen", "ac-office"),
        ("203.0.113.3", "", "provider carrier"),
        ("carrier", "", "provider carrier"),
        ("192.0.2.0/24", "", "192.0.2.0/24"),
        ("192.0.2.1", "", "192.0.2.1"),
    ],
)
def test_an_address_means_who_has_it(word: str, site: str, label: str) -> None:
    (host,) = find_hosts(load_installation(SPREAD), word)
    assert (host.site, host.label) == (site, label)


SUMMARISED = SMALL.replace("\nlinks:", "\n    summary: [10.2.0.0/16]\nlinks:")


def test_what_passes_only_since_a_site_stands_as_its_summary_is_said(tmp_path: Path) -> None:
    file = write_file(tmp_path, SUMMARISED)
    assert ask("10.2.77.5", "ac-link", "tcp/65001", file=file).out.splitlines() == [
        "allowed: summary (bochum) to ac-link (aachen), tcp 65001",
        "  at summary: unmanaged endpoint: no rules are generated there",
        "  at ac-link: in tcp 65001 from 10.2.0.0/16 [K4 L96 L116]",
        "  only through a site's summary, for the flow K4 SwyxServer to LinkManager, tcp 65001: the "
        "SwyxServer of the other site hands its calls to the LinkManager (inferred, kb2308 L96 L116)",
    ]
    passing = answer("bo-office", "ac-link", "tcp/65001", file=file)
    assert (passing["flows"], [flow["flow"] for flow in passing["by_summary"]]) == ([], ["K4"])


def test_a_summary_changes_nothing_about_the_flows_that_are_meant(tmp_path: Path) -> None:
    file = write_file(tmp_path, SUMMARISED)
    meant = answer("bo-server", "ac-link", "tcp/65001", file=file)
    assert (meant["allowed"], [flow["flow"] for flow in meant["flows"]]) == (True, ["K4"])
    assert meant["by_summary"] == []
    denied = answer("10.2.77.5", "ac-server", "tcp/1720", file=file)
    assert (denied["allowed"], denied["flows"], denied["by_summary"]) == (False, [], [])


TRUNK = """\
sip_providers:
  carrier: {signalling_cidrs: [203.0.113.16/30], media_cidrs: [203.0.113.64/26], link_manager: ac-link,
            media_ports: 10000-20000}
"""


def test_a_provider_with_other_addresses_for_media_is_asked_about_both(tmp_path: Path) -> None:
    file = write_file(tmp_path, SMALL + TRUNK)
    outcome = ask("ac-link", "carrier", "udp/5060", "--json", file=file)
    pairs = outcome.json()["pairs"]
    assert outcome.code == 1
    assert [(pair["destination"]["addresses"], pair["allowed"]) for pair in pairs] == [
        (["203.0.113.16/30"], True),
        (["203.0.113.64/26"], False),
    ]
    assert ask("ac-link", "203.0.113.17", "udp/5060", file=file).code == 0
    assert ask("203.0.113.70", "ac-link", "udp/65002", file=file).code == 1
    assert ask("203.0.113.70", "ac-link", "udp/55000", file=file).code == 0
