"""The whole plan: the same whatever the order of the file, and changed only where it must be."""

import copy
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from swyx_components.installation import load_installation
from swyx_components.planner import plan as plan_module
from swyx_components.planner import plan_site, plan_sites
from swyx_components.planner.checks import openings
from swyx_components.planner.checks.port_conflicts import _Ranges
from swyx_components.planner.endpoints import Flows
from swyx_components.planner.minimise import NEUTRAL, minimise
from swyx_components.planner.model import AccessSet, Requirements, Rule, SitePlan
from swyx_components.planner.plan import CHECKS, PASSES
from tests.tools.case_files import all_cases, differences, run

Plain = dict[str, Any]
FIXTURES = Path(__file__).parents[1] / "fixtures"


def fixture(name: str) -> Plain:
    text = (FIXTURES / f"{name}.yaml").read_text(encoding="utf-8")
    return yaml.load(text, Loader=yaml.CSafeLoader)  # type: ignore[no-any-return]


def planned(plain: Plain) -> dict[str, SitePlan]:
    return {plan.site: plan for plan in plan_sites(load_installation(plain))}


def rules(plain: Plain) -> dict[str, tuple[Rule, ...]]:
    """The rules of each group, by the first of its machines."""
    return {
        group.machines[0].name: group.rules
        for plan in planned(plain).values()
        for group in plan.groups
    }


def told(plain: Plain) -> list[str]:
    return [str(message) for plan in planned(plain).values() for message in plan.messages]


def shuffled(value: Any, chance: random.Random) -> Any:
    """The same data with every mapping, and every list whose order means nothing, in another order."""
    if isinstance(value, dict):
        keys = list(value)
        chance.shuffle(keys)
        return {key: shuffled(value[key], chance) for key in keys}
    if isinstance(value, list) and not any(isinstance(item, dict) for item in value):
        return chance.sample(value, len(value))
    return copy.deepcopy(value)


def test_flows_are_counted_without_being_listed_and_the_same_whenever_they_are() -> None:
    for plan in planned(fixture("packed")).values():
        listed = [*plan.flows]
        assert listed and len(plan.flows) == len(listed) == sum(1 for _ in plan.flows)
        assert [*plan.flows] == listed


def test_flows_stand_by_leg_then_by_the_flows_they_follow_then_by_who_begins() -> None:
    flows = [
        flow for flow in planned(fixture("packed"))["aachen"].flows if flow.flow in ("M1", "C15")
    ]
    swyxit = [
        (flow.initiator.label, flow.responder.label)
        for flow in flows
        if flow.flow == "M1" and {flow.initiator_role, flow.responder_role} == {"SwyxIt"}
    ]
    assert swyxit == [
        ("swyxit", "swyxit-swyxphonel420"),
        ("swyxit", "ac-office"),
        ("swyxit-swyxphonel420", "swyxit"),
        ("swyxit-swyxphonel420", "ac-office"),
        ("ac-office", "swyxit"),
        ("ac-office", "swyxit-swyxphonel420"),
    ]
    towards = [flow.responder_role for flow in flows if flow.flow == "C15"]
    assert towards[::2] == [  # the leg names the L420 family before the L400 and the L440
        *("SwyxPhoneL420", "SwyxPhoneL420", "SwyxPhoneL420e"),
        *("SwyxPhoneL420s", "SwyxPhoneL400", "SwyxPhoneL440"),
    ]


@pytest.mark.parametrize("name", ["one_role_a_machine", "packed"])
@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_keys_roles_and_addresses_changes_nothing(name: str, seed: int) -> None:
    plain = fixture(name)
    again = shuffled(plain, random.Random(seed))
    assert rules(again) == rules(plain)
    assert told(again) == told(plain)


def test_planning_twice_is_equal() -> None:
    plain = fixture("packed")
    assert rules(plain) == rules(plain)
    assert told(plain) == told(plain)


def test_one_site_alone_is_planned_as_among_all() -> None:
    installation = load_installation(fixture("one_role_a_machine"))
    for plan in plan_sites(installation):
        alone = plan_site(installation, plan.site)
        assert alone.groups == plan.groups
        assert alone.messages == plan.messages


@pytest.mark.parametrize("at_once", [1, 2, 3, 64])
def test_however_many_sites_are_planned_at_once_each_comes_once_and_in_order(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"site-{letter}" for letter in "edcba"]
    server = {"roles": ["SwyxServer"]}
    machines = [{f"server-{n}": server | {"addresses": [f"10.0.{n}.1"]}} for n in range(5)]
    sites = {name: {"machines": own} for name, own in zip(names, machines, strict=True)}
    installation = load_installation({"swyxware": "6.01", "sites": sites})
    monkeypatch.setattr(plan_module, "_AT_ONCE", at_once)
    plans = [*plan_sites(installation)]
    assert [plan.site for plan in plans] == sorted(names)
    assert [plan.groups[0].machines[0].name[-1] for plan in plans] == [*"43210"]
    some = ["site-b", "site-e", "site-a"]
    assert [plan.site for plan in plan_sites(installation, some)] == some


