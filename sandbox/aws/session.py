"""Connections to an offline EC2: configuration, clients, and the refusal to talk to a real cloud."""

import os
import threading
from typing import Any

import boto3
from botocore.config import Config

from sandbox.environment import REGION, is_loopback
from sandbox.provider import Props, ProviderError

ENDPOINT_VARIABLE = "AWS_ENDPOINT_URL"
REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")
_SETTINGS = Config(
    retries={"mode": "standard", "total_max_attempts": 6},
    max_pool_connections=32,
    connect_timeout=5,
    read_timeout=60,
    proxies={},
)


def connect_ec2(endpoint: str, region: str = REGION, config: Config | None = None) -> Any:
    """boto3's client for an offline EC2. Dummy credentials are given outright, so that none of the
    user's are ever read.

    Raises:
        ValueError: the endpoint is not on this machine.
    """
    if not is_loopback(endpoint):
        raise ValueError(f"{endpoint or 'no endpoint'} is not on this machine's loopback")
    return boto3.session.Session().client(
        "ec2",
        region_name=region,
        endpoint_url=endpoint,
        aws_access_key_id="sandbox",
        aws_secret_access_key="sandbox",
        config=config,
    )


class Session:
    """Filled by ``configure`` and shared by all handlers; it holds settings and clients, never a resource."""

    def __init__(self) -> None:
        self.region = ""
        self.default_tags: dict[str, str] = {}
        self._endpoint = ""
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    def configure(self, config: Props) -> None:
        """Take the provider's configuration.

        Raises:
            ProviderError: no region, or an endpoint that is missing or not on this machine, for then a
                real account could be meant.
        """
        self._endpoint = os.environ.get(ENDPOINT_VARIABLE, "")
        if not is_loopback(self._endpoint):
            raise ProviderError(
                f"this is the offline stand-in of the AWS provider, and {ENDPOINT_VARIABLE} is "
                f"{self._endpoint!r}: it only talks to an offline EC2 on this machine; start one with "
                "`python -m sandbox start`, then source .sandbox/env"
            )
        named = (config.get("region"), *map(os.environ.get, REGION_VARIABLES))
        self.region = next(filter(None, named), "")
        if not self.region:
            raise ProviderError(
                "no AWS region: set aws:region in the stack's configuration, or AWS_REGION"
            )
        self.default_tags = dict((config.get("defaultTags") or {}).get("tags") or {})

    def client(self, region: str | None = None) -> Any:
        """EC2's client in a region; the provider's own region where none is given."""
        key = region or self.region
        with self._lock:
            if key not in self._clients:
                self._clients[key] = connect_ec2(self._endpoint, key, _SETTINGS)
            return self._clients[key]
