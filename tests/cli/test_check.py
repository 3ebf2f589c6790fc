"""`swyx check`: every message of a file and its plan at once, and what a bad file may never do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.tools.command import SMALL, swyx, write_file


def test_a_good_file_ends_in_one_line_of_counts(tmp_path: Path) -> None:
    outcome = swyx("check", write_file(tmp_path))
    assert (outcome.code, outcome.err) == (0, "")
    *messages, summary = outcome.out.splitlines()
    assert all(line.startswith(("warning: ", "note: ")) for line in messages)
    assert summary.startswith(f"{tmp_path}/plan.yaml: 2 sites, 4 machines, ")
    assert summary.endswith("; no errors, 1 warning, 7 notes.")


def test_errors_of_the_file_and_of_its_plan_come_together(tmp_path: Path) -> None:
    """A misspelt role in one site must not hide the decision that another site lacks."""
    text = SMALL.replace("dcom: restricted, ", "").replace("roles: [SwyxGate]", "roles: [SwyxGat]")
    outcome = swyx("check", write_file(tmp_path, text))
    errors = [line for line in outcome.out.splitlines() if line.startswith("error: ")]
    assert outcome.code == 2
    assert [error.split(": ")[2] for error in errors] == [
        "sites.aachen.decisions.dcom, sites.bochum.decisions.dcom",
        "sites.aachen.machines.ac-gates.roles[0]",
    ]
    assert outcome.out.startswith("error: ")


def test_a_machine_and_a_network_of_one_name_are_planned_all_the_same(tmp_path: Path) -> None:
    """What the plan has to say of the rest of the site comes with the error about the name."""
    text = SMALL.replace("ac-office:", "ac-gates:")
    outcome = swyx("check", write_file(tmp_path, text))
    told = outcome.out.splitlines()
    assert outcome.code == 2
    assert [
        line for line in told if "is already the name of" in line and "networks.ac-gates" in line
    ]
    assert [line for line in told if line.startswith("note: ") and "sites.aachen" in line]


def test_a_provider_without_media_ports_is_one_error_and_no_idle_manager(tmp_path: Path) -> None:
    text = SMALL[: SMALL.index("links:")]
    text += "sip_providers:\n  carrier: {cidrs: [203.0.113.0/28], link_manager: ac-link}\n"
    lines = swyx("check", write_file(tmp_path, text)).out.splitlines()
    assert [line for line in lines if "media_ports" in line] == [
        line for line in lines if line.startswith("error: ")
    ]
    assert not [line for line in lines if "serves no link" in line]
    idle = swyx("check", write_file(tmp_path, text[: text.index("sip_providers")])).out
    assert "this LinkManager serves no link and no provider" in idle


@pytest.mark.parametrize(
    ("right", "wrong", "place"),
    [
        ("dcom: restricted", "dcom: windows-2012", "decisions.dcom"),
        ("h245: 41000-41099", "h245: 41099-41000", "decisions.h245"),
        ("h245:", "h24:", "decisions.h24"),
        ("decisions:", "decision:", "decision"),
    ],
)
def test_a_decision_that_is_written_wrongly_is_not_called_missing_too(
    tmp_path: Path, right: str, wrong: str, place: str
) -> None:
    outcome = swyx("check", write_file(tmp_path, SMALL.replace(right, wrong)))
    errors = [line for line in outcome.out.splitlines() if line.startswith("error: ")]
    assert outcome.code == 2
    assert [error.split(": ")[2] for error in errors] == [place]


def test_decisions_that_can_not_be_read_hide_only_what_is_missing_or_assumed(
    tmp_path: Path,
) -> None:
    plain = yaml.safe_load(
        SMALL.replace("[SwyxServer]", "[SwyxServer, PhoneManager, SwyxFaxServer]", 1)
    )
    plain["sites"]["aachen"]["networks"]["ac-office"]["roles"].append("SwyxPhoneL420")
    ids = {}
    for kind, decisions in {
        "empty": {},
        "list": ["dcom"],
        "set": {"dcom": "restricted"},
        "wrong": {"dcom": "restricted", "dcom_transport": 1, "cornet": 1, "fax_transport": 1},
    }.items():
        file = write_file(tmp_path, yaml.safe_dump(plain | {"decisions": decisions}))
        lines = swyx("check", file).out.splitlines()
        if kind == "list":
            (error,) = (line for line in lines if line.startswith("error: "))
            assert ": decisions: expected a mapping, found a list" in error
        ids[kind] = {id for line in lines for id in re.findall(r"\[([a-z-]+)\]$", line)}
    assert ids["empty"] - ids["list"] == {"cornet-both", "fax-udp-default"}
    assert ids["set"] - ids["wrong"] == {"cornet-both", "fax-udp-default", "dcom-tcp-only"}
    assert "uncovered-egress" in ids["list"] & ids["wrong"]


def test_a_site_that_lacks_a_decision_is_told_although_another_site_has_it_wrong(
    tmp_path: Path,
) -> None:
    own = "bochum:\n    decisions: {dcom: wide}\n"
    text = SMALL.replace("dcom: restricted, ", "").replace("bochum:\n", own, 1)
    outcome = swyx("check", write_file(tmp_path, text))
    errors = [line for line in outcome.out.splitlines() if line.startswith("error: ")]
    assert {error.split(": ")[2] for error in errors} == {
        "sites.aachen.decisions.dcom",
        "sites.bochum.decisions.dcom",
    }
    assert sum("sites.bochum" in error for error in errors) == 1


def test_two_roles_on_one_port_are_an_error(tmp_path: Path) -> None:
    text = SMALL.replace(
        "roles: [SwyxServer]}\n      ac-link", "roles: [SwyxServer, SwyxPhoneL420]}\n      ac-link"
    )
    outcome = swyx("check", write_file(tmp_path, text))
    assert outcome.code == 2
    assert "SwyxServer and SwyxPhoneL420 both need TCP 1720" in outcome.out


def test_what_holds_at_many_sites_is_said_once(tmp_path: Path) -> None:
    sites = "".join(
        f"  site{n}: {{machines: {{m{n}: {{addresses: [10.{n}.0.1], roles: [SwyxServer]}}}}}}\n"
        for n in range(1, 9)
    )
    outcome = swyx("check", write_file(tmp_path, f'swyxware: "6.01"\nsites:\n{sites}'))
    assert outcome.code == 0
    (egress,) = [line for line in outcome.out.splitlines() if line.startswith("warning: ")]
    assert (
        ": sites.site1.egress, sites.site2.egress, sites.site3.egress, and 5 more places: egress is closed"
        in egress
    )


def test_what_only_the_peer_s_name_tells_apart_is_said_once_too_and_json_has_every_place(
    tmp_path: Path,
) -> None:
    sites = "".join(
        f"  s{n}:\n    machines: {{m{n}: {{addresses: [10.{n}.0.1], roles: [SwyxServer]}}}}\n"
        f"    networks: {{lan{n}: {{cidrs: [10.{n}.9.0/24], roles: [SwyxIt]}}}}\n"
        for n in range(1, 6)
    )
    text = f'swyxware: "6.01"\ndecisions: {{dcom: windows-2003}}\nsites:\n{sites}'
    file = write_file(tmp_path, text)
    outcome = swyx("check", file)
    (beside,) = [line for line in outcome.out.splitlines() if "can also reach" in line]
    assert (
        "sites.s1.machines.m1, sites.s2.machines.m2, sites.s3.machines.m3, and 2 more places: "
        "C1 from lan1, and others elsewhere can also reach SwyxServer (h225, 1720); " in beside
    )
    assert outcome.out.endswith(" no errors, 4 warnings, 3 notes.\n")
    found = [
        m for m in swyx("check", file, "--json").json()["messages"] if "also reach" in m["text"]
    ]
    assert [message["place"] for message in found] == [
        f"sites.s{n}.machines.m{n}" for n in range(1, 6)
    ]
    assert [message["sentence"].split(" can")[0] for message in found] == [
        f"C1 from lan{n}" for n in range(1, 6)
    ]


def test_json_is_ok_as_the_exit_code_is(tmp_path: Path) -> None:
    file = write_file(tmp_path)
    for options, code, ok in (((), 0, True), (("--strict",), 1, False)):
        outcome = swyx("check", file, "--json", *options)
        assert (outcome.code, outcome.json()["ok"]) == (code, ok)


def test_json_has_every_message_with_its_parts(tmp_path: Path) -> None:
    text = SMALL.replace("roles: [SwyxGate]", "roles: [SwyxGat]")
    outcome = swyx("check", write_file(tmp_path, text), "--json")
    document = outcome.json()
    assert outcome.code == 2
    assert (document["version"], document["ok"]) == (1, False)
    (error,) = [message for message in document["messages"] if message["severity"] == "error"]
    assert error["place"] == "sites.aachen.machines.ac-gates.roles[0]"
    assert (
        error["text"]
        == f"{error['file']}:8:64: {error['place']}: {error['sentence']}; {error['remedy']}"
    )
    assert (error["line"], error["column"]) == (8, 64)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "a mapping"),
        (b"[1, 2]", "a mapping"),
        (b"sites: {a: *b}", "alias"),
        (b"\xff\xfe", "UTF-8"),
        (b"a: 1\x1b[31m", "U+001B"),
        (b'swyxware: "7.0"\nsites: {}', "unknown SwyxWare version 7.0"),
    ],
)
def test_what_is_no_installation_is_a_sentence(tmp_path: Path, content: bytes, says: str) -> None:
    file = tmp_path / "plan.yaml"
    file.write_bytes(content)
    outcome = swyx("check", file)
    assert outcome.code == 2
    assert says in outcome.out
    assert "Traceback" not in outcome.out + outcome.err


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    outcome = swyx("check", tmp_path / "none.yaml")
    assert outcome.code == 2
    assert outcome.out.startswith(f"error: {tmp_path}/none.yaml: ")


def test_hostile_text_reaches_the_terminal_escaped(tmp_path: Path) -> None:
    """Colours, cursor movements and text that runs backwards are shown as what they are."""
    text = SMALL.replace("ac-office", '"\\e[2J\\u202egnp.exe"').replace(
        "desktop", '"\\e]0;title\\a"'
    )
    outcome = swyx("check", write_file(tmp_path, text))
    assert outcome.code == 2
    assert not set("\x1b\x07\u202e") & set(outcome.out + outcome.err)
    assert "\\x1b[2J\\u202egnp.exe" in outcome.out


def test_a_hostile_file_name_reaches_the_terminal_escaped(tmp_path: Path) -> None:
    outcome = swyx("check", write_file(tmp_path, name="\x1b[2J.yaml"))
    assert "\x1b" not in outcome.out + outcome.err


def test_quotas_that_no_cloud_grants_together_are_told_once_and_not_by_site(tmp_path: Path) -> None:
    """They are the same for every site, so the place is the file's quotas."""
    file = write_file(tmp_path, f"{SMALL}\nquotas: {{aws: {{rules_per_group: 300}}}}\n")
    said = (
        f"{tmp_path}/plan.yaml:21:10: quotas.aws: their product is 1500 where AWS allows 1000 "
        "(rules_times_groups); rules_per_group times groups_per_interface, as AWS grants them together"
    )
    checked = swyx("check", file)
    assert checked.code == 0
    assert [line for line in checked.out.splitlines() if "rules_times_groups" in line] == [
        f"warning: {said}, so it would refuse every site; before you move a site there, lower one of them, "
        "or request a higher quota and set quotas.aws.rules_times_groups. [quotas-would-exceed]"
    ]
    planned = swyx("plan", file, "--cloud", "aws")
    assert (planned.code, planned.out) == (2, "")
    assert planned.err.splitlines() == [
        f"swyx: {said}; lower one of them, or request a higher quota and set quotas.aws.rules_times_groups."
    ]


