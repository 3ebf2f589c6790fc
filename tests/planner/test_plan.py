"""The whole plan: the same whatever the order of the file, and changed only where it must be."""

import copy
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from swyx_components.installation import load_installation
from swyx_components.planner import plan as plan_module
from swyx_components.planner import plan_site, plan_sites
from swyx_components.planner.model import HostGroup, Rule, SitePlan
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


def nothing(*_: object) -> Iterator[None]:
    return iter(())


def without_flows(original: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args: replace(original(*args), flows=())


def without_needs(view: Any, flows: Any) -> tuple[HostGroup, ...]:
    return tuple(view.groups)


def one_rule_a_need(original: Callable[..., Any]) -> Callable[..., Any]:
    """Every need by itself: the same packets, not the fewest rules."""

    def each(needs: Any, *args: Any) -> tuple[Rule, ...]:
        return tuple(rule for need in needs for rule in original([need], *args))

    return each


PASSES: dict[str, Callable[[Callable[..., Any]], Callable[..., Any]]] = {
    "derive_flows": without_flows,
    "derive_requirements": lambda original: without_needs,
    "minimise": one_rule_a_need,
    "check_decisions": lambda original: nothing,
    "find_port_conflicts": lambda original: nothing,
    "check_openings": lambda original: nothing,
}


@pytest.mark.parametrize("name", PASSES)
def test_taking_out_a_pass_turns_a_case_red(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    green = [case for case in all_cases() if not differences(case, run(case.installation))]
    monkeypatch.setattr(plan_module, name, PASSES[name](getattr(plan_module, name)))
    assert any(differences(case, run(case.installation)) for case in green)


def test_each_pass_of_the_plan_is_taken_out_once() -> None:
    """A pass is a function that `plan` imports from a module of the planner."""
    own = {
        name
        for name, value in vars(plan_module).items()
        if callable(value)
        and getattr(value, "__module__", "").startswith("swyx_components.planner.")
        and not isinstance(value, type)
        and value.__module__ != plan_module.__name__
    }
    assert own == set(PASSES)
