"""What `swyx verify` prints of a difference."""

from swyx_components.analysis.deployed.verify import Deployed, DeployedGroup, compare_site
from swyx_components.clouds import PLATFORMS
from swyx_components.report.tables import write_rule
from swyx_components.report.verify import write_comparison
from tests.clouds.test_platforms import hub, plan


def test_a_rule_in_another_security_group_of_its_host_group_is_told_with_both() -> None:
    """60 rules fill a group of AWS: the same rule stands in the second one, and not in the first."""
    installation = hub(40)
    rendered = PLATFORMS["aws"].render_site(plan(installation), installation)
    groups = {
        entry.group.name: DeployedGroup(
            ids=("sg-0",), rules=entry.rules, shards={n: (f"sg-{n}",) for n in entry.shards if n}
        )
        for entry in rendered.groups
    }
    server = groups["swyxserver"]
    assert server.shards
    first = next(rule for rule in server.rules if rule.shard == 0)
    others = tuple(rule for rule in server.rules if rule is not first)
    moved = DeployedGroup(
        ids=server.ids, rules=(*others, first._replace(shard=1)), shards=server.shards
    )
    named = {"swyxserver": "hub-server"}
    deployed = Deployed(groups={**groups, "swyxserver": moved}, interfaces=None)
    _, *lines = write_comparison(compare_site(rendered, deployed), "aws", named)
    assert lines == [
        f"  hub-server: differs, planned {write_rule(first)}",
        f"  hub-server (swyxserver+1):             found {write_rule(first)}",
    ]
