"""The proxy between the engine and a Python policy pack.

A pack reads its stack, project and configuration from the environment when it starts. The engine
sends them only later, in a `ConfigureStack` call, and expects somebody to be listening for it. So
the proxy listens, waits for that call, lets the pack be started with what it said, and from then
on passes every call through, bytes unread.
"""

from __future__ import annotations

import json
import threading
from concurrent.futures import Future, ThreadPoolExecutor

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto.analyzer_pb2 import (
    AnalyzerHandshakeResponse,
    AnalyzerStackConfigureRequest,
    AnalyzerStackConfigureResponse,
)

_SERVICE = "/pulumirpc.Analyzer/"
_UNLIMITED = [
    ("grpc.max_receive_message_length", 400 << 20),
    ("grpc.max_send_message_length", 400 << 20),
]
_PATIENCE = 120.0  # seconds for the engine to configure the pack, and for the pack to start
_LAST_ANSWERS = 10.0  # seconds for a refusal to be asked for, and to arrive


class AnalyzerProxy(grpc.GenericRpcHandler):
    """Serves `pulumirpc.Analyzer` on a loopback port of its own until stopped."""

    def __init__(self) -> None:
        self._configured: Future[dict[str, str] | None] = Future()
        self._pack: Future[grpc.Channel] = Future()
        self._request = b""
        self._refused = threading.Event()
        self._once = threading.Lock()
        self._server = grpc.server(
            ThreadPoolExecutor(max_workers=32), handlers=[self], options=_UNLIMITED
        )
        self.port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()

    def await_configuration(self) -> dict[str, str] | None:
        """The environment variables for the pack; None if the proxy was stopped before."""
        return self._configured.result(timeout=_PATIENCE)

    def attach(self, port: int) -> None:
        """Connect to the pack, which has printed its port, and let through the calls that wait."""
        channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=_UNLIMITED)
        if self._request:
            try:
                _call(channel, "ConfigureStack")(self._request, timeout=_PATIENCE)
            except grpc.RpcError as error:
                # packs of older SDKs lack it and need no more
                if error.code() != grpc.StatusCode.UNIMPLEMENTED:
                    self.refuse(error)
                    return
        self._pack.set_result(channel)

    def refuse(self, reason: Exception) -> None:
        """Fail the calls that wait for the pack, and all later ones."""
        with self._once:
            if not self._pack.done():
                self._pack.set_exception(reason)

    def await_refusal(self) -> None:
        """Wait until a call has been refused, but not for an engine that makes none."""
        self._refused.wait(_LAST_ANSWERS)

    def stop(self) -> None:
        """End the service; whoever waits for configuration is told that none comes.

        Answers under way still arrive: without a grace gRPC cancels them, and the reason is lost.
        """
        self._settle(None)
        self.refuse(RuntimeError("it was ended"))
        self._server.stop(grace=_LAST_ANSWERS)

    def service(self, call: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes]:
        """gRPC's question: who answers this call?"""
        answers = {"Handshake": self._handshake, "ConfigureStack": self._configure}
        name = call.method.removeprefix(_SERVICE)
        if name in answers:
            return grpc.unary_unary_rpc_method_handler(answers[name])
        return grpc.unary_unary_rpc_method_handler(
            lambda request, context: self._forward(name, request, context)
        )

    def _handshake(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        return bytes(AnalyzerHandshakeResponse().SerializeToString())

    def _configure(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        said = AnalyzerStackConfigureRequest.FromString(request)
        self._request = request
        self._settle(
            {
                "PULUMI_PROJECT": said.project,
                "PULUMI_STACK": said.stack,
                "PULUMI_ORGANIZATION": said.organization,
                "PULUMI_DRY_RUN": "true" if said.dry_run else "false",
                "PULUMI_CONFIG": json.dumps(dict(said.config)),
                "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(said.config_secret_keys)),
            }
        )
        return bytes(AnalyzerStackConfigureResponse().SerializeToString())

    def _forward(self, name: str, request: bytes, context: grpc.ServicerContext) -> bytes:
        if name == "Cancel" and not self._pack.done():
            return bytes(Empty().SerializeToString())
        self._settle({})  # a call before ConfigureStack: there is no configuration
        try:
            return _call(self._pack.result(timeout=_PATIENCE), name)(request)
        except grpc.RpcError as error:
            context.abort(error.code(), error.details() or "")
        except Exception as error:  # told to the engine, which shows it
            self._refused.set()
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, f"policy pack not started: {error}")
        raise AssertionError("abort raises")

    def _settle(self, configuration: dict[str, str] | None) -> None:
        with self._once:
            if not self._configured.done():
                self._configured.set_result(configuration)


def _call(channel: grpc.Channel, name: str) -> grpc.UnaryUnaryMultiCallable[bytes, bytes]:
    """A call of the pack's, on bytes."""
    called: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(_SERVICE + name)
    return called
