"""EC2 through boto3: complete answers regardless of the number of pages, and errors as sentences."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import Any

from swyx_components.analysis.deployed.stack_state import Fields
from swyx_components.analysis.deployed.verify import CloudError
from swyx_components.clouds.aws.records import Ec2Rule, NetworkAcl, NetworkInterface, SecurityGroup
from swyx_components.sets.prefixes import Prefix

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
        raise CloudError.about("cloud-sdk-missing", "", cloud="aws", package="boto3") from None
    config = Config(connect_timeout=10, retries={"mode": "standard", "total_max_attempts": 5})
    region = os.environ.get("AWS_REGION") or None  # which boto3 leaves to other SDKs
    try:
        yield Ec2(boto3.client("ec2", region_name=region, config=config))
    except (BotoCoreError, ClientError) as problem:
        remedy = "check AWS_REGION, the credentials and, for the offline cloud, AWS_ENDPOINT_URL"
        text = str(problem).rstrip(".")
        values = {"cloud": "aws", "problem": text, "remedy": remedy}
        raise CloudError.about("cloud-failed", "", **values) from problem
    except (LookupError, TypeError, ValueError) as problem:
        text = f"{type(problem).__name__}: {problem}"
        raise CloudError.about("cloud-unreadable", "", cloud="aws", problem=text) from None


class Ec2:
    """The calls that reading takes; `client` is boto3's own for the others."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def all(self, call: str, key: str, name: str, values: Iterable[str]) -> Iterator[Fields]:
        """Everything that one filter with any of the values finds."""
        remaining = iter(sorted(set(values)))
        while chunk := list(islice(remaining, _MOST_VALUES)):
            filters = [{"Name": name, "Values": chunk}]
            for page in self.client.get_paginator(call).paginate(Filters=filters):
                yield from Fields(page, call).objects(key)

    def groups(self, name: str, values: Iterable[str]) -> list[SecurityGroup]:
        """The security groups of which a filter has any of the values."""
        found = self.all("describe_security_groups", "SecurityGroups", name, values)
        return [SecurityGroup.read(raw) for raw in found]

    def rules(self, values: Iterable[str], name: str = "group-id") -> list[Ec2Rule]:
        """The rules of groups by id, or those of which another filter has any of the values."""
        found = self.all("describe_security_group_rules", "SecurityGroupRules", name, values)
        return [Ec2Rule.read(raw) for raw in found]

    def interfaces(self, name: str, values: Iterable[str]) -> list[NetworkInterface]:
        """The network interfaces of which a filter has any of the values."""
        found = self.all("describe_network_interfaces", "NetworkInterfaces", name, values)
        return [NetworkInterface.read(raw) for raw in found]

    def acls(self, subnets: Iterable[str]) -> list[NetworkAcl]:
        """The network ACLs of these subnets; each has one, if only the default one of its VPC."""
        name = "association.subnet-id"
        found = self.all("describe_network_acls", "NetworkAcls", name, subnets)
        return [NetworkAcl.read(raw) for raw in found]

    def prefix_lists(self, rules: Iterable[Ec2Rule]) -> Mapping[str, tuple[Prefix, ...]]:
        """The entries of the managed prefix lists that rules name, by id."""
        pages = self.client.get_paginator("get_managed_prefix_list_entries")
        return {
            id: tuple(
                sorted(
                    Prefix.parse(entry["Cidr"])
                    for page in pages.paginate(PrefixListId=id)
                    for entry in page["Entries"]
                )
            )
            for id in sorted({rule.prefix_list for rule in rules} - {""})
        }
