"""ARM's network resources through the official client, and errors as sentences."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from swyx_components.analysis.deployed.verify import CloudError
from swyx_components.clouds.inventory import errors_as_messages

_ENDPOINT = "AZURE_RESOURCE_MANAGER_ENDPOINT"
_PUBLIC = "https://management.azure.com"
_SUBSCRIPTIONS = ("AZURE_SUBSCRIPTION_ID", "ARM_SUBSCRIPTION_ID")
_REMEDY = f"check the credentials, {_SUBSCRIPTIONS[0]} and, for the offline cloud, {_ENDPOINT}"


@contextmanager
def open_network() -> Iterator[Any]:
    """The official network client, as the environment says.

    Raises:
        CloudError: ARM can't be reached or refuses, or its SDK or a setting is missing.
    """
    try:
        from azure.core.exceptions import AzureError

        with errors_as_messages("azure", (AzureError,), _REMEDY):
            yield _connect()
    except ImportError as problem:
        package = "azure-identity" if problem.name == "azure.identity" else "azure-mgmt-network"
        raise CloudError.about("cloud-sdk-missing", "", cloud="azure", package=package) from None


def _connect() -> Any:
    """The official client: for a real ARM with Azure's own credentials, for an emulator without any."""
    from azure.core.pipeline.policies import HeadersPolicy
    from azure.mgmt.network import NetworkManagementClient

    subscription = next((os.environ[name] for name in _SUBSCRIPTIONS if os.environ.get(name)), "")
    if not subscription:
        remedy = "set it to the id of the subscription"
        values = {"cloud": "azure", "setting": _SUBSCRIPTIONS[0], "remedy": remedy}
        raise CloudError.about("cloud-setting-missing", "", **values)
    endpoint = (os.environ.get(_ENDPOINT) or _PUBLIC).rstrip("/")
    options: dict[str, Any] = {"base_url": endpoint, "credential_scopes": [f"{endpoint}/.default"]}
    if urlsplit(endpoint).scheme == "http":
        # The client refuses to send a real token over plain http; an emulator takes any.
        options["authentication_policy"] = HeadersPolicy({"Authorization": "Bearer offline"})
        unused: Any = object()
        return NetworkManagementClient(unused, subscription, **options)
    from azure.identity import DefaultAzureCredential

    return NetworkManagementClient(DefaultAzureCredential(), subscription, **options)
