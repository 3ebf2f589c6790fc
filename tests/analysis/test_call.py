"""Simulated calls: the scenarios of the port model, calls that fail, and who may be named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.tools.command import SMALL, Outcome, swyx, write_file

ROOT = Path(__file__).parents[2]
SPREAD = ROOT / "tests/fixtures/one_role_a_machine.yaml"
PACKED = ROOT / "tests/fixtures/packed.yaml"
EXAMPLE = ROOT / "stacks/installation.yaml"
CASES = yaml.load(
    (Path(__file__).parent / "calls.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader
)
SCENARIOS = (
    "site-to-site",
    "same-site",
    "fax-out",
    "fax-in",
    "conference",
    "l420",
    "l100",
    "pstn-in",
    "pstn-out",
    "voicemail",
    "sip-trunk",
)


def ask(*words: object, file: Path = SPREAD) -> Outcome:
    outcome = swyx("call", file, *words)
    assert outcome.err == ""
    return outcome


def call(*words: object, file: Path = SPREAD) -> dict[str, Any]:
    """The only call of the answer."""
    outcome = ask(*words, "--json", file=file)
    (answer,) = outcome.json()["calls"]
    assert isinstance(answer, dict)
    assert outcome.code == int(not answer["allowed"])
    return answer


def failing(*words: object, file: Path) -> dict[str, Any]:
    answer = call(*words, file=file)
    (step,) = [step for step in answer["steps"] if step["number"] == answer["failed_step"]]
    assert all(step["allowed"] for step in answer["steps"][: step["number"] - 1])
    return {**answer, "step": write_step(step)}


def write_step(step: dict[str, Any]) -> str:
    """A step of the JSON in the grammar of calls.yaml; all hosts of a role send the same."""
    one, other = step["from"]["name"], step["to"]["name"]
    packets: list[str] = []
    for packet in (packet for packet in step["packets"] if not packet["back"]):
        source = packet.get("source_port")
        text = f"{packet['protocol']} {packet['port']}" + (f" from {source}" if source else "")
        packets += [text] if text not in packets else []
        media = f"{one}:{source} <-> {other}:{packet['port']} {packet['protocol']}"
    flow = f"[{step['flow']}]"
    if step["phase"] == "media":
        return f"{media} {flow}"
    arrow = "<->" if any(packet["back"] for packet in step["packets"]) else "->"
    return f"{one} {arrow} {other}: {', '.join(packets)} {flow}"


@pytest.mark.parametrize("case", CASES, ids=[case["title"] for case in CASES])
def test_the_call_scenarios_step_by_step(case: dict[str, Any]) -> None:
    answer = call(*case["call"])
    assert list(map(write_step, answer["steps"])) == case["steps"]
    assert answer["allowed"]


def test_media_is_judged_in_both_directions_with_the_ports_swapped() -> None:
    (step,) = [s for s in call("ac-desk-1", "ac-l420-1")["steps"] if s["phase"] == "media"]
    assert [
        (p["source"]["name"], p["source_port"], p["destination"]["name"], p["port"], p["passage"])
        for p in step["packets"]
    ] == [
        ("ac-desk-1", 50000, "ac-l420-1", 5006, "allowed"),
        ("ac-l420-1", 5006, "ac-desk-1", 50000, "allowed"),
    ]


@pytest.mark.parametrize("cloud", ["aws", "azure"])
@pytest.mark.parametrize("case", CASES[::3], ids=[case["title"] for case in CASES[::3]])
def test_both_clouds_let_the_scenarios_pass(case: dict[str, Any], cloud: str) -> None:
    assert call(*case["call"], "--cloud", cloud)["allowed"]


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_by_name_is_allowed_wherever_its_parties_are(name: str) -> None:
    for file in (SPREAD, PACKED):
        outcome = ask("--scenario", name, file=file)
        assert outcome.code == 0
        assert "fails" not in outcome.out


def test_the_scenarios_are_listed() -> None:
    outcome = swyx("call", "--list")
    assert outcome.code == 0
    head, *lines = outcome.out.splitlines()
    assert head == "SCENARIO      CALLS"
    assert tuple(line.split()[0] for line in lines if line[0] != " ") == SCENARIOS
    assert tuple(swyx("call", "--list", "--json").json()["scenarios"]) == SCENARIOS


def test_a_scenario_at_a_named_site_says_whom_the_site_lacks(tmp_path: Path) -> None:
    outcome = ask("--scenario", "fax-out", "--site", "aachen", file=write_file(tmp_path))
    assert outcome.code == 1
    assert "  step 1: aachen has no SwyxFaxServer\n" in outcome.out


def test_a_scenario_that_no_site_can_play_is_exit_code_2(tmp_path: Path) -> None:
    outcome = swyx("call", write_file(tmp_path), "--scenario", "fax-out")
    assert (outcome.code, outcome.out) == (2, "")
    assert "no site has the parties of the scenario fax-out: fax@here, pstn@here" in outcome.err


def test_steps_on_one_machine_need_no_rule() -> None:
    outcome = ask("pstn@aachen", "voicemail", file=PACKED)
    assert outcome.code == 0
    steps = outcome.out.splitlines()[3:]
    assert len(steps) == 8
    assert all(line.endswith(": same machine, no rule needed") for line in steps[1::2])


def test_media_between_two_networks_meets_no_rule_of_the_plan() -> None:
    answer = call("swyxit@aachen", "l420@aachen", file=EXAMPLE)
    assert answer["allowed"]
    assert {packet["passage"] for packet in answer["steps"][-1]["packets"]} == {"outside"}


def test_a_step_that_a_cloud_carries_in_part_says_so() -> None:
    """A desktop and a phone that are machines meet rules; an office's desktops and phones do not."""
    out = " ".join(ask("swyxit@aachen", "l420@aachen").out.split())
    assert out.endswith("[M1 L111 L38]: allowed, outside the cloud: ac-office with ac-l420s-net")
    packets = call("swyxit@aachen", "l420@aachen")["steps"][-1]["packets"]
    passages = {(p["source"]["name"], p["destination"]["name"], p["passage"]) for p in packets}
    assert ("ac-office", "ac-l420s-net", "outside") in passages
    assert ("ac-office", "ac-l420-1", "allowed") in passages


