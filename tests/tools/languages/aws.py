"""The stand-in for Pulumi's AWS plugin, with the schema that YAML programs are checked against.

The official plugin has one; here it says what the Python SDK says of the stand-in's own resources.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from sandbox.aws.provider import AwsProvider
from sandbox.provider.schema import Kind, Shape, find_inputs, find_outputs
from sandbox.provider.server import ResourceProviderService, end_with_parent

SCALARS = {Kind.STRING: "string", Kind.INTEGER: "integer", Kind.NUMBER: "number"} | {
    Kind.BOOLEAN: "boolean"
}


def written(shape: Shape) -> dict[str, Any]:
    """A shape in the words of Pulumi's schema; nested objects are anything."""
    if shape.kind in SCALARS:
        return {"type": SCALARS[shape.kind]}
    if shape.element and shape.kind is Kind.LIST:
        return {"type": "array", "items": written(shape.element)}
    if shape.element and shape.kind is Kind.MAP:
        return {"type": "object", "additionalProperties": written(shape.element)}
    return {"$ref": "pulumi.json#/Any"}


class WithSchema(ResourceProviderService):
    """The stand-in's calls, and its schema."""

    def GetSchema(self, request: Any, context: grpc.ServicerContext) -> Any:
        resources = {}
        for handler in self._handlers.values():
            inputs = find_inputs(self._sdk, handler.token)
            outputs = find_outputs(self._sdk, handler.token)
            given = {name: written(shape) for name, shape in inputs.properties.items()}
            resources[handler.token] = {
                "inputProperties": given,
                "requiredInputs": sorted(inputs.required),
                "properties": {name: {"type": "string"} for name in outputs} | given,
            }
        schema = {
            "name": "aws",
            "version": self._version,
            "meta": {"moduleFormat": "(.*)(?:/[^/]*)"},
            "resources": resources,
        }
        return provider_pb2.GetSchemaResponse(schema=json.dumps(schema))


def main() -> None:
    end_with_parent()
    server = grpc.server(ThreadPoolExecutor())
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(WithSchema(AwsProvider()), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
