"""What an edit changes: the packets exactly, the rules, and why."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
import yaml

from swyx_components.analysis.diff.changes import Changes
from swyx_components.analysis.diff.edits import Edit
from swyx_components.analysis.diff.reachability import Owners
from swyx_components.analysis.explain import Packet, explain
from swyx_components.analysis.places import find_hosts
from swyx_components.installation import load_installation
from swyx_components.installation.model import Decisions, Installation
from swyx_components.planner.model import Direction
from swyx_components.planner.plan import plan_site
from swyx_components.planner.render import render_neutral
from swyx_components.planner.topology import Topology
from swyx_components.sets.ports import PortRange
from swyx_components.sets.prefixes import Interval, Prefix
from tests.tools import changes as changes_module
from tests.tools.changes import compare_installations, rules_of
from tests.tools.command import SMALL

DATA: dict[str, Any] = yaml.safe_load(SMALL)


def edited(**edits: Any) -> Installation:
    """SMALL with values put at paths: `sites__bochum__egress="open"`; None takes the key out."""
    data = copy.deepcopy(DATA)
    for path, value in edits.items():
        *above, last = path.split("__")
        place = data
        for key in above:
            place = place.setdefault(key, {})
        if value is None:
            del place[last]
        else:
            place[last] = value
    return load_installation(data)


def told(changes: Changes) -> set[str]:
    """`+ a to b tcp 1720 at x`, `-` for what passes no more."""
    lines = set()
    for passing in changes.passings:
        _, source, destination, protocol, ports, source_ports, at = passing
        words = f"{source} to {destination} {protocol.value} {ports or '-'}"
        words += f" source {source_ports}" if source_ports else ""
        lines.add(f"{'+' if passing.opened else '-'} {words} at {', '.join(at)}")
    return lines


OLD = edited()


def test_a_summary_is_an_edit_and_the_cause_of_the_rules_that_name_it() -> None:
    changes = compare_installations(OLD, edited(sites__aachen__summary=["10.1.0.0/16"]))
    edit = Edit("aachen", "", "", "summary", "", "10.1.0.0/16")
    assert changes.edits == (edit,)
    assert [site.site for site in changes.sites if site.rules] == ["bochum"]
    assert {rule.causes for rule in rules_of(changes)} == {("sites.aachen.summary",)}


def test_the_addresses_of_nobody_in_a_summary_are_one_peer() -> None:
    changes = compare_installations(OLD, edited(sites__aachen__summary=["10.1.0.0/19"]))
    gaps = "10.1.0.0-10.1.0.9, 10.1.0.13-10.1.19.255, 10.1.21.0-10.1.31.255"
    assert {line for line in told(changes) if "ac-" not in line} == {
        f"+ {gaps} to bo-server tcp 1720, 41000-41099 at bo-server",
        f"+ {gaps} to bo-server udp 1719 at bo-server",
        f"+ {gaps} to bo-server udp 51000-51499 source 55000-56000 at bo-server",
        f"+ bo-server to {gaps} tcp 41000-41099, 65001 at bo-server",
        f"+ bo-server to {gaps} udp 55000-56000 source 51000-51499 at bo-server",
    }


def test_rules_of_a_group_that_is_split_or_merged_are_paired_with_its_own() -> None:
    """One of three gates listens elsewhere: a rule at both ends of C10 changes, the other 12 stay."""
    gates = {
        f"bo-g{n}": {"addresses": [f"10.2.0.{n}"], "roles": ["SwyxGate"]} for n in (21, 22, 23)
    }
    machines = DATA["sites"]["bochum"]["machines"] | gates
    moved = {"bo-g23": gates["bo-g23"] | {"ports": {"SwyxGate": {"h225": 2010}}}}
    old, new = (edited(sites__bochum__machines=own) for own in (machines, machines | moved))

    def rows(changes: Changes) -> set[tuple[str, str, str, tuple[str, ...]]]:
        return {
            (
                rule.group,
                str(rule.old and rule.old.ports),
                str(rule.new and rule.new.ports),
                rule.flows,
            )
            for rule in rules_of(changes)
        }

    assert rows(compare_installations(old, new)) == {
        ("swyxgate.bo-g23", "2000", "2010", ("C10",)),
        ("swyxserver", "2000", "2010", ("C10",)),
    }
    assert rows(compare_installations(new, old)) == {
        ("swyxgate.bo-g23", "2010", "2000", ("C10",)),
        ("swyxserver", "2010", "None", ("C10",)),
    }


def test_an_installation_and_itself_have_no_difference() -> None:
    changes = compare_installations(OLD, edited())
    assert changes.none and changes.edits == () and changes.sites == () and changes.passings == ()


def test_a_preset_written_as_its_range_is_no_difference() -> None:
    changes = compare_installations(OLD, edited(sites__bochum__decisions={"dcom": "40000-40199"}))
    assert changes.none and changes.edits == () and changes.sites == ()


def test_a_narrower_dcom_range_closes_what_lies_outside_it_and_nothing_else() -> None:
    new = edited(sites__bochum__decisions={"dcom": "40000-40149"})
    changes = compare_installations(OLD, new)
    assert told(changes) == {
        "- bo-office to bo-server tcp 40150-40199 at bo-server",
        "- bo-server to bo-office tcp 40150-40199 at bo-server",
    }
    (edit,) = changes.edits
    assert (edit.place, edit.old, edit.new) == (
        "sites.bochum.decisions.dcom",
        "40000-40199",
        "40000-40149",
    )
    assert {(rule.group, rule.flows, rule.causes) for rule in rules_of(changes)} == {
        ("swyxserver", ("C1",), ("sites.bochum.decisions.dcom",)),
        ("swyxserver", ("C2",), ("sites.bochum.decisions.dcom",)),
    }
    assert all(rule.old and rule.new for rule in rules_of(changes))
    assert [str(r.new.ports) for r in rules_of(changes) if r.new] == ["40000-40149"] * 2


def test_a_dcom_range_of_one_half_is_written_as_in_the_file() -> None:
    halves = {"dcom_server": PortRange(40000, 40099), "dcom_client": PortRange(49152, 65535)}
    assert Decisions(**halves).as_words()["dcom"] == "{server: 40000-40099, client: 49152-65535}"
    del halves["dcom_client"]
    assert Decisions(**halves).as_words()["dcom"] == "{server: 40000-40099}"


def test_an_override_moves_exactly_the_ports_that_differ_at_both_ends() -> None:
    """The LinkManager from 55000-56000 to 55000-55999: one port, UDP, with all of its parties (M4a, M4b)."""
    new = edited(sites__aachen__ports={"LinkManager": {"media": "55000-55999"}})
    closed = {line for line in told(compare_installations(OLD, new)) if "ac-link" in line}
    assert told(compare_installations(OLD, new)) == closed
    assert "- ac-server to ac-link udp 56000 source 51000-51499 at ac-link, ac-server" in closed
    assert "- ac-link to ac-server udp 51000-51499 source 56000 at ac-link, ac-server" in closed
    assert "- bo-office to ac-link udp 56000 source 50000-50099 at ac-link" in closed
    assert len(closed) == 10  # both ways: two offices, two servers, the gate
    assert all("56000" in line and "55000" not in line for line in closed)


def test_a_machine_that_changes_its_address_is_told_with_both() -> None:
    machines = {"bo-server": {"addresses": ["10.2.0.11"], "roles": ["SwyxServer"]}}
    changes = compare_installations(OLD, edited(sites__bochum__machines=machines))
    lines = told(changes)
    assert "- ac-link to bo-server (10.2.0.10) tcp 1720, 41000-41099 at ac-link, bo-server" in lines
    assert "+ ac-link to bo-server (10.2.0.11) tcp 1720, 41000-41099 at ac-link, bo-server" in lines
    opened = {line[2:].replace("0.11", "0.10") for line in lines if line[0] == "+"}
    assert opened == {line[2:] for line in lines if line[0] == "-"}
    at_aachen = rules_of(changes, "aachen")
    assert at_aachen
    assert all("sites.bochum.machines.bo-server.addresses" in rule.causes for rule in at_aachen)


def test_a_larger_network_is_told_by_its_new_half_alone() -> None:
    """Unmanaged, managed, and with a machine of its own inside the new half."""
    for managed, inside in ((False, False), (True, False), (False, True)):
        networks = [
            {
                "ac-office": {"cidrs": [cidr], "roles": ["SwyxIt"]}
                | ({"managed": True} if managed else {})
            }
            for cidr in ("10.1.20.0/24", "10.1.20.0/23")
        ]
        old, new = (edited(sites__aachen__networks=own) for own in networks)
        if inside:
            desk = {"addresses": ["10.1.21.0"], "roles": ["SwyxPhoneL400"]}
            machines = DATA["sites"]["aachen"]["machines"] | {"ac-phone": desk}
            settled = {"sites__aachen__machines": machines} | {
                "sites__aachen__control_path": {"SwyxPhoneL400": "h323"}
            }
            old, new = (edited(sites__aachen__networks=own, **settled) for own in networks)
        half = "10.1.21.1-10.1.21.255" if inside else "10.1.21.0/24"
        changes = compare_installations(old, new)
        lines = told(changes)
        assert f"+ ac-office ({half}) to ac-server tcp 135, 40000-40199 at " in {
            line[: line.index(" at ") + 4] for line in lines
        }
        assert [
            line for line in lines if line[0] != "+" or ("office" in line and half not in line)
        ] == []
        assert not [line for line in lines if "ac-phone to ac-phone" in line]
        back = told(compare_installations(new, old))
        assert {line[1:] for line in back} == {line[1:] for line in lines}


def test_machines_that_change_places_are_told_by_who_has_an_address_when() -> None:
    """Before, 10.1.0.10 is the server's; whatever ends there ends for the server."""
    machines = copy.deepcopy(DATA["sites"]["aachen"]["machines"])
    server, link = machines["ac-server"], machines["ac-link"]
    server["addresses"], link["addresses"] = link["addresses"], server["addresses"]
    changes = compare_installations(OLD, edited(sites__aachen__machines=machines))
    lines = told(changes)
    assert "- ac-server (10.1.0.10) to ac-link (10.1.0.11) tcp 65000 at ac-link, ac-server" in lines
    assert "+ ac-server (10.1.0.11) to ac-link (10.1.0.10) tcp 65000 at ac-link, ac-server" in lines
    assert not [line for line in lines if "to ac-link (10.1.0.11)" in line and line[0] == "+"]
    swapped = {"0.10": "0.11", "0.11": "0.10"}
    turned = {
        re.sub(r"0\.1[01]", lambda found: swapped[found[0]], line[2:])
        for line in lines
        if line[0] == "-"
    }
    assert turned == {line[2:] for line in lines if line[0] == "+"}
    # The rules of the other site: each keeps its flows and ports, and has the other address.
    at_bochum = rules_of(changes, "bochum")
    assert at_bochum
    for rule in at_bochum:
        assert rule.old and rule.new
        assert (rule.old.flows, rule.old.ports) == (rule.new.flows, rule.new.ports)


