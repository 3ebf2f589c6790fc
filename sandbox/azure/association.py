"""The stand-in for `pulumi-resource-azure`, the bridged azurerm: `python -m sandbox.azure.association`.

One resource, the association of a network interface with a network security group.

Source: terraform-provider-azurerm 4, `network_interface_security_group_association_resource.go`.
"""

import os
import re
import threading
from collections import defaultdict
from typing import Any

from sandbox.azure.client import ArmClient, find_endpoint
from sandbox.azure.ids import name_of
from sandbox.azure.provider import Session
from sandbox.provider import (
    Failure,
    Props,
    Provider,
    ProviderError,
    ResourceHandler,
    State,
    is_unknown,
    serve,
)

_KINDS = {
    "networkInterfaceId": "networkInterfaces",
    "networkSecurityGroupId": "networkSecurityGroups",
}


class AssociationHandler(ResourceHandler):
    """A read, a change and a write of the whole interface, one at a time per interface and group.

    A read looks whether the interface has any group. Which one that is it takes from its own id, so
    a refresh does not notice that somebody has exchanged the group.
    """

    token = (
        "azure:network/networkInterfaceSecurityGroupAssociation:"
        "NetworkInterfaceSecurityGroupAssociation"
    )
    replace_on = frozenset(_KINDS)

    def __init__(self, session: Session) -> None:
        self._session = session
        self._locks: defaultdict[tuple[str, str], threading.Lock] = defaultdict(threading.Lock)

    def check(self, inputs: Props) -> list[Failure]:
        """Ids as ARM writes them; the names in them may have any case."""
        return [
            Failure(name, f"{name} is not the id of one of {kind}: {inputs[name]}")
            for name, kind in _KINDS.items()
            if not is_unknown(inputs[name])
            and not re.fullmatch(
                rf"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Network/{kind}/[^/]+",
                inputs[name],
            )
        ]

    def create(self, inputs: Props) -> State:
        interface_id, group_id = (inputs[name] for name in _KINDS)
        id = f"{interface_id}|{group_id}"
        with (
            self._locks["interface", name_of(interface_id)],
            self._locks["group", name_of(group_id)],
        ):
            interface = self._require_interface(interface_id)
            if interface["properties"].get("networkSecurityGroup"):
                raise ProviderError(
                    f'A resource with the ID "{id}" already exists - to be managed via Terraform '
                    "this resource needs to be imported into the State. Please see the resource "
                    'documentation for "azurerm_network_interface_security_group_association" for '
                    "more information."
                )
            self._write(interface, {"id": group_id})
        return State(id=id, inputs=inputs, outputs=inputs)

    def read(self, id: str, inputs: Props, outputs: Props) -> State | None:
        ids = dict(zip(_KINDS, id.split("|"), strict=True))
        interface = self._session.client.get(ids["networkInterfaceId"])
        if interface is None or not interface["properties"].get("networkSecurityGroup"):
            return None
        return State(id=id, inputs=ids, outputs=ids)

    def update(self, id: str, new: Props, old: Props, outputs: Props) -> State:
        raise ProviderError("doesn't support update")

    def delete(self, id: str, inputs: Props, outputs: Props) -> None:
        """Takes the group off, whichever it is by then."""
        interface_id = id.split("|")[0]
        with self._locks["interface", name_of(interface_id)]:
            self._write(self._require_interface(interface_id), None)

    def _require_interface(self, interface_id: str) -> Any:
        found = self._session.client.get(interface_id)
        if found is None:
            raise ProviderError(f"Network Interface ({interface_id}) was not found")
        return found

    def _write(self, interface: Any, group: Any) -> None:
        properties = {**interface["properties"], "networkSecurityGroup": group}
        self._session.client.put(interface["id"], {**interface, "properties": properties})


class AzureClassicProvider(Provider):
    """The bridged provider's name and SDK, and the one type of it that the project uses."""

    name = "azure"
    sdk_package = "pulumi_azure"

    def __init__(self) -> None:
        self._session = Session()
        self.handlers = [AssociationHandler(self._session)]

    def configure(self, config: Props) -> None:
        """Raises: ProviderError without a subscription, or when the endpoint is missing or not loopback."""
        subscription = config.get("subscriptionId") or os.environ.get("ARM_SUBSCRIPTION_ID")
        if not subscription:
            raise ProviderError(
                "`subscription_id` is a required provider property when performing a plan/apply "
                "operation: set azure:subscriptionId or ARM_SUBSCRIPTION_ID"
            )
        self._session.client = ArmClient(find_endpoint())


if __name__ == "__main__":
    serve(AzureClassicProvider())
