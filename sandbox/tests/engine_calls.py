"""What the engine does with a stand-in of Azure's providers, a call at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from sandbox.azure.client import ArmClient
from sandbox.azure.server import AzureServer, serve_in_thread
from sandbox.provider import Provider, start_server
from sandbox.provider.values import decode, encode

Props = dict[str, Any]
SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
NETWORK = f"{GROUP}/providers/Microsoft.Network"


class Engine:
    """`cloud` is the emulator behind the provider, `arm` a client of it."""

    def __init__(
        self, stub: provider_pb2_grpc.ResourceProviderStub, cloud: AzureServer, package: str
    ) -> None:
        self.stub, self.cloud, self.arm = stub, cloud, ArmClient(cloud.endpoint)
        self.package = package

    def urn(self, kind: str, name: str = "web") -> str:
        return f"urn:pulumi:dev::project::swyx:index:SwyxSite${self.package}:{kind}::{name}"

    def check(
        self, kind: str, news: Props, olds: Props | None = None
    ) -> tuple[Props, list[tuple[str, str]]]:
        request = provider_pb2.CheckRequest(
            urn=self.urn(kind), news=encode(news), olds=encode(olds or {}), randomSeed=b"s" * 32
        )
        reply = self.stub.Check(request)
        return decode(reply.inputs), [
            (failure.property, failure.reason) for failure in reply.failures
        ]

    def create(self, kind: str, news: Props, *, preview: bool = False) -> tuple[str, Props, Props]:
        inputs, failures = self.check(kind, news)
        assert failures == []
        request = provider_pb2.CreateRequest(
            urn=self.urn(kind), properties=encode(inputs), preview=preview
        )
        reply = self.stub.Create(request)
        return reply.id, inputs, decode(reply.properties)

    def read(
        self, kind: str, arm_id: str, inputs: Props, outputs: Props
    ) -> tuple[str, Props, Props]:
        request = provider_pb2.ReadRequest(
            urn=self.urn(kind), id=arm_id, inputs=encode(inputs), properties=encode(outputs)
        )
        reply = self.stub.Read(request)
        return reply.id, decode(reply.inputs), decode(reply.properties)

    def diff(self, kind: str, old: Props, new: Props) -> Any:
        return self.stub.Diff(
            provider_pb2.DiffRequest(
                urn=self.urn(kind), id="any", old_inputs=encode(old), news=encode(new)
            )
        )

    def update(
        self,
        kind: str,
        arm_id: str,
        old: Props,
        new: Props,
        outputs: Props,
        *,
        preview: bool = False,
    ) -> Props:
        request = provider_pb2.UpdateRequest(
            urn=self.urn(kind),
            id=arm_id,
            old_inputs=encode(old),
            news=encode(new),
            olds=encode(outputs),
            preview=preview,
        )
        return decode(self.stub.Update(request).properties)

    def delete(self, kind: str, arm_id: str, inputs: Props) -> None:
        self.stub.Delete(
            provider_pb2.DeleteRequest(urn=self.urn(kind), id=arm_id, old_inputs=encode(inputs))
        )

    def invoke(self, token: str, arguments: Props) -> Props:
        reply = self.stub.Invoke(
            provider_pb2.InvokeRequest(tok=f"{self.package}:{token}", args=encode(arguments))
        )
        assert not reply.failures, reply.failures
        return decode(getattr(reply, "return"))


@contextmanager
def serving(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The provider, configured, over an emulator that has one resource group."""
    with serve_in_thread() as cloud:
        monkeypatch.setenv("AZURE_RESOURCE_MANAGER_ENDPOINT", cloud.endpoint)
        monkeypatch.setenv("AZURE_SUBSCRIPTION_ID", SUBSCRIPTION)
        monkeypatch.setenv("ARM_SUBSCRIPTION_ID", SUBSCRIPTION)
        server, port = start_server(provider)
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub = provider_pb2_grpc.ResourceProviderStub(channel)
            stub.Configure(provider_pb2.ConfigureRequest(args=encode({})))
            ArmClient(cloud.endpoint).put(GROUP, {"location": "westeurope"})
            yield Engine(stub, cloud, provider.name)
        server.stop(0)
