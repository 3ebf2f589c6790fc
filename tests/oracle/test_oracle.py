"""The oracle itself, judged by the hand-typed packets and by single readings of the port model."""

from __future__ import annotations

from typing import Any

import pytest

from tests.oracle.domain import Oracle, allowed, required
from tests.oracle.packets import Packet, fixture, packed_exceptions, packets, some_addresses, titles

FIXTURES = ("one_role_a_machine", "packed")
ORACLES = {name: Oracle(fixture(name)) for name in FIXTURES}


def passes(oracle: Oracle, packet: Packet, match_source_ports: bool) -> set[bool]:
    """What each managed end says about a packet, at the edges of its peer's prefixes."""
    answers = set()
    for machine, direction, peer in packet.ends():
        region = oracle.cached_region(machine, direction, match_source_ports)
        answers |= {
            region.holds(packet.protocol, x, packet.source, packet.port)
            for x in some_addresses(peer)
        }
    return answers


@pytest.mark.parametrize("match_source_ports", [True, False])
@pytest.mark.parametrize("name", FIXTURES)
@pytest.mark.parametrize("title", titles("allowed"))
def test_every_step_of_a_call_scenario_is_allowed_at_both_ends(
    title: str, name: str, match_source_ports: bool
) -> None:
    oracle = ORACLES[name]
    steps = packets("allowed", title, oracle.estate)
    refused = [p.text() for p in steps if passes(oracle, p, match_source_ports) != {True}]
    assert not refused
    assert steps or name == "packed"


@pytest.mark.parametrize("match_source_ports", [True, False])
@pytest.mark.parametrize("title", titles("denied"))
def test_every_denied_packet_is_closed_at_both_ends(title: str, match_source_ports: bool) -> None:
    oracle = ORACLES["one_role_a_machine"]
    steps = packets("denied", title, oracle.estate)
    opened = sorted({p.text() for p in steps if passes(oracle, p, match_source_ports) != {False}})
    assert not opened
    assert steps


@pytest.mark.parametrize("match_source_ports", [True, False])
def test_packed_machines_open_of_the_deny_list_exactly_what_another_role_explains(
    match_source_ports: bool,
) -> None:
    oracle = ORACLES["packed"]
    steps = [p for title in titles("denied") for p in packets("denied", title, oracle.estate)]
    opened = {p.text() for p in steps if passes(oracle, p, match_source_ports) != {False}}
    explained = {p.text() for p in packed_exceptions(oracle.estate, match_source_ports)}
    assert sorted(opened - explained) == []
    assert sorted(explained - opened) == []


def plain(**changes: Any) -> dict[str, Any]:
    """A small site: a server, a gate, a fax machine, and whatever a test adds."""
    site = {
        "machines": {
            "server": {"addresses": ["10.1.0.10"], "roles": ["SwyxServer"]},
            "gate": {"addresses": ["10.1.0.11"], "roles": ["SwyxGate"]},
            "fax": {"addresses": ["10.1.0.12"], "roles": ["SwyxFaxServer"]},
        }
    }
    return {
        "decisions": {"dcom": "restricted", "h245": "41000-41099"},
        "sites": {"aachen": site | changes},
    }


def ids(installation: dict[str, Any], one: str, other: str) -> list[str]:
    """The flows from one endpoint to another."""
    return sorted(
        {
            f.id
            for f in required(installation)
            if (f.initiator.name, f.responder.name) == (one, other)
        }
    )


def test_without_c11_a_fax_machine_has_no_h245_but_keeps_the_session_range_of_c12() -> None:
    installation = plain(flows={"disable": ["C11"]})
    assert ids(installation, "fax", "server") == ["M3"]
    assert ids(installation, "server", "fax") == ["C12", "M3"]


def test_without_c12_the_server_opens_nothing_but_media_to_the_fax_machine() -> None:
    installation = plain(flows={"disable": ["C12"]})
    assert ids(installation, "fax", "server") == ["C11", "C15", "M3"]
    assert ids(installation, "server", "fax") == ["M3"]


