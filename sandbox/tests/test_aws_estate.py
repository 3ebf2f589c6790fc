"""The estate of a site: networks and machines, made and brought up to date, found by every address."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.aws.estate import seed_site
from sandbox.aws.placement import Interface, place_machines, subnets_of
from sandbox.tests.offline import connect_ec2, running_ec2


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with running_ec2() as found:
        yield found


@pytest.fixture(scope="module")
def ec2(endpoint: str) -> Any:
    return connect_ec2(endpoint)


def find_machines(ec2: Any, site: str) -> dict[str, tuple[str, list[set[str]]]]:
    """Each live machine of the site: instance id, and the addresses of each of its interfaces."""
    filters = [
        {"Name": "tag:swyx:site", "Values": [site]},
        {"Name": "instance-state-name", "Values": ["running"]},
    ]
    found = {}
    for reservation in ec2.describe_instances(Filters=filters)["Reservations"]:
        for each in reservation["Instances"]:
            name = next(tag["Value"] for tag in each["Tags"] if tag["Key"] == "Name")
            assert name not in found
            found[name] = (
                each["InstanceId"],
                [addresses_of(nic) for nic in each["NetworkInterfaces"]],
            )
    return found


def addresses_of(nic: dict[str, Any]) -> set[str]:
    ipv4 = {each["PrivateIpAddress"] for each in nic["PrivateIpAddresses"]}
    return ipv4 | {each["Ipv6Address"] for each in nic.get("Ipv6Addresses", [])}


def test_machines_get_exactly_their_addresses_and_only_the_estate_group(
    ec2: Any, endpoint: str
) -> None:
    machines = {
        "server": ["10.1.0.10"],
        "scattered": ["10.1.0.11", "10.1.200.12", "192.168.7.1", "203.0.113.7"],
        "dual": ["10.1.0.13", "2001:DB8:1:0::13"],
    }
    seed_site("exact", machines, endpoint)
    found = {name: nics for name, (_, nics) in find_machines(ec2, "exact").items()}
    assert found == {
        "server": [{"10.1.0.10"}],
        "scattered": [{"10.1.0.11", "10.1.200.12"}, {"192.168.7.1"}, {"203.0.113.7"}],
        "dual": [{"10.1.0.13", "2001:db8:1::13"}],
    }
    vpc = ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": ["exact"]}])["Vpcs"]
    assert len(vpc) == 1
    of_vpc = [{"Name": "vpc-id", "Values": [vpc[0]["VpcId"]]}]
    nics = ec2.describe_network_interfaces(Filters=of_vpc)["NetworkInterfaces"]
    assert {group["GroupName"] for nic in nics for group in nic["Groups"]} == {"estate"}
    group = next(
        g
        for g in ec2.describe_security_groups(Filters=of_vpc)["SecurityGroups"]
        if g["GroupName"] == "estate"
    )
    assert group["IpPermissions"] == [] and group["IpPermissionsEgress"] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("addresses.private-ip-address", "10.2.0.10"),
        ("addresses.private-ip-address", "10.2.0.11"),
        ("ipv6-addresses.ipv6-address", "2001:db8:2::10"),
    ],
)
def test_a_machine_is_found_by_each_of_its_addresses_in_its_own_network(
    ec2: Any, endpoint: str, name: str, value: str
) -> None:
    machines = {"server": ["10.2.0.10", "10.2.0.11", "2001:db8:2::10"]}
    for site in ("found-a", "found-b"):
        seed_site(site, machines, endpoint)
    for site in ("found-a", "found-b"):
        vpc = ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": [site]}])["Vpcs"][0][
            "VpcId"
        ]
        filters = [{"Name": name, "Values": [value]}, {"Name": "vpc-id", "Values": [vpc]}]
        assert len(ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]) == 1


def test_seeding_again_changes_nothing_and_a_changed_file_only_what_it_says(
    ec2: Any, endpoint: str
) -> None:
    seed_site(
        "again", {"stays": ["10.3.0.10"], "moves": ["10.3.0.11"], "goes": ["10.3.0.12"]}, endpoint
    )
    before = find_machines(ec2, "again")
    seed_site(
        "again", {"stays": ["10.3.0.10"], "moves": ["10.3.0.11"], "goes": ["10.3.0.12"]}, endpoint
    )
    assert find_machines(ec2, "again") == before
    seed_site(
        "again",
        {"stays": ["10.3.0.10"], "moves": ["172.16.0.9"], "new": ["10.3.0.11", "2001:db8:3::1"]},
        endpoint,
    )
    after = find_machines(ec2, "again")
    assert after["stays"] == before["stays"]
    assert {name: nics for name, (_, nics) in after.items()} == {
        "stays": [{"10.3.0.10"}],
        "moves": [{"172.16.0.9"}],
        "new": [{"10.3.0.11", "2001:db8:3::1"}],
    }
    seed_site("again", {}, endpoint)
    assert find_machines(ec2, "again") == {}
    vpc = ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": ["again"]}])["Vpcs"][0]["VpcId"]
    assert (
        ec2.describe_network_interfaces(Filters=[{"Name": "vpc-id", "Values": [vpc]}])[
            "NetworkInterfaces"
        ]
        == []
    )


def test_groups_that_were_attached_survive_seeding_again(ec2: Any, endpoint: str) -> None:
    seed_site("kept", {"server": ["10.4.0.10"]}, endpoint)
    vpc = ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": ["kept"]}])["Vpcs"][0]["VpcId"]
    group = ec2.create_security_group(GroupName="own", Description="d", VpcId=vpc)["GroupId"]
    nic = ec2.describe_network_interfaces(Filters=[{"Name": "vpc-id", "Values": [vpc]}])[
        "NetworkInterfaces"
    ][0]
    groups = [*(each["GroupId"] for each in nic["Groups"]), group]
    ec2.modify_network_interface_attribute(
        NetworkInterfaceId=nic["NetworkInterfaceId"], Groups=groups
    )
    seed_site("kept", {"server": ["10.4.0.10"], "new": ["10.4.0.11"]}, endpoint)
    after = ec2.describe_network_interfaces(NetworkInterfaceIds=[nic["NetworkInterfaceId"]])[
        "NetworkInterfaces"
    ][0]
    assert [each["GroupId"] for each in after["Groups"]] == groups


def test_a_machine_with_only_ipv6_gets_a_spare_ipv4_address_outside_the_plan() -> None:
    placed = place_machines(
        {"a": ["10.1.0.10"], "b": ["2001:db8::1"], "c": ["10.1.64.0", "2001:db8::2"]}
    )
    assert placed["b"] == [
        Interface(subnet="10.1.0.0/16", ipv4=("10.1.64.1",), ipv6=("2001:db8::1",))
    ]
    assert place_machines({"b": ["2001:db8::1"]})["b"] == [
        Interface(subnet="100.64.0.0/16", ipv4=("100.64.64.0",), ipv6=("2001:db8::1",))
    ]


def test_a_site_without_machines_has_a_network() -> None:
    assert subnets_of(place_machines({})) == ["100.64.0.0/16"]


def test_an_ipv6_block_belongs_to_one_subnet() -> None:
    placed = place_machines({"a": ["10.1.0.10", "2001:db8::1"], "b": ["10.2.0.10", "2001:db8::2"]})
    assert [each.subnet for each in placed["b"]] == ["10.2.0.0/16", "10.1.0.0/16"]
    assert placed["b"][1].ipv6 == ("2001:db8::2",)
