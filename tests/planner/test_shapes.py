"""Sites of one shape written once: the text is the same as if each had been planned itself."""

import copy
from typing import Any

from hypothesis import Phase, given, settings

from swyx_components.installation import load_installation
from swyx_components.messages import Severity
from swyx_components.planner import plan_site
from swyx_components.planner.model import SitePlan
from swyx_components.planner.shapes import ShapedSites, Sheet
from swyx_components.planner.view import Survey
from tests.oracle.installations import installations

Plain = dict[str, Any]


def write(plan: SitePlan) -> Sheet:
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


@settings(max_examples=60, deadline=None, derandomize=True, phases=(Phase.generate,))
@given(installations())
def test_a_sheet_is_what_planning_the_site_itself_gives(plain: Plain) -> None:
    survey = Survey(load_installation(plain))
    shaped = ShapedSites(survey, write)
    for name in plain["sites"]:
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


def test_sites_of_one_shape_are_planned_once_even_where_their_addresses_merge() -> None:
    survey = Survey(load_installation(estate(20)))
    planned: list[str] = []

    def count(plan: SitePlan) -> Sheet:
        planned.append(plan.site)
        return write(plan)

    shaped = ShapedSites(survey, count)
    texts = {name: shaped.sheet(name).text for name in survey.installation.sites}
    assert len(planned) == 2  # one shape for each end of a link
    assert texts == {name: write(plan_site(survey, name)).text for name in texts}
    assert "10.7.20.0/24" in texts["site007"] and "10.7.20.0/25" not in texts["site007"]


def test_a_summary_makes_another_shape_only_of_the_site_that_sees_it() -> None:
    plain = estate(6)
    plain["sites"]["site003"]["summary"] = ["10.3.0.0/16"]
    survey = Survey(load_installation(plain))
    planned: list[str] = []

    def count(plan: SitePlan) -> Sheet:
        planned.append(plan.site)
        return write(plan)

    shaped = ShapedSites(survey, count)
    for name in plain["sites"]:
        assert shaped.sheet(name).text == write(plan_site(survey, name)).text
    assert len(planned) == 3  # both ends of a link, and the LinkManager's end with a summary beyond


def test_another_decision_or_another_layout_is_another_shape() -> None:
    plain = estate(6)
    other = copy.deepcopy(plain)
    other["sites"]["site002"]["decisions"] = {"h245": "41000-41099"}
    other["sites"]["site003"]["decisions"] = {"h245": "41000-41099"}
    other["sites"]["site005"]["networks"]["site005-office"]["cidrs"] = ["10.5.20.0/25"]
    survey = Survey(load_installation(other))
    shaped = ShapedSites(survey, write)
    for name in other["sites"]:
        assert shaped.sheet(name).text == write(plan_site(survey, name)).text