def test_the_answer_in_sentences(tmp_path: Path) -> None:
    file = write_file(
        tmp_path, SMALL.replace("  bochum:\n", "    flows: {disable: [C10]}\n  bochum:\n")
    )
    outcome = ask("ac-office", "pstn@aachen", file=file)
    assert outcome.code == 1
    assert [" ".join(line.split()) for line in outcome.out.splitlines()] == [
        "SwyxIt aachen (ac-office) calls SwyxGate aachen (ac-gates):",
        "step 4 fails, SwyxServer aachen to SwyxGate aachen, sends the call out (H.225)",
        "# FROM AND TO PACKETS",
        "1 SwyxIt aachen to SwyxServer aachen tcp 135, 40000",
        "asks for the call (DCOM) [C1 L115 L72]: allowed",
        "2 SwyxServer aachen to SwyxIt aachen tcp 135, 40000",
        "answers (DCOM) [C2 L117 L72]: allowed",
        "3 SwyxGate aachen to SwyxServer aachen udp 1719",
        "registers (RAS) [C9 L64 L87 L89]: allowed",
        "4 SwyxServer aachen to SwyxGate aachen tcp 2000",
        "sends the call out (H.225) [C10 L91 L93 L76]: not allowed",
        "5 SwyxServer aachen with SwyxGate aachen tcp 41000",
        "agree on media (H.245) [C15 L70]: not reached",
        "6 SwyxIt aachen with SwyxGate aachen udp 50000 with 51500",
        "talk or fax (RTP) [M1 L111 L38]: not reached",
        "step 4: ac-server to ac-gates, tcp 2000, is not allowed",
        "at ac-server: no rule lets it out",
        "at ac-gates: no rule lets it in",
        "to allow it: enable the inferred flow C10: remove it from",
        "sites.aachen.flows.disable",
    ]


