"""What `swyx verify` prints of a difference."""

from swyx_components.analysis.deployed.verify import Comparison, Deployed, DeployedGroup
from swyx_components.clouds import PLATFORMS
from swyx_components.report.deployed import write_comparison
from swyx_components.report.html.differences import describe_drift
from swyx_components.report.tables import write_rule
from tests.clouds.test_platforms import hub, plan


def test_a_rule_in_another_security_group_of_its_host_group_is_told_with_both() -> None:
    """60 rules fill a group of AWS: the same rule stands in the second one, and not in the first."""
    installation = hub(40)
    rendered = PLATFORMS["aws"].render_site(plan(installation), installation)
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
    named = {"swyxserver": "hub-server"}
    deployed = Deployed(groups={**groups, "swyxserver": moved}, interfaces=None)
    _, *lines = write_comparison(Comparison(rendered, deployed), "aws", named)
    assert lines == [
        f"  hub-server: differs, planned {write_rule(first)}",
        f"  hub-server (swyxserver+1):             found {write_rule(first)}",
    ]
    told = describe_drift(Comparison(rendered, deployed), rendered, "aws")
    assert [row.place for row in told.parts["Rules"]] == ["hub/server", "hub/server (swyxserver+1)"]


def test_the_report_has_a_rule_that_no_plan_can_have_beside_the_planned_one() -> None:
    installation = hub(1)
    rendered = PLATFORMS["azure"].render_site(plan(installation), installation)
    groups = {
        entry.group.name: DeployedGroup(ids={0: ("nsg",)}, rules=entry.rules)
        for entry in rendered.groups
    }
    name, group = next(iter(groups.items()))
    first, *others = group.rules
    odd = ((first.name, f"{first.name} at priority 100 (source Internet)"),)
    changed = DeployedGroup(ids=group.ids, rules=tuple(others), unreadable=odd)
    deployed = Deployed(groups={**groups, name: changed}, interfaces=None)
    told = describe_drift(Comparison(rendered, deployed), rendered, "azure")
    rows = told.parts["Rules"]
    assert [(row.side, row.place) for row in rows] == [
        ("plan", f"hub/{name}"),
        ("other", f"hub/{name}"),
    ]
    assert rows[1].words == f"{first.name} at priority 100 (source Internet)"
