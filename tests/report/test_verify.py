"""What `swyx verify` prints of a difference."""

from swyx_components.analysis.deployed.verify import Comparison, Deployed, DeployedGroup
from swyx_components.clouds import PLATFORMS
from swyx_components.planner.render import render_site
from swyx_components.report.deployed import write_comparison
from swyx_components.report.html.overview import Differences
from swyx_components.report.tables import name_groups, write_rule
from tests.clouds.test_platforms import hub, plan
from tests.tools.hubs import hub_with
from tests.tools.report_pages import rows_of


def test_a_rule_in_another_security_group_of_its_host_group_is_told_with_both() -> None:
    """60 rules fill a group of AWS: the same rule stands in the second one, and not in the first."""
    installation = hub(40)
    rendered = render_site(plan(installation), installation, PLATFORMS["aws"])
    groups = {
        entry.group.name: DeployedGroup(
            ids={n: (f"sg-{n}",) for n in entry.shards}, rules=entry.rules
        )
        for entry in rendered.groups
    }
    server = groups["swyxserver"]
    assert len(server.ids) > 1
    first = next(rule for rule in server.rules if rule.shard == 0)
    others = tuple(rule for rule in server.rules if rule is not first)
    moved = DeployedGroup(ids=server.ids, rules=(*others, first._replace(shard=1)))
    deployed = Deployed(groups={**groups, "swyxserver": moved}, interfaces=None)
    named = name_groups(rendered.plan.groups)
    _, *lines = write_comparison(Comparison(rendered, deployed))
    assert lines == [
        f"  server: differs, planned {write_rule(first, named)}",
        f"  server (swyxserver+1):             found {write_rule(first, named)}",
    ]
    drift = Comparison(rendered, deployed)
    told = Differences("hub", drift=drift)
    assert [row[2] for row in rows_of(told, hub_with(range(40)))] == [
        "hub/server",
        "hub/server (swyxserver+1)",
    ]


def test_the_report_has_a_rule_that_no_plan_can_have_beside_the_planned_one() -> None:
    installation = hub(1)
    rendered = render_site(plan(installation), installation, PLATFORMS["azure"])
    groups = {
        entry.group.name: DeployedGroup(ids={0: ("nsg",)}, rules=entry.rules)
        for entry in rendered.groups
    }
    name, group = next(iter(groups.items()))
    first, *others = group.rules
    odd = ((first.name, f"{first.name} at priority 100 (source Internet)"),)
    changed = DeployedGroup(ids=group.ids, rules=tuple(others), unreadable=odd)
    deployed = Deployed(groups={**groups, name: changed}, interfaces=None)
    rows = rows_of(Differences("hub", drift=Comparison(rendered, deployed)), hub_with([]))
    assert [row[:3] for row in rows] == [
        ("plan", "Rules", f"hub/{name}"),
        ("other", "Rules", f"hub/{name}"),
    ]
    assert rows[1][3] == f"{first.name} at priority 100 (source Internet)"
