"""The stand-in for `pulumi-resource-azure-native`: `python -m sandbox.azure.provider`.

Source: pulumi-azure-native 3.29. A create refuses what exists already, an update is a PUT of the
whole resource. It speaks to AZURE_RESOURCE_MANAGER_ENDPOINT, and to this machine only.
"""

from dataclasses import dataclass
from functools import partial

from sandbox.azure import mapping
from sandbox.azure.client import (
    GROUPS_API,
    NETWORK_API,
    ArmClient,
    Refused,
    find_endpoint,
    find_subscription,
)
from sandbox.azure.ids import parse_path
from sandbox.provider import (
    UNKNOWN,
    CloudError,
    InitFailed,
    Props,
    Provider,
    ResourceHandler,
    State,
    is_unknown,
    serve,
)
from sandbox.provider.schema import find_inputs

_SDK = "pulumi_azure_native"
_GROUP = "/subscriptions/{subscription}/resourceGroups/{resourceGroupName}"
_NETWORK = f"{_GROUP}/providers/Microsoft.Network"
_VNET = f"{_NETWORK}/virtualNetworks/{{virtualNetworkName}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Type:
    """A type of azure-native: where it lives, as the names of inputs in an id."""

    module: str = "network"
    name: str
    template: str
    kept: str = ""
    """A list that an update without it leaves alone: its elements are resources of their own too."""

    unknown_in: tuple[str, str] = ("", "")
    """A list of objects, and the field in them that Azure chooses where it is left out."""

    has_location: bool = True

    @property
    def is_group(self) -> bool:
        """Whether it is the resource group: without envelope, and replaced in another region."""
        return self.module == "resources"

    @property
    def path_inputs(self) -> list[str]:
        """The inputs that name it and what is above it, in the order of its id."""
        parts = self.template.replace("{subscription}", "").split("/")
        return [part[1:-1] for part in parts if part.startswith("{")]

    def flatten(self, document: Props) -> Props:
        """ARM's answer as outputs."""
        flat = document if self.is_group else mapping.unwrap(document)
        return {**flat, "azureApiVersion": GROUPS_API if self.is_group else NETWORK_API}


TYPES = (
    Type(module="resources", name="ResourceGroup", template=_GROUP),
    Type(name="VirtualNetwork", template=_VNET, kept="subnets"),
    Type(name="Subnet", template=f"{_VNET}/subnets/{{subnetName}}", has_location=False),
    Type(
        name="NetworkSecurityGroup",
        template=f"{_NETWORK}/networkSecurityGroups/{{networkSecurityGroupName}}",
        kept="securityRules",
    ),
    Type(
        name="NetworkInterface",
        template=f"{_NETWORK}/networkInterfaces/{{networkInterfaceName}}",
        unknown_in=("ipConfigurations", "privateIPAddress"),
    ),
)


class Session:
    """What `configure` fills: the way to ARM, the subscription and the default region."""

    client: ArmClient
    subscription = ""
    location: str | None = None


