"""The stand-in's connection to EC2: configuration, clients, and the refusal to talk to a real cloud."""

from __future__ import annotations

import ipaddress
import os
import threading
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from sandbox.provider import Props, ProviderError

ENDPOINT_VARIABLE = "AWS_ENDPOINT_URL"
REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")


class Session:
    """Filled by ``configure`` and shared by all handlers; it holds settings and clients, never a resource."""

    def __init__(self) -> None:
        self.region = ""
        self.default_tags: dict[str, str] = {}
        self._endpoint = ""
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()

    def configure(self, config: Props) -> None:
        """Take the provider's configuration. Raises: ProviderError."""
        self._endpoint = find_endpoint()
        self.region = config.get("region") or next(
            filter(None, map(os.environ.get, REGION_VARIABLES)), ""
        )
        if not self.region:
            raise ProviderError(
                "no AWS region: set aws:region in the stack's configuration, or AWS_REGION"
            )
        self.default_tags = dict((config.get("defaultTags") or {}).get("tags") or {})

    def client(self, service: str, region: str | None = None) -> Any:
        """The client of a service in a region; the provider's own region where none is given."""
        key = service, region or self.region
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._connect(*key)
            return self._clients[key]

    def _connect(self, service: str, region: str) -> Any:
        """Dummy credentials are given outright, so that none of the user's are ever read."""
        return boto3.session.Session().client(
            service,
            region_name=region,
            endpoint_url=self._endpoint,
            aws_access_key_id="sandbox",
            aws_secret_access_key="sandbox",
            config=Config(
                retries={"mode": "standard", "total_max_attempts": 6},
                max_pool_connections=32,
                connect_timeout=5,
                read_timeout=60,
                proxies={},
            ),
        )


def find_endpoint() -> str:
    """The offline EC2's address from the environment.

    Raises: ProviderError when it is missing or not on this machine, for then a real account could be meant.
    """
    endpoint = os.environ.get(ENDPOINT_VARIABLE, "")
    if not is_loopback(endpoint):
        raise ProviderError(
            f"this is the offline stand-in of the AWS provider, and {ENDPOINT_VARIABLE} is {endpoint!r}: "
            "it only talks to an offline EC2 on this machine; start one with `python -m sandbox start`, "
            "then source .sandbox/env"
        )
    return endpoint


def is_loopback(endpoint: str) -> bool:
    """Whether the URL's host is this machine itself."""
    host = urlsplit(endpoint).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
