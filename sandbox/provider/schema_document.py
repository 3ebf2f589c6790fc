"""The Pulumi schema of a stand-in, as much as the engine and YAML programs ask of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sandbox.provider.provider import Provider
from sandbox.provider.schema import Kind, Shape, find_inputs, find_outputs

ANY = {"$ref": "pulumi.json#/Any"}
SCALARS = {
    Kind.STRING: "string",
    Kind.INTEGER: "integer",
    Kind.NUMBER: "number",
    Kind.BOOLEAN: "boolean",
}


def write_schema(provider: Provider, version: str, tokens: Iterable[str]) -> dict[str, Any]:
    """The schema document of the stand-in's own resource types; nested objects are maps of anything."""
    return {
        "name": provider.name,
        "version": version,
        "resources": {
            token: _write_resource(provider.sdk_package, token) for token in sorted(tokens)
        },
        "functions": {
            token: {"outputs": {"type": "object"}} for token in sorted(provider.list_functions())
        },
    }


def _write_resource(package: str, token: str) -> dict[str, Any]:
    shape = find_inputs(package, token)
    inputs = {name: _write_type(each) for name, each in shape.properties.items()}
    outputs = {name: inputs.get(name, ANY) for name in sorted(find_outputs(package, token))}
    return {
        "inputProperties": inputs,
        "requiredInputs": sorted(shape.required),
        "properties": outputs,
    }


def _write_type(shape: Shape) -> dict[str, Any]:
    if shape.kind in SCALARS:
        return {"type": SCALARS[shape.kind]}
    element = _write_type(shape.element) if shape.element else ANY
    if shape.kind is Kind.LIST:
        return {"type": "array", "items": element}
    if shape.kind is Kind.ANY:
        return ANY
    return {"type": "object", "additionalProperties": element}
