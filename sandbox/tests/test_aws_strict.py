"""The facts of EC2 that moto leaves out: an offending call is refused, and its neighbour accepted."""

# ruff: noqa: E501 - one fact a row reads better than wrapped ones

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.limits import Limits, read_limits
from sandbox.tests.offline import connect_ec2, running_ec2

NUMBERS = count(1)


class World:
    """One VPC with two groups, and the calls of this file in a few words."""

    def __init__(self, ec2: Any) -> None:
        self.ec2 = ec2
        self.vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
        zone = f"{ec2.meta.region_name}a"
        made = ec2.create_subnet(VpcId=self.vpc, CidrBlock="10.1.0.0/16", AvailabilityZone=zone)
        self.subnet = made["Subnet"]["SubnetId"]
        self.group, self.other = self.make_group(), self.make_group()

    def make_group(
        self, name: str | None = None, description: str = "d", vpc: str | None = None
    ) -> str:
        name = name if name is not None else f"group {next(NUMBERS)}"
        made = self.ec2.create_security_group(
            GroupName=name, Description=description, VpcId=vpc or self.vpc
        )
        return str(made["GroupId"])

    def allow(
        self, *cidrs: str, group: str | None = None, egress: bool = False, **rule: Any
    ) -> list[dict[str, Any]]:
        """Allow TCP 80 from the CIDRs; keywords replace parts of the permission (None removes one)."""
        ipv6 = [{"CidrIpv6": each} for each in cidrs if ":" in each]
        ipv4 = [{"CidrIp": each} for each in cidrs if ":" not in each]
        permission = {
            "IpProtocol": "tcp",
            "FromPort": 80,
            "ToPort": 80,
            "IpRanges": ipv4,
            "Ipv6Ranges": ipv6,
            **rule,
        }
        call = (
            self.ec2.authorize_security_group_egress
            if egress
            else self.ec2.authorize_security_group_ingress
        )
        given = {name: value for name, value in permission.items() if value is not None}
        return list(call(GroupId=group or self.group, IpPermissions=[given])["SecurityGroupRules"])

    def close(self, *cidrs: str) -> None:
        """Revoke the egress of everything to the CIDRs, as EC2 opens it in a new group."""
        permission = {
            "IpProtocol": "-1",
            "IpRanges": [{"CidrIp": each} for each in cidrs if ":" not in each],
            "Ipv6Ranges": [{"CidrIpv6": each} for each in cidrs if ":" in each],
        }
        self.ec2.revoke_security_group_egress(GroupId=self.group, IpPermissions=[permission])

    def interface(self, *groups: str, **more: Any) -> str:
        made = self.ec2.create_network_interface(SubnetId=self.subnet, Groups=list(groups), **more)
        return str(made["NetworkInterface"]["NetworkInterfaceId"])

    def groups(self, number: int) -> list[str]:
        return [self.make_group() for _ in range(number)]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with running_ec2() as endpoint:
        yield endpoint


@pytest.fixture
def world(endpoint: str) -> World:
    return World(connect_ec2(endpoint))


@contextmanager
def refused(code: str) -> Iterator[None]:
    with pytest.raises(ClientError) as error:
        yield
    assert error.value.response["Error"]["Code"] == code


def described(text: str) -> dict[str, Any]:
    return {"IpRanges": [{"CidrIp": "10.9.0.0/16", "Description": text}]}


def referring(group: str, text: str = "why") -> dict[str, Any]:
    return {
        "UserIdGroupPairs": [{"GroupId": group, "Description": text}],
        "IpRanges": None,
        "Ipv6Ranges": None,
    }


Call = Callable[[World], Any]

