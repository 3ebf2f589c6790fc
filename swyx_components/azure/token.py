"""A token of ARM's, from the provider that makes a component's resources."""

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.runtime import rpc, settings
from pulumi.runtime.proto import resource_pb2

from swyx_components.azure.lookups import plugin

_FUNCTION = "azure-native:authorization:getClientToken"


async def find_provider(component: pulumi.Resource | None) -> str:
    """The engine's reference to the program's own provider for what is under a component; empty for none."""
    provider = component.get_provider(_FUNCTION) if component else None
    if provider is None:
        return ""
    return f"{await provider.urn.future()}::{await provider.id.future()}"


def ask_token(provider: str) -> str:
    """The token that a provider of this reference works with, or the default one.

    It asks the engine itself, for any thread to call: the SDK's `invoke` waits for one of the few that it
    registers resources with, and while a hook is awaited all of them may wait for the hook.

    Raises:
        Exception: the provider has none; with its text.
    """
    request = resource_pb2.ResourceInvokeRequest(
        tok=_FUNCTION, provider=provider, version=plugin().version or ""
    )
    answer: Any = settings.get_monitor().Invoke(request)
    if answer.failures:
        raise ValueError(answer.failures[0].reason)
    found: Mapping[str, Any]
    found, _ = rpc.deserialize_properties_unwrap_secrets(getattr(answer, "return"))
    return str(found["token"])
