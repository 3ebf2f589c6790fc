"""In which order a change gets onto the stacks, and what holds after each step."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from itertools import islice
from typing import Any

import pytest

from swyx_components.installation import load_installation
from swyx_components.installation.model import Installation
from swyx_components.planner.answers.explain import Packet, explain_pair
from swyx_components.planner.answers.places import find_place, is_name
from swyx_components.planner.model import Protocol
from swyx_components.planner.neutral import render_neutral
from swyx_components.planner.plan import plan_site
from swyx_components.planner.revision.changes import SiteChange, compare_installations
from swyx_components.planner.revision.moments import split_by_sites
from swyx_components.planner.revision.moves import find_moves, find_new_names, find_taken
from swyx_components.planner.revision.order import Deadlock, Why, Wish, order_sites
from swyx_components.planner.revision.passing import Packets, Passing
from swyx_components.planner.revision.rollout import plan_rollout
from swyx_components.planner.revision.steps import Rollout, SiteUpdate, Work
from swyx_components.sets.ports import PortSet
from tests.pairs import pairs as pairs_of_plain
from tests.planner.test_changes import DATA, OLD, edited

ESSEN = {
    "machines": {
        "es-server": {"addresses": ["10.3.0.10"], "roles": ["SwyxServer"]},
        "es-gate": {"addresses": ["10.3.0.12"], "roles": ["SwyxGate"]},
    }
}
LINKS = {**DATA["links"], "aachen-essen": {"sites": ["aachen", "essen"], "link_manager": "ac-link"}}
THREE = edited(sites__essen=ESSEN, links=LINKS)


def pairs(installation: Installation) -> frozenset[tuple[str, str]]:
    return frozenset((link.near, link.far) for link in installation.links)


def roll(
    old: Installation, new: Installation, owning: Mapping[str, bool] | None = None, lands: str = ""
) -> Rollout:
    """The rollout of all that differs; `owning`: whose cloud makes the interfaces."""
    updates = [
        SiteUpdate(
            change=change,
            owns_interfaces=(owning or {}).get(change.site),
            lands=change.site == lands,
        )
        for change in compare_installations(old, new).sites
    ]
    unchanged = {*old.sites} & {*new.sites} - {update.site for update in updates}
    return plan_rollout(updates, unchanged, (pairs(old), pairs(new)), find_moves(old, new))


def steps_of(rollout: Rollout) -> list[str]:
    return [f"{step.work.value} {step.update.site}" for step in rollout.steps]


def test_without_a_difference_there_is_no_step() -> None:
    rollout = roll(OLD, edited())
    assert rollout.steps == () and rollout.unchanged == ("aachen", "bochum")


def test_a_new_site_stands_behind_its_own_rules_before_its_peers_let_it_in() -> None:
    rollout = roll(OLD, THREE)
    assert steps_of(rollout) == ["create essen", "update aachen"]
    assert rollout.unchanged == ("bochum",)
    first, second = rollout.steps
    assert [(r.why, r.is_before, r.sites) for r in first.reasons] == [
        (Why.NEW_FIRST, True, ("aachen",))
    ]
    assert [(r.why, r.is_before, r.sites) for r in second.reasons] == [
        (Why.NEW_FIRST, False, ("essen",))
    ]
    assert first.joins == () and second.joins == (("aachen", "essen"),)


def test_a_removed_site_goes_when_nobody_lets_its_addresses_in_any_more() -> None:
    rollout = roll(THREE, OLD)
    assert steps_of(rollout) == ["update aachen", "destroy essen"]
    assert rollout.steps[0].reasons[0].why is Why.GONE_LAST
    assert rollout.steps[0].parts == (("aachen", "essen"),)


def test_what_is_new_between_two_sites_passes_after_the_second_and_within_one_after_its_own() -> (
    None
):
    """K3 and K5 go to Essen, K4 comes from it: none of it works before Aachen is updated too."""
    first, second = roll(OLD, THREE).steps
    at_once = {f"{p.packets.source} to {p.packets.destination}" for p in first.opens}
    assert at_once == {"es-gate to es-server", "es-server to es-gate"}
    later = {f"{p.packets.source} to {p.packets.destination}" for p in second.opens}
    assert later == {
        "ac-link to es-gate",
        "ac-link to es-server",
        "es-gate to ac-link",
        "es-server to ac-link",
    }
    assert {(t.flow, t.source, t.destination) for t in second.begins} == {
        ("K3", "aachen", "essen"),
        ("K4", "essen", "aachen"),
        ("K5", "aachen", "essen"),
        ("K6", "aachen", "essen"),
        ("K6", "essen", "aachen"),
        ("M4b", "aachen", "essen"),
        ("M4b", "essen", "aachen"),
    }
    assert {(t.flow, t.source) for t in first.begins} == {
        ("C9", "essen"),
        ("C10", "essen"),
        ("C15", "essen"),
        ("M2", "essen"),
    }


def test_what_is_given_up_between_two_sites_ends_with_the_first() -> None:
    new = edited(sites__aachen__flows={"disable": ["K5"]})
    first, second = roll(OLD, new).steps
    ended = {
        f"{p.packets.source} to {p.packets.destination} {p.packets.ports}" for p in first.closes
    }
    assert ended == {"ac-link to ac-server 1719", "ac-link to bo-server 1719"}
    assert second.closes == ()
    assert {(t.flow, t.destination) for t in first.ends} == {("K5", "aachen"), ("K5", "bochum")}


def test_who_ceases_to_send_comes_before_who_ceases_to_receive() -> None:
    """K5 off: the LinkManager at Aachen sends no more to Bochum's server; nothing goes the other way."""
    rollout = roll(OLD, edited(sites__aachen__flows={"disable": ["K5"]}))
    assert steps_of(rollout) == ["update aachen", "update bochum"]
    (reason,) = rollout.steps[0].reasons
    assert (reason.why, reason.both_ways) == (Why.SENDER_FIRST, False)