@pytest.mark.parametrize(
    ("disabled", "words", "step"),
    [
        ("K4", "swyxit@bochum swyxit@aachen", "SwyxServer bochum -> LinkManager aachen: tcp 65001 [K4]"),
        ("K2", "swyxit@bochum swyxit@aachen", "LinkManager aachen -> SwyxServer aachen: tcp 1720 [K2]"),
        ("K3", "swyxit@aachen swyxit@bochum", "LinkManager aachen -> SwyxServer bochum: tcp 1720 [K3]"),
        ("K5", "swyxit@aachen swyxit@bochum", "LinkManager aachen -> SwyxServer aachen: udp 1719 [K5]"),
        ("K6", "swyxit@aachen swyxit@bochum", "SwyxServer aachen <-> LinkManager aachen: tcp 41000 [K6]"),
        ("M4b", "pstn@aachen swyxit@bochum", "SwyxGate aachen:51500 <-> LinkManager aachen:55000 udp [M4b]"),
        ("M2", "pstn@aachen voicemail", "SwyxGate aachen:51500 <-> SwyxServer aachen:51000 udp [M2]"),
        ("C6", "l100@aachen l440@aachen", "ITSPManager aachen -> SwyxServer aachen: tcp 135, tcp 40000 [C6]"),
        ("C4", "l440@aachen l100@aachen", "PhoneManager aachen -> SwyxPhoneL440 aachen: tcp 1720 [C4]"),
        ("C12", "pstn@aachen fax@aachen", "SwyxServer aachen -> SwyxFaxServer aachen: tcp 61000, tcp 2000 [C12]"),  # noqa: E501
        ("C15", "fax@aachen pstn@aachen", "SwyxFaxServer aachen -> SwyxServer aachen: tcp 41000 [C15]"),
        ("M3", "fax@aachen pstn@aachen", "SwyxFaxServer aachen:2000 <-> SwyxGate aachen:51500 udp [M3]"),
        ("C13", "l420@aachen conference", "SwyxServer aachen -> ConferenceManager aachen: tcp 135, tcp 40000 [C13]"),  # noqa: E501
    ],
)  # fmt: skip
def test_a_flow_that_is_off_is_the_first_step_that_fails(
    disabled: str, words: str, step: str, tmp_path: Path
) -> None:
    text = SPREAD.read_text(encoding="utf-8")
    changed = text.replace("  bochum:\n", f"    flows: {{disable: [{disabled}]}}\n  bochum:\n", 1)
    answer = failing(*words.split(), file=write_file(tmp_path, changed))
    assert answer["step"] == step
    assert answer["would_take"] == [
        f"enable the inferred flow {disabled}: remove it from sites.aachen.flows.disable"
    ]


@pytest.mark.parametrize(
    ("words", "step", "takes"),
    [
        (
            "ac-gate-1 ac-gate-2",
            "SwyxGate aachen:51500 <-> SwyxGate aachen:51500 udp [M1g]",
            "enable the optional flow M1g: `flows: {enable: [M1g]}` at sites.aachen",
        ),
        (
            "voicemail@aachen conference",
            "SwyxServer aachen:51000 <-> ConferenceManager aachen:56000 udp [M2c]",
            "enable the optional flow M2c: `flows: {enable: [M2c]}` at sites.aachen",
        ),
        (
            "ac-fax-1 ac-desk-1",
            "SwyxFaxServer aachen:2000 <-> SwyxIt aachen:50000 udp [M3c]",
            "enable the optional flow M3c: `flows: {enable: [M3c]}` at sites.aachen",
        ),
    ],
)
def test_an_optional_flow_is_what_it_would_take(words: str, step: str, takes: str) -> None:
    answer = failing(*words.split(), file=SPREAD)
    assert (answer["step"], answer["would_take"]) == (step, [takes])


def test_a_fax_machine_and_a_conference_have_nothing_to_say_to_each_other() -> None:
    answer = failing("fax@aachen", "conference", file=SPREAD)
    assert answer["step"] == (
        "SwyxFaxServer aachen:2000 <-> ConferenceManager aachen:56000 udp [None]"
    )


