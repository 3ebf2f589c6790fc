"""``aws.ec2.Vpc``, ``Subnet`` and ``VpcIpv4CidrBlockAssociation``: what customers' programs build
around a site.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from sandbox.aws.calls import (
    ec2_errors,
    find_one,
    prune,
    read_tags,
    specify_tags,
    tolerating_gone,
    update_tags,
)
from sandbox.aws.handler import AwsHandler
from sandbox.provider import Props, State

VPC_FLAGS = {"enableDnsSupport": "EnableDnsSupport", "enableDnsHostnames": "EnableDnsHostnames"}
SUBNET_FLAGS = {
    "mapPublicIpOnLaunch": "MapPublicIpOnLaunch",
    "assignIpv6AddressOnCreation": "AssignIpv6AddressOnCreation",
}


class VpcHandler(AwsHandler):
    token = "aws:ec2/vpc:Vpc"
    defaults: ClassVar[Mapping[str, Any]] = {"enableDnsSupport": True, "instanceTenancy": "default"}
    replace_on = frozenset({"cidrBlock", "region", "ipv4IpamPoolId", "ipv4NetmaskLength"})
    computed = frozenset(
        {"enableDnsHostnames", "ipv6CidrBlock", "enableNetworkAddressUsageMetrics"}
    )

    def create(self, inputs: Props) -> State:
        client = self.ec2(inputs)
        with ec2_errors():
            made = client.create_vpc(
                **prune(
                    CidrBlock=inputs.get("cidrBlock"),
                    InstanceTenancy=inputs.get("instanceTenancy"),
                    AmazonProvidedIpv6CidrBlock=inputs.get("assignGeneratedIpv6CidrBlock"),
                ),
                **specify_tags("vpc", inputs),
            )
            vpc_id = made["Vpc"]["VpcId"]
            _write_flags(client, vpc_id, inputs, {})
            if inputs.get("ipv6CidrBlock"):
                client.associate_vpc_cidr_block(
                    VpcId=vpc_id,
                    Ipv6CidrBlock=inputs["ipv6CidrBlock"],
                    Ipv6Pool=inputs.get("ipv6IpamPoolId") or "own",
                )
        return self.settle(vpc_id, inputs)

    def describe(self, id: str, inputs: Props) -> Props | None:
        client = self.ec2(inputs)
        vpc = find_one(client, "describe_vpcs", "Vpcs", VpcIds=[id])
        if vpc is None:
            return None
        ipv6 = [
            each for each in vpc.get("Ipv6CidrBlockAssociationSet", []) if each.get("Ipv6CidrBlock")
        ]
        flags = {
            name: client.describe_vpc_attribute(
                VpcId=id, Attribute=attribute[0].lower() + attribute[1:]
            )[attribute]["Value"]
            for name, attribute in VPC_FLAGS.items()
        }
        return self.with_region_and_tags(
            inputs,
            read_tags(vpc),
            arn=self.arn(inputs, vpc["OwnerId"], f"vpc/{id}"),
            cidrBlock=vpc["CidrBlock"],
            instanceTenancy=vpc["InstanceTenancy"],
            dhcpOptionsId=vpc.get("DhcpOptionsId"),
            ownerId=vpc["OwnerId"],
            ipv6CidrBlock=ipv6[0]["Ipv6CidrBlock"] if ipv6 else None,
            ipv6AssociationId=ipv6[0]["AssociationId"] if ipv6 else None,
            assignGeneratedIpv6CidrBlock=inputs.get("assignGeneratedIpv6CidrBlock"),
            **flags,
            **_find_vpc_defaults(client, id),
        )

    def update(self, id: str, new: Props, old: Props, outputs: Props) -> State:
        with ec2_errors():
            _write_flags(self.ec2(new), id, new, old)
            update_tags(self.ec2(new), id, old, new)
        return self.settle(id, new)

    def delete(self, id: str, inputs: Props, outputs: Props) -> None:
        with tolerating_gone():
            self.ec2({**outputs, **inputs}).delete_vpc(VpcId=id)


class SubnetHandler(AwsHandler):
    token = "aws:ec2/subnet:Subnet"
    defaults: ClassVar[Mapping[str, Any]] = {
        "mapPublicIpOnLaunch": False,
        "assignIpv6AddressOnCreation": False,
    }
    replace_on = frozenset(
        {"vpcId", "cidrBlock", "availabilityZone", "availabilityZoneId", "ipv6Native", "region"}
    )
    computed = frozenset({"availabilityZone", "availabilityZoneId"})

    def create(self, inputs: Props) -> State:
        client = self.ec2(inputs)
        zone = inputs.get("availabilityZone")
        with ec2_errors():
            if zone is None and "availabilityZoneId" not in inputs:
                zone = client.describe_availability_zones()["AvailabilityZones"][0]["ZoneName"]
            made = client.create_subnet(
                VpcId=inputs["vpcId"],
                **prune(
                    CidrBlock=inputs.get("cidrBlock"),
                    Ipv6CidrBlock=inputs.get("ipv6CidrBlock"),
                    Ipv6Native=inputs.get("ipv6Native"),
                    AvailabilityZone=zone,
                    AvailabilityZoneId=inputs.get("availabilityZoneId"),
                ),
                **specify_tags("subnet", inputs),
            )
            subnet_id = made["Subnet"]["SubnetId"]
            _write_subnet_flags(client, subnet_id, inputs, {})
        return self.settle(subnet_id, inputs)

    def describe(self, id: str, inputs: Props) -> Props | None:
        subnet = find_one(self.ec2(inputs), "describe_subnets", "Subnets", SubnetIds=[id])
        if subnet is None:
            return None
        ipv6 = subnet.get("Ipv6CidrBlockAssociationSet", [])
        return self.with_region_and_tags(
            inputs,
            read_tags(subnet),
            arn=subnet.get("SubnetArn"),
            vpcId=subnet["VpcId"],
            cidrBlock=subnet.get("CidrBlock"),
            availabilityZone=subnet["AvailabilityZone"],
            availabilityZoneId=subnet.get("AvailabilityZoneId"),
            ownerId=subnet["OwnerId"],
            mapPublicIpOnLaunch=subnet["MapPublicIpOnLaunch"],
            assignIpv6AddressOnCreation=subnet["AssignIpv6AddressOnCreation"],
            ipv6CidrBlock=ipv6[0]["Ipv6CidrBlock"] if ipv6 else None,
            ipv6CidrBlockAssociationId=ipv6[0]["AssociationId"] if ipv6 else None,
        )

    def update(self, id: str, new: Props, old: Props, outputs: Props) -> State:
        client = self.ec2(new)
        with ec2_errors():
            _write_subnet_flags(client, id, new, old)
            if new.get("ipv6CidrBlock") and new.get("ipv6CidrBlock") != old.get("ipv6CidrBlock"):
                client.associate_subnet_cidr_block(SubnetId=id, Ipv6CidrBlock=new["ipv6CidrBlock"])
            update_tags(client, id, old, new)
        return self.settle(id, new)

    def delete(self, id: str, inputs: Props, outputs: Props) -> None:
        with tolerating_gone():
            self.ec2({**outputs, **inputs}).delete_subnet(SubnetId=id)


class VpcIpv4CidrBlockAssociationHandler(AwsHandler):
    token = "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation"
    takes_tags = False
    replace_on = frozenset({"vpcId", "cidrBlock", "region", "ipv4IpamPoolId", "ipv4NetmaskLength"})
    drifting = frozenset()

    def create(self, inputs: Props) -> State:
        with ec2_errors():
            made = self.ec2(inputs).associate_vpc_cidr_block(
                VpcId=inputs["vpcId"], CidrBlock=inputs.get("cidrBlock")
            )
        return self.settle(made["CidrBlockAssociation"]["AssociationId"], inputs)

    def describe(self, id: str, inputs: Props) -> Props | None:
        with ec2_errors():
            vpcs = self.ec2(inputs).describe_vpcs()["Vpcs"]
        for vpc in vpcs:
            for each in vpc.get("CidrBlockAssociationSet", []):
                if each["AssociationId"] == id:
                    return self.with_region_and_tags(
                        inputs, None, vpcId=vpc["VpcId"], cidrBlock=each["CidrBlock"]
                    )
        return None

    def update(self, id: str, new: Props, old: Props, outputs: Props) -> State:
        return self.settle(id, new)

    def delete(self, id: str, inputs: Props, outputs: Props) -> None:
        with tolerating_gone():
            self.ec2({**outputs, **inputs}).disassociate_vpc_cidr_block(AssociationId=id)


def _write_flags(client: Any, vpc_id: str, new: Props, old: Props) -> None:
    """One attribute a call: EC2 takes no more."""
    for name, attribute in VPC_FLAGS.items():
        if name in new and new[name] != old.get(name):
            client.modify_vpc_attribute(VpcId=vpc_id, **{attribute: {"Value": new[name]}})


def _write_subnet_flags(client: Any, subnet_id: str, new: Props, old: Props) -> None:
    for name, attribute in SUBNET_FLAGS.items():
        if name in new and new[name] != old.get(name):
            client.modify_subnet_attribute(SubnetId=subnet_id, **{attribute: {"Value": new[name]}})


def _find_vpc_defaults(client: Any, vpc_id: str) -> Props:
    """The ids of what EC2 made together with the VPC."""
    of_vpc = {"Name": "vpc-id", "Values": [vpc_id]}
    groups = client.describe_security_groups(
        Filters=[of_vpc, {"Name": "group-name", "Values": ["default"]}]
    )
    main = [of_vpc, {"Name": "association.main", "Values": ["true"]}]
    tables = client.describe_route_tables(Filters=main)["RouteTables"]
    acls = client.describe_network_acls(Filters=[of_vpc, {"Name": "default", "Values": ["true"]}])[
        "NetworkAcls"
    ]
    table = tables[0]["RouteTableId"] if tables else None
    return {
        "defaultSecurityGroupId": next(
            (each["GroupId"] for each in groups["SecurityGroups"]), None
        ),
        "mainRouteTableId": table,
        "defaultRouteTableId": table,
        "defaultNetworkAclId": next((each["NetworkAclId"] for each in acls), None),
    }
