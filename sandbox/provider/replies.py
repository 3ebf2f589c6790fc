"""Errors as the protocol wants them: a status whose text is the sentence, and details for a
half-made resource.
"""

from __future__ import annotations

import functools
import os
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import grpc
from google.protobuf import any_pb2
from pulumi.runtime.proto import provider_pb2, status_pb2

from sandbox.provider.errors import InitFailed, ProviderError
from sandbox.provider.schema import UnknownToken
from sandbox.provider.values import encode

LOG_VARIABLE = "SANDBOX_PROVIDER_LOG"
"""Names a file to which tracebacks of the stand-in's own faults are appended."""

Method = TypeVar("Method", bound=Callable[..., Any])


def answer_errors(method: Method) -> Method:
    """Turn what a protocol call raises into the call's status; only a fault of the stand-in itself
    is INTERNAL.
    """

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
            _log_fault()
            name = type(fault).__name__
            context.abort(
                grpc.StatusCode.INTERNAL,
                f"the offline provider failed in {method.__name__}: {name}: {fault}",
            )

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
    status = status_pb2.Status(
        code=grpc.StatusCode.UNKNOWN.value[0], message=str(failed), details=[packed]
    )
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, str(failed))
    raise AssertionError("abort raises")


def _log_fault() -> None:
    path = os.environ.get(LOG_VARIABLE)
    if path:
        with Path(path).open("a", encoding="utf-8") as log:
            traceback.print_exc(file=log)