def test_sites_without_a_link_can_not_call_each_other(tmp_path: Path) -> None:
    file = write_file(tmp_path, SMALL[: SMALL.index("links:")])
    answer = call("swyxit@aachen", "swyxit@bochum", file=file)
    assert answer["failed_step"] == 3
    assert answer["why"] == ["step 3: aachen and bochum are not linked"]


def test_a_site_without_a_role_names_it(tmp_path: Path) -> None:
    answer = call("ac-office", "fax", file=write_file(tmp_path))
    assert answer["why"] == ["step 3: aachen has no SwyxFaxServer"]
    assert answer["steps"][2]["missing"] == [{"site": "aachen", "role": "SwyxFaxServer"}]


CHAINED = """\
swyxware: "6.01"
decisions: {dcom: restricted, h245: tunnelled, fax_transport: both}
sites:
  aachen:
    machines:
      ac-server: {addresses: [10.1.0.10], roles: [SwyxServer]}
      ac-link: {addresses: [10.1.0.11], roles: [LinkManager]}
      ac-fax: {addresses: [10.1.0.12], roles: [SwyxFaxServer]}
  bochum:
    machines:
      bo-server: {addresses: [10.2.0.10], roles: [SwyxServer]}
      bo-link: {addresses: [10.2.0.11], roles: [LinkManager]}
      bo-fax: {addresses: [10.2.0.12], roles: [SwyxFaxServer]}
links:
  aachen-bochum: {sites: [aachen, bochum], mode: chained, link_managers: {aachen: ac-link, bochum: bo-link}}
"""


def test_a_fax_over_chained_link_managers(tmp_path: Path) -> None:
    """H.245 is tunnelled and so no step; fax goes over UDP and, as both sites chose it, over TCP."""
    answer = call("fax@bochum", "fax@aachen", file=write_file(tmp_path, CHAINED))
    assert list(map(write_step, answer["steps"])) == [
        "SwyxFaxServer bochum -> SwyxServer bochum: udp 1719 [C11]",
        "SwyxFaxServer bochum -> SwyxServer bochum: tcp 1720 [C11]",
        "SwyxServer bochum -> SwyxFaxServer bochum: tcp 2000 [C12]",
        "LinkManager bochum -> SwyxServer bochum: udp 1719 [K5]",
        "LinkManager aachen -> SwyxServer aachen: udp 1719 [K5]",
        "SwyxServer bochum -> LinkManager bochum: tcp 65000 [K1]",
        "LinkManager bochum -> LinkManager aachen: tcp 65001 [K9]",
        "LinkManager aachen -> SwyxServer aachen: tcp 1720 [K2]",
        "SwyxFaxServer aachen -> SwyxServer aachen: udp 1719 [C11]",
        "SwyxServer aachen -> SwyxFaxServer aachen: tcp 61000, tcp 2000 [C12]",
        "SwyxFaxServer bochum:2000 <-> LinkManager bochum:55000 udp [M4a]",
        "LinkManager bochum:55002 <-> LinkManager aachen:55000 udp [M7]",
        "LinkManager aachen:55002 <-> SwyxFaxServer aachen:2000 udp [M4a]",
        "SwyxFaxServer bochum:2000 <-> LinkManager bochum:55000 tcp [M5]",
        "LinkManager bochum:55002 <-> LinkManager aachen:55000 tcp [M7]",
        "LinkManager aachen:55002 <-> SwyxFaxServer aachen:2000 tcp [M5]",
    ]
    assert answer["allowed"]


def test_fax_over_tcp_needs_it_chosen_at_both_sites(tmp_path: Path) -> None:
    text = CHAINED.replace("  bochum:\n", "    decisions: {fax_transport: udp}\n  bochum:\n", 1)
    steps = call("fax@bochum", "fax@aachen", file=write_file(tmp_path, text))["steps"]
    media = {p["protocol"] for step in steps if step["phase"] == "media" for p in step["packets"]}
    assert media == {"udp"}


