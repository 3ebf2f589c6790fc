"""The stand-in for `pulumi-resource-azure-native`, over the ARM emulator: `python -m
sandbox.azure.provider`.

It speaks to AZURE_RESOURCE_MANAGER_ENDPOINT and refuses anything that is not this machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sandbox.azure.client import NotLoopback, find_endpoint, find_subscription
from sandbox.azure.functions import make_functions
from sandbox.azure.handlers import SDK, Session, make_handlers
from sandbox.provider import InvokeFunction, Props, Provider, ProviderError, ResourceHandler, serve


class AzureProvider(Provider):
    """azure-native's name and SDK, and the handful of its types that the project uses."""

    name = "azure-native"
    sdk_package = SDK

    def __init__(self) -> None:
        self._session = Session()
        self._handlers = make_handlers(self._session)

    def list_handlers(self) -> Iterable[ResourceHandler]:
        return self._handlers

    def list_functions(self) -> Mapping[str, InvokeFunction]:
        return make_functions(self._session)

    def configure(self, config: Props) -> None:
        """Raises: ProviderError when the endpoint is missing or is not loopback."""
        try:
            endpoint = find_endpoint()
        except NotLoopback as sentence:
            raise ProviderError(str(sentence)) from sentence
        self._session.open(
            endpoint, config.get("subscriptionId") or find_subscription(), config.get("location")
        )


if __name__ == "__main__":
    serve(AzureProvider())