def test_other_roles_leave_a_group_with_what_they_change() -> None:
    """The group has another name; its own rules, and those about it, remain but for the new ones."""
    machines = copy.deepcopy(DATA["sites"]["aachen"]["machines"])
    machines["ac-gates"]["roles"] = ["SwyxGate", "ConferenceManager"]
    changes = compare_installations(OLD, edited(sites__aachen__machines=machines))
    aachen = next(site for site in changes.sites if site.site == "aachen")
    assert [(group.was, group.group, group.old, group.new) for group in aachen.groups] == [
        ("swyxgate", "swyxgate-conferencemanager", ("ac-gates",), ("ac-gates",))
    ]
    # DCOM with the server (C13), media with the office (M2) and the LinkManager (M4b).
    assert all(rule.old is None for rule in aachen.rules)
    assert {flow for rule in aachen.rules for flow in rule.flows} == {"C13", "M2", "M4b"}


def test_what_a_changed_rule_no_longer_allows_comes_before_what_it_allows_now() -> None:
    """C13 of the conference manager that leaves, then H.245 (K6), whatever the group is called."""
    machines = copy.deepcopy(DATA["sites"]["aachen"]["machines"])
    machines["ac-link"]["roles"] = ["LinkManager", "ConferenceManager"]
    old = edited(sites__aachen__machines=machines, decisions__h245="tunnelled")
    flows = {
        rule.flows for rule in rules_of(compare_installations(old, OLD)) if rule.old and rule.new
    }
    assert ("C13", "K6") in flows and ("K6", "C13") not in flows