def test_the_ports_are_those_of_overrides_and_of_the_control_path(tmp_path: Path) -> None:
    text = SPREAD.read_text(encoding="utf-8").replace(
        "  bochum:\n",
        "    ports: {SwyxIt: {media: 52000-52099}, SwyxGate: {h225: 2500}}\n"
        "    control_path: {SwyxPhoneL440: h323}\n  bochum:\n",
        1,
    )
    file = write_file(tmp_path, text)
    assert write_step(call("swyxit@aachen", "pstn", file=file)["steps"][-1]) == (
        "SwyxIt aachen:52000 <-> SwyxGate aachen:51500 udp [M1]"
    )
    assert [write_step(step) for step in call("l440@aachen", "ac-gate-1", file=file)["steps"]] == [
        "SwyxPhoneL440 aachen -> SwyxServer aachen: udp 1719 [C7]",
        "SwyxPhoneL440 aachen -> SwyxServer aachen: tcp 1720 [C7]",
        "SwyxPhoneL440 aachen <-> SwyxServer aachen: tcp 41000 [C15]",
        "SwyxGate aachen -> SwyxServer aachen: udp 1719 [C9]",
        "SwyxServer aachen -> SwyxGate aachen: tcp 2500 [C10]",
        "SwyxServer aachen <-> SwyxGate aachen: tcp 41000 [C15]",
        "SwyxPhoneL440 aachen:5010 <-> SwyxGate aachen:51500 udp [M1]",
    ]


def test_open_egress_leaves_only_the_receiving_end_to_judge(tmp_path: Path) -> None:
    text = SPREAD.read_text(encoding="utf-8")
    changed = text.replace("  bochum:\n", "    egress: open\n  bochum:\n", 1)
    answer = call("swyxit@bochum", "fax@aachen", file=write_file(tmp_path, changed))
    assert answer["allowed"]
    ends = answer["steps"][6]["packets"][0]["ends"]
    assert [(end["at"], end["allows"], bool(end["rules"])) for end in ends] == [
        ("ac-link", True, False),
        ("ac-server", True, True),
    ]


@pytest.mark.parametrize(
    ("switches", "words", "at"),
    [
        ("egress: open\n    flows: {disable: [K3]}", "swyxit@aachen swyxit@bochum", "bo-server"),
        ("flows: {disable: [M2]}", "ac-office voicemail", "ac-server"),
    ],
)
def test_one_end_that_lets_it_pass_is_not_enough(
    switches: str, words: str, at: str, tmp_path: Path
) -> None:
    text = SPREAD.read_text(encoding="utf-8").replace(
        "  bochum:\n", f"    {switches}\n  bochum:\n", 1
    )
    answer = call(*words.split(), file=write_file(tmp_path, text))
    (step,) = [step for step in answer["steps"] if step["number"] == answer["failed_step"]]
    (packet, *_) = [packet for packet in step["packets"] if packet["passage"] == "denied"]
    assert [(end["at"], end["allows"]) for end in packet["ends"] if not end["allows"]] == [
        (at, False)
    ]


def test_a_decision_that_nothing_needed_does_not_hide_its_step(tmp_path: Path) -> None:
    """Without C13 no flow needs DCOM, so it may stay undecided; the step is still there and fails."""
    text = """\
swyxware: "6.01"
sites:
  aachen:
    machines:
      ac-server: {addresses: [10.1.0.10], roles: [SwyxServer]}
      ac-conference: {addresses: [10.1.0.11], roles: [ConferenceManager]}
    flows: {disable: [C13], enable: [M2c]}
"""
    answer = failing("voicemail", "conference", file=write_file(tmp_path, text))
    assert answer["step"] == "SwyxServer aachen -> ConferenceManager aachen: tcp 135 [C13]"