# Each fact: its title, the code, the call that is refused, and its neighbour that is accepted.
FACTS: list[tuple[str, str, Call, Call]] = [
    ("a port range runs upwards", "InvalidParameterValue",
     lambda w: w.allow("10.0.0.0/8", FromPort=81, ToPort=80), lambda w: w.allow("10.0.0.0/8", FromPort=80, ToPort=81)),
    ("a port is at most 65535", "InvalidParameterValue",
     lambda w: w.allow("10.0.0.0/8", ToPort=65536), lambda w: w.allow("10.0.0.0/8", ToPort=65535)),
    ("a port is not negative", "InvalidParameterValue",
     lambda w: w.allow("10.0.0.0/8", FromPort=-1), lambda w: w.allow("10.0.0.0/8", FromPort=0)),
    ("TCP needs both ports", "InvalidParameterValue",
     lambda w: w.allow("10.0.0.0/8", ToPort=None), lambda w: w.allow("10.0.0.0/8")),
    ("UDP needs both ports, under its number too", "InvalidParameterValue",
     lambda w: w.allow("10.0.0.0/8", IpProtocol="17", FromPort=None), lambda w: w.allow("10.0.0.0/8", IpProtocol="17")),
    ("a protocol has a known name", "InvalidParameterValue",
     lambda w: w.allow("10.0.0.0/8", IpProtocol="sip"), lambda w: w.allow("10.0.0.0/8", IpProtocol="udp")),
    ("a protocol's number is at most 255", "InvalidParameterValue",
     lambda w: w.allow("10.0.0.0/8", IpProtocol="256"), lambda w: w.allow("10.0.0.0/8", IpProtocol="50")),
    ("a CIDR is one", "InvalidParameterValue",
     lambda w: w.allow("10.0.0.0/33"), lambda w: w.allow("10.0.0.0/32")),
    ("an address without a length is no CIDR", "InvalidParameterValue",
     lambda w: w.allow("10.0.0.1"), lambda w: w.allow("10.0.0.1/32")),
    ("an exact duplicate is refused, an overlap is not", "InvalidPermission.Duplicate",
     lambda w: (w.allow("10.0.0.0/8"), w.allow("10.0.0.0/8")), lambda w: (w.allow("10.2.0.0/16"), w.allow("10.2.0.0/17"))),
    ("another description makes no other rule", "InvalidPermission.Duplicate",
     lambda w: (w.allow(**described("a")), w.allow(**described("b"))),
     lambda w: (w.allow(**described("a"), FromPort=79), w.allow(**described("b"), FromPort=78))),
    ("nor does it for a group reference", "InvalidPermission.Duplicate",
     lambda w: (w.allow(**referring(w.other, "a")), w.allow(**referring(w.other, "b"))),
     lambda w: w.allow(**referring(w.group, "a"))),
    ("host bits make a duplicate", "InvalidPermission.Duplicate",
     lambda w: w.allow("100.68.0.0/18", "100.68.0.18/18"), lambda w: w.allow("100.68.64.0/18", "100.68.128.0/18")),
    ("one request is taken whole or not at all", "InvalidPermission.Duplicate",
     lambda w: (w.allow("10.5.0.0/16"), w.allow("10.6.0.0/16", "10.5.0.0/16")), lambda w: w.allow("10.6.0.0/16")),
    ("a new group's egress is open for IPv4 alone where its VPC has no IPv6", "InvalidPermission.NotFound",
     lambda w: w.close("::/0"), lambda w: w.close("0.0.0.0/0")),
    ("what is revoked must be there", "InvalidPermission.NotFound",
     lambda w: w.ec2.revoke_security_group_ingress(GroupId=w.group, SecurityGroupRuleIds=["sgr-0"]),
     lambda w: w.ec2.revoke_security_group_ingress(GroupId=w.group, SecurityGroupRuleIds=[w.allow("10.0.0.0/8")[0]["SecurityGroupRuleId"]])),
    ("a rule's description has no & and no >", "InvalidParameterValue",
     lambda w: w.allow(**described("a -> b")), lambda w: w.allow(**described("M2 (L111): a to b, 50% [x]".replace("%", "*")))),
    ("a rule's description is at most 255 characters", "InvalidParameterValue",
     lambda w: w.allow(**described("x" * 256)), lambda w: w.allow(**described("x" * 255))),
    ("a group's name is at most 255 characters", "InvalidParameterValue",
     lambda w: w.make_group("x" * 256), lambda w: w.make_group("x" * 255)),
    ("a group's name does not begin with sg-", "InvalidParameterValue",
     lambda w: w.make_group("sg-web"), lambda w: w.make_group("web-sg-")),
    ("a group's name keeps to the character set", "InvalidParameterValue",
     lambda w: w.make_group("a<b"), lambda w: w.make_group("a&b {c} [d] = $1!")),
    ("a group's name is unique in its VPC without regard to case", "InvalidGroup.Duplicate",
     lambda w: (w.make_group("Server"), w.make_group("sERVER")), lambda w: w.make_group("Server 2")),
    ("a group's description keeps to the character set", "InvalidParameterValue",
     lambda w: w.make_group(description="naïve"), lambda w: w.make_group(description="plain & simple")),
    ("a group's description is at most 255 characters", "InvalidParameterValue",
     lambda w: w.make_group(description="x" * 256), lambda w: w.make_group(description="x" * 255)),
    ("a group that a rule names must exist", "InvalidGroup.NotFound",
     lambda w: w.allow(**referring("sg-00000000000000000")), lambda w: w.allow(**referring(w.other))),
    ("a group of another VPC cannot be named by a rule", "InvalidGroup.NotFound",
     lambda w: w.allow(**referring(World(w.ec2).group)), lambda w: w.allow(**referring(w.other))),
    ("60 IPv4 rules fit a direction", "RulesPerSecurityGroupLimitExceeded",
     lambda w: w.allow(*(f"10.0.{n}.0/24" for n in range(61))), lambda w: w.allow(*(f"10.0.{n}.0/24" for n in range(60)))),
    ("each direction counts alone", "RulesPerSecurityGroupLimitExceeded",
     lambda w: (w.allow(*(f"10.0.{n}.0/24" for n in range(60))), w.allow("10.1.0.0/24")),
     lambda w: w.allow(*(f"10.0.{n}.0/24" for n in range(59)), egress=True)),
    ("IPv4 and IPv6 count apart", "RulesPerSecurityGroupLimitExceeded",
     lambda w: w.allow(*(f"2001:db8:{n:x}::/48" for n in range(61))),
     lambda w: (w.allow(*(f"10.0.{n}.0/24" for n in range(60))), w.allow(*(f"2001:db8:{n:x}::/48" for n in range(60))))),
    ("a group reference counts in both families", "RulesPerSecurityGroupLimitExceeded",
     lambda w: (w.allow(*(f"2001:db8:{n:x}::/48" for n in range(60))), w.allow(**referring(w.other))),
     lambda w: (w.allow(*(f"10.0.{n}.0/24" for n in range(59))), w.allow(**referring(w.other)))),
    ("an interface takes five groups", "SecurityGroupsPerInterfaceLimitExceeded",
     lambda w: w.interface(*w.groups(6)), lambda w: w.interface(*w.groups(5))),
    ("an interface takes five groups when it is changed too", "SecurityGroupsPerInterfaceLimitExceeded",
     lambda w: w.ec2.modify_network_interface_attribute(NetworkInterfaceId=w.interface(w.group), Groups=w.groups(6)),
     lambda w: w.ec2.modify_network_interface_attribute(NetworkInterfaceId=w.interface(w.group), Groups=w.groups(5))),
    ("an interface's groups must exist", "InvalidGroup.NotFound",
     lambda w: w.interface("sg-00000000000000000"), lambda w: w.interface(w.group)),
    ("an interface's groups are of its VPC", "InvalidParameter",
     lambda w: w.interface(World(w.ec2).group), lambda w: w.interface(w.group)),
    ("an interface keeps at least one group", "InvalidParameterCombination",
     lambda w: w.ec2.modify_network_interface_attribute(NetworkInterfaceId=w.interface(w.group), Groups=[]),
     lambda w: w.ec2.modify_network_interface_attribute(NetworkInterfaceId=w.interface(w.group), Groups=[w.other])),
    ("an address is used once in a subnet", "InvalidIPAddress.InUse",
     lambda w: (w.interface(w.group, PrivateIpAddress="10.1.0.9"), w.interface(w.group, PrivateIpAddress="10.1.0.9")),
     lambda w: w.interface(w.group, PrivateIpAddress="10.1.0.10")),
    ("an address is of its subnet", "InvalidParameterValue",
     lambda w: w.interface(w.group, PrivateIpAddress="10.2.0.9"), lambda w: w.interface(w.group, PrivateIpAddress="10.1.2.9")),
    ("a group that an interface holds stays", "DependencyViolation",
     lambda w: (w.interface(w.group), w.ec2.delete_security_group(GroupId=w.group)),
     lambda w: w.ec2.delete_security_group(GroupId=w.other)),
    ("a group that another group's rule names stays", "DependencyViolation",
     lambda w: (w.allow(**referring(w.other)), w.ec2.delete_security_group(GroupId=w.other)),
     lambda w: (w.allow(**referring(w.group), group=w.group), w.ec2.delete_security_group(GroupId=w.group))),
    ("a VPC's default group stays", "CannotDelete",
     lambda w: w.ec2.delete_security_group(GroupId=default_group(w)),
     lambda w: w.ec2.delete_security_group(GroupId=w.group)),
    ("a subnet with interfaces stays", "DependencyViolation",
     lambda w: (w.interface(w.group), w.ec2.delete_subnet(SubnetId=w.subnet)), lambda w: w.ec2.delete_subnet(SubnetId=w.subnet)),
    ("a VPC with groups stays", "DependencyViolation",
     lambda w: (w.ec2.delete_subnet(SubnetId=w.subnet), w.ec2.delete_vpc(VpcId=w.vpc)),
     lambda w: (clear(w), w.ec2.delete_vpc(VpcId=w.vpc))),
]  # fmt: skip