def test_a_site_that_does_not_exist_is_an_error_of_the_caller() -> None:
    with pytest.raises(KeyError):
        plan_site(load_installation(fixture("packed")), "celle")


def test_a_site_without_links_changes_no_other() -> None:
    plain = fixture("packed")
    after = copy.deepcopy(plain)
    after["sites"]["celle"] = {
        "machines": {"ce-server": {"addresses": ["10.3.0.10"], "roles": ["SwyxServer"]}},
        "networks": {"ce-office": {"cidrs": ["10.3.20.0/24"], "roles": ["SwyxIt"]}},
    }
    changed = rules(after)
    assert {key: changed[key] for key in rules(plain)} == rules(plain)


def test_a_linked_site_changes_the_linkmanagers_group_alone() -> None:
    plain = fixture("one_role_a_machine")
    after = copy.deepcopy(plain)
    after["sites"]["celle"] = {
        "machines": {"ce-server": {"addresses": ["10.3.0.10"], "roles": ["SwyxServer"]}}
    }
    after["links"]["aachen-celle"] = {"sites": ["aachen", "celle"], "link_manager": "ac-link"}
    old, new = rules(plain), rules(after)
    assert {key for key in old if old[key] != new[key]} == {"ac-link"}


def test_a_new_machine_of_a_known_kind_changes_no_rule_of_its_site() -> None:
    """Peers name the group, not its machines; only the other site's addresses grow."""
    plain = fixture("one_role_a_machine")
    after = copy.deepcopy(plain)
    after["sites"]["aachen"]["machines"]["ac-desk-3"] = {
        "addresses": ["10.1.1.3"],
        "roles": ["SwyxIt"],
    }
    old, new = rules(plain), rules(after)
    assert old == new


def test_a_new_network_changes_only_the_groups_that_speak_to_it() -> None:
    plain = fixture("one_role_a_machine")
    after = copy.deepcopy(plain)
    after["sites"]["bochum"]["networks"]["bo-lab"] = {
        "cidrs": ["10.2.40.0/24"],
        "roles": ["SwyxPhoneL100"],
    }
    old, new = rules(plain), rules(after)
    changed = {key for key in old if old[key] != new[key]}
    assert changed == {"bo-server", "bo-gate", "bo-conference", "bo-itsp", "ac-link"} | {
        name for name in old if name.startswith(("bo-desk", "bo-l"))
    }


# --- no pass can be left out ----------------------------------------------------------------------


def without_flows(original: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args: replace(original(*args), flows=Flows())


def without_requirements(original: Callable[..., Any]) -> Callable[..., Any]:
    def empty(flows: Any) -> Any:
        found = original(flows)
        return replace(found, by_group={name: Requirements(()) for name in found.by_group})

    return empty


def one_rule_a_requirement(original: Callable[..., Any]) -> Callable[..., Any]:
    """Every requirement by itself: the same packets, not the fewest rules."""

    def each(site: Any) -> Any:
        catalogue = site.flows.site.catalogue
        groups = (
            replace(
                group,
                rules=tuple(
                    rule
                    for peer, access in group.requirements
                    for one in access
                    for rule in minimise(
                        Requirements([(peer, AccessSet([one]))]), NEUTRAL, catalogue
                    )
                ),
            )
            for group in original(site).groups
        )
        return replace(original(site), groups=tuple(groups))

    return each


def without_messages(original: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args: replace(original(*args), messages=())


BROKEN = {
    "derive_flows": without_flows,
    "derive_requirements": without_requirements,
    "minimise_rules": one_rule_a_requirement,
    "check_rules": without_messages,
}


def turns_a_case_red(monkeypatch: pytest.MonkeyPatch, name: str, value: object) -> bool:
    green = [case for case in all_cases() if not differences(case, run(case.installation))]
    monkeypatch.setattr(plan_module, name, value)
    return any(differences(case, run(case.installation)) for case in green)


@pytest.mark.parametrize("place", range(len(PASSES)))
def test_breaking_a_pass_turns_a_case_red(place: int, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = BROKEN[PASSES[place].__name__](PASSES[place])
    passes = (*PASSES[:place], broken, *PASSES[place + 1 :])
    assert turns_a_case_red(monkeypatch, "PASSES", passes)


@pytest.mark.parametrize("check", CHECKS)
def test_taking_out_a_check_turns_a_case_red(
    check: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = tuple(other for other in CHECKS if other is not check)
    assert turns_a_case_red(monkeypatch, "CHECKS", left)


def test_hosts_without_ranges_in_common_have_no_opening_to_tell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    skipping = [run(case.installation).messages for case in all_cases()]
    found = _Ranges(shares_ports=False, reaches=True, is_inside=False, fixed=frozenset())
    monkeypatch.setattr(openings, "find_ranges", lambda kind, catalogue: found)
    assert [run(case.installation).messages for case in all_cases()] == skipping