class ArmHandler(ResourceHandler):
    """One type of resource."""

    unstable = frozenset({"etag"})
    empty_is_absent = False
    name_limit = 80

    def __init__(self, session: Session, kind: Type) -> None:
        self._session, self._type, names = session, kind, kind.path_inputs
        self.token = f"azure-native:{kind.module}:{kind.name}"
        self.name_property = names[-1]
        self.replace_on = frozenset({*names, *({"location"} if kind.is_group else ())})
        chosen = {"id", "name", "type", "etag", "provisioningState", kind.kept} - {""}
        self.computed = frozenset(chosen | ({"location"} if kind.has_location else set()))

    def fill(self, inputs: Props) -> Props:
        """The region, when the program gives none: the provider's, else the resource group's."""
        if not self._type.has_location or inputs.get("location") is not None:
            return inputs
        location, group = self._session.location, inputs.get("resourceGroupName")
        if not location and is_unknown(group):
            location = UNKNOWN
        elif not location and isinstance(group, str):
            arm_id = _GROUP.format(subscription=self._session.subscription, resourceGroupName=group)
            location = (self._session.client.get(arm_id) or {}).get("location")
        return {**inputs, "location": location} if location else inputs

    def canonical(self, inputs: Props) -> Props:
        """`West Europe` and `westeurope` are one region."""
        location = inputs.get("location")
        if not isinstance(location, str):
            return inputs
        return {**inputs, "location": location.replace(" ", "").lower()}

    def preview_create(self, inputs: Props, output_names: frozenset[str]) -> Props:
        planned = super().preview_create(inputs, output_names)
        field, chosen = self._type.unknown_in
        if isinstance(planned.get(field), list):
            planned[field] = [
                {chosen: UNKNOWN, **each} if isinstance(each, dict) else each
                for each in planned[field]
            ]
        return planned

    def create(self, inputs: Props) -> State:
        arm_id = locate(self._session, self._type, inputs)
        if self._session.client.get(arm_id) is not None:
            raise CloudError("AlreadyExists", f"cannot create already existing resource '{arm_id}'")
        return self._write(arm_id, inputs, inputs)

    def read(self, id: str, inputs: Props, outputs: Props) -> State | None:
        found = self._session.client.get(id)
        if found is None:
            return None
        live = self._type.flatten(found)
        shape = find_inputs(_SDK, self.token)
        before, after = mapping.project(outputs, shape), mapping.project(live, shape)
        if inputs and outputs:
            own = mapping.refresh(inputs, before, after)
        else:
            own = {**after, **self._names_in(found["id"])}
        if inputs and self._type.kept not in inputs:
            own.pop(self._type.kept, None)
        return State(id=found["id"], inputs=own, outputs=live)

    def update(self, id: str, new: Props, old: Props, outputs: Props) -> State:
        body, kept = dict(new), self._type.kept
        if kept and kept not in new:
            current = self._session.client.get(id) or {"properties": {}}
            body[kept] = self._type.flatten(current).get(kept, [])
        return self._write(id, new, body)

    def delete(self, id: str, inputs: Props, outputs: Props) -> None:
        self._session.client.delete(id)

    def _write(self, arm_id: str, inputs: Props, body: Props) -> State:
        """PUT and wait. Once ARM has taken the PUT the resource exists, whatever the wait ends with."""
        names, client = self._type.path_inputs, self._session.client
        own = {name: value for name, value in body.items() if name not in names}
        reply = client.start_put(arm_id, own if self._type.is_group else mapping.wrap(own))
        try:
            found = client.finish(arm_id, reply)
        except Refused as refusal:
            outputs = self._type.flatten(reply.json())
            raise InitFailed(
                id=arm_id, inputs=inputs, outputs=outputs, reasons=[str(refusal)]
            ) from refusal
        return State(id=found["id"], inputs=inputs, outputs=self._type.flatten(found))

    def _names_in(self, arm_id: str) -> Props:
        """The path inputs of an existing resource, from its id (for an import)."""
        path = parse_path(arm_id)
        if path is None:
            raise CloudError("InvalidResourceId", f"{arm_id} is not the id of a {self.token}")
        names = filter(None, (path.group, path.name, path.child))
        return dict(zip(self._type.path_inputs, names, strict=False))


def locate(session: Session, kind: Type, given: Props) -> str:
    """The id that inputs, or the arguments of a function, name."""
    missing = [name for name in kind.path_inputs if not given.get(name)]
    if missing:
        raise CloudError(
            "MissingInput", f"the properties {', '.join(missing)} are needed to name the resource"
        )
    return kind.template.format(subscription=session.subscription, **given)


def look_up(session: Session, kind: Type, arguments: Props) -> Props:
    """The data source of a type. Raises: CloudError, also when there is no such resource."""
    arm_id = locate(session, kind, arguments)
    found = session.client.get(arm_id, arguments.get("expand"))
    if found is None:
        raise CloudError("ResourceNotFound", f"the resource {arm_id} was not found", "Status=404")
    return kind.flatten(found)


class AzureProvider(Provider):
    """azure-native's name and SDK, and the handful of its types that the project uses."""

    name = "azure-native"
    sdk_package = _SDK

    def __init__(self) -> None:
        self._session = Session()
        self.handlers = [ArmHandler(self._session, kind) for kind in TYPES]
        self.functions = {
            f"azure-native:{kind.module}:get{kind.name}": partial(look_up, self._session, kind)
            for kind in TYPES
        }

    def configure(self, config: Props) -> None:
        """Raises: ProviderError when the endpoint is missing or is not loopback."""
        self._session.client = ArmClient(find_endpoint())
        self._session.subscription = config.get("subscriptionId") or find_subscription()
        self._session.location = config.get("location")


if __name__ == "__main__":
    serve(AzureProvider())