def test_an_extra_rule_opens_what_it_says_at_its_end() -> None:
    rule = {
        "direction": "in",
        "to": "ac-server",
        "from": ["10.1.99.0/24", "10.1.98.4"],
        "protocol": "tcp",
        "ports": 3389,
        "reason": "desktop",
    }
    changes = compare_installations(OLD, edited(sites__aachen__extra_rules=[rule]))
    assert told(changes) == {"+ 10.1.98.4 to ac-server tcp 3389 at ac-server"}
    (change,) = rules_of(changes)
    assert change.flows == () and len(change.causes) == 2
    assert all(".extra_rules.(ac-server in tcp 3389 from 10.1.9" in c for c in change.causes)


def test_another_reason_changes_no_packet() -> None:
    rule = copy.deepcopy(DATA["sites"]["aachen"]["extra_rules"][0]) | {"reason": "monitoring"}
    changes = compare_installations(OLD, edited(sites__aachen__extra_rules=[rule]))
    assert changes.passings == () and rules_of(changes) == []
    (edit,) = changes.edits
    assert (edit.key, edit.old, edit.new) == ("reason", "desktop", "monitoring")


def test_rules_with_other_reasons_stand_in_the_order_of_the_plan() -> None:
    """In each run: sets of rules iterate otherwise from one process to the next."""
    ways = [("in", "tcp", "65001"), ("in", "tcp", "41000-41099"), ("out", "tcp", "1720")]
    ways += [("out", "udp", "1719"), ("out", "tcp", "41000-41099")]
    rules = [
        {"direction": way, "protocol": protocol, "ports": ports, "reason": "monitoring"}
        | {
            "to" if way == "in" else "from": "ac-link",
            "from" if way == "in" else "to": ["10.2.0.10"],
        }
        for way, protocol, ports in ways
    ]
    without = edited(sites__aachen__extra_rules=None)
    changes = compare_installations(without, edited(sites__aachen__extra_rules=rules))
    assert all(change.only_reason and change.group == "linkmanager" for change in rules_of(changes))
    told = [
        (c.new.direction.value, c.new.protocol.value, str(c.new.ports))
        for c in rules_of(changes)
        if c.new
    ]
    assert told == [
        ("in", "tcp", "41000-41099"),
        ("in", "tcp", "65001"),
        ("out", "tcp", "1720"),
        ("out", "tcp", "41000-41099"),
        ("out", "udp", "1719"),
    ]


