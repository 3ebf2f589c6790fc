"""ARM's network resources through the official client, and errors as sentences."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from swyx_components.analysis.deployed.verify import CloudError

_ENDPOINT = "AZURE_RESOURCE_MANAGER_ENDPOINT"
_PUBLIC = "https://management.azure.com"
_SUBSCRIPTIONS = ("AZURE_SUBSCRIPTION_ID", "ARM_SUBSCRIPTION_ID")


@contextmanager
def open_network() -> Iterator[Any]:
    """The official network client, as the environment says.

    Raises:
        CloudError: ARM can't be reached or refuses, or its SDK or a setting is missing.
    """
    try:
        from azure.core.exceptions import AzureError
    except ImportError:
        raise _missing("azure-mgmt-network") from None
    try:
        yield _connect()
    except AzureError as problem:
        text = getattr(problem, "message", None) or str(problem)
        remedy = (
            f"check the credentials, {_SUBSCRIPTIONS[0]} and, for the offline cloud, {_ENDPOINT}"
        )
        values = {"cloud": "azure", "problem": text, "remedy": remedy}
        raise CloudError.about("cloud-failed", "", **values) from problem
    except (AttributeError, LookupError, TypeError, ValueError) as problem:
        text = f"{type(problem).__name__}: {problem}"
        raise CloudError.about("cloud-unreadable", "", cloud="azure", problem=text) from None


def _missing(package: str) -> CloudError:
    return CloudError.about("cloud-sdk-missing", "", cloud="azure", package=package)


def _connect() -> Any:
    """The official client: for a real ARM with Azure's own credentials, for an emulator without any."""
    try:
        from azure.core.pipeline.policies import HeadersPolicy
        from azure.mgmt.network import NetworkManagementClient
    except ImportError:
        raise _missing("azure-mgmt-network") from None
    subscription = _find_subscription()
    endpoint = (os.environ.get(_ENDPOINT) or _PUBLIC).rstrip("/")
    options: dict[str, Any] = {"base_url": endpoint, "credential_scopes": [f"{endpoint}/.default"]}
    if urlsplit(endpoint).scheme == "http":
        # The client refuses to send a real token over plain http; an emulator takes any.
        options["authentication_policy"] = HeadersPolicy({"Authorization": "Bearer offline"})
        unused: Any = object()
        return NetworkManagementClient(unused, subscription, **options)
    try:
        from azure.identity import DefaultAzureCredential
    except ImportError:
        raise _missing("azure-identity") from None
    return NetworkManagementClient(DefaultAzureCredential(), subscription, **options)


def _find_subscription() -> str:
    subscription = next((os.environ[name] for name in _SUBSCRIPTIONS if os.environ.get(name)), "")
    if not subscription:
        remedy = "set it to the id of the subscription"
        values = {"cloud": "azure", "setting": _SUBSCRIPTIONS[0], "remedy": remedy}
        raise CloudError.about("cloud-setting-missing", "", **values)
    return subscription
