"""The provider protocol's calls, each as a few steps over plain values. Source:
pulumi/proto/provider.proto.
"""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Mapping
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from sandbox.provider.config import read_config
from sandbox.provider.errors import Failure, ProviderError
from sandbox.provider.handler import ResourceHandler, State
from sandbox.provider.plan import check_inputs, diff_inputs, type_of
from sandbox.provider.provider import Provider
from sandbox.provider.replies import answer_errors
from sandbox.provider.schema import find_function_arguments, find_inputs, find_outputs, fold_name
from sandbox.provider.schema_document import write_schema
from sandbox.provider.validate import validate_object
from sandbox.provider.values import (
    DEFAULTED,
    Props,
    contains_unknown,
    decode,
    encode,
    without_defaulted,
)


class ResourceProviderService(provider_pb2_grpc.ResourceProviderServicer):
    """One configured stand-in. Holds no resource: whatever it answers, the cloud said."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._version = importlib.metadata.version(provider.sdk_package.replace("_", "-"))
        self._handlers: Mapping[str, ResourceHandler] = {
            each.token: each for each in provider.list_handlers()
        }
        self._functions = provider.list_functions()

    # The plugin itself

    @answer_errors
    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        return plugin_pb2.PluginInfo(version=self._version)

    @answer_errors
    def GetSchema(self, request: Any, context: grpc.ServicerContext) -> Any:
        document = write_schema(self._provider, self._version, self._handlers)
        return provider_pb2.GetSchemaResponse(schema=json.dumps(document))

    @answer_errors
    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        return empty_pb2.Empty()

    # Configuration

    @answer_errors
    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        token = f"pulumi:providers:{self._provider.name}"
        shape = find_inputs(self._provider.sdk_package, token)
        config = read_config(decode(request.news), shape)
        failures = [*validate_object(config, shape, f"the {self._provider.name} provider")]
        if not failures and not contains_unknown(config):
            failures = self._provider.check_config(config)
        return provider_pb2.CheckResponse(inputs=request.news, failures=_write_failures(failures))

    @answer_errors
    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        old = decode(request.old_inputs) or decode(request.olds)
        return diff_inputs(None, old, decode(request.news), request.ignoreChanges)

    @answer_errors
    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Secrets are not accepted: the engine then keeps the mark on each property itself, and
        none is lost here.
        """
        shape = find_inputs(self._provider.sdk_package, f"pulumi:providers:{self._provider.name}")
        self._provider.configure(read_config(decode(request.args), shape))
        return provider_pb2.ConfigureResponse(
            supportsPreview=True, supports_autonaming_configuration=True
        )

    # Resources

    @answer_errors
    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        handler = self._find_handler(request.urn)
        inputs, failures = check_inputs(handler, self._provider.sdk_package, request)
        return provider_pb2.CheckResponse(inputs=encode(inputs), failures=_write_failures(failures))

    @answer_errors
    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        handler = self._find_handler(request.urn)
        old = (
            decode(request.old_inputs)
            if request.HasField("old_inputs")
            else _old_inputs_of(request, handler)
        )
        return diff_inputs(handler, old, decode(request.news), request.ignoreChanges)

    @answer_errors
    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        handler = self._find_handler(request.urn)
        inputs = without_defaulted(decode(request.properties))
        if request.preview:
            names = find_outputs(self._provider.sdk_package, handler.token)
            return provider_pb2.CreateResponse(
                properties=encode(handler.preview_create(inputs, names))
            )
        state = handler.create(_require_known(inputs))
        return provider_pb2.CreateResponse(id=state.id, properties=encode(state.outputs))

    @answer_errors
    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        handler = self._find_handler(request.urn)
        inputs = decode(request.inputs)
        state = handler.read(request.id, without_defaulted(inputs), decode(request.properties))
        if state is None:
            return provider_pb2.ReadResponse()
        kept = {**state.inputs, **({DEFAULTED: inputs[DEFAULTED]} if DEFAULTED in inputs else {})}
        return provider_pb2.ReadResponse(
            id=state.id, inputs=encode(kept), properties=encode(state.outputs)
        )

    @answer_errors
    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        handler = self._find_handler(request.urn)
        new, outputs = without_defaulted(decode(request.news)), decode(request.olds)
        if request.preview:
            return provider_pb2.UpdateResponse(
                properties=encode(handler.preview_update(new, outputs))
            )
        old = without_defaulted(decode(request.old_inputs))
        state: State = handler.update(request.id, _require_known(new), old, outputs)
        return provider_pb2.UpdateResponse(properties=encode(state.outputs))

    @answer_errors
    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        handler = self._find_handler(request.urn)
        handler.delete(
            request.id, without_defaulted(decode(request.old_inputs)), decode(request.properties)
        )
        return empty_pb2.Empty()

    # Functions

    @answer_errors
    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:
        function = self._functions.get(request.tok)
        if function is None:
            raise ProviderError(
                f"the offline {self._provider.name} provider has no function {request.tok}"
            )
        arguments = decode(request.args)
        failures = self._check_arguments(request.tok, arguments)
        if failures:
            return provider_pb2.InvokeResponse(failures=_write_failures(failures))
        # The reply's field is called "return", which only a mapping of keywords can name.
        return provider_pb2.InvokeResponse(
            **{"return": encode(function(_require_known(arguments)))}
        )

    def _check_arguments(self, token: str, arguments: Props) -> list[Failure]:
        known = find_function_arguments(self._provider.sdk_package, token) or frozenset()
        return [
            Failure(name, f"{token} has no argument {name!r}")
            for name in arguments
            if fold_name(name) not in known
        ]

    def _find_handler(self, urn: str) -> ResourceHandler:
        token = type_of(urn)
        handler = self._handlers.get(token)
        if handler is None:
            raise ProviderError(
                f"the offline {self._provider.name} provider has no resource type {token}; it has: "
                f"{', '.join(sorted(self._handlers))}"
            )
        if not handler.input_names:
            handler.input_names = frozenset(
                find_inputs(self._provider.sdk_package, handler.token).properties
            )
        return handler


def _old_inputs_of(request: Any, handler: ResourceHandler) -> Props:
    """What an engine that sends no old inputs makes of a resource: the outputs that are inputs too."""
    return {
        name: value for name, value in decode(request.olds).items() if name in handler.input_names
    }


def _require_known(props: Props) -> Props:
    if contains_unknown(props):
        raise ProviderError(
            "the engine asked for a real operation with values that are not known yet"
        )
    return props


def _write_failures(failures: list[Failure]) -> list[Any]:
    ordered = sorted(failures, key=lambda each: each.property)
    return [
        provider_pb2.CheckFailure(property=each.property, reason=each.reason) for each in ordered
    ]
