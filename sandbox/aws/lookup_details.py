"""The replies of the data sources that find one resource, in the SDK's names."""

from __future__ import annotations

from typing import Any

from sandbox.aws.calls import read_tags
from sandbox.provider import Props


def describe_interface(found: dict[str, Any], _client: Any) -> Props:
    attachment = found.get("Attachment") or {}
    path = f"network-interface/{found['NetworkInterfaceId']}"
    return {
        "arn": f"arn:aws:ec2:{found['AvailabilityZone'][:-1]}:{found['OwnerId']}:{path}",
        "associations": [],
        "attachments": [
            {
                "attachmentId": attachment["AttachmentId"],
                "deviceIndex": attachment["DeviceIndex"],
                "instanceId": attachment["InstanceId"],
                "instanceOwnerId": attachment.get("InstanceOwnerId", ""),
                "networkCardIndex": attachment.get("NetworkCardIndex", 0),
            }
        ]
        if attachment.get("InstanceId")
        else [],
        "availabilityZone": found["AvailabilityZone"],
        "description": found.get("Description", ""),
        "enaSrdSpecifications": [],
        "interfaceType": found.get("InterfaceType", "interface"),
        "ipv6Addresses": [each["Ipv6Address"] for each in found.get("Ipv6Addresses", [])],
        "macAddress": found.get("MacAddress", ""),
        "outpostArn": "",
        "ownerId": found["OwnerId"],
        "privateDnsName": found.get("PrivateDnsName", ""),
        "privateIp": found["PrivateIpAddress"],
        "privateIps": [each["PrivateIpAddress"] for each in found["PrivateIpAddresses"]],
        "requesterId": found.get("RequesterId", ""),
        "securityGroups": [each["GroupId"] for each in found["Groups"]],
        "subnetId": found["SubnetId"],
        "tags": read_tags(found),
        "vpcId": found["VpcId"],
    }


def describe_vpc(found: dict[str, Any], client: Any) -> Props:
    vpc_id = found["VpcId"]
    ipv6 = found.get("Ipv6CidrBlockAssociationSet", [])
    main = [
        {"Name": "vpc-id", "Values": [vpc_id]},
        {"Name": "association.main", "Values": ["true"]},
    ]
    tables = client.describe_route_tables(Filters=main)["RouteTables"]
    return {
        "arn": f"arn:aws:ec2:{client.meta.region_name}:{found['OwnerId']}:vpc/{vpc_id}",
        "cidrBlock": found["CidrBlock"],
        "cidrBlockAssociations": [
            {
                "associationId": each["AssociationId"],
                "cidrBlock": each["CidrBlock"],
                "state": each["CidrBlockState"]["State"],
            }
            for each in found.get("CidrBlockAssociationSet", [])
        ],
        "default": found["IsDefault"],
        "dhcpOptionsId": found.get("DhcpOptionsId", ""),
        "enableDnsHostnames": _read_vpc_flag(client, vpc_id, "EnableDnsHostnames"),
        "enableDnsSupport": _read_vpc_flag(client, vpc_id, "EnableDnsSupport"),
        "enableNetworkAddressUsageMetrics": False,
        "instanceTenancy": found["InstanceTenancy"],
        "ipv6AssociationId": ipv6[0]["AssociationId"] if ipv6 else "",
        "ipv6CidrBlock": ipv6[0]["Ipv6CidrBlock"] if ipv6 else "",
        "ipv6CidrBlockAssociations": [
            {"associationId": each["AssociationId"], "ipv6CidrBlock": each["Ipv6CidrBlock"]}
            for each in ipv6
        ],
        "mainRouteTableId": tables[0]["RouteTableId"] if tables else "",
        "ownerId": found["OwnerId"],
        "state": found["State"],
        "tags": read_tags(found),
    }


