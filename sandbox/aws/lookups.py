"""The data sources: ``aws.ec2.get_network_interfaces`` and its kin, over EC2's describe calls."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from sandbox.aws.handler import ec2_errors, read_tags
from sandbox.aws.session import Session
from sandbox.aws.tables import INSTANCE, KINDS, Kind
from sandbox.provider import InvokeFunction, Props, ProviderError

LIVE_STATES = ["pending", "running", "stopping", "stopped"]


def list_functions(session: Session) -> Mapping[str, InvokeFunction]:
    """Every function that the stand-in answers, by its token: for each kind, one and many."""
    functions: dict[str, InvokeFunction] = {}
    for noun, kind in KINDS.items():
        module = "vpc" if noun == "SecurityGroupRule" else "ec2"
        for name, find in ((f"get{noun}", _find_one), (f"get{noun}s", _find_many)):
            functions[f"aws:{module}/{name}:{name}"] = partial(find, session, kind)
    return functions


def _find_many(session: Session, kind: Kind, arguments: Props) -> Props:
    ids = sorted(kind.id_of(each) for each in _find(session, kind, arguments))
    return {**_echo(session, arguments), "ids": ids}


def _find_one(session: Session, kind: Kind, arguments: Props) -> Props:
    found = _find(session, kind, arguments)
    said, title = _describe_arguments(arguments), f"EC2 {kind.title}"
    if not found:
        raise ProviderError(f"no matching {title} found for {said}")
    if len(found) > 1:
        ids = ", ".join(sorted(map(kind.id_of, found)))
        raise ProviderError(
            f"multiple {title}s matched {said}: {ids}; "
            f"use additional constraints to reduce matches to a single {title}"
        )
    own = {"id": kind.id_of(found[0]), "tags": read_tags(found[0])}
    return {**_echo(session, arguments), **kind.read(found[0]), **own}


def _find(session: Session, kind: Kind, arguments: Props) -> list[dict[str, Any]]:
    filters = _write_filters(arguments, kind)
    with ec2_errors():
        paginator = session.client(arguments.get("region")).get_paginator(kind.call)
        pages = paginator.paginate(**({"Filters": filters} if filters else {}))
        return [found for page in pages for found in kind.list_in(page)]


def _echo(session: Session, arguments: Props) -> Props:
    """What every reply repeats, and the region."""
    region = arguments.get("region") or session.region
    return {**arguments, "id": region, "region": region, "tags": arguments.get("tags") or {}}


def _write_filters(arguments: Props, kind: Kind) -> list[dict[str, Any]]:
    """EC2's filters: those given, tags as ``tag:KEY``, and the arguments that stand for one."""
    filters = {each["name"]: list(each["values"]) for each in arguments.get("filters") or []}
    tags = arguments.get("tags") or arguments.get("instanceTags") or {}
    filters |= {f"tag:{key}": [value] for key, value in sorted(tags.items())}
    for name, filter_name in kind.filters.items():
        value = arguments.get(name)
        if value is not None and value is not False:
            filters[filter_name] = ["true" if value is True else value]
    if kind is INSTANCE:
        filters.setdefault("instance-state-name", LIVE_STATES)
    return [{"Name": name, "Values": values} for name, values in filters.items()]


def _describe_arguments(arguments: Props) -> str:
    """The arguments as a person would write them, for messages."""
    plain = dict(arguments)
    filters, tags = plain.pop("filters", None) or [], plain.pop("tags", None) or {}
    parts = [f"{each['name']}={','.join(each['values'])}" for each in filters]
    parts += [f"tag {key}={value}" for key, value in tags.items()]
    parts += [f"{name}={value}" for name, value in plain.items()]
    return ", ".join(parts) or "no constraint"