def test_each_kind_of_host_behind_a_role_must_pass(tmp_path: Path) -> None:
    """One of two gateways without an IPv4 address: the call may land there, so it fails."""
    text = SMALL.replace(
        "      ac-gates:", '      ac-gate-6: {addresses: ["fd00:1::13"], roles: [SwyxGate]}\n      ac-gates:'
    )  # fmt: skip
    answer = call("ac-office", "pstn@aachen", file=write_file(tmp_path, text))
    assert answer["why"][:2] == [
        "step 3: ac-gate-6 to ac-server, udp 1719, is not allowed",
        "they have no IP version in common",
    ]
    assert answer["would_take"] == ["give ac-gate-6 and ac-server addresses of the same IP version"]


TWO_GATES = """ac-gates: {addresses: [10.1.0.12], roles: [SwyxGate]}
      ac-gate-6: {addresses: [%s], roles: [SwyxGate]}"""


def test_machines_of_one_group_that_differ_in_ip_versions_are_judged_apart(tmp_path: Path) -> None:
    """Both gateways are one group; the one has IPv6 alone, and its server IPv4 alone."""
    old = 'ac-gates: {addresses: [10.1.0.12, "fd00:1::12"], roles: [SwyxGate]}'
    for addresses, allowed in (('"fd00:1::13"', False), ('10.1.0.13, "fd00:1::13"', True)):
        text = SMALL.replace(old, TWO_GATES % addresses)
        assert (
            call("ac-office", "pstn@aachen", file=write_file(tmp_path, text))["allowed"] == allowed
        )


PARALLEL = SMALL.replace(
    "bo-server: {addresses: [10.2.0.10], roles: [SwyxServer]}",
    "bo-server: {addresses: [10.2.0.10], roles: [SwyxServer]}\n"
    "      bo-link: {addresses: [10.2.0.11], roles: [LinkManager]}",
).replace("  aachen-bochum:", "  west: {sites: [aachen, bochum], link_manager: bo-link}\n  east:")


CHAIN = """\
swyxware: "6.01"
decisions: {dcom: restricted, h245: tunnelled, fax_transport: udp}
sites:
  aachen:
    machines:
      ac-server: {addresses: [10.1.0.10], roles: [SwyxServer]}
      ac-link: {addresses: [10.1.0.11], roles: [LinkManager]}
      ac-sip: {addresses: [10.1.0.13], roles: [LinkManager]}
    networks: {ac-office: {cidrs: [10.1.20.0/24], roles: [SwyxIt]}}
  bochum:
    machines:
      bo-server: {addresses: [10.2.0.10], roles: [SwyxServer]}
      bo-link: {addresses: [10.2.0.11], roles: [LinkManager]}
    networks: {bo-office: {cidrs: [10.2.20.0/24], roles: [SwyxIt]}}
  celle:
    machines:
      ce-server: {addresses: [10.3.0.10], roles: [SwyxServer]}
      ce-link: {addresses: [10.3.0.11], roles: [LinkManager]}
    networks: {ce-office: {cidrs: [10.3.20.0/24], roles: [SwyxIt]}}
links:
  one: {sites: [aachen, bochum], mode: chained, link_managers: {aachen: ac-link, bochum: bo-link}}
  two: {sites: [bochum, celle], link_manager: ce-link}
sip_providers:
  carrier: {cidrs: [203.0.113.0/28], link_manager: PROVIDER, media_ports: 10000-20000}
"""


@pytest.mark.parametrize(
    ("manager", "failing"),
    [
        ("ac-link", {"trunk-beyond": ["celle"]}),
        ("ac-sip", {"trunk-apart": ["bochum"], "trunk-beyond": ["celle"]}),
        ("bo-link", {"trunk-apart": ["celle"]}),
        ("ce-link", {"trunk-apart": [], "trunk-beyond": ["aachen"]}),
    ],
)
def test_the_notes_on_a_trunk_name_the_sites_whose_calls_fail(
    manager: str, failing: dict[str, list[str]], tmp_path: Path
) -> None:
    file = write_file(tmp_path, CHAIN.replace("PROVIDER", manager))
    failed = {
        site
        for site in ("aachen", "bochum", "celle")
        if not call(f"SwyxIt@{site}", "carrier", file=file)["allowed"]
    }
    assert failed == {site for sites in failing.values() for site in sites}
    notes = swyx("check", file, "--json").json()["messages"]
    said = {one["id"]: one["sentence"] for one in notes if one["id"].startswith("trunk-")}
    assert said.keys() == {id for id, sites in failing.items() if sites}
    for id, sentence in said.items():
        assert sentence.startswith(f"calls of {', '.join(failing[id])} through carrier fail: ")


