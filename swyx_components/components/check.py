"""Arguments that a component can't work with, refused before anything is looked up or made."""

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, NamedTuple

import pulumi

from swyx_components.clouds import PLATFORMS
from swyx_components.messages import Message, SwyxError


class Kind(NamedTuple):
    """What an argument may be: how a message says it, whether a value is it, and what is in it.

    Only an id may be an output.
    """

    wanted: str
    example: str
    fits: Callable[[Any], bool]
    each: "Kind | None" = None


def _is_output(value: Any) -> bool:
    return isinstance(value, pulumi.Output | Awaitable)


_ID = Kind(
    "an id, as a text or as an output that has it",
    "{key}: ID",
    lambda value: _is_output(value) or (isinstance(value, str) and bool(value)),
)
_IDS = Kind(
    "a list of ids", "{key}: [ID, ...]", lambda value: isinstance(value, list | tuple), each=_ID
)
_FLAG = Kind("true or false", "{key}: false", lambda value: isinstance(value, bool))
_TEXT = Kind("a text", '{key}: "{value}"', lambda value: isinstance(value, str))
_MAPPING = Kind("a mapping", "{key}: {{...}}", lambda value: isinstance(value, Mapping))
_TEXTS = _MAPPING._replace(wanted="a mapping of texts", each=_TEXT)

# What `network` and each of `machines` may hold in each cloud.
NETWORK: Mapping[str, Mapping[str, Kind]] = {
    "aws": {"vpc_id": _ID, "vpc_tags": _TEXTS},
    "azure": {
        "resource_group": _ID,
        "virtual_network": _ID,
        "virtual_network_resource_group": _ID,
        "location": _ID,
    },
}
_ANYWHERE = {"interface_id": _ID, "interface_ids": _IDS, "attach": _FLAG}
MACHINE: Mapping[str, Mapping[str, Kind]] = {
    "aws": {**_ANYWHERE, "instance_id": _ID},
    "azure": {**_ANYWHERE, "subnet_id": _ID, "interface": _MAPPING},
}
# One of these sets of keys `network` must have.
_NEEDED: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "aws": (("vpc_id",), ("vpc_tags",)),
    "azure": (("resource_group",),),
}
_EXAMPLES: Mapping[str, str] = {
    "installation": "installation: stacks/installation.yaml",
    "site": "site: aachen",
    "cloud": "cloud: aws, or cloud: azure",
    "network": "network: {vpc_tags: {Name: aachen}}, "
    "or network: {resource_group: bochum, virtual_network: bochum}",
}


_CLOUD = Kind(
    f"one of {', '.join(PLATFORMS)}", _EXAMPLES["cloud"], lambda value: value in [*PLATFORMS]
)


def check_args(args: Mapping[str, Any], shape: Any) -> None:
    """Refuse arguments that are missing, unknown or of another kind, all at once.

    Raises:
        SwyxError: with one message for each.
    """
    problems = [*_check_keys(args, shape)]
    for key in ("installation", "site", "cloud", "tags", "attach"):
        problems += _find_outputs(args.get(key), key)
    if not problems:
        problems += _check_value("cloud", args["cloud"], _CLOUD)
    if not problems:
        cloud = args["cloud"]
        problems += _check_network(args["network"], cloud)
        problems += _check_machines(args.get("machines"), cloud)
        problems += _check_value("attach", args.get("attach"), _FLAG)
        problems += _check_tags(args.get("tags"), cloud)
    if problems:
        raise SwyxError(problems)


def _check_keys(args: Mapping[str, Any], shape: Any) -> Iterator[Message]:
    known = [*shape.__required_keys__, *shape.__optional_keys__]
    for key in sorted(shape.__required_keys__):
        if args.get(key) is None:
            yield Message.about("args-missing", "", key=key, example=_EXAMPLES[key])
    for key in sorted(map(str, args.keys() - known)):
        yield Message.about("args-unknown", "", key=key, known=sorted(known))


def _check_network(network: Any, cloud: str) -> Iterator[Message]:
    problems = [*_check_mapping("network", network, cloud, NETWORK)]
    yield from problems
    sets = _NEEDED[cloud]
    if not problems and not any(all(network.get(key) is not None for key in keys) for keys in sets):
        wanted = " or ".join(" and ".join(keys) for keys in sets)
        yield Message.about("args-missing", "network", key=wanted, example=_EXAMPLES["network"])


