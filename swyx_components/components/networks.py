"""Where a site is in its cloud, and which resources its machines may be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import pulumi


class HasId(Protocol):
    """A resource, or the result of a lookup."""

    @property
    def id(self) -> object:
        """Its id."""


class AwsMachine(HasId, Protocol):
    """pulumi-aws's Instance or NetworkInterface, created or looked up."""

    @property
    def arn(self) -> object:
        """Its ARN."""


class AzureInterface(HasId, Protocol):
    """azure-native's NetworkInterface, created or looked up."""

    @property
    def ip_configurations(self) -> object:
        """Its addresses."""


T = TypeVar("T", bound=HasId)


class CloudNetwork(Generic[T]):
    """Where a site is in a cloud; its machines are of a type T."""

    cloud: ClassVar[str]

    def network(self) -> dict[str, Any]:
        """Where the site is, for `SwyxSite`."""
        raise NotImplementedError

    def binding(self, to: Any) -> dict[str, Any] | None:
        """The binding of a machine, for `SwyxSite`; None if it is not of this cloud."""
        raise NotImplementedError


@dataclass(frozen=True)
class Vpc(CloudNetwork[AwsMachine]):
    """A site's VPC on AWS: the resource, its id, or its tags for a lookup."""

    id: pulumi.Input[str] | AwsMachine | None = None
    tags: Mapping[str, str] = field(default_factory=dict, kw_only=True)

    cloud: ClassVar[str] = "aws"

    def network(self) -> dict[str, Any]:
        if self.id is None:
            return {"vpc_tags": {**self.tags}}
        return {"vpc_id": self.id if _is_id(self.id) else getattr(self.id, "id", None)}

    def binding(self, to: Any) -> dict[str, Any] | None:
        if _is_id(to):  # of an output, the lookup tells by its value whether it is an interface's
            is_interface = isinstance(to, str) and to.startswith("eni-")
            return {"interface_id" if is_interface else "instance_id": to}
        if not hasattr(to, "arn"):
            return None
        return {"instance_id" if hasattr(to, "instance_type") else "interface_id": to.id}


@dataclass(frozen=True, kw_only=True)
class VirtualNetwork(CloudNetwork[AzureInterface]):
    """A site's network on Azure, by names; without `name`, machines are bound by ids, in any network."""

    resource_group: pulumi.Input[str]
    name: pulumi.Input[str] | None = None
    network_resource_group: pulumi.Input[str] | None = None
    location: pulumi.Input[str] | None = None

    cloud: ClassVar[str] = "azure"

    def network(self) -> dict[str, Any]:
        given = {
            "resource_group": self.resource_group,
            "virtual_network": self.name,
            "virtual_network_resource_group": self.network_resource_group,
            "location": self.location,
        }
        return {key: value for key, value in given.items() if value is not None}

    def binding(self, to: Any) -> dict[str, Any] | None:
        if _is_id(to):
            return {"interface_id": to}
        return {"interface_id": to.id} if hasattr(to, "ip_configurations") else None


def _is_id(value: Any) -> bool:
    """Whether this is an id, and not something that has one; what was looked up may be awaited too."""
    return isinstance(value, str | pulumi.Output) or not hasattr(value, "id")


def name_of(to: Any) -> str:
    """The name of a resource in the program, or in the cloud if it was looked up; else empty."""
    if isinstance(to, pulumi.Resource):
        return to.pulumi_resource_name
    if isinstance(to, str):  # an ARM id ends in a name
        return to.rpartition("/")[2] if to.startswith("/") else ""
    if to is None or _is_id(to):
        return ""
    tags = getattr(to, "tags", None) or {}
    return str(getattr(to, "name", None) or tags.get("Name", ""))