def test_of_two_parallel_links_a_call_takes_the_first_over_which_it_works(tmp_path: Path) -> None:
    file = write_file(tmp_path, PARALLEL)
    found = call("ac-office", "bo-office", file=file)
    assert (found["link"], found["other_links"]) == ("east", ["west"])
    out = " ".join(ask("ac-office", "bo-office", file=file).out.split())
    assert (
        " calls SwyxIt bochum (bo-office) over the link east through ac-link (other links: west): every step"
        in out
    )
    six = PARALLEL.replace(
        "ac-link: {addresses: [10.1.0.11]", 'ac-link: {addresses: ["fd00:1::11"]'
    )
    found = call("ac-office", "bo-office", file=write_file(tmp_path, six))
    assert (found["link"], found["allowed"]) == ("west", True)
    assert "LinkManager bochum" in str([step["to"]["name"] for step in found["steps"]])
    neither = six.replace("bo-link: {addresses: [10.2.0.11]", 'bo-link: {addresses: ["fd00:2::11"]')
    found = call("ac-office", "bo-office", file=write_file(tmp_path, neither))
    assert (found["link"], found["allowed"]) == ("east", False)
    single = call("ac-office", "bo-office", file=write_file(tmp_path))
    assert "link" not in single and "other_links" not in single
    assert "link" not in ask("ac-office", "bo-office", file=write_file(tmp_path)).out.split(":")[0]


def test_a_call_that_fails_in_transit_says_so(tmp_path: Path) -> None:
    """A trunk on a LinkManager of its own is out of the linked site's reach (kb2308 L112)."""
    trunk = "      ac-trunk: {addresses: [10.1.0.13], roles: [LinkManager]}\n      ac-gates:"
    carrier = "{cidrs: [198.51.100.0/28], link_manager: %s, media_ports: 20000-20099}"
    text = SMALL.replace("      ac-gates:", trunk) + f"sip_providers:\n  tele: {carrier}\n"
    answer = call("ac-office", "tele", file=write_file(tmp_path, text % "ac-trunk"))
    assert answer["allowed"]
    answer = call("bo-office", "tele", file=write_file(tmp_path, text % "ac-trunk"))
    said = "the article covers no call from one LinkManager of a site to another (transit, L112)"
    assert (answer["why"][-1], answer["would_take"]) == (said, [])
    out = ask("bo-office", "tele", file=write_file(tmp_path, text % "ac-trunk")).out
    assert " fails, LinkManager ac-link with LinkManager ac-trunk, talk" in out
    assert call("bo-office", "tele", file=write_file(tmp_path, text % "ac-link"))["allowed"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("swyxit@aache", "ac-desk-1"), "(did you mean aachen?)"),
        (("nobody", "ac-desk-1"), "unknown party nobody: not a role, site, machine, network"),
        (("ac-dsk-1", "ac-desk-1"), "(did you mean ac-desk-1?)"),
        (("swyxit@essen", "ac-desk-1"), "unknown party essen: not a role, site, machine, network"),
        (("mail@aachen", "ac-desk-1"), "mail@aachen is not a role that makes or takes calls"),
        (("linkmanager@aachen", "ac-desk-1"), "is not a role that makes or takes calls"),
        (("ac-phones", "ac-desk-1"), "ac-phones carries PhoneManager, which neither makes nor takes calls"),
        (("10.1.0.0/16", "ac-desk-1"), "unknown party 10.1.0.0/16: not a role, site, machine, network"),
        (("192.0.2.1", "ac-desk-1"), "192.0.2.1 carries no role, which neither makes nor takes calls"),
        (("l420@ac-desk-1", "ac-desk-2"), "ac-desk-1 does not carry SwyxPhoneL420, only SwyxIt"),
        (("voicemail", "conference"), "the site of voicemail is not given"),
        (("swyxit@aachen",), "CALLED is missing"),
        ((), "CALLER is missing"),
        (("--scenario", "fax"), "unknown scenario fax"),
        (("--scenario", "fax-in", "--site", "essen"), "unknown site essen"),
        (("ac-desk-1", "--scenario", "fax-in"), "--scenario and CALLER can't be combined"),
        (("ac-desk-1", "ac-desk-2", "--site", "aachen"), "--site and CALLER and CALLED can't be combined"),
        (("ac-desk-1", "ac-desk-2", "--format", "png"), "unknown format png"),
        (("ac-desk-1", "ac-desk-2", "--format", "svg", "--json"), "unknown format svg beside --json"),
        (("\x1b[2J@aachen", "ac-desk-2"), "\\x1b[2J@aachen is not a role"),
    ],
)  # fmt: skip
def test_words_that_mean_nothing_are_exit_code_2(words: tuple[str, ...], says: str) -> None:
    outcome = swyx("call", SPREAD, *words)
    assert (outcome.code, outcome.out) == (2, "")
    assert says in outcome.err
    assert "\x1b" not in outcome.err


