"""Check and Diff: what a resource's inputs become, and what separates them from the ones it was made with."""

import hashlib
import json
import os
import re
from collections.abc import Iterable

from pulumi.runtime.proto import provider_pb2

from sandbox.provider.compare import compare
from sandbox.provider.model import ResourceHandler
from sandbox.provider.schema import (
    Failure,
    Kind,
    ObjectShape,
    coerce_object,
    find_inputs,
    validate_object,
)
from sandbox.provider.values import DEFAULTED, Props, decode, defaulted_names, without_defaulted

_ENGINE_KEYS = frozenset(
    {"version", "pluginDownloadURL", "pluginChecksums", "__internal", "__pulumi-go-provider-infer"}
)
_SUFFIX_LENGTH = 7


def check_inputs(
    handler: ResourceHandler, sdk_package: str, request: provider_pb2.CheckRequest
) -> tuple[Props, list[Failure]]:
    """The inputs of a Check request with name and defaults filled in, and all that is wrong with them."""
    shape = find_inputs(sdk_package, handler.token)
    given = coerce_object(without_defaulted(decode(request.news)), shape)
    defaults = {name: value for name, value in handler.defaults.items() if name not in given}
    filled = {**_fill_name(handler, given, request), **defaults}
    inputs = handler.fill({**given, **filled})
    failures = list(validate_object(inputs, shape, handler.token)) or handler.check(inputs)
    return {**inputs, DEFAULTED: sorted(filled)}, failures


def diff_inputs(
    handler: ResourceHandler | None, old: Props, new: Props, ignored: Iterable[str]
) -> provider_pb2.DiffResponse:
    """The answer to Diff. Unknown values count as changes; without a handler (provider config)
    nothing is replaced. A replacement deletes first where the program fixed the name and keeps it.
    """
    defaulted = defaulted_names(old)
    old, new = without_defaulted(old), without_defaulted(new)
    replacing: frozenset[str] = frozenset()
    deletes_first = False
    before, after = old, new
    if handler is not None:
        name = handler.name_property
        replacing = handler.replaces(old, new)
        if name is not None and name not in defaulted:
            deletes_first = old.get(name) == new.get(name)
        before, after = handler.canonical(old), handler.canonical(new)
    empty_is_absent = handler is None or handler.empty_is_absent
    changes = compare(before, after, tuple(ignored), empty_is_absent=empty_is_absent)
    tops = {path: re.split(r"[.\[]", path)[0] for path in changes}
    replaces = sorted(replacing.intersection(tops.values()))
    kind = provider_pb2.PropertyDiff.Kind
    detailed = {
        path: provider_pb2.PropertyDiff(
            kind=kind.Value(f"{change}_REPLACE" if tops[path] in replacing else change),
            inputDiff=True,
        )
        for path, change in changes.items()
    }
    some, none = provider_pb2.DiffResponse.DIFF_SOME, provider_pb2.DiffResponse.DIFF_NONE
    return provider_pb2.DiffResponse(
        changes=some if changes else none,
        replaces=replaces,
        diffs=sorted(set(tops.values())),
        detailedDiff=detailed,
        hasDetailedDiff=True,
        deleteBeforeReplace=bool(replaces) and deletes_first,
    )


def read_config(config: Props, shape: ObjectShape) -> Props:
    """A provider's configuration without the engine's own keys; nested values arrive as JSON text."""
    own = {name: value for name, value in config.items() if name not in _ENGINE_KEYS}
    parsed = {
        name: _parse(value)
        if name in shape.properties and shape.properties[name].kind is not Kind.STRING
        else value
        for name, value in own.items()
    }
    return coerce_object(parsed, shape)


def propose_name(logical_name: str, seed: bytes, limit: int) -> str:
    """The logical name and seven hexadecimal digits that follow from the engine's seed.

    >>> propose_name("web", b"seed", 255)
    'web-2dbc26b'
    """
    digest = hashlib.sha256(logical_name.encode() + b"\0" + (seed or os.urandom(16))).hexdigest()
    return f"{logical_name[: limit - _SUFFIX_LENGTH - 1]}-{digest[:_SUFFIX_LENGTH]}"


def _parse(value: object) -> object:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _fill_name(handler: ResourceHandler, given: Props, request: provider_pb2.CheckRequest) -> Props:
    """The invented name: the old one, else logical name and digits."""
    name = handler.name_property
    if name is None or name in given:
        return {}
    olds = decode(request.olds)
    if name in olds and (DEFAULTED not in olds or name in defaulted_names(olds)):
        return {name: olds[name]}
    logical_name = request.urn.split("::", 3)[3]
    return {name: propose_name(logical_name, request.randomSeed, handler.name_limit)}
