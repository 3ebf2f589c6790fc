"""Sites of one shape written once: the text is the same as if each had been planned itself."""

import copy
from typing import Any

import pytest
from hypothesis import Phase, given, settings

from swyx_components.installation import load_installation
from swyx_components.messages import Severity
from swyx_components.planner import plan_site
from swyx_components.planner.model import SitePlan
from swyx_components.planner.shapes import ShapedSites, Sheet
from swyx_components.planner.view import Survey
from tests.oracle.installations import installations

Plain = dict[str, Any]


def write(plan: SitePlan, _: object = None) -> Sheet:
    """Everything a rule has, one line a rule."""
    lines = [
        f"{plan.site} {group.name} {[machine.name for machine in group.machines]} {rule.direction.value} "
        f"{rule.protocol.value} {rule.ports} {rule.source_ports} {rule.group} "
        f"{' '.join(map(str, rule.cidrs))} {rule.flows} {rule.lines}"
        for group in plan.groups
        for rule in group.rules
    ]
    said = {
        severity: tuple(sorted(str(m) for m in plan.messages if m.severity is severity))
        for severity in Severity
    }
    return Sheet(
        "\n".join(lines), said[Severity.NOTE], said[Severity.WARNING], said[Severity.ERROR]
    )


def shared(survey: Survey, name: str) -> Sheet:
    """The sheet of a site, made of its shape: it is not the first."""
    shaped = ShapedSites(survey, write)
    shaped.sheet(name)
    return shaped.sheet(name)


@settings(max_examples=60, deadline=None, derandomize=True, phases=(Phase.generate,))
@given(installations())
def test_a_sheet_is_what_planning_the_site_itself_gives(plain: Plain) -> None:
    survey = Survey(load_installation(plain))
    shaped = ShapedSites(survey, write)
    for name in [*plain["sites"]] * 2:  # a shape is made when it is met again
        direct = write(plan_site(survey, name))
        assert shaped.sheet(name).text == direct.text
        assert sorted(shaped.sheet(name).warnings) == sorted(direct.warnings)
        assert sorted(shaped.sheet(name).notes) == sorted(direct.notes)


def estate(sites: int) -> Plain:
    """Pairs of linked sites with the same layout, their machines at neighbouring addresses."""
    found: Plain = {}
    links: Plain = {}
    for number in range(sites):
        name, net = f"site{number:03}", f"10.{number}"
        found[name] = {
            "machines": {
                f"{name}-server": {"addresses": [f"{net}.0.10"], "roles": ["SwyxServer"]},
                f"{name}-gate": {"addresses": [f"{net}.0.11"], "roles": ["SwyxGate"]},
                f"{name}-link": {"addresses": [f"{net}.0.12"], "roles": ["LinkManager"]},
            },
            "networks": {
                f"{name}-office": {
                    "cidrs": [f"{net}.20.0/25", f"{net}.20.128/25"],
                    "roles": ["SwyxIt"],
                }
            },
        }
        if number % 2:
            before = f"site{number - 1:03}"
            links[f"link{number:03}"] = {"sites": [before, name], "link_manager": f"{before}-link"}
    return {
        "swyxware": "6.01",
        "decisions": {"dcom": "restricted", "h245": "tunnelled"},
        "sites": found,
        "links": links,
    }


@pytest.mark.parametrize(
    ("sites", "plans"),
    [
        (20, 2),
        (102, 4),
    ],  # one shape for each end of a link; of many sites the first of each as well
)
def test_sites_of_one_shape_are_planned_once_even_where_their_addresses_merge(
    sites: int, plans: int
) -> None:
    survey = Survey(load_installation(estate(sites)))
    planned: list[str] = []

    def count(plan: SitePlan, _: object) -> Sheet:
        planned.append(plan.site)
        return write(plan)

    shaped = ShapedSites(survey, count)
    texts = {name: shaped.sheet(name).text for name in survey.installation.sites}
    assert len(planned) == plans
    assert texts == {name: write(plan_site(survey, name)).text for name in texts}
    assert "10.7.20.0/24" in texts["site007"] and "10.7.20.0/25" not in texts["site007"]