def default_group(w: World) -> str:
    filters = [{"Name": "vpc-id", "Values": [w.vpc]}, {"Name": "group-name", "Values": ["default"]}]
    return str(w.ec2.describe_security_groups(Filters=filters)["SecurityGroups"][0]["GroupId"])


def clear(w: World) -> None:
    w.ec2.delete_subnet(SubnetId=w.subnet)
    for group in (w.group, w.other):
        w.ec2.delete_security_group(GroupId=group)


@pytest.mark.parametrize(
    ("code", "offend", "accept"), [fact[1:] for fact in FACTS], ids=[fact[0] for fact in FACTS]
)
def test_ec2_refuses(endpoint: str, code: str, offend: Call, accept: Call) -> None:
    ec2 = connect_ec2(endpoint)
    with refused(code):
        offend(World(ec2))
    accept(World(ec2))


def test_a_refused_revocation_removes_no_rule(world: World) -> None:
    with refused("InvalidPermission.NotFound"):
        world.close("0.0.0.0/0", "::/0")
    assert [each["CidrIpv4"] for each in rules_of(world)] == ["0.0.0.0/0"]


def test_a_refused_request_adds_no_rule(world: World) -> None:
    world.allow("10.5.0.0/16")
    with refused("InvalidPermission.Duplicate"):
        world.allow("10.6.0.0/16", "10.5.0.0/16")
    assert [each["CidrIpv4"] for each in rules_of(world) if not each["IsEgress"]] == ["10.5.0.0/16"]


