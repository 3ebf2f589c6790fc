"""The provider protocol's calls, each as a few steps over plain values, and the plugin's process.

Source: pulumi/proto/provider.proto.
"""

import functools
import importlib.metadata
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn, TypeVar

import grpc
from google.protobuf import any_pb2, empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from sandbox.provider.checks import check_inputs, diff_inputs, read_config
from sandbox.provider.model import InitFailed, Provider, ProviderError, ResourceHandler
from sandbox.provider.schema import (
    Failure,
    UnknownToken,
    find_arguments,
    find_inputs,
    find_outputs,
    fold_name,
    validate_object,
)
from sandbox.provider.values import (
    DEFAULTED,
    Props,
    contains_unknown,
    decode,
    encode,
    without_defaulted,
)

_MESSAGE_LIMIT = 400 * 1024 * 1024  # the engine's own limit for one message, bytes
_WORKERS = 32
_POLL_SECONDS = 1.0

Method = TypeVar("Method", bound=Callable[..., Any])


def answer_errors(method: Method) -> Method:
    """Turn what a call raises into its status; only a fault of our own is INTERNAL."""

    @functools.wraps(method)
    def answer(self: Any, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(self, request, context)
        except InitFailed as failed:
            _abort_half_made(context, failed)
        except ProviderError as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        except UnknownToken as error:
            context.abort(grpc.StatusCode.NOT_FOUND, str(error))
        except Exception as fault:  # a fault must reach the user as a sentence, whatever it is
            said = f"the offline provider failed in {method.__name__}: {type(fault).__name__}"
            context.abort(grpc.StatusCode.INTERNAL, f"{said}: {fault}")

    return answer  # type: ignore[return-value]


def _abort_half_made(context: grpc.ServicerContext, failed: InitFailed) -> NoReturn:
    """Tell the engine that the resource exists: it keeps the id, and the next ``up`` is an update."""
    detail = provider_pb2.ErrorResourceInitFailed(
        id=failed.id,
        inputs=encode(failed.inputs),
        properties=encode(failed.outputs),
        reasons=failed.reasons,
    )
    packed = any_pb2.Any()
    packed.Pack(detail)
    code = grpc.StatusCode.UNKNOWN
    status = status_pb2.Status(code=code.value[0], message=str(failed), details=[packed])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(code, str(failed))
    raise AssertionError("abort raises")


class ResourceProviderService(provider_pb2_grpc.ResourceProviderServicer):
    """One configured stand-in. Holds no resource: whatever it answers, the cloud said."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._sdk = provider.sdk_package
        self._version = importlib.metadata.version(self._sdk.replace("_", "-"))
        self._handlers: Mapping[str, ResourceHandler] = {
            each.token: each for each in provider.handlers
        }

    @answer_errors
    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        return plugin_pb2.PluginInfo(version=self._version)

    @answer_errors
    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        return empty_pb2.Empty()

    # Configuration

    @answer_errors
    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        config = self._read_config(request.news)
        shape = find_inputs(self._sdk, f"pulumi:providers:{self._provider.name}")
        failures = validate_object(config, shape, f"the {self._provider.name} provider")
        return provider_pb2.CheckResponse(inputs=request.news, failures=_write_failures(failures))

    @answer_errors
    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        old = decode(request.old_inputs) or decode(request.olds)
        return diff_inputs(None, old, decode(request.news), request.ignoreChanges)

    @answer_errors
    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Secrets are not accepted: the engine then keeps the mark on each property itself."""
        self._provider.configure(self._read_config(request.args))
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    def _read_config(self, given: Any) -> Props:
        shape = find_inputs(self._sdk, f"pulumi:providers:{self._provider.name}")
        return read_config(decode(given), shape)

    # Resources

    @answer_errors
    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        inputs, failures = check_inputs(self._find_handler(request.urn), self._sdk, request)
        return provider_pb2.CheckResponse(inputs=encode(inputs), failures=_write_failures(failures))

    @answer_errors
    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        old, new = decode(request.old_inputs), decode(request.news)
        return diff_inputs(self._find_handler(request.urn), old, new, request.ignoreChanges)

    @answer_errors
    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        handler = self._find_handler(request.urn)
        inputs = without_defaulted(decode(request.properties))
        if request.preview:
            planned = handler.preview_create(inputs, find_outputs(self._sdk, handler.token))
            return provider_pb2.CreateResponse(properties=encode(planned))
        state = handler.create(_require_known(inputs))
        return provider_pb2.CreateResponse(id=state.id, properties=encode(state.outputs))

    @answer_errors
    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        handler = self._find_handler(request.urn)
        inputs = decode(request.inputs)
        state = handler.read(request.id, without_defaulted(inputs), decode(request.properties))
        if state is None:
            return provider_pb2.ReadResponse()
        kept = {**state.inputs, DEFAULTED: inputs.get(DEFAULTED)}
        return provider_pb2.ReadResponse(
            id=state.id, inputs=encode(kept), properties=encode(state.outputs)
        )

    @answer_errors
    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        handler = self._find_handler(request.urn)
        new, outputs = without_defaulted(decode(request.news)), decode(request.olds)
        if request.preview:
            planned = handler.preview_update(new, outputs)
            return provider_pb2.UpdateResponse(properties=encode(planned))
        old = without_defaulted(decode(request.old_inputs))
        state = handler.update(request.id, _require_known(new), old, outputs)
        return provider_pb2.UpdateResponse(properties=encode(state.outputs))

    @answer_errors
    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        inputs = without_defaulted(decode(request.old_inputs))
        handler = self._find_handler(request.urn)
        handler.delete(request.id, inputs, decode(request.properties))
        return empty_pb2.Empty()

    def _find_handler(self, urn: str) -> ResourceHandler:
        token = urn.split("::")[2].split("$")[-1]  # the last of its chain of parent types
        handler = self._handlers.get(token)
        if handler is None:
            raise ProviderError(
                f"the offline {self._provider.name} provider has no resource type {token}; it has: "
                f"{', '.join(sorted(self._handlers))}"
            )
        if not handler.input_names:
            handler.input_names = frozenset(find_inputs(self._sdk, token).properties)
        return handler

    # Functions

    @answer_errors
    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:
        function = self._provider.functions.get(request.tok)
        if function is None:
            raise ProviderError(
                f"the offline {self._provider.name} provider has no function {request.tok}"
            )
        arguments = decode(request.args)
        known = find_arguments(self._sdk, request.tok)
        failures = [
            Failure(name, f"{request.tok} has no argument {name!r}")
            for name in arguments
            if fold_name(name) not in known
        ]
        if failures:
            return provider_pb2.InvokeResponse(failures=_write_failures(failures))
        reply = provider_pb2.InvokeResponse()
        getattr(reply, "return").CopyFrom(encode(function(_require_known(arguments))))
        return reply


def _require_known(props: Props) -> Props:
    if contains_unknown(props):
        raise ProviderError(
            "the engine asked for a real operation with values that are not known yet"
        )
    return props


def _write_failures(failures: Iterable[Failure]) -> list[Any]:
    ordered = sorted(failures, key=lambda each: each.property)
    return [
        provider_pb2.CheckFailure(property=each.property, reason=each.reason) for each in ordered
    ]


def start_server(provider: Provider) -> tuple[grpc.Server, int]:
    """A running server on a free loopback port, and the port. The caller keeps the server alive."""
    options = [
        ("grpc.max_receive_message_length", _MESSAGE_LIMIT),
        ("grpc.max_send_message_length", _MESSAGE_LIMIT),
        ("grpc.so_reuseport", 0),
    ]
    server = grpc.server(ThreadPoolExecutor(max_workers=_WORKERS), options=options)
    service = ResourceProviderService(provider)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(service, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def serve(provider: Provider) -> None:
    """Be the plugin process: print the port, as the engine expects, and serve until the engine is gone."""
    end_with_parent()
    server, port = start_server(provider)
    print(port, flush=True)
    server.wait_for_termination()


def end_with_parent(before: Callable[[], None] = lambda: None) -> None:
    """End this process silently when its parent is gone, and on SIGINT or SIGTERM; first do `before`.

    The engine starts a plugin in a process group of its own, which a terminal's Ctrl-C does not
    reach, and closes it with SIGINT once no call is running. A CLI that is killed tells nothing: the
    only sign is that this process has another parent.
    """

    def leave(*_: object) -> None:
        before()
        os._exit(0)

    def watch(parent: int) -> None:
        while os.getppid() == parent:
            time.sleep(_POLL_SECONDS)
        leave()

    signal.signal(signal.SIGINT, leave)
    signal.signal(signal.SIGTERM, leave)
    threading.Thread(target=watch, args=(os.getppid(),), name="parent-watch", daemon=True).start()
