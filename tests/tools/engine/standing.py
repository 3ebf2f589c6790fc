"""The stand-in providers as one process that many commands share: else each command starts three."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2_grpc

from sandbox.aws.provider import AwsProvider
from sandbox.azure.association import AzureClassicProvider
from sandbox.azure.provider import AzureProvider
from sandbox.paths import REPOSITORY
from sandbox.provider.server import ResourceProviderService, end_with_parent

ATTACH = (
    "PULUMI_DEBUG_PROVIDERS"  # the engine's own setting: NAME:PORT of providers that run already
)


class Standing(ResourceProviderService):
    """A stand-in that an engine finds running."""

    def Attach(self, request: Any, context: grpc.ServicerContext) -> Any:
        return empty_pb2.Empty()


@contextmanager
def standing_providers(environment: Mapping[str, str]) -> Iterator[str]:
    """What ATTACH must be for commands on the clouds of an environment, all with the same configuration."""
    command = [sys.executable, "-m", __name__]
    with subprocess.Popen(
        command, cwd=REPOSITORY, env=dict(environment), stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def main() -> None:
    end_with_parent()
    places, servers = [], []
    for provider in (AwsProvider(), AzureProvider(), AzureClassicProvider()):
        server = grpc.server(ThreadPoolExecutor(max_workers=32))
        service = Standing(provider)
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(service, server)
        places.append(f"{provider.name}:{server.add_insecure_port('127.0.0.1:0')}")
        server.start()
        servers.append(server)
    print(",".join(places), flush=True)
    servers[0].wait_for_termination()


if __name__ == "__main__":
    main()
