"""Serving a stand-in to the engine that started it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from sandbox.provider.lifetime import follow_parent
from sandbox.provider.provider import Provider
from sandbox.provider.service import ResourceProviderService

MESSAGE_LIMIT = 400 * 1024 * 1024
"""The engine's own limit for one message, bytes."""

WORKERS = 32


def start_server(provider: Provider) -> tuple[grpc.Server, int]:
    """A running server on a free loopback port, and the port. The caller keeps the server alive."""
    options = [
        ("grpc.max_receive_message_length", MESSAGE_LIMIT),
        ("grpc.max_send_message_length", MESSAGE_LIMIT),
        ("grpc.so_reuseport", 0),
    ]
    server = grpc.server(ThreadPoolExecutor(max_workers=WORKERS), options=options)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(
        ResourceProviderService(provider), server
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def serve(provider: Provider) -> None:
    """Be the plugin process: print the port, as the engine expects, and serve until the engine is gone."""
    follow_parent()
    server, port = start_server(provider)
    print(port, flush=True)
    server.wait_for_termination()
