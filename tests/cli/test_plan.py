"""`swyx plan`: the document of docs/plan-json.md to the letter, and what stops it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from swyx_components.cli import terminal
from tests.tools.command import SMALL, Terminal, swyx, write_file

TINY = """\
swyxware: "6.01"
decisions: {h245: tunnelled}
sites:
  aachen:
    machines:
      server: {addresses: [10.0.0.1], roles: [SwyxServer]}
      gate: {addresses: [10.0.0.2], roles: [SwyxGate]}
    sip_devices: [10.0.1.0/28, 10.0.1.64/28]
    extra_rules:
      - {direction: in, to: gate, from: [10.9.0.0/24], protocol: icmp, reason: ping}
"""


def rule(
    direction: str, protocol: str, ports: str, peer: Any, flows: list[str], lines: list[int]
) -> dict[str, Any]:
    shown = {"ports": ports} if ports else {}
    return {
        "direction": direction,
        "protocol": protocol,
        **shown,
        "peer": peer,
        "flows": flows,
        "lines": lines,
    }


def test_json_is_the_document_that_the_reference_describes(tmp_path: Path) -> None:
    """Ports and addresses are text and sorted; ICMP has no ports; any source port is not written."""
    outcome = swyx("plan", write_file(tmp_path, TINY), "--json")
    document = outcome.json()
    assert (outcome.code, outcome.err) == (0, "")
    assert list(document) == ["version", "swyxware", "sites", "notes", "warnings"]
    assert (document["version"], document["swyxware"], list(document["sites"])) == (
        1,
        "6.01",
        ["aachen"],
    )
    assert list(document["sites"]["aachen"]) == ["groups", "proof"]
    groups = document["sites"]["aachen"]["groups"]
    assert list(groups) == ["swyxgate", "swyxserver"]
    server, gate, devices = (
        {"group": "swyxserver"},
        {"group": "swyxgate"},
        {"cidrs": ["10.0.1.0/28", "10.0.1.64/28"]},
    )
    media_in = {"source_ports": "51000-51499"}
    media_out = {"source_ports": "51500-51999"}
    assert groups["swyxgate"]["machines"] == ["gate"]
    assert groups["swyxgate"]["roles"] == ["SwyxGate"]
    assert groups["swyxgate"]["rules"] == [
        rule("in", "icmp", "", {"cidrs": ["10.9.0.0/24"]}, ["extra:aachen:0"], []),
        rule("in", "tcp", "2000", server, ["C10"], [76, 91, 93]),
        rule("in", "udp", "2001", server, ["C10"], [76, 91, 93]),
        rule("in", "udp", "51500-51999", server, ["M2"], [111]) | media_in,
        rule("out", "tcp", "1720", server, ["C9"], [64, 87, 89]),
        rule("out", "udp", "1719", server, ["C9"], [64, 87, 89]),
        rule("out", "udp", "51000-51499", server, ["M2"], [111]) | media_out,
    ]
    assert groups["swyxserver"]["rules"] == [
        rule("in", "tcp", "1720", gate, ["C9"], [64, 87, 89]),
        rule("in", "tcp", "5060", devices, ["C16"], [71, 90]),
        rule("in", "udp", "1719", gate, ["C9"], [64, 87, 89]),
        rule("in", "udp", "5060", devices, ["C16"], [71, 90]),
        rule("in", "udp", "51000-51499", gate, ["M2"], [111]) | media_out,
        rule("out", "tcp", "2000", gate, ["C10"], [76, 91, 93]),
        rule("out", "udp", "2001", gate, ["C10"], [76, 91, 93]),
        rule("out", "udp", "51500-51999", gate, ["M2"], [111]) | media_in,
    ]
    assert all(isinstance(text, str) for text in (*document["notes"], *document["warnings"]))
    assert any("sites.aachen.egress" in text for text in document["warnings"])


def test_open_egress_is_said_and_has_no_rules_out(tmp_path: Path) -> None:
    text = TINY.replace("    sip_devices", "    egress: open\n    sip_devices")
    site = swyx("plan", write_file(tmp_path, text), "--json").json()["sites"]["aachen"]
    assert site["egress"] == "open"
    directions = {rule["direction"] for group in site["groups"].values() for rule in group["rules"]}
    assert directions == {"in"}


def test_a_cloud_adds_what_it_would_hold_and_leaves_the_rest_alone(tmp_path: Path) -> None:
    file = write_file(tmp_path)
    plain = swyx("plan", file, "--json").json()["sites"]
    bound = swyx("plan", file, "--json", "--cloud", "aachen=aws", "--cloud", "bochum=azure").json()[
        "sites"
    ]
    for site, cloud in (("aachen", "aws"), ("bochum", "azure")):
        found = bound[site]
        assert found["cloud"] == cloud
        assert found["proof"]["holds"] and found["proof"]["compared"] > 0
        assert {usage["quota"] for usage in found["quotas"]} >= {"rules_per_group"}
        for name, group in found["groups"].items():
            rendered = group.pop("rendered")
            assert {entry["access"] for entry in rendered} == (
                {"allow"} if cloud == "aws" else {"allow", "deny"}
            )
            if cloud == "aws":
                assert group == plain[site]["groups"][name]
            else:  # a group per machine, and no peer by name
                assert group["machines"] == [name]
                assert not [rule for rule in group["rules"] if "group" in rule["peer"]]


def test_one_cloud_for_all_sites(tmp_path: Path) -> None:
    sites = swyx("plan", write_file(tmp_path), "--json", "--cloud", "azure").json()["sites"]
    assert {site["cloud"] for site in sites.values()} == {"azure"}


def test_the_order_of_keys_in_the_file_changes_nothing(tmp_path: Path) -> None:
    document = json.loads(json.dumps(_as_data(SMALL)))
    document["sites"] = dict(reversed(document["sites"].items()))
    for site in document["sites"].values():
        site["machines"] = dict(reversed(site["machines"].items()))
    one = swyx("plan", write_file(tmp_path), "--json").out
    other = swyx("plan", write_file(tmp_path, json.dumps(document)), "--json").out
    assert one == other


def _as_data(text: str) -> Any:
    import yaml

    return yaml.safe_load(text)


def test_an_error_in_one_site_leaves_nothing_on_stdout(tmp_path: Path) -> None:
    """The second site lacks a decision: no half of a document that a program might take for the plan."""
    text = TINY + (
        "  bochum:\n    machines:\n      b1: {addresses: [10.5.0.1], roles: [SwyxServer]}\n"
        "      b2: {addresses: [10.5.0.2], roles: [ConferenceManager]}\n"
    )
    outcome = swyx("plan", write_file(tmp_path, text), "--json")
    assert (outcome.code, outcome.out) == (2, "")
    assert (
        "sites.bochum.decisions.dcom: the article does not specify a DCOM port range for C13 "
        in outcome.err
    )


def test_a_quota_exceeded_is_an_error_on_the_cloud_and_a_warning_without(tmp_path: Path) -> None:
    networks = "".join(
        f"      n{i}: {{cidrs: [10.3.{2 * i}.0/24], roles: [SwyxIt]}}\n" for i in range(70)
    )
    text = TINY.replace("    sip_devices", f"    networks:\n{networks}    sip_devices")
    text = text.replace("h245: tunnelled", "h245: tunnelled, dcom: restricted")
    text += "quotas: {aws: {groups_per_interface: 1}}\n"
    file = write_file(tmp_path, text)
    plain = swyx("plan", file, "--json")
    assert plain.code == 0
    assert any("AWS would refuse this plan" in text for text in plain.json()["warnings"])
    on_aws = swyx("plan", file, "--json", "--cloud", "aws")
    assert (on_aws.code, on_aws.out) == (2, "")
    assert "AWS allows 1 (groups_per_interface)" in on_aws.err
    on_azure = swyx("plan", file, "--json", "--cloud", "azure")
    assert on_azure.code == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            ["--cloud", "gcp"],
            "unknown cloud gcp; write aws or azure",
        ),
        (
            ["--cloud", "essen=aws"],
            "unknown site essen; the installation has aachen, bochum",
        ),
        (
            ["--cloud", "aachen=aws", "--cloud", "aachen=azure"],
            "two clouds for one site",
        ),
        (["--site", "essen"], "unknown site essen"),
        (["--nonsense"], "No such option: --nonsense"),
    ],
)
def test_wrong_words_are_exit_code_2(tmp_path: Path, words: list[str], says: str) -> None:
    outcome = swyx("plan", write_file(tmp_path), *words)
    assert (outcome.code, outcome.out) == (2, "")
    assert says in outcome.err
    assert outcome.err.startswith("swyx: ")


def test_the_tables_show_each_rule_with_its_flows_and_lines(tmp_path: Path) -> None:
    outcome = swyx("plan", write_file(tmp_path, TINY))
    lines = [" ".join(line.split()) for line in outcome.out.splitlines()]
    assert outcome.code == 0
    assert "aachen: 2 groups, 15 rules; proof: 0 missing, 0 excess" in lines
    assert "gate (SwyxGate)" in lines
    assert "in udp 51500-51999 source 51000-51499 from server [M2 L111]" in lines


def test_one_site_of_several(tmp_path: Path) -> None:
    assert list(
        swyx("plan", write_file(tmp_path), "--site", "bochum", "--json").json()["sites"]
    ) == ["bochum"]


ODD = SMALL.replace(
    "    extra_rules", "    ports: {SwyxGate: {media: 51501-51599}}\n    extra_rules"
)


def test_what_the_file_says_of_other_sites_is_left_out(tmp_path: Path) -> None:
    file = write_file(tmp_path, ODD)
    said = {
        site: "SwyxGate has 51501-51599 for RTP" in swyx("plan", file, "--site", site).out
        for site in ("aachen", "bochum")
    }
    assert said == {"aachen": True, "bochum": False}
    assert "SwyxGate has 51501-51599 for RTP" in swyx("plan", file).out


def test_many_sites_are_one_line_each(tmp_path: Path) -> None:
    sites = "".join(
        f"  site{n:02}: {{machines: {{m{n}: {{addresses: [10.{n}.0.1], roles: [SwyxServer]}}}}}}\n"
        for n in range(1, 21)
    )
    outcome = swyx("plan", write_file(tmp_path, f'swyxware: "6.01"\nsites:\n{sites}'))
    assert outcome.code == 0
    assert outcome.out.splitlines()[:2] == [
        "site01: 1 group, 0 rules; proof: 0 missing, 0 excess",
        "site02: 1 group, 0 rules; proof: 0 missing, 0 excess",
    ]


def test_the_plan_is_held_on_disk_and_not_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "IN_MEMORY", 100)
    assert swyx("plan", write_file(tmp_path), "--json").json()["version"] == 1


def test_why_adds_what_each_cited_line_says(tmp_path: Path) -> None:
    """The gate's flows alone: C9 (64, 87, 89), C10 (76, 91, 93), M2 (111) and C16 (71, 90)."""
    file = write_file(tmp_path, TINY)
    out = swyx("plan", file, "--why").out
    notes = out.partition("lines of kb2308:\n")[2].partition("\n\n")[0]
    assert [line.split()[0] for line in notes.splitlines()] == [
        *("L64", "L71", "L76", "L87", "L89", "L90", "L91", "L93", "L111")
    ]
    assert "  L91   UDP 2001, RAS unicast; SwyxWare Administration configures the port\n" in out
    assert "lines of kb2308" not in swyx("plan", file).out
    said = swyx("plan", file, "--why", "--json").json()["cited_lines"]
    assert said["91"] == "UDP 2001, RAS unicast; SwyxWare Administration configures the port"


