"""azure-native's data sources over ARM."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.azure import mapping
from sandbox.azure.client import GROUPS_API, NETWORK_API, Refused
from sandbox.azure.handlers import Session
from sandbox.provider import CloudError, InvokeFunction, Props

_GETTERS = {
    "getVirtualNetwork": "virtualNetworks/{virtualNetworkName}",
    "getSubnet": "virtualNetworks/{virtualNetworkName}/subnets/{subnetName}",
    "getNetworkSecurityGroup": "networkSecurityGroups/{networkSecurityGroupName}",
    "getNetworkInterface": "networkInterfaces/{networkInterfaceName}",
}
_NOBODY = "00000000-0000-0000-0000-000000000000"


def make_functions(session: Session) -> Mapping[str, InvokeFunction]:
    """The functions by token."""
    functions: dict[str, InvokeFunction] = {
        f"azure-native:network:{name}": _make_getter(session, place)
        for name, place in _GETTERS.items()
    }
    functions["azure-native:resources:getResourceGroup"] = lambda arguments: _get_group(
        session, arguments
    )
    functions["azure-native:authorization:getClientConfig"] = lambda _: {
        "clientId": _NOBODY,
        "objectId": _NOBODY,
        "subscriptionId": session.subscription,
        "tenantId": _NOBODY,
    }
    return functions


def _make_getter(session: Session, place: str) -> InvokeFunction:
    template = (
        "/subscriptions/{subscription}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/"
        + place
    )

    def get(arguments: Props) -> Props:
        found = _read(session, template, arguments)
        return {**mapping.unwrap(found), "azureApiVersion": NETWORK_API}

    return get


def _get_group(session: Session, arguments: Props) -> Props:
    found = _read(
        session, "/subscriptions/{subscription}/resourceGroups/{resourceGroupName}", arguments
    )
    return {**found, "azureApiVersion": GROUPS_API}


def _read(session: Session, template: str, arguments: Props) -> Props:
    """Raises: CloudError, also when there is no such resource: a data source must find what it names."""
    try:
        arm_id = template.format(subscription=session.subscription, **arguments)
    except KeyError as missing:
        raise CloudError(
            "MissingArgument", f"the argument {missing.args[0]} is missing"
        ) from missing
    try:
        found = session.client.get(arm_id, arguments.get("expand"))
    except Refused as refusal:
        raise CloudError(refusal.code, refusal.message, f"Status={refusal.status}") from refusal
    if found is None:
        raise CloudError("ResourceNotFound", f"the resource {arm_id} was not found", "Status=404")
    return found