def test_cidrs_are_stored_canonical(world: World) -> None:
    made = world.allow("100.68.0.18/18", "2001:DB8:0::1/32")
    assert [each.get("CidrIpv4") or each["CidrIpv6"] for each in made] == [
        "100.68.0.0/18",
        "2001:db8::/32",
    ]


def test_a_protocol_without_ports_opens_every_port_whatever_is_given(world: World) -> None:
    made = world.allow("10.0.0.0/8", IpProtocol="50", FromPort=80, ToPort=80)
    assert (made[0]["FromPort"], made[0]["ToPort"]) == (-1, -1)
    stored = next(each for each in rules_of(world) if not each["IsEgress"])
    assert (stored["IpProtocol"], stored["FromPort"], stored["ToPort"]) == ("50", -1, -1)


def test_descriptions_of_group_and_prefix_list_rules_are_returned(world: World) -> None:
    listed = make_prefix_list(world, 3)
    world.allow(**referring(world.other, "peer"))
    world.allow(
        IpRanges=None,
        Ipv6Ranges=None,
        PrefixListIds=[{"PrefixListId": listed, "Description": "list"}],
    )
    assert sorted(each["Description"] for each in rules_of(world) if not each["IsEgress"]) == [
        "list",
        "peer",
    ]


def test_a_prefix_list_weighs_its_max_entries(world: World) -> None:
    listed = make_prefix_list(world, 58)
    world.allow(IpRanges=None, Ipv6Ranges=None, PrefixListIds=[{"PrefixListId": listed}])
    world.allow("10.0.0.0/24", "10.0.1.0/24", *(f"2001:db8:{n:x}::/48" for n in range(60)))
    with refused("RulesPerSecurityGroupLimitExceeded"):
        world.allow("10.0.2.0/24")