def test_a_flow_that_joins_another_on_the_same_rule_is_a_reason_only() -> None:
    """Aachen turns K5 off: 1719 from the LinkManager goes; the gate's own 1719 (C9) stays as it was."""
    changes = compare_installations(OLD, edited(sites__aachen__flows={"disable": ["K5"]}))
    assert told(changes) == {
        "- ac-link to ac-server udp 1719 at ac-link, ac-server",
        "- ac-link to bo-server udp 1719 at ac-link, bo-server",
    }
    assert {cause for rule in rules_of(changes) for cause in rule.causes} == {
        "sites.aachen.flows.disable"
    }


def test_a_site_that_comes_is_one_edit_and_opens_all_of_its_packets() -> None:
    site = {
        "machines": {
            "es-server": {"addresses": ["10.3.0.10"], "roles": ["SwyxServer"]},
            "es-gate": {"addresses": ["10.3.0.12"], "roles": ["SwyxGate"]},
        }
    }
    changes = compare_installations(OLD, edited(sites__essen=site))
    assert [edit.place for edit in changes.edits] == ["sites.essen"]
    both = "es-gate, es-server"
    assert told(changes) == {
        f"+ es-gate to es-server tcp 1720, 41000-41099 at {both}",
        f"+ es-gate to es-server udp 1719 at {both}",
        f"+ es-gate to es-server udp 51000-51499 source 51500-51999 at {both}",
        f"+ es-server to es-gate tcp 2000, 41000-41099 at {both}",
        f"+ es-server to es-gate udp 2001 at {both}",
        f"+ es-server to es-gate udp 51500-51999 source 51000-51499 at {both}",
    }
    (essen,) = changes.sites
    assert essen.old is None and {group.old for group in essen.groups} == {()}
    back = compare_installations(edited(sites__essen=site), OLD)
    assert {line[1:] for line in told(back)} == {line[1:] for line in told(changes)}
    assert not any(passing.opened for passing in back.passings)