def test_strict_fails_at_warnings_and_quiet_leaves_out_notes(tmp_path: Path) -> None:
    file = write_file(tmp_path)
    assert "warning: " in swyx("check", file).out and "note: " in swyx("check", file).out
    outcome = swyx("check", file, "--strict", "-q")
    assert (outcome.code, "warning: " in outcome.out, "note: " in outcome.out) == (1, True, False)
    assert swyx("check", file, "-q").code == 0


def test_what_is_acknowledged_is_told_no_longer_but_for_its_id(tmp_path: Path) -> None:
    before = swyx("check", write_file(tmp_path))
    assert "warning" in before.out and "egress is closed" in before.out
    told = [line for line in before.out.splitlines() if "egress is closed" in line]
    assert all(line.endswith(" [uncovered-egress]") for line in told)
    file = write_file(tmp_path, f"{SMALL}acknowledge: [uncovered-egress]\n")
    after = swyx("check", file)
    assert (after.code, "egress is closed" in after.out) == (0, False)
    assert after.out.splitlines()[-1].endswith("; acknowledged: uncovered-egress.")
    assert "egress is closed" not in swyx("plan", file).out
    undecided = write_file(tmp_path, file.read_text().replace("h245: 41000-41099, ", ""))
    assert "egress is closed" not in swyx("check", undecided).out