def test_who_receives_what_is_new_comes_before_who_sends_it() -> None:
    rollout = roll(edited(sites__aachen__flows={"disable": ["K5"]}), OLD)
    assert steps_of(rollout) == ["update bochum", "update aachen"]
    (reason,) = rollout.steps[1].reasons
    assert (reason.why, reason.is_before, reason.sites) == (
        Why.RECEIVER_FIRST,
        False,
        ("bochum",),
    )


def test_where_both_send_something_new_either_order_will_do_and_a_replacement_leaves_a_gap() -> (
    None
):
    """H.245 runs both ways between the LinkManager and Bochum's server, on other ports now."""
    rollout = roll(OLD, edited(decisions__h245="42000-42099"))
    assert steps_of(rollout) == ["update aachen", "update bochum"]
    assert {reason.both_ways for step in rollout.steps for reason in step.reasons} == {True}
    (gap,) = rollout.gaps
    assert (gap.sites, gap.closed_after, gap.opened_after) == (("aachen", "bochum"), 1, 2)
    assert gap.first.packets.ports == PortSet.of((41000, 41099))


def test_an_addition_leaves_no_gap() -> None:
    assert roll(OLD, edited(decisions__h245="41000-41199")).gaps == ()
    assert roll(OLD, THREE).gaps == ()


def test_a_site_with_two_updates_opens_with_the_first_and_closes_with_the_second() -> None:
    new = edited(sites__bochum__decisions={"dcom": "40100-40299"})
    first, second = roll(OLD, new, lands="bochum").steps
    assert (first.work, second.work) == (Work.LAND, Work.FINISH)
    assert {str(p.packets.ports) for p in first.opens} == {"40200-40299"}
    assert {str(p.packets.ports) for p in second.closes} == {"40000-40099"}
    assert first.closes == () == second.opens


def test_what_is_replaced_has_no_gap_where_one_end_keeps_both_until_the_other_is_updated() -> None:
    rollout = roll(OLD, edited(decisions__h245="42000-42099"), lands="bochum")
    assert steps_of(rollout) == ["land bochum", "update aachen", "finish bochum"]
    assert rollout.gaps == ()
    assert [(r.why, r.is_before) for r in rollout.steps[0].reasons] == [(Why.KEEPS_BOTH, True)]
    between = {(p.opened, str(p.packets.ports)) for p in passings_of(rollout, 2) if across(p)}
    assert between == {(True, "42000-42099"), (False, "41000-41099")}
    assert passings_of(rollout, 1) == passings_of(rollout, 3) == []


def passings_of(rollout: Rollout, number: int) -> list[Passing]:
    step = rollout.steps[number - 1]
    return [*step.opens, *step.closes]


def across(passing: Passing) -> bool:
    return {passing.packets.source, passing.packets.destination} == {"ac-link", "bo-server"}


def test_only_the_site_whose_ends_stay_where_they_are_can_bridge() -> None:
    """Aachen's LinkManager gets another address: Aachen keeps no packets of the old one, Bochum does."""
    machines = copy.deepcopy(DATA["sites"]["aachen"]["machines"])
    machines["ac-link"]["addresses"] = ["10.1.0.21"]
    new = edited(sites__aachen__machines=machines)
    assert steps_of(roll(OLD, new, lands="bochum"))[0] == "land bochum"
    assert roll(OLD, new, lands="bochum").gaps == ()
    (gap,) = roll(OLD, new, lands="aachen").gaps
    assert (gap.closed_after, gap.opened_after) == (1, 2)
    assert gap.first.packets.source == "ac-link (10.1.0.11)"


