"""What EC2 calls the properties of Pulumi's types: as data (`kinds.yaml`), read with JMESPath.

The stand-in has what is listed here of a type, and refuses what else the SDK's class takes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import jmespath
import yaml


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of resource: EC2's noun, in ARNs and tags its `path`, its properties and its filters."""

    noun: str
    path: str
    title: str
    properties: Mapping[str, str]
    """Where a description of EC2's has each property."""

    filters: Mapping[str, str] = field(default_factory=dict)
    """The arguments of the data source that are filters in disguise."""

    listed: str = "{plural}"
    """Where the answer of a describe call has the resources."""

    id_key: str = ""
    """What an id is called, if not after the noun."""

    @property
    def id_argument(self) -> str:
        """What an id is called, in answers and arguments."""
        return self.id_key or f"{self.noun}Id"

    @property
    def call(self) -> str:
        """The describe call, in boto3's spelling."""
        return f"describe_{snake(self.noun)}s"

    def list_in(self, answer: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The resources in an answer."""
        found: list[dict[str, Any]] = look_up(answer, self.listed.format(plural=f"{self.noun}s"))
        return found

    def id_of(self, found: Mapping[str, Any]) -> str:
        """The id of a described resource."""
        return str(found[self.id_argument])

    def read(self, found: Mapping[str, Any]) -> dict[str, Any]:
        """The properties that a description has."""
        looked_up = {name: look_up(found, path) for name, path in self.properties.items()}
        return {name: value for name, value in looked_up.items() if value is not None}


def look_up(found: Mapping[str, Any], path: str) -> Any:
    """What is at a place of a description, which may be nothing."""
    return jmespath.search(path, found)


def snake(noun: str) -> str:
    """`NetworkInterface` as in boto3's `create_network_interface`."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in noun)[1:]


# By noun, which is the name of the data source's function without `get`.
KINDS = {
    noun: Kind(noun=noun, **row)
    for noun, row in yaml.safe_load(
        files(__package__).joinpath("kinds.yaml").read_text(encoding="utf-8")
    ).items()
}
VPC, SUBNET, INSTANCE = KINDS["Vpc"], KINDS["Subnet"], KINDS["Instance"]
INTERFACE, GROUP, RULE = (
    KINDS[noun] for noun in ("NetworkInterface", "SecurityGroup", "SecurityGroupRule")
)