def test_ports_that_are_refused_do_not_collide_too(tmp_path: Path) -> None:
    text = FAX.replace(
        "[SwyxFaxServer]}", "[SwyxFaxServer, ITSPManager], ports: {SwyxFaxServer: {session: %s}}}"
    )
    assert "both use TCP 4102" in swyx("check", write_file(tmp_path, text % "4000-8000")).out
    refused = swyx("check", write_file(tmp_path, text % "4000-8001")).out
    assert "4000-8001 is not within 2000-8000" in refused
    assert "both use TCP 4102" not in refused


FAX = """\
swyxware: "6.01"
decisions: {dcom: restricted, h245: tunnelled}
sites:
  aachen:
    machines:
      ac-server: {addresses: [10.1.0.10], roles: [SwyxServer]}
      ac-fax: {addresses: [10.1.0.11], roles: [SwyxFaxServer]}
"""
ANSWERS = """\
    extra_rules:
    - {direction: in, to: ac-fax, from: [10.1.9.0/24], protocol: tcp, ports: 3389, reason: desktop}
    - {direction: out, from: ac-fax, to: [10.1.9.1/32], protocol: udp, ports: 53, reason: names}
"""


def test_a_service_for_which_an_extra_rule_answers_is_told_no_longer(tmp_path: Path) -> None:
    before = swyx("check", write_file(tmp_path, FAX)).out
    assert "RDP (3389)" in before
    assert "does not cover DNS, DHCP, Windows logon" in before
    after = swyx("check", write_file(tmp_path, FAX + ANSWERS)).out
    assert "RDP (3389)" not in after
    assert "WinRM (5985-5986)" in after
    assert "does not cover DHCP, Windows logon" in after