def describe_subnet(found: dict[str, Any], _client: Any) -> Props:
    ipv6 = found.get("Ipv6CidrBlockAssociationSet", [])
    return {
        "arn": found.get("SubnetArn", ""),
        "assignIpv6AddressOnCreation": found["AssignIpv6AddressOnCreation"],
        "availabilityZone": found["AvailabilityZone"],
        "availabilityZoneId": found.get("AvailabilityZoneId", ""),
        "availableIpAddressCount": found["AvailableIpAddressCount"],
        "cidrBlock": found.get("CidrBlock", ""),
        "customerOwnedIpv4Pool": "",
        "defaultForAz": found["DefaultForAz"],
        "enableDns64": False,
        "enableLniAtDeviceIndex": 0,
        "enableResourceNameDnsARecordOnLaunch": False,
        "enableResourceNameDnsAaaaRecordOnLaunch": False,
        "ipv6CidrBlock": ipv6[0]["Ipv6CidrBlock"] if ipv6 else "",
        "ipv6CidrBlockAssociationId": ipv6[0]["AssociationId"] if ipv6 else "",
        "ipv6Native": bool(found.get("Ipv6Native")),
        "mapCustomerOwnedIpOnLaunch": False,
        "mapPublicIpOnLaunch": found["MapPublicIpOnLaunch"],
        "outpostArn": "",
        "ownerId": found["OwnerId"],
        "privateDnsHostnameTypeOnLaunch": "ip-name",
        "state": found["State"],
        "tags": read_tags(found),
        "vpcId": found["VpcId"],
    }


def describe_group(found: dict[str, Any], client: Any) -> Props:
    path = f"security-group/{found['GroupId']}"
    return {
        "arn": found.get("SecurityGroupArn")
        or f"arn:aws:ec2:{client.meta.region_name}:{found['OwnerId']}:{path}",
        "description": found["Description"],
        "name": found["GroupName"],
        "tags": read_tags(found),
        "vpcId": found.get("VpcId", ""),
    }


def describe_instance(found: dict[str, Any], client: Any) -> Props:
    nics = found["NetworkInterfaces"]
    primary: dict[str, Any] = next(
        (each for each in nics if each["Attachment"]["DeviceIndex"] == 0), {}
    )
    addresses = primary.get("PrivateIpAddresses", [])
    path = f"instance/{found['InstanceId']}"
    return {
        "ami": found["ImageId"],
        "arn": f"arn:aws:ec2:{client.meta.region_name}:{primary.get('OwnerId', '')}:{path}",
        "associatePublicIpAddress": bool(found.get("PublicIpAddress")),
        "availabilityZone": found["Placement"]["AvailabilityZone"],
        "instanceId": found["InstanceId"],
        "instanceState": found["State"]["Name"],
        "instanceTags": read_tags(found),
        "instanceType": found["InstanceType"],
        "ipv6Addresses": [each["Ipv6Address"] for each in primary.get("Ipv6Addresses", [])],
        "keyName": found.get("KeyName", ""),
        "monitoring": found["Monitoring"]["State"] == "enabled",
        "networkInterfaceId": primary.get("NetworkInterfaceId", ""),
        "privateDns": found.get("PrivateDnsName", ""),
        "privateIp": found.get("PrivateIpAddress", ""),
        "publicDns": found.get("PublicDnsName", ""),
        "publicIp": found.get("PublicIpAddress", ""),
        "secondaryPrivateIps": [
            each["PrivateIpAddress"] for each in addresses if not each.get("Primary")
        ],
        "securityGroups": [],
        "sourceDestCheck": primary.get("SourceDestCheck", True),
        "subnetId": found.get("SubnetId", ""),
        "tags": read_tags(found),
        "tenancy": found["Placement"].get("Tenancy", "default"),
        "vpcSecurityGroupIds": [each["GroupId"] for each in found.get("SecurityGroups", [])],
    }


def _read_vpc_flag(client: Any, vpc_id: str, attribute: str) -> bool:
    name = attribute[0].lower() + attribute[1:]
    return bool(client.describe_vpc_attribute(VpcId=vpc_id, Attribute=name)[attribute]["Value"])


def describe_rule(found: dict[str, Any], client: Any) -> Props:
    path = f"security-group-rule/{found['SecurityGroupRuleId']}"
    return {
        "arn": f"arn:aws:ec2:{client.meta.region_name}:{found['GroupOwnerId']}:{path}",
        "cidrIpv4": found.get("CidrIpv4", ""),
        "cidrIpv6": found.get("CidrIpv6", ""),
        "description": found.get("Description", ""),
        "fromPort": found["FromPort"],
        "ipProtocol": found["IpProtocol"],
        "isEgress": found["IsEgress"],
        "prefixListId": found.get("PrefixListId", ""),
        "referencedSecurityGroupId": found.get("ReferencedGroupInfo", {}).get("GroupId", ""),
        "securityGroupId": found["GroupId"],
        "securityGroupRuleId": found["SecurityGroupRuleId"],
        "tags": read_tags(found),
        "toPort": found["ToPort"],
    }