def test_a_machine_with_another_name_sends_and_receives_what_it_did() -> None:
    machines = copy.deepcopy(DATA["sites"]["aachen"]["machines"])
    machines["ac-tor"] = machines.pop("ac-gates")
    changes = compare_installations(OLD, edited(sites__aachen__machines=machines))
    assert changes.passings == () and rules_of(changes) == []
    assert [(group.old, group.new) for group in changes.sites[0].groups] == [
        (("ac-gates",), ("ac-tor",))
    ]


def test_an_extra_rule_that_another_one_precedes_now_has_another_number() -> None:
    """Rules are told by their place in the list, so what stands at them in the cloud changes."""
    rules = [
        {
            "direction": "in",
            "to": "ac-server",
            "from": ["10.1.99.0/24"],
            "protocol": "tcp",
            "ports": port,
            "reason": "desktop",
        }
        for port in (22, 3389)
    ]
    old = edited(sites__aachen__extra_rules=rules)
    changes = compare_installations(old, edited(sites__aachen__extra_rules=rules[::-1]))
    assert changes.edits == () and changes.passings == ()
    assert sorted(
        (rule.old.flows, rule.new.flows) for rule in rules_of(changes) if rule.old and rule.new
    ) == [
        (("extra:aachen:0",), ("extra:aachen:1",)),
        (("extra:aachen:1",), ("extra:aachen:0",)),
    ]


def test_open_egress_is_one_entry_and_not_all_addresses() -> None:
    changes = compare_installations(OLD, edited(sites__bochum__egress="open"))
    assert told(changes) == {
        "+ every machine of bochum to anywhere any - at every machine of bochum"
    }


def test_a_machine_between_groups_loses_nothing_that_both_allow() -> None:
    """An override of its own makes a second group of the gate; only the moved ports differ."""
    machines = copy.deepcopy(DATA["sites"]["aachen"]["machines"])
    machines["ac-hall"] = {"addresses": ["10.1.0.13"], "roles": ["SwyxGate"]}
    old = edited(sites__aachen__machines=machines)
    other = copy.deepcopy(machines)
    other["ac-hall"]["ports"] = {"SwyxGate": {"h225": 2005}}
    changes = compare_installations(old, edited(sites__aachen__machines=other))
    assert told(changes) == {
        "- ac-server to ac-hall tcp 2000 at ac-hall, ac-server",
        "+ ac-server to ac-hall tcp 2005 at ac-hall, ac-server",
    }
    assert {(g.group, g.old, g.new) for g in changes.sites[0].groups} == {
        ("swyxgate", ("ac-gates", "ac-hall"), ("ac-gates",)),
        ("swyxgate.ac-hall", (), ("ac-hall",)),
    }


