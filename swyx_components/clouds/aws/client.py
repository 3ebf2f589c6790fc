"""EC2 through boto3: complete answers regardless of the number of pages, and errors as sentences."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import islice
from typing import Any, TypeVar

from swyx_components.analysis.deployed.stack_state import Fields
from swyx_components.analysis.deployed.verify import CloudError
from swyx_components.clouds.aws.records import COMMANDS, Ec2Rule
from swyx_components.clouds.inventory import errors_as_messages
from swyx_components.sets.prefixes import Prefix

_Record = TypeVar("_Record")

_REMEDY = "check AWS_REGION, the credentials and, for the offline cloud, AWS_ENDPOINT_URL"
ADDRESS_FILTERS = {4: "addresses.private-ip-address", 6: "ipv6-addresses.ipv6-address"}
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
    with errors_as_messages("aws", (BotoCoreError, ClientError), _REMEDY):
        yield Ec2(boto3.client("ec2", region_name=region, config=config))


def in_chunks(values: Iterable[str]) -> Iterator[list[str]]:
    """The values in lists that one filter takes."""
    remaining = iter(values)
    while chunk := list(islice(remaining, _MOST_VALUES)):
        yield chunk


class Ec2:
    """The calls that reading takes; `client` is boto3's own for the others."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def find(
        self, kind: tuple[str, Callable[[Fields], _Record]], name: str, values: Iterable[str]
    ) -> list[_Record]:
        """The records of a kind of which one filter has any of the values."""
        key, read = kind
        call = COMMANDS[key].rpartition(" ")[2].replace("-", "_")
        pages = self.client.get_paginator(call)
        return [
            read(raw)
            for chunk in in_chunks(sorted(set(values)))
            for page in pages.paginate(Filters=[{"Name": name, "Values": chunk}])
            for raw in Fields(page, call).objects(key)
        ]

    def resolve(self, rules: Iterable[Ec2Rule]) -> list[Ec2Rule]:
        """The rules, those of a managed prefix list with its entries."""
        pages = self.client.get_paginator("get_managed_prefix_list_entries")

        @cache
        def entries_of(id: str) -> tuple[Prefix, ...]:
            found = (entry for page in pages.paginate(PrefixListId=id) for entry in page["Entries"])
            return tuple(sorted(Prefix.parse(entry["Cidr"]) for entry in found))

        return [
            rule._replace(cidrs=entries_of(rule.prefix_list)) if rule.prefix_list else rule
            for rule in rules
        ]
