"""A provider's configuration as it arrives: nested values are JSON text, and the engine adds keys
of its own.
"""

from __future__ import annotations

import json

from sandbox.provider.schema import Kind, ObjectShape, Shape
from sandbox.provider.validate import coerce_object
from sandbox.provider.values import Props, is_unknown

ENGINE_KEYS = frozenset(
    {"version", "pluginDownloadURL", "pluginChecksums", "__internal", "__pulumi-go-provider-infer"}
)


def read_config(config: Props, shape: ObjectShape) -> Props:
    """The configuration with nested values parsed and scalars in their kinds, without the engine's
    own keys.
    """
    own = {name: value for name, value in config.items() if name not in ENGINE_KEYS}
    parsed = {name: _parse(value, shape.properties.get(name)) for name, value in own.items()}
    return coerce_object(parsed, shape)


def _parse(value: object, shape: Shape | None) -> object:
    if (
        shape is None
        or shape.kind is Kind.STRING
        or not isinstance(value, str)
        or is_unknown(value)
    ):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