def test_a_site_goes_only_after_the_second_update_of_who_still_lets_it_in() -> None:
    new = edited(decisions__h245="42000-42099")
    rollout = roll(THREE, new, lands="aachen")
    assert steps_of(rollout) == [
        "land aachen",
        "update bochum",
        "finish aachen",
        "destroy essen",
    ]
    why = [{reason.why for reason in step.reasons} for step in rollout.steps]
    assert Why.GONE_LAST not in why[0] and why[2] == {Why.GONE_LAST} == why[3]


def test_after_each_step_the_packets_that_it_names_pass_and_did_not_before() -> None:
    """Another way to the same answer: both ends asked, each with the plan that it has by then."""
    new = edited(
        decisions__h245="42000-42099",
        sites__aachen__ports={"LinkManager": {"media": "55000-55999"}},
        sites__bochum__machines={
            "bo-server": {"addresses": ["10.2.0.11"], "roles": ["SwyxServer"]},
            "bo-gate": {"addresses": ["10.2.0.12"], "roles": ["SwyxGate"]},
        },
        sites__essen=ESSEN,
        links=LINKS,
    )
    for old, now in ((OLD, new), (new, OLD)):
        assert len(roll(old, now).steps) == 3
        assert ask_after_each_step(old, now) > 40


@pytest.mark.parametrize("seed", range(4))
def test_so_it_is_for_edits_at_random(seed: int) -> None:
    asked = 0
    for plain in islice(pairs_of_plain(seed), 8):
        old, now = (load_installation(each) for each in plain)
        asked += ask_after_each_step(old, now)
    assert asked > 100


def ask_after_each_step(old: Installation, now: Installation) -> int:
    """Every packet between two that the files name, before and after its step; how many were asked for."""
    plans = [{name: render_neutral(plan_site(at, name)) for name in at.sites} for at in (old, now)]
    deployed, asked = dict(plans[0]), 0
    for step in roll(old, now).steps:
        before, site = dict(deployed), step.update.site
        deployed.pop(site, None)
        if site in plans[1]:
            deployed[site] = plans[1][site]
        for passing in (*step.opens, *step.closes):
            packets = passing.packets
            ends = ends_of(packets, (old, now), passing.opened)
            for port in {packets.ports[0].first, packets.ports[-1].last} if packets.ports else ():
                question = ends, packet_of(packets, port)
                if len(ends) == 2:
                    assert passes(*question, before) is not passing.opened, passing
                    assert passes(*question, deployed) is passing.opened, passing
                    asked += 1
    return asked


def ends_of(
    packets: Packets, installations: tuple[Installation, Installation], opened: bool
) -> list[Any]:
    """The machines and networks that are meant; nothing for others, such as bare addresses."""
    at = installations[opened]
    names = [name.partition(" (")[0] for name in (packets.source, packets.destination)]
    return [find_place(at, name).hosts[0] for name in names if is_name(at, name)]


def packet_of(packets: Packets, port: int) -> Packet:
    source = packets.source_ports[0].first if packets.source_ports else None
    return Packet(packets.protocol, port, source)


def passes(ends: list[Any], packet: Packet, deployed: Mapping[str, Any]) -> bool:
    """A site without a stack has no machine of its own that could send or receive."""
    if any(end.machine is not None and end.site not in deployed for end in ends):
        return False
    try:
        return explain_pair(*ends, packet, deployed.__getitem__).allowed
    except StopIteration:  # that plan has no such machine
        return False


def test_ends_that_change_for_different_ports_are_told_apart() -> None:
    """One end opens 100-199, the other 150-249: in common 150-199, the rest is each one's own."""

    def end(site: str, at: str, ports: tuple[int, int]) -> SiteChange:
        packets = Packets("one", "other", Protocol.TCP, PortSet.of(ports), None)
        passing = Passing(opened=True, packets=packets, at=(at,))
        return SiteChange(site=site, old=None, new=None, groups=(), rules=(), passings=(passing,))

    parts = split_by_sites([end("a", "one", (100, 199)), end("b", "other", (150, 249))])
    assert [(str(p.packets.ports), p.sites, p.receiver) for p in parts] == [
        ("100-149", ("a",), ""),
        ("150-199", ("a", "b"), "b"),
        ("200-249", ("b",), ""),
    ]


def machines(**addresses: str) -> dict[str, Any]:
    return {
        name.replace("_", "-"): {"addresses": [address], "roles": ["SwyxGate"]}
        for name, address in addresses.items()
    }


