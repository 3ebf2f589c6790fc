"""What works from when: both stacks for what is new between two sites, one for what is removed."""

from __future__ import annotations

import copy
from typing import Any

import yaml

from swyx_components.analysis.diff.effects import Effect, find_effects
from swyx_components.installation import load_installation
from tests.tools.changes import compare_installations
from tests.tools.command import SMALL

DATA: dict[str, Any] = yaml.safe_load(SMALL)
ESSEN = {"machines": {"es-server": {"addresses": ["10.3.0.10"], "roles": ["SwyxServer"]}}}


def effects(old: dict[str, Any], new: dict[str, Any]) -> tuple[Effect, ...]:
    """The effects of an edit from one installation, written as plain data, to another."""
    return find_effects(compare_installations(load_installation(old), load_installation(new)).sites)


def with_essen(**essen: Any) -> dict[str, Any]:
    """SMALL and a third site, linked with Aachen."""
    data = copy.deepcopy(DATA)
    data["sites"]["essen"] = {**ESSEN, **essen}
    data["links"]["aachen-essen"] = {"sites": ["aachen", "essen"], "link_manager": "ac-link"}
    return data


def test_what_is_new_between_two_sites_needs_both_stacks() -> None:
    """K4 by two ports: 1720 and the H.245 range are one kind of packets."""
    assert effects(DATA, with_essen()) == (
        Effect(
            sites=("aachen", "essen"),
            opened=5,
            closed=0,
            begins=("K3", "K4", "K5", "K6", "M4b"),
            ends=(),
        ),
    )


def test_what_is_removed_between_two_sites_needs_one_stack() -> None:
    (effect,) = effects(with_essen(), DATA)
    assert (effect.sites, effect.opened, effect.closed) == (("aachen", "essen"), 0, 5)
    assert (effect.begins, effect.ends) == ((), ("K3", "K4", "K5", "K6", "M4b"))


def test_a_network_has_no_rules_so_the_stack_of_the_other_end_decides() -> None:
    """Media between Aachen's LinkManager and a second office of Bochum: both ways, at Aachen alone."""
    new = copy.deepcopy(DATA)
    new["sites"]["bochum"]["networks"]["bo-lab"] = {"cidrs": ["10.2.40.0/24"], "roles": ["SwyxIt"]}
    found = {effect.sites: (effect.opened, effect.closed) for effect in effects(DATA, new)}
    assert found == {("aachen",): (2, 0), ("bochum",): (4, 0)}


def test_another_range_is_new_and_removed_at_once_for_the_flow_of_both() -> None:
    """H.245 is at both ends of the link and at the gate, which has no rules but Aachen's."""
    new = {**DATA, "decisions": {**DATA["decisions"], "h245": "42000-42099"}}
    by_sites = {effect.sites: effect for effect in effects(DATA, new)}
    between = by_sites["aachen", "bochum"]
    assert (between.opened, between.closed, between.begins, between.ends) == (
        2,
        2,
        ("K6",),
        ("K6",),
    )
    assert by_sites.keys() == {("aachen",), ("aachen", "bochum")}


def test_a_flow_that_some_had_before_is_named_for_those_who_have_it_now() -> None:
    """Of two gates, alike before, one becomes a conference manager: new media M2 beside the new C13."""
    old = copy.deepcopy(DATA)
    machines = old["sites"]["bochum"]["machines"]
    machines["bo-one"] = {"addresses": ["10.2.0.21"], "roles": ["SwyxGate"]}
    machines["bo-two"] = {"addresses": ["10.2.0.22"], "roles": ["SwyxGate"]}
    new = copy.deepcopy(old)
    new["sites"]["bochum"]["machines"]["bo-two"]["roles"].append("ConferenceManager")
    (effect,) = (each for each in effects(old, new) if each.sites == ("bochum",))
    assert (effect.begins, effect.closed, effect.ends) == (("C13", "M2"), 0, ())


def test_a_flow_that_is_disabled_at_one_site_ends_where_that_site_is_an_end() -> None:
    new = copy.deepcopy(DATA)
    new["sites"]["aachen"]["flows"] = {"disable": ["K5"]}
    assert effects(DATA, new) == (
        Effect(sites=("aachen",), opened=0, closed=1, begins=(), ends=("K5",)),
        Effect(sites=("aachen", "bochum"), opened=0, closed=1, begins=(), ends=("K5",)),
    )


def test_an_installation_and_itself_have_no_effect() -> None:
    assert effects(DATA, copy.deepcopy(DATA)) == ()
