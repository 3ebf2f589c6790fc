"""Check and Diff: what a resource's inputs become, and what separates them from the ones it was made with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pulumi.runtime.proto import provider_pb2

from sandbox.provider.compare import Change, compare, top_level
from sandbox.provider.errors import Failure
from sandbox.provider.handler import ResourceHandler
from sandbox.provider.naming import propose_name
from sandbox.provider.schema import find_inputs
from sandbox.provider.validate import coerce_object, validate_object
from sandbox.provider.values import DEFAULTED, Props, decode, defaulted_names, without_defaulted

KINDS = {
    Change.ADD: (provider_pb2.PropertyDiff.ADD, provider_pb2.PropertyDiff.ADD_REPLACE),
    Change.DELETE: (provider_pb2.PropertyDiff.DELETE, provider_pb2.PropertyDiff.DELETE_REPLACE),
    Change.UPDATE: (provider_pb2.PropertyDiff.UPDATE, provider_pb2.PropertyDiff.UPDATE_REPLACE),
}

AUTONAMING_ENFORCE = 1
AUTONAMING_DISABLE = 2


def type_of(urn: str) -> str:
    """The type token of a resource's URN: the last of its chain of parent types."""
    return urn.split("::")[2].split("$")[-1]


def name_of(urn: str) -> str:
    """The logical name of a resource's URN."""
    return urn.split("::", 3)[3]


def check_inputs(
    handler: ResourceHandler, sdk_package: str, request: Any
) -> tuple[Props, list[Failure]]:
    """The inputs of a Check request with name and defaults filled in, and all that is wrong with them."""
    shape = find_inputs(sdk_package, handler.token)
    news = decode(request.news)
    given = coerce_object(without_defaulted(news), shape)
    filled = {**_fill_name(handler, given, request), **_fill_defaults(handler, given)}
    inputs = handler.fill({**given, **filled})
    failures = list(validate_object(inputs, shape, handler.token))
    if not failures:
        failures = handler.check(inputs)
    return {**inputs, DEFAULTED: sorted(filled)}, failures


def diff_inputs(
    handler: ResourceHandler | None, old: Props, new: Props, ignored: Iterable[str]
) -> Any:
    """The answer to Diff. Unknown values count as changes; without a handler (provider config)
    nothing is replaced.
    """
    was_named_by_program = handler is not None and handler.name_property not in defaulted_names(old)
    old, new = without_defaulted(old), without_defaulted(new)
    canonical_old, canonical_new = (
        (handler.canonical(old), handler.canonical(new)) if handler else (old, new)
    )
    empty_is_absent = handler is None or handler.empty_is_absent
    changes = compare(canonical_old, canonical_new, tuple(ignored), empty_is_absent=empty_is_absent)
    replacing: frozenset[str] = handler.replaces(old, new) if handler else frozenset()
    tops = {path: top_level(path) for path in changes}
    replaces = sorted({top for top in tops.values() if top in replacing})
    detailed = {
        path: provider_pb2.PropertyDiff(kind=KINDS[change][tops[path] in replacing], inputDiff=True)
        for path, change in changes.items()
    }
    deletes_first = bool(
        handler
        and replaces
        and handler.deletes_before_replace(old, new, was_named_by_program=was_named_by_program)
    )
    some, none = provider_pb2.DiffResponse.DIFF_SOME, provider_pb2.DiffResponse.DIFF_NONE
    return provider_pb2.DiffResponse(
        changes=some if changes else none,
        replaces=replaces,
        diffs=sorted(set(tops.values())),
        detailedDiff=detailed,
        hasDetailedDiff=True,
        deleteBeforeReplace=deletes_first,
    )


def _fill_defaults(handler: ResourceHandler, given: Props) -> Props:
    return {name: value for name, value in handler.defaults.items() if name not in given}


def _fill_name(handler: ResourceHandler, given: Props, request: Any) -> Props:
    """The invented name: the old one, else what the engine proposes, else logical name and digits."""
    name = handler.name_property
    if name is None or name in given or _is_named_otherwise(handler, given):
        return {}
    olds = decode(request.olds)
    if name in olds and (DEFAULTED not in olds or name in defaulted_names(olds)):
        return {name: olds[name]}
    if request.HasField("autonaming") and request.autonaming.mode == AUTONAMING_DISABLE:
        return {}
    if request.HasField("autonaming"):
        return {name: request.autonaming.proposed_name[: handler.name_limit]}
    return {name: propose_name(name_of(request.urn), request.randomSeed, limit=handler.name_limit)}


def _is_named_otherwise(handler: ResourceHandler, given: Props) -> bool:
    """``namePrefix`` beside ``name``: the cloud side of the handler invents the rest."""
    return f"{handler.name_property}Prefix" in given