def test_a_modified_rule_keeps_its_id_and_the_kind_of_its_source(world: World) -> None:
    rule = world.allow("10.0.0.0/8")[0]["SecurityGroupRuleId"]
    modify(world, rule, CidrIpv4="10.9.0.1/16", FromPort=90, ToPort=91, Description="new")
    stored = next(each for each in rules_of(world) if each["SecurityGroupRuleId"] == rule)
    assert (stored["CidrIpv4"], stored["FromPort"], stored["Description"]) == (
        "10.9.0.0/16",
        90,
        "new",
    )
    with refused("InvalidParameterValue"):
        modify(world, rule, ReferencedGroupId=world.other)


def test_a_group_reference_can_be_modified_and_must_not_become_a_duplicate(world: World) -> None:
    first = world.allow(**referring(world.other))[0]["SecurityGroupRuleId"]
    second = world.allow(**referring(world.group))[0]["SecurityGroupRuleId"]
    with refused("InvalidPermission.Duplicate"):
        modify(world, second, ReferencedGroupId=world.other)
    modify(world, first, ReferencedGroupId=world.other, FromPort=90, ToPort=90)
    modify(world, second, ReferencedGroupId=world.other)


def test_an_interface_lists_the_groups_it_was_given_and_no_others(world: World) -> None:
    nic = world.interface(world.group)
    launched = world.ec2.run_instances(
        ImageId="ami-1",
        MinCount=1,
        MaxCount=1,
        NetworkInterfaces=[{"DeviceIndex": 0, "NetworkInterfaceId": nic}],
    )["Instances"][0]
    world.ec2.modify_network_interface_attribute(NetworkInterfaceId=nic, Groups=[world.other])
    found = world.ec2.describe_network_interfaces(NetworkInterfaceIds=[nic])["NetworkInterfaces"][0]
    instance = world.ec2.describe_instances(InstanceIds=[launched["InstanceId"]])["Reservations"][
        0
    ]["Instances"][0]
    assert [each["GroupId"] for each in found["Groups"]] == [world.other]
    assert [each["GroupId"] for each in instance["SecurityGroups"]] == [world.other]


def test_a_terminated_instance_takes_its_own_interface_along_and_frees_the_others(
    world: World,
) -> None:
    nic = world.interface(world.group)
    launch = {"ImageId": "ami-1", "MinCount": 1, "MaxCount": 1}
    own = world.ec2.run_instances(**launch, SubnetId=world.subnet, SecurityGroupIds=[world.group])[
        "Instances"
    ][0]
    given = world.ec2.run_instances(
        **launch, NetworkInterfaces=[{"DeviceIndex": 0, "NetworkInterfaceId": nic}]
    )
    with refused("InvalidNetworkInterface.InUse"):
        world.ec2.delete_network_interface(NetworkInterfaceId=nic)
    world.ec2.terminate_instances(
        InstanceIds=[own["InstanceId"], given["Instances"][0]["InstanceId"]]
    )
    left = world.ec2.describe_network_interfaces(
        Filters=[{"Name": "vpc-id", "Values": [world.vpc]}]
    )
    assert [each["NetworkInterfaceId"] for each in left["NetworkInterfaces"]] == [nic]
    world.ec2.delete_network_interface(NetworkInterfaceId=nic)


def test_interfaces_are_found_by_any_address(world: World) -> None:
    addresses = [
        {"PrivateIpAddress": "10.1.0.9", "Primary": True},
        {"PrivateIpAddress": "10.1.0.8", "Primary": False},
    ]
    nic = world.interface(world.group, PrivateIpAddresses=addresses)
    by_secondary = [
        {"Name": "addresses.private-ip-address", "Values": ["10.1.0.8"]},
        {"Name": "vpc-id", "Values": [world.vpc]},
    ]
    found = world.ec2.describe_network_interfaces(Filters=by_secondary)["NetworkInterfaces"]
    assert [each["NetworkInterfaceId"] for each in found] == [nic]