def test_a_machine_never_stands_in_its_own_firewall() -> None:
    """Two fax servers are one group, whose rules name the group itself (M3)."""
    machines = copy.deepcopy(DATA["sites"]["bochum"]["machines"])
    machines["fax-1"] = {"addresses": ["10.2.0.13"], "roles": ["SwyxFaxServer"]}
    machines["fax-2"] = {"addresses": ["10.2.0.14"], "roles": ["SwyxFaxServer"]}
    old = edited(sites__bochum__machines=machines)
    new = edited(
        sites__bochum__machines=machines,
        sites__bochum__ports={"SwyxFaxServer": {"session": "2000-7999"}},
    )
    lines = told(compare_installations(old, new))
    both = "at fax-1, fax-2"
    assert {line for line in lines if line.count("fax-") == 4} == {
        f"- fax-1 to fax-2 udp 8000 source 2000-8000 {both}",
        f"- fax-1 to fax-2 udp 2000-7999 source 8000 {both}",
        f"- fax-2 to fax-1 udp 8000 source 2000-8000 {both}",
        f"- fax-2 to fax-1 udp 2000-7999 source 8000 {both}",
    }
    assert not [line for line in lines if "fax-1 to fax-1" in line or "fax-2 to fax-2" in line]


def test_each_rule_names_the_edits_behind_it_and_no_others() -> None:
    """Two edits that meet in M4a at the LinkManager: each has the rule with its own source ports."""

    def bochum(fax: str, office: str) -> Installation:
        machines = copy.deepcopy(DATA["sites"]["bochum"]["machines"])
        machines["bo-fax"] = {"addresses": [fax], "roles": ["SwyxFaxServer"]}
        networks = {"bo-office": {"cidrs": [office], "roles": ["SwyxIt"]}}
        return edited(sites__bochum__machines=machines, sites__bochum__networks=networks)

    old, new = bochum("10.2.0.13", "10.2.20.0/24"), bochum("10.2.0.14", "10.2.21.0/24")
    causes = {
        (rule.old.flows, str(rule.old.source_ports)): rule.causes
        for rule in rules_of(compare_installations(old, new))
        if rule.group == "linkmanager" and rule.old and rule.old.direction is Direction.IN
    }
    assert causes == {
        (("M4a",), "50000-50099"): ("sites.bochum.networks.bo-office.cidrs",),
        (("M4a",), "2000-8000"): ("sites.bochum.machines.bo-fax.addresses",),
    }


def test_a_switched_flow_is_no_cause_of_another() -> None:
    new = edited(
        sites__aachen__flows={"disable": ["K5"]}, sites__aachen__decisions={"dcom": "40000-40149"}
    )
    causes = {
        (rule.flows, rule.causes) for rule in rules_of(compare_installations(OLD, new), "aachen")
    }
    assert causes == {
        (("C1",), ("sites.aachen.decisions.dcom",)),
        (("C2",), ("sites.aachen.decisions.dcom",)),
        (("K5",), ("sites.aachen.flows.disable",)),
    }


def test_each_difference_is_one_that_explain_sees() -> None:
    """Another way to the same answer: the first and last port of every difference, before and after."""
    new = edited(
        decisions__h245="42000-42099",
        sites__aachen__ports={"SwyxIt": {"media": "50010-50119"}},
        sites__bochum__decisions={"dcom": {"server": "40000-40009", "client": "40100-40199"}},
    )
    asked = 0
    sites = {
        id(at): {name: render_neutral(plan_site(at, name)) for name in at.sites}
        for at in (OLD, new)
    }
    for packets in compare_installations(OLD, new).passings:
        for port in {packets.ports[0].first, packets.ports[-1].last} if packets.ports else ():
            source = packets.source_ports[0].first if packets.source_ports else None
            packet = Packet(packets.protocol, port, source)
            for at in (OLD, new):
                pair = [find_hosts(at, name)[:1] for name in (packets.source, packets.destination)]
                site_of = sites[id(at)].__getitem__
                (answer,) = explain(*pair, packet, site_of, Topology(at))
                allowed = answer.allowed
                assert allowed is ((at is new) is packets.opened), f"{packets} {port}"
                asked += 1
    assert asked > 50


