"""EC2 through boto3: complete answers whatever the number of pages, and errors as sentences."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import Any

from swyx_components.analysis.deployed.verify import CloudError
from swyx_components.messages import Message
from swyx_components.sets.prefixes import Prefix

Json = Mapping[str, Any]
_MOST_VALUES = 200  # of one filter in one call


@contextmanager
def open_ec2() -> Iterator["Ec2"]:
    """EC2, as the environment says.

    Raises:
        CloudError: EC2 can't be reached or refuses, or boto3 is not installed.
    """
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError:
        raise CloudError(
            [Message.about("cloud-sdk-missing", "", cloud="aws", package="boto3")]
        ) from None
    config = Config(connect_timeout=10, retries={"mode": "standard", "total_max_attempts": 5})
    region = os.environ.get("AWS_REGION") or None  # which boto3 leaves to other SDKs
    try:
        yield Ec2(boto3.client("ec2", region_name=region, config=config))
    except (BotoCoreError, ClientError) as problem:
        remedy = "check AWS_REGION, the credentials and, for the offline cloud, AWS_ENDPOINT_URL"
        text = str(problem).rstrip(".")
        message = Message.about("cloud-failed", "", cloud="aws", problem=text, remedy=remedy)
        raise CloudError([message]) from problem
    except (LookupError, TypeError, ValueError) as problem:
        text = f"{type(problem).__name__}: {problem}"
        raise CloudError(
            [Message.about("cloud-unreadable", "", cloud="aws", problem=text)]
        ) from None


class Ec2:
    """The calls that reading takes; `client` is boto3's own for the others."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def all(self, call: str, key: str, name: str, values: Iterable[str]) -> Iterator[Json]:
        """Everything that one filter with any of the values finds."""
        remaining = iter(sorted(set(values)))
        while chunk := list(islice(remaining, _MOST_VALUES)):
            filters = [{"Name": name, "Values": chunk}]
            for page in self.client.get_paginator(call).paginate(Filters=filters):
                yield from page[key]

    def groups(self, name: str, values: Iterable[str]) -> list[Json]:
        """The security groups of which a filter has any of the values."""
        return list(self.all("describe_security_groups", "SecurityGroups", name, values))

    def rules(self, groups: Iterable[str]) -> Iterator[Json]:
        """The rules of these groups, by id."""
        return self.all("describe_security_group_rules", "SecurityGroupRules", "group-id", groups)

    def interfaces(self, name: str, values: Iterable[str]) -> Iterator[Json]:
        """The network interfaces of which a filter has any of the values."""
        return self.all("describe_network_interfaces", "NetworkInterfaces", name, values)

    def acls(self, subnets: Iterable[str]) -> list[Json]:
        """The network ACLs of these subnets; each has one, be it the default one of its VPC."""
        name = "association.subnet-id"
        return list(self.all("describe_network_acls", "NetworkAcls", name, subnets))

    def prefix_list(self, id: str) -> tuple[Prefix, ...]:
        """The entries of a managed prefix list."""
        pages = self.client.get_paginator("get_managed_prefix_list_entries")
        entries = (entry for page in pages.paginate(PrefixListId=id) for entry in page["Entries"])
        return tuple(sorted(Prefix.parse(entry["Cidr"]) for entry in entries))


def tag_of(resource: Json, key: str) -> str:
    """A tag's value, empty where there is none."""
    tags = resource.get("Tags") or resource.get("TagSet") or ()
    return next((str(tag["Value"]) for tag in tags if tag["Key"] == key), "")


def addresses_of(interface: Json) -> Iterator[Prefix]:
    """Every address of a network interface."""
    for entry in interface.get("PrivateIpAddresses") or ():
        yield Prefix.parse(entry["PrivateIpAddress"])
    for entry in interface.get("Ipv6Addresses") or ():
        yield Prefix.parse(entry["Ipv6Address"])