def test_a_region_takes_2500_groups_and_quotas_are_settings() -> None:
    assert Limits() == Limits(rules_per_group=60, groups_per_interface=5, groups_per_region=2500)
    lowered = {"SANDBOX_AWS_RULES_PER_GROUP": "2", "SANDBOX_AWS_GROUPS_PER_REGION": "5"}
    with running_ec2(**lowered) as endpoint:
        world = World(connect_ec2(endpoint))  # with the default groups of two VPCs: four
        world.allow("10.0.0.0/24", "10.0.1.0/24")
        with refused("RulesPerSecurityGroupLimitExceeded"):
            world.allow("10.0.2.0/24")
        world.make_group()
        with refused("SecurityGroupLimitExceeded"):
            world.make_group()


def test_a_filter_with_several_values_finds_what_has_any_of_them() -> None:
    with running_ec2() as endpoint:
        world = World(connect_ec2(endpoint))
        made = [
            world.ec2.create_network_interface(SubnetId=world.subnet, Groups=groups)
            for groups in ([world.group], [world.other], [world.make_group()])
        ]
        filters = [{"Name": "group-id", "Values": [world.group, world.other]}]
        found = world.ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
        assert {each["NetworkInterfaceId"] for each in found} == {
            each["NetworkInterface"]["NetworkInterfaceId"] for each in made[:2]
        }


@pytest.mark.parametrize(("rules", "groups"), [("201", "5"), ("63", "16"), ("10", "17")])
def test_rules_times_groups_are_at_most_1000_and_groups_at_most_16(rules: str, groups: str) -> None:
    with pytest.raises(ValueError, match="AWS allows at most"):
        read_limits(
            {"SANDBOX_AWS_RULES_PER_GROUP": rules, "SANDBOX_AWS_GROUPS_PER_INTERFACE": groups}
        )
    assert read_limits({"SANDBOX_AWS_RULES_PER_GROUP": "200"}).rules_per_group == 200


def rules_of(w: World) -> list[dict[str, Any]]:
    filters = [{"Name": "group-id", "Values": [w.group]}]
    return list(w.ec2.describe_security_group_rules(Filters=filters)["SecurityGroupRules"])


def make_prefix_list(w: World, entries: int) -> str:
    made = w.ec2.create_managed_prefix_list(
        PrefixListName="p", MaxEntries=entries, AddressFamily="IPv4"
    )
    return str(made["PrefixList"]["PrefixListId"])


def modify(w: World, rule: str, **request: Any) -> None:
    wanted = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, **request}
    w.ec2.modify_security_group_rules(
        GroupId=w.group,
        SecurityGroupRules=[{"SecurityGroupRuleId": rule, "SecurityGroupRule": wanted}],
    )


@pytest.mark.parametrize(
    "associate",
    [{"Ipv6CidrBlock": "fd00:7::/48", "Ipv6Pool": "own"}, {"AmazonProvidedIpv6CidrBlock": True}],
    ids=["own block", "provided block"],
)
def test_the_default_network_acl_lets_ipv6_through_once_the_vpc_has_any(
    world: World, associate: dict[str, Any]
) -> None:
    vpc = world.ec2.create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]

    def entries() -> list[tuple[bool, int, str, str]]:
        of_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
        (acl,) = world.ec2.describe_network_acls(Filters=of_vpc)["NetworkAcls"]
        return sorted(
            (each["Egress"], each["RuleNumber"], each["RuleAction"], each["Ipv6CidrBlock"])
            for each in acl["Entries"]
            if "Ipv6CidrBlock" in each
        )

    assert entries() == []
    world.ec2.associate_vpc_cidr_block(VpcId=vpc, **associate)
    allow_then_deny = [(101, "allow", "::/0"), (32768, "deny", "::/0")]
    assert entries() == [(way, *each) for way in (False, True) for each in allow_then_deny]