def test_a_site_that_no_edit_reaches_is_not_planned_and_would_not_differ(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Aachen's LinkManager serves Bochum, so Bochum's edits reach it; a third site they do not."""
    lone = {"machines": {"es-server": {"addresses": ["10.3.0.10"], "roles": ["SwyxServer"]}}}
    old = edited(sites__essen=lone)
    for new in (
        edited(sites__essen=lone, sites__bochum__ports={"SwyxIt": {"media": "50000-50049"}}),
        edited(sites__essen=lone, links=None),
        edited(
            sites__essen=lone,
            sip_providers__sip={
                "cidrs": ["203.0.113.0/28"],
                "link_manager": "ac-link",
                "media_ports": "10000-20000",
            },
        ),
    ):
        changes = compare_installations(old, new)
        with monkeypatch.context() as patch:
            patch.setattr(changes_module, "find_affected", lambda *_: frozenset(old.sites))
            whole = compare_installations(old, new)
        assert (whole.edits, rules_of(whole), whole.passings) == (
            changes.edits,
            rules_of(changes),
            changes.passings,
        )
        assert {site.site for site in changes.sites} <= {"aachen", "bochum"}
        assert changes.passings


def test_the_smallest_owner_of_an_address_is_named() -> None:
    owners = Owners(OLD, OLD)
    some = Interval(Prefix.parse("10.1.0.9").first, Prefix.parse("10.1.0.13").first)
    assert [name for _, name in owners.split(4, some, after=True)] == [
        *("", "ac-server", "ac-link", "ac-gates", "")
    ]
    machines = copy.deepcopy(DATA["sites"]["aachen"]["machines"])
    machines["ac-server"]["addresses"] = ["10.1.20.5"]
    inside = edited(sites__aachen__machines=machines)
    ends = Interval(Prefix.parse("10.1.20.4").first, Prefix.parse("10.1.20.7").first)
    found = Owners(OLD, inside).split(4, ends, after=True)
    names = [(last - first + 1, name) for (first, last), name in found]
    assert names == [(1, "ac-office"), (1, "ac-server"), (2, "ac-office")]


def test_a_provider_whose_media_moves_elsewhere_closes_it_at_the_old_addresses() -> None:
    carrier = {"link_manager": "ac-link", "media_ports": "10000-20000", "cidrs": ["203.0.113.0/28"]}
    split = {key: value for key, value in carrier.items() if key != "cidrs"} | {
        "signalling_cidrs": ["203.0.113.0/28"],
        "media_cidrs": ["203.0.113.64/26"],
    }
    changes = compare_installations(
        edited(sip_providers__carrier=carrier), edited(sip_providers__carrier=split)
    )
    assert [(edit.place, edit.old, edit.new) for edit in changes.edits] == [
        ("sip_providers.carrier.cidrs", "203.0.113.0/28", ""),
        ("sip_providers.carrier.media_cidrs", "", "203.0.113.64/26"),
        ("sip_providers.carrier.signalling_cidrs", "", "203.0.113.0/28"),
    ]
    assert changes.sites[0].rules
    assert told(changes) == {
        "+ ac-link to provider carrier (203.0.113.64/26) udp 10000-20000 source 55000-56000 at ac-link",
        "+ provider carrier (203.0.113.64/26) to ac-link udp 55000-56000 source 10000-20000 at ac-link",
        "- ac-link to provider carrier (203.0.113.0/28) udp 10000-20000 source 55000-56000 at ac-link",
        "- provider carrier (203.0.113.0/28) to ac-link udp 55000-56000 source 10000-20000 at ac-link",
    }