def test_h245_of_a_gate_stays_while_one_of_its_call_directions_stays() -> None:
    assert "C15" in ids(plain(flows={"disable": ["C9"]}), "gate", "server")
    assert "C15" in ids(plain(flows={"disable": ["C10"]}), "server", "gate")
    assert ids(plain(flows={"disable": ["C9", "C10"]}), "gate", "server") == ["M2"]


def test_tunnelled_h245_opens_no_port_of_its_own() -> None:
    installation = plain(decisions={"h245": "tunnelled"})
    assert "C15" not in {f.id for f in required(installation)}


def test_audio_needs_both_port_ranges_where_source_ports_can_be_matched() -> None:
    installation = plain()
    assert allowed(installation, "server", "in", "10.1.0.11", "udp", 51000, 51500)
    assert not allowed(installation, "server", "in", "10.1.0.11", "udp", 51000, 40000)
    assert allowed(
        installation, "server", "in", "10.1.0.11", "udp", 51000, 40000, match_source_ports=False
    )


def test_an_extra_rule_opens_one_end_only() -> None:
    rule = {
        "direction": "in",
        "to": "server",
        "from": ["10.1.99.0/24"],
        "protocol": "tcp",
        "ports": 3389,
    }
    installation = plain(extra_rules=[rule | {"reason": "administration"}])
    assert allowed(installation, "server", "in", "10.1.99.7", "tcp", 3389, 50000)
    assert not allowed(installation, "server", "out", "10.1.99.7", "tcp", 50000, 3389)


def test_an_override_of_the_machine_goes_before_the_sites() -> None:
    installation = plain(ports={"SwyxGate": {"media": "52000-52099"}})
    installation["sites"]["aachen"]["machines"]["gate"]["ports"] = {
        "SwyxGate": {"media": "53000-53099"}
    }
    assert allowed(installation, "gate", "in", "10.1.0.10", "udp", 53000, 51000)
    assert not allowed(installation, "gate", "in", "10.1.0.10", "udp", 52000, 51000)


def test_a_flow_across_a_link_is_off_if_either_site_turns_it_off() -> None:
    installation = fixture("one_role_a_machine")
    installation["sites"]["bochum"]["flows"] = {"disable": ["K3", "K4"]}
    assert ids(installation, "ac-link", "bo-server") == ["K5", "M4b"]
    assert ids(installation, "ac-link", "ac-server") == ["K2", "K5", "K6", "M4b"]
    installation["sites"]["aachen"]["flows"] = {"disable": ["M4b"]}
    assert ids(installation, "ac-link", "bo-server") == ["K5"]


def test_a_chained_link_runs_from_linkmanager_to_linkmanager() -> None:
    installation = fixture("one_role_a_machine")
    installation["sites"]["bochum"]["machines"]["bo-link"] = {
        "addresses": ["10.2.0.11"],
        "roles": ["LinkManager"],
    }
    ends = {"aachen": "ac-link", "bochum": "bo-link"}
    sites = ["aachen", "bochum"]
    installation["links"] = {
        "aachen-bochum": {"sites": sites, "mode": "chained", "link_managers": ends}
    }
    assert ids(installation, "ac-link", "bo-link") == ["K10", "K9", "M7"]
    assert ids(installation, "bo-link", "ac-link") == ["K10", "K9", "M7"]
    assert ids(installation, "ac-link", "bo-server") == []
    assert ids(installation, "bo-server", "bo-link") == ["K1", "K6", "M4b"]


def test_h245_runs_between_the_phonemanager_and_its_phones_as_long_as_c3_and_c4_stay() -> None:
    phones = {"addresses": ["10.1.0.13"], "roles": ["PhoneManager"]}
    desk = {"addresses": ["10.1.0.14"], "roles": ["SwyxPhoneL440"]}
    for disabled, expected in (([], True), (["C3b"], False), (["C4"], False), (["C15"], False)):
        installation = plain(flows={"disable": disabled})
        installation["sites"]["aachen"]["machines"] |= {"phones": phones, "desk": desk}
        assert ("C15" in ids(installation, "phones", "desk")) is expected
        assert ("C15" in ids(installation, "desk", "phones")) is expected