def test_a_summary_makes_another_shape_only_of_the_site_that_sees_it() -> None:
    plain = estate(6)
    plain["sites"]["site003"]["summary"] = ["10.3.0.0/16"]
    survey = Survey(load_installation(plain))
    planned: list[str] = []

    def count(plan: SitePlan, _: object) -> Sheet:
        planned.append(plan.site)
        return write(plan)

    shaped = ShapedSites(survey, count)
    for name in plain["sites"]:
        assert shaped.sheet(name).text == write(plan_site(survey, name)).text
    # The shape of both ends of a link, and as itself the LinkManager's end with a summary beyond.
    assert len(planned) == 3


def test_another_decision_or_another_layout_is_another_shape() -> None:
    plain = estate(6)
    other = copy.deepcopy(plain)
    other["sites"]["site002"]["decisions"] = {"h245": "41000-41099"}
    other["sites"]["site003"]["decisions"] = {"h245": "41000-41099"}
    other["sites"]["site005"]["networks"]["site005-office"]["cidrs"] = ["10.5.20.0/25"]
    survey = Survey(load_installation(other))
    shaped = ShapedSites(survey, write)
    for name in [*other["sites"]] * 2:
        assert shaped.sheet(name).text == write(plan_site(survey, name)).text


def test_names_that_sort_otherwise_in_lower_case_keep_their_own_order() -> None:
    """Groups are called after their first machine in lower case, and stand in the order of their names."""
    machines = {
        name: {
            "addresses": [f"10.0.0.{place}"],
            "roles": ["SwyxGate"],
            "ports": {"SwyxGate": {"media": f"5{place}000-5{place}100"}},
        }
        for place, name in enumerate(("A-gate", "C-gate", "b-gate"), start=1)
    }
    machines["server"] = {"addresses": ["10.0.0.9"], "roles": ["SwyxServer"]}
    plain = {**estate(0), "sites": {"one": {"machines": machines}}, "links": {}}
    survey = Survey(load_installation(plain))
    direct = write(plan_site(survey, "one"))
    assert direct.text.index("swyxgate.b-gate") < direct.text.index("swyxgate.c-gate")
    assert shared(survey, "one") == direct


def test_another_site_s_groups_stay_as_its_own_rules_make_them() -> None:
    """Seen from beyond the link, what its gates are let in by says only that they are two groups."""
    plain = estate(2)
    del plain["sites"]["site001"]["networks"], plain["sites"]["site001"]["machines"]["site001-gate"]
    gates = {
        f"gate-{number}": {"addresses": [f"fd00::{number}"], "roles": ["SwyxGate"]}
        for number in (1, 2)
    }
    plain["sites"]["site001"]["machines"] |= gates
    plain["sites"]["site001"]["extra_rules"] = [
        {"direction": "in", "to": "gate-2", "from": ["fd09::/64"], "protocol": "tcp", "ports": 22,
         "reason": "maintenance"}
    ]  # fmt: skip
    plain["links"]["link001"]["link_manager"] = "site000-link"
    survey = Survey(load_installation(plain))
    sheet = shared(survey, "site000")
    said = [text for text in sheet.warnings if "no IP version" in text]
    assert [text.partition(" have")[0] for text in said] == [
        "sites.site000: linkmanager and site001/gate-1",
        "sites.site000: linkmanager and site001/gate-2",
    ]
    assert sheet == write(plan_site(survey, "site000"))


def test_a_large_group_of_another_site_is_told_by_its_first_machines() -> None:
    plain = estate(2)
    plain["sites"]["site001"]["machines"] |= {
        f"desk-{number:02}": {"addresses": [f"fd00::{number}"], "roles": ["SwyxIt"]}
        for number in range(1, 31)
    }
    plain["links"]["link001"]["link_manager"] = "site000-link"
    survey = Survey(load_installation(plain))
    sheet = shared(survey, "site000")
    (said,) = [text for text in sheet.warnings if "no IP version" in text]
    assert said.startswith(
        "sites.site000: linkmanager and site001/desk-01/desk-02/desk-03 and 27 more have no IP version"
    )
    assert sheet == write(plan_site(survey, "site000"))