def with_gates(aachen: dict[str, Any], bochum: dict[str, Any]) -> Installation:
    data = copy.deepcopy(DATA["sites"])
    return edited(
        sites__aachen__machines={**data["aachen"]["machines"], **aachen},
        sites__bochum__machines={**data["bochum"]["machines"], **bochum},
    )


HERE = with_gates(machines(gate="10.9.0.1"), {})
THERE = with_gates({}, machines(gate="10.9.0.1"))


def test_an_address_is_released_before_another_site_makes_an_interface_of_it() -> None:
    owning = {"aachen": True, "bochum": True}
    assert steps_of(roll(HERE, THERE, owning)) == ["update aachen", "update bochum"]
    assert steps_of(roll(THERE, HERE, owning)) == ["update bochum", "update aachen"]


def test_an_interface_that_stays_is_in_its_new_groups_before_it_leaves_the_old() -> None:
    owning = {"aachen": False, "bochum": False}
    assert steps_of(roll(HERE, THERE, owning)) == ["update bochum", "update aachen"]
    rollout = roll(THERE, HERE, owning)
    assert steps_of(rollout) == ["update aachen", "update bochum"]
    assert rollout.steps[0].reasons[0].why is Why.ADDRESS_KEPT


def test_a_site_with_another_name_cuts_nothing_where_interfaces_stay() -> None:
    """Bochum is Bottrop now. Where its interfaces are made anew, everything ends for a time."""
    sites = copy.deepcopy(DATA["sites"])
    sites["bottrop"] = sites.pop("bochum")
    links = {"link": {"sites": ["aachen", "bottrop"], "link_manager": "ac-link"}}
    new = edited(sites=sites, links=links)
    kept = roll(OLD, new, dict.fromkeys(("bochum", "bottrop"), False))
    assert steps_of(kept) == ["create bottrop", "destroy bochum"]
    assert [step.opens for step in kept.steps] == [()] * 2 == [step.closes for step in kept.steps]
    anew = roll(OLD, new, dict.fromkeys(("bochum", "bottrop"), True))
    assert steps_of(anew) == ["destroy bochum", "create bottrop"]
    assert [p.packets for p in anew.steps[0].closes] == [p.packets for p in anew.steps[1].opens]
    assert len(anew.steps[0].closes) == 9  # 3 to the server, 2 from it, 4 with the office


def test_sites_that_swap_addresses_can_not_be_rolled_out_where_they_make_the_interfaces() -> None:
    old = with_gates(machines(here="10.9.0.1"), machines(there="10.9.0.2"))
    new = with_gates(machines(here="10.9.0.2"), machines(there="10.9.0.1"))
    with pytest.raises(Deadlock) as refused:
        roll(old, new, {"aachen": True, "bochum": True})
    assert refused.value.sites == ("aachen", "bochum")
    assert len(roll(old, new, {"aachen": False, "bochum": False}).steps) == 2


def test_a_machine_with_another_name_is_the_same_one_unless_its_name_is_taken() -> None:
    old = with_gates(machines(gate="10.9.0.1"), {})
    renamed = with_gates(machines(tor="10.9.0.1"), {})
    moves = find_moves(old, renamed)
    assert find_new_names(moves, "aachen") == {"tor": "gate"}
    assert find_taken(moves, renamed, "aachen") == ()
    crowded = with_gates(machines(tor="10.9.0.1", gate="10.9.0.2"), {})
    (taken,) = find_taken(find_moves(old, crowded), crowded, "aachen")
    assert (taken.source.machine, taken.target.machine) == ("gate", "tor")


def test_one_address_of_several_can_not_be_handed_over_in_one_update() -> None:
    two = {"gate": {"addresses": ["10.9.0.1", "10.9.0.2"], "roles": ["SwyxGate"]}}
    new = with_gates(machines(gate="10.9.0.1", tor="10.9.0.2"), {})
    moves = find_moves(with_gates(two, {}), new)
    assert find_new_names(moves, "aachen") == {}
    assert [str(a) for m in find_taken(moves, new, "aachen") for a in m.addresses] == [
        "10.9.0.2/32"
    ]


def test_the_order_is_by_name_unless_there_is_a_reason() -> None:
    assert order_sites(["c", "a", "b"], []) == ("a", "b", "c")


def test_a_grave_reason_outweighs_any_number_of_tidy_ones() -> None:
    wishes = [
        Wish("d", "a", Why.NEW_FIRST),
        *(Wish(one, "d", Why.RECEIVER_FIRST) for one in "abc"),
    ]
    assert order_sites("abcd", wishes) == ("b", "c", "d", "a")