def test_explain_adds_what_each_cited_line_says(tmp_path: Path) -> None:
    asked = ("explain", write_file(tmp_path, TINY), "gate", "server", "tcp/1720")
    assert swyx(*asked, "--why").out.splitlines()[-4:] == [
        "lines of kb2308:",
        "  L64  clients register over RAS; calls are set up and audio channels opened over H.225 and H.245",
        "  L87  UDP 1719, RAS unicast; nothing configures it",
        "  L89  TCP 1720, call signalling over H.225; a registry value configures the port",
    ]
    said = swyx(*asked, "--why", "--json").json()["cited_lines"]
    assert sorted(said) == ["64", "87", "89"]


def test_messages_of_a_terminal_are_wrapped_and_in_colour_below_the_rules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("NO_COLOR", raising=False)
    outcome = swyx("plan", write_file(tmp_path).name, stream=Terminal)
    rules, _, messages = outcome.out.partition("\x1b[36mnote:\x1b[0m plan.yaml:4:3: ")
    assert "  ac-link (LinkManager)\n" in rules and "\x1b" not in rules
    assert "\x1b[33mwarning:\x1b[0m plan.yaml:4:3: " in messages
    lines = messages.replace("\x1b[33m", "").replace("\x1b[36m", "").replace("\x1b[0m", "")
    assert 70 < max(map(len, lines.splitlines()[1:])) <= 80
    assert " [uncovered-egress]\n" in messages
    assert outcome.err == ""


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_strict_fails_at_warnings(tmp_path: Path, form: tuple[str, ...]) -> None:
    file = write_file(tmp_path)
    assert swyx("plan", file, *form).code == 0
    outcome = swyx("plan", file, "--strict", *form)
    assert (outcome.code, outcome.out) == (1, swyx("plan", file, *form).out)
    settled = write_file(tmp_path, f"{SMALL}acknowledge: [uncovered-egress]\n")
    assert swyx("plan", settled, "--strict", *form).code == 0
