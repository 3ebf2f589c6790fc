"""All egress that EC2 opened in a new group and no update closes: found, and nothing else taken for it."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from sandbox.aws.lookups import list_functions
from sandbox.aws.session import Session
from swyx_components.clouds.aws import Aws
from swyx_components.clouds.aws.lookups import check_open_egress
from swyx_components.installation import load_installation
from swyx_components.planner import plan_site
from swyx_components.planner.assess import assess_site
from tests.tools.hubs import hub_with
from tests.tools.offline import aws_environment, connect_ec2, running_ec2

OWN = {"swyx:site": "hub", "swyx:stack": "phones/dev"}
OTHER = {"swyx:site": "hub", "swyx:stack": "phones/another"}


class World:
    """A VPC, and what the provider's lookups answer about it."""

    def __init__(self, endpoint: str) -> None:
        self.ec2 = connect_ec2(endpoint)
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16", AmazonProvidedIpv6CidrBlock=True)
        session = Session()
        session.configure({})
        self._functions = list_functions(session)
        self.asked = 0

    def ask(self, token: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        self.asked += 1
        return self._functions[token]({**arguments})

    def group(self, name: str, tags: Mapping[str, str] = OWN) -> str:
        """A group as EC2 makes it: with all egress open."""
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        made = self.ec2.create_security_group(
            GroupName=name,
            Description="d",
            VpcId=self.vpc["Vpc"]["VpcId"],
            TagSpecifications=[{"ResourceType": "security-group", "Tags": listed}],
        )
        return str(made["GroupId"])

    def close(self, group: str, *cidrs: str) -> None:
        self.ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[every(*cidrs)])

    def allow(self, group: str, permission: Mapping[str, Any], tags: Mapping[str, str]) -> None:
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        given = [{"ResourceType": "security-group-rule", "Tags": listed}] if tags else []
        self.ec2.authorize_security_group_egress(
            GroupId=group, IpPermissions=[permission], TagSpecifications=given
        )

    def told(self, egress: str = "closed") -> list[str]:
        site = hub_with(range(2), office=False)
        site["sites"]["hub"]["egress"] = egress
        installation = load_installation(site)
        rendered = assess_site(plan_site(installation, "hub"), installation, Aws()).rendered
        self.asked = 0
        return [str(message) for message in check_open_egress(rendered, OWN, self.ask)]


def every(*cidrs: str) -> dict[str, Any]:
    return {
        "IpProtocol": "-1",
        "IpRanges": [{"CidrIp": each} for each in cidrs if ":" not in each],
        "Ipv6Ranges": [{"CidrIpv6": each} for each in cidrs if ":" in each],
    }


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with running_ec2() as endpoint:
        for name, value in aws_environment(endpoint).items():
            monkeypatch.setenv(name, value)
        yield World(endpoint)


def test_a_new_group_that_stayed_open_is_named_with_what_closes_it(world: World) -> None:
    world.close(world.group("closed"), "0.0.0.0/0", "::/0")
    half = world.group("half")
    world.close(half, "0.0.0.0/0")
    (told,) = world.told()
    assert told == (
        f"sites.hub: egress to ::/0 is open in {half} and not planned: EC2 opens it in every new security "
        "group, and the update that closes it was interrupted; close it with `swyx prune FILE --site hub "
        "--cloud aws --stack dev`, then run `pulumi up --refresh`."
    )
    whole = world.group("whole")
    both = ", ".join(sorted((half, whole)))
    (told,) = world.told()
    assert f"egress to 0.0.0.0/0, ::/0 is open in {both}" in told


def test_where_all_is_closed_one_lookup_says_so(world: World) -> None:
    assert world.told() == []  # nothing there yet
    world.close(world.group("closed"), "0.0.0.0/0", "::/0")
    world.group("of another stack", OTHER)
    world.group("of nobody", {"Name": "hub"})
    assert world.told() == []
    assert world.asked == 1


def test_other_egress_is_not_taken_for_it(world: World) -> None:
    """What is planned has tags; what was made by hand is not this, and `swyx verify` names it."""
    by_hand, planned = world.group("by hand"), world.group("planned")
    for group in (by_hand, planned):
        world.close(group, "0.0.0.0/0", "::/0")
    web = {**every("0.0.0.0/0"), "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    world.allow(by_hand, every("10.0.0.0/8"), {})
    world.allow(by_hand, web, {})
    world.allow(planned, every("0.0.0.0/0"), OWN)  # `egress: open` until now
    assert world.told() == []


def test_egress_that_is_open_by_plan_is_not_looked_for(world: World) -> None:
    world.group("open")
    assert world.told(egress="open") == []
    assert world.asked == 0
