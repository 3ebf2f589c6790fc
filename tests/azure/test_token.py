"""How a hold gets the token of the provider that makes the interfaces."""

from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime import settings
from pulumi.runtime.proto import provider_pb2, resource_pb2

from swyx_components.azure.lookups import plugin
from swyx_components.azure.token import ask_token


class Engine:
    """Answers one function of a provider, and keeps the request."""

    def __init__(self, answer: resource_pb2.ResourceInvokeRequest | Any) -> None:
        self.answer = answer

    def Invoke(self, request: resource_pb2.ResourceInvokeRequest) -> Any:
        self.request = request
        return self.answer


def engine(monkeypatch: pytest.MonkeyPatch, **answer: Any) -> Engine:
    made = Engine(provider_pb2.InvokeResponse(**answer))
    monkeypatch.setattr(settings, "get_monitor", lambda: made)
    return made


def test_the_programs_own_provider_is_asked_in_the_version_of_the_sdk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = Struct()
    found.update({"token": "eyJ"})
    asked = engine(monkeypatch, **{"return": found})
    assert ask_token("urn:pulumi:s::p::pulumi:providers:azure-native::own::id") == "eyJ"
    request = asked.request
    assert request.tok == "azure-native:authorization:getClientToken"
    assert request.provider == "urn:pulumi:s::p::pulumi:providers:azure-native::own::id"
    assert request.version == plugin().version


def test_a_provider_without_a_login_is_told_in_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    failures = [provider_pb2.CheckFailure(property="", reason="Please run 'az login'")]
    engine(monkeypatch, failures=failures)
    with pytest.raises(ValueError, match="az login"):
        ask_token("")