def _check_machines(machines: Any, cloud: str) -> Iterator[Message]:
    if machines is None:
        return
    if not isinstance(machines, Mapping):
        yield from _check_value("machines", machines, _MAPPING)
        return
    for name, entry in machines.items():
        yield from _check_mapping(f"machines.{name}", entry, cloud, MACHINE)


def _check_mapping(
    place: str, value: Any, cloud: str, table: Mapping[str, Mapping[str, Kind]]
) -> Iterator[Message]:
    """A mapping of which each cloud knows other keys."""
    if not isinstance(value, Mapping):
        yield from _check_value(place, value, _MAPPING)
        return
    known = table[cloud]
    for key in sorted(map(str, value.keys() - known.keys())):
        others = [other for other in PLATFORMS if key in table[other]]
        id_ = "args-elsewhere" if others else "args-unknown"
        yield Message.about(id_, place, key=key, known=sorted(known), cloud=cloud, others=others)
    for key in sorted(value.keys() & known.keys()):
        yield from _check_value(f"{place}.{key}", value[key], known[key])


def _check_value(place: str, value: Any, kind: Kind) -> Iterator[Message]:
    if value is None:
        return
    if not kind.fits(value):
        yield _output(place) if _is_output(value) else _wrong(place, value, kind)
    elif kind.each and isinstance(value, Mapping):
        for key, each in value.items():
            yield from _check_value(f"{place}.{key}", each, kind.each)
    elif kind.each:
        for number, each in enumerate(value):
            yield from _check_value(f"{place}[{number}]", each, kind.each)


def _output(place: str) -> Message:
    return Message.about("args-output", place)


def _find_outputs(value: Any, place: str, above: tuple[int, ...] = ()) -> Iterator[Message]:
    """A message for every output in what must be plain: what is made follows from it."""
    if _is_output(value):
        yield _output(place)
    elif isinstance(value, Mapping | list | tuple) and id(value) not in above:
        rows = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, each in rows:
            if not isinstance(each, str | int):
                at = f"{place}.{key}" if isinstance(value, Mapping) else f"{place}[{key}]"
                yield from _find_outputs(each, at, (*above, id(value)))


def _check_tags(tags: Any, cloud: str) -> Iterator[Message]:
    """Tags that the cloud would refuse, or that leave no room for the project's own."""
    problems = [*_check_value("tags", tags, _TEXTS)]
    yield from problems
    if problems or not tags:
        return
    rows = PLATFORMS[cloud].limits()["texts"]
    most = rows["tags_per_resource"] - rows["tags_of_ours"]
    if len(tags) > most:
        yield Message.about(
            "tags-many",
            "tags",
            cloud=cloud,
            count=len(tags),
            most=most,
            limit=rows["tags_per_resource"],
        )
    for key, text in sorted(tags.items()):
        reserved = [word for word in rows["tag_key_reserved"] if key.lower().startswith(word)]
        faults = (
            f"no key may begin with `{reserved[0]}`" if reserved else "",
            _fault_of("key", key, 1, rows["tag_key"], rows["tag_key_characters"]),
            _fault_of("value", text, 0, rows["tag_value"], rows["tag_value_characters"]),
        )
        for problem in filter(None, faults):
            yield Message.about("tag-refused", f"tags.{key}", cloud=cloud, problem=problem)


def _fault_of(what: str, text: str, least: int, longest: int, characters: str) -> str:
    if len(text) < least:
        return f"a {what} has at least {least} character"
    if len(text) > longest:
        return f"a {what} has at most {longest} characters, this one {len(text)}"
    bad = sorted({sign for sign in text if not re.fullmatch(f"[{characters}]", sign)})
    return f"a {what} can't have {' '.join(map(repr, bad))}" if bad else ""


def _wrong(place: str, value: Any, kind: Kind) -> Message:
    shown = repr(value) if isinstance(value, str | int | float) else f"a {type(value).__name__}"
    example = kind.example.format(key=place.rpartition(".")[2], value=value)
    return Message.about("args-wrong", place, value=shown, wanted=kind.wanted, example=example)
