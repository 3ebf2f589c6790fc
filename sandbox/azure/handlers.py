"""azure-native's resource types over ARM: where each lives, what replaces it, and how it is named.

Source: pulumi-azure-native 3.29. A create refuses what exists already, an update is a PUT of the
whole resource.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.azure import mapping
from sandbox.azure.client import GROUPS_API, NETWORK_API, ArmClient, Refused
from sandbox.azure.ids import parse_path
from sandbox.provider import (
    UNKNOWN,
    CloudError,
    InitFailed,
    Props,
    ResourceHandler,
    State,
    contains_unknown,
)
from sandbox.provider.schema import find_inputs

SDK = "pulumi_azure_native"


class Session:
    """What `configure` fills: the way to ARM, the subscription and the default region."""

    def __init__(self) -> None:
        self.subscription = ""
        self.location: str | None = None
        self._client: ArmClient | None = None

    def open(self, endpoint: str, subscription: str, location: str | None) -> None:
        self._client, self.subscription, self.location = ArmClient(endpoint), subscription, location

    @property
    def client(self) -> ArmClient:
        if self._client is None:
            raise CloudError(
                "NotConfigured", "the provider was not configured before its first call"
            )
        return self._client


class ArmHandler(ResourceHandler):
    """One resource type. `parents` are the inputs that name what is above it, in the order of its id."""

    unstable = frozenset({"etag"})
    empty_is_absent = False

    def __init__(
        self,
        session: Session,
        token: str,
        template: str,
        *,
        has_location: bool = True,
        kept: str | None = None,
    ) -> None:
        """`template` is the id with the inputs' names; `kept` is a list that an update
        without it leaves alone.
        """
        self._session, self._template, self._kept, self._has_location = (
            session,
            template,
            kept,
            has_location,
        )
        self.token = token  # type: ignore[misc]  # the base declares these per class; here one class is every type
        self.path_inputs = [
            part[1:-1]
            for part in template.split("/")
            if part.startswith("{") and part != "{subscription}"
        ]
        self.name_property = self.path_inputs[-1]  # type: ignore[misc]
        self.name_limit = 80  # type: ignore[misc]
        self.replace_on = frozenset(self.path_inputs)  # type: ignore[misc]
        chosen = {"id", "name", "type", "etag", "provisioningState", *([kept] if kept else [])}
        self.computed = frozenset(chosen | ({"location"} if has_location else set()))  # type: ignore[misc]
        self.api_version = GROUPS_API if token.startswith("azure-native:resources") else NETWORK_API

    # Check and diff

    def fill(self, inputs: Props) -> Props:
        """The region, when the program gives none: the provider's, else the resource group's."""
        if not self._has_location or inputs.get("location") is not None:
            return inputs
        location = self._session.location or self._find_group_location(inputs)
        return {**inputs, "location": location} if location else inputs

    def canonical(self, inputs: Props) -> Props:
        """`West Europe` and `westeurope` are one region."""
        location = inputs.get("location")
        return (
            {**inputs, "location": location.replace(" ", "").lower()}
            if isinstance(location, str)
            else inputs
        )

    def _find_group_location(self, inputs: Props) -> str | None:
        group = inputs.get("resourceGroupName")
        if not isinstance(group, str):
            return None
        if contains_unknown(group):
            return UNKNOWN
        found = call(
            self._session.client.get,
            f"/subscriptions/{self._session.subscription}/resourceGroups/{group}",
        )
        return found["location"] if found else None

    # The verbs

    def create(self, inputs: Props) -> State:
        arm_id = self._locate(inputs)
        if call(self._session.client.get, arm_id) is not None:
            raise CloudError("AlreadyExists", f"cannot create already existing resource '{arm_id}'")
        return self._write(arm_id, inputs)

    def read(self, id: str, inputs: Props, outputs: Props) -> State | None:
        found = call(self._session.client.get, id)
        if found is None:
            return None
        live = self._flatten(found)
        shape = find_inputs(SDK, self.token)
        before, after = mapping.project(outputs, shape), mapping.project(live, shape)
        if inputs and outputs:
            own = mapping.refresh(inputs, before, after)
        else:
            own = {**after, **self._names_in(found["id"])}
        if inputs and self._kept and self._kept not in inputs:
            own.pop(self._kept, None)  # the program leaves this list to resources of their own
        return State(id=found["id"], inputs=own, outputs=live)

    def update(self, id: str, new: Props, old: Props, outputs: Props) -> State:
        body = dict(new)
        if self._kept and self._kept not in new:
            current = call(self._session.client.get, id) or {"properties": {}}
            body[self._kept] = self._flatten(current).get(self._kept, [])
        return self._write(id, new, body)

    def delete(self, id: str, inputs: Props, outputs: Props) -> None:
        call(self._session.client.delete, id)

    # Steps

    def _write(self, arm_id: str, inputs: Props, body: Props | None = None) -> State:
        """PUT and wait. Once ARM has taken the PUT the resource exists, whatever the wait ends with."""
        own = {
            name: value for name, value in (body or inputs).items() if name not in self.path_inputs
        }
        reply = call(self._session.client.start_put, arm_id, self._wrap(own))
        try:
            found = self._session.client.finish(arm_id, reply)
        except Refused as refusal:
            outputs = self._flatten(reply.json())
            raise InitFailed(
                id=arm_id, inputs=inputs, outputs=outputs, reasons=[str(refusal)]
            ) from refusal
        return State(id=found["id"], inputs=inputs, outputs=self._flatten(found))

    def _wrap(self, own: Props) -> Props:
        return mapping.wrap(own)

    def _flatten(self, document: Props) -> Props:
        return {**mapping.unwrap(document), "azureApiVersion": self.api_version}

    def _locate(self, inputs: Props) -> str:
        return self._template.format(
            subscription=self._session.subscription, **_only_names(inputs, self.path_inputs)
        )

    def _names_in(self, arm_id: str) -> Props:
        """The path inputs of an existing resource, from its id (for an import)."""
        path = parse_path(arm_id)
        if path is None:
            raise CloudError("InvalidResourceId", f"{arm_id} is not the id of a {self.token}")
        return dict(zip(self.path_inputs, (path.group, *path.names), strict=False))


class InterfaceHandler(ArmHandler):
    """A network interface: Azure gives the addresses that the program leaves open."""

    def preview_create(self, inputs: Props, output_names: frozenset[str]) -> Props:
        planned = super().preview_create(inputs, output_names)
        configurations = planned.get("ipConfigurations")
        if isinstance(configurations, list):
            planned["ipConfigurations"] = [
                {"privateIPAddress": UNKNOWN, **each} if isinstance(each, dict) else each
                for each in configurations
            ]
        return planned


class ResourceGroupHandler(ArmHandler):
    """A resource group has no envelope: its `properties` are an output like any other. Alone of all
    it is replaced where its region changes; of the others ARM refuses the write.
    """

    def replaces(self, old: Props, new: Props) -> frozenset[str]:
        return self.replace_on | {"location"}

    def _wrap(self, own: Props) -> Props:
        return own

    def _flatten(self, document: Props) -> Props:
        return {**document, "azureApiVersion": self.api_version}


def _only_names(inputs: Props, names: list[str]) -> dict[str, str]:
    missing = [name for name in names if not inputs.get(name)]
    if missing:
        raise CloudError(
            "MissingInput", f"the properties {', '.join(missing)} are needed to name the resource"
        )
    return {name: str(inputs[name]) for name in names}


def call(verb: Callable[..., Any], *arguments: Any) -> Any:
    """A call to ARM, whose refusal becomes the provider's."""
    try:
        return verb(*arguments)
    except Refused as refusal:
        raise CloudError(refusal.code, refusal.message, f"Status={refusal.status}") from refusal


_GROUP = "/subscriptions/{subscription}/resourceGroups/{resourceGroupName}"
_NETWORK = f"{_GROUP}/providers/Microsoft.Network"


def make_handlers(session: Session) -> list[ResourceHandler]:
    """One handler for each resource type that the project uses."""
    groups = f"{_NETWORK}/networkSecurityGroups/{{networkSecurityGroupName}}"
    networks = f"{_NETWORK}/virtualNetworks/{{virtualNetworkName}}"
    interfaces = f"{_NETWORK}/networkInterfaces/{{networkInterfaceName}}"
    subnets = f"{networks}/subnets/{{subnetName}}"
    kind = "azure-native:network:"
    return [
        ResourceGroupHandler(session, "azure-native:resources:ResourceGroup", _GROUP),
        ArmHandler(session, f"{kind}NetworkSecurityGroup", groups, kept="securityRules"),
        InterfaceHandler(session, f"{kind}NetworkInterface", interfaces),
        ArmHandler(session, f"{kind}VirtualNetwork", networks, kept="subnets"),
        ArmHandler(session, f"{kind}Subnet", subnets, has_location=False),
    ]