def test_a_machine_of_several_roles_is_asked_for_with_one() -> None:
    outcome = swyx("call", PACKED, "ac-desk-1", "ac-desk-2")
    assert outcome.code == 2
    assert "write one of SwyxIt@ac-desk-1, SwyxPhoneL420@ac-desk-1" in outcome.err
    assert call("l420@ac-desk-1", "ac-desk-2", file=PACKED)["caller"] == {
        "word": "l420@ac-desk-1",
        "name": "SwyxPhoneL420 aachen",
        "role": "SwyxPhoneL420",
        "site": "aachen",
        "hosts": ["ac-desk-1"],
    }


def test_a_site_and_role_is_a_party_as_in_explain() -> None:
    assert call("SwyxIt@Aachen", "swyxit!@bochum")["called"]["role"] == "SwyxIt"


def test_a_call_to_a_provider_sends_media_to_its_addresses_for_media(tmp_path: Path) -> None:
    carrier = (
        "sip_providers: {carrier: {signalling_cidrs: [203.0.113.16/30], media_cidrs: [203.0.113.64/26], "
        "link_manager: ac-link, media_ports: 10000-20000}}\n"
    )
    answer = call("swyxit@aachen", "carrier", file=write_file(tmp_path, SMALL + carrier))
    assert answer["allowed"]
    sent = {
        (step["phase"], tuple(packet["destination"]["addresses"]))
        for step in answer["steps"]
        for packet in step["packets"]
        if packet["destination"]["name"] == "provider carrier"
    }
    assert sent == {("control", ("203.0.113.16/30",)), ("media", ("203.0.113.64/26",))}
    assert answer["called"]["hosts"] == ["provider carrier"]


def test_a_providers_call_takes_the_link_of_its_own_linkmanager(tmp_path: Path) -> None:
    """Two links join the sites; a LinkManager would not pass the call on to another."""
    second = "      ac-trunk: {addresses: [10.1.0.13], roles: [LinkManager]}\n    networks:\n      ac-office"
    text = SMALL.replace("    networks:\n      ac-office", second) + (
        "  second: {sites: [aachen, bochum], link_manager: ac-trunk}\n"
        "sip_providers:\n"
        "  carrier: {cidrs: [203.0.113.0/28], link_manager: ac-trunk, media_ports: 10000-20000}\n"
    )
    answer = call("carrier", "SwyxIt@bochum", file=write_file(tmp_path, text))
    assert answer["allowed"]
    assert [write_step(step) for step in answer["steps"] if step["phase"] == "media"] == [
        "provider carrier:10000 <-> LinkManager ac-trunk:55000 udp [M6]",
        "LinkManager ac-trunk:55002 <-> SwyxIt bochum:50000 udp [M4a]",
    ]
