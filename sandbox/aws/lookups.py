"""The data sources: ``aws.ec2.get_network_interfaces`` and its kin, over EC2's describe calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.aws.calls import ec2_errors
from sandbox.aws.lookup_sources import SOURCES, describe_arguments, write_filters
from sandbox.aws.session import Session
from sandbox.provider import InvokeFunction, Props, ProviderError


class Lookups:
    """Every function by its token."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list_functions(self) -> Mapping[str, InvokeFunction]:
        """The functions that the stand-in answers."""
        return {
            "aws:ec2/getNetworkInterfaces:getNetworkInterfaces": self._many("interface"),
            "aws:ec2/getNetworkInterface:getNetworkInterface": self._one("interface"),
            "aws:ec2/getVpcs:getVpcs": self._many("vpc"),
            "aws:ec2/getVpc:getVpc": self._one("vpc"),
            "aws:ec2/getSubnets:getSubnets": self._many("subnet"),
            "aws:ec2/getSubnet:getSubnet": self._one("subnet"),
            "aws:ec2/getSecurityGroups:getSecurityGroups": self._many("group"),
            "aws:ec2/getSecurityGroup:getSecurityGroup": self._one("group"),
            "aws:ec2/getInstances:getInstances": self._get_instances,
            "aws:ec2/getInstance:getInstance": self._one("instance"),
            "aws:vpc/getSecurityGroupRules:getSecurityGroupRules": self._many("rule"),
            "aws:vpc/getSecurityGroupRule:getSecurityGroupRule": self._one("rule"),
            "aws:index/getRegion:getRegion": self._get_region,
            "aws:index/getCallerIdentity:getCallerIdentity": self._get_caller_identity,
            "aws:index/getAvailabilityZones:getAvailabilityZones": self._get_zones,
            "aws:index/getPartition:getPartition": self._get_partition,
        }

    def _ec2(self, arguments: Props) -> Any:
        return self._session.client("ec2", arguments.get("region"))

    def _find(self, kind: str, arguments: Props) -> list[dict[str, Any]]:
        source = SOURCES[kind]
        filters = write_filters(arguments, source)
        with ec2_errors():
            paginator = self._ec2(arguments).get_paginator(source.operation)
            pages = paginator.paginate(**({"Filters": filters} if filters else {}))
            items = [item for page in pages for item in page[source.key]]
        if kind == "instance":
            items = [instance for reservation in items for instance in reservation["Instances"]]
        return items

    def _many(self, kind: str) -> InvokeFunction:
        def find_many(arguments: Props) -> Props:
            items = self._find(kind, arguments)
            result = {
                **self._echo(arguments),
                "ids": sorted(each[SOURCES[kind].id_key] for each in items),
            }
            if kind == "group":
                ordered = sorted(items, key=lambda each: str(each["GroupId"]))
                result["arns"] = [each.get("SecurityGroupArn", "") for each in ordered]
                result["vpcIds"] = [each.get("VpcId", "") for each in ordered]
            return result

        return find_many

    def _one(self, kind: str) -> InvokeFunction:
        def find_single(arguments: Props) -> Props:
            items = self._find(kind, arguments)
            title = SOURCES[kind].title
            if not items:
                raise ProviderError(
                    f"no matching EC2 {title} found for {describe_arguments(arguments)}"
                )
            if len(items) > 1:
                ids = ", ".join(sorted(each[SOURCES[kind].id_key] for each in items))
                raise ProviderError(
                    f"multiple EC2 {title}s matched {describe_arguments(arguments)}: {ids}; "
                    f"use additional constraints to reduce matches to a single EC2 {title}"
                )
            described = SOURCES[kind].describe(items[0], self._ec2(arguments))
            return {**self._echo(arguments), **described, "id": items[0][SOURCES[kind].id_key]}

        return find_single

    def _echo(self, arguments: Props) -> Props:
        """What every reply repeats, and the region."""
        region = arguments.get("region") or self._session.region
        return {**arguments, "id": region, "region": region, "tags": arguments.get("tags") or {}}

    def _get_instances(self, arguments: Props) -> Props:
        """Running instances only, unless other states are asked for."""
        states = arguments.get("instanceStateNames") or ["running"]
        filters = [
            *(arguments.get("filters") or []),
            {"name": "instance-state-name", "values": states},
        ]
        items = self._find(
            "instance",
            {**arguments, "filters": filters, "tags": arguments.get("instanceTags") or {}},
        )
        nics = [nic for each in items for nic in each["NetworkInterfaces"]]
        echoed = {**self._echo(arguments), "instanceTags": arguments.get("instanceTags") or {}}
        echoed.pop("tags")
        return {
            **echoed,
            "ids": [each["InstanceId"] for each in items],
            "privateIps": [
                each["PrivateIpAddress"] for each in items if each.get("PrivateIpAddress")
            ],
            "publicIps": [each["PublicIpAddress"] for each in items if each.get("PublicIpAddress")],
            "ipv6Addresses": [
                each["Ipv6Address"] for nic in nics for each in nic.get("Ipv6Addresses", [])
            ],
        }

    def _get_region(self, arguments: Props) -> Props:
        region = arguments.get("region") or arguments.get("name") or self._session.region
        endpoint = f"ec2.{region}.amazonaws.com"
        return {
            "id": region,
            "name": region,
            "region": region,
            "description": region,
            "endpoint": endpoint,
        }

    def _get_caller_identity(self, arguments: Props) -> Props:
        with ec2_errors():
            identity = self._session.client("sts").get_caller_identity()
        account = identity["Account"]
        return {
            "id": account,
            "accountId": account,
            "arn": identity["Arn"],
            "userId": identity["UserId"],
        }

    def _get_zones(self, arguments: Props) -> Props:
        with ec2_errors():
            zones = self._ec2(arguments).describe_availability_zones()["AvailabilityZones"]
        return {
            **self._echo(arguments),
            "names": sorted(each["ZoneName"] for each in zones),
            "zoneIds": sorted(each["ZoneId"] for each in zones),
            "groupNames": [arguments.get("region") or self._session.region],
        }

    def _get_partition(self, arguments: Props) -> Props:
        return {
            "id": "aws",
            "partition": "aws",
            "dnsSuffix": "amazonaws.com",
            "reverseDnsPrefix": "com.amazonaws",
        }
