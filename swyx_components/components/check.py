"""Arguments that a component can't work with, refused before anything is looked up or made; and how errors
are shown.
"""

import re
from collections.abc import Awaitable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple, NotRequired, Union, get_args, get_origin, is_typeddict

import pulumi

from swyx_components.clouds import PLATFORMS
from swyx_components.components.args import NetworkArgs, SwyxSiteArgs
from swyx_components.installation.positions import locate
from swyx_components.messages import Message, SwyxError, raise_errors


class InvalidInput(pulumi.RunError):
    """A user's mistake: ends the program with messages, not with a traceback."""

    def __init__(self, messages: Iterable[Message]) -> None:
        self.messages = tuple(messages)
        super().__init__("\n".join(("swyx_components:", *(f"  {each}" for each in self.messages))))


@contextmanager
def plain_errors() -> Iterator[None]:
    """Errors as Pulumi shows them best.

    Raises:
        InvalidInput: instead of a SwyxError.
    """
    try:
        yield
    except SwyxError as error:
        raise InvalidInput(locate(error.messages)) from None


class Kind(NamedTuple):
    """What an argument may be: how a message says it, an example of it, and its types."""

    wanted: str
    example: str
    types: tuple[type, ...] = ()

    def fits(self, value: object) -> bool:
        """Whether a value is of this kind; an id is never empty."""
        return isinstance(value, self.types) and not (self is _ID and value == "")


_OUTPUT = (pulumi.Output, Awaitable)
_ID = Kind("an id, as a string or an output", "{key}: ID", (str, *_OUTPUT))
_MAPPING = Kind("a mapping", "{key}: {{...}}", (Mapping,))
# By annotation, or by what it is made of; every other one is a mapping.
_KINDS: Mapping[Any, Kind] = {
    Union: _ID,  # of a text, an awaitable and an output: only ids are
    list: Kind("a list of ids", "{key}: [ID, ...]", (list, tuple)),
    bool: Kind("true or false", "{key}: false", (bool,)),
    str: Kind("a string", '{key}: "{value}"', (str,)),
    dict[str, str]: _MAPPING._replace(wanted="a mapping of strings"),
}
# Of the arguments of a network or a machine, those that only one cloud has.
_CLOUDS = dict.fromkeys((*NetworkArgs.__optional_keys__, "subnet_id", "interface"), "azure")
_CLOUDS |= dict.fromkeys(("vpc_id", "vpc_tags", "instance_id"), "aws")
# One of these keys `network` must have.
_NEEDED = {"aws": ("vpc_id", "vpc_tags"), "azure": ("resource_group",)}
_EXAMPLES: Mapping[str, str] = {
    "installation": "installation: stacks/installation.yaml, or topology: {...}",
    "site": "site: aachen",
    "cloud": "cloud: aws, or cloud: azure",
    "network": "network: {vpc_tags: {Name: aachen}}, "
    "or network: {resource_group: bochum, virtual_network: bochum}",
}


def check_args(args: Mapping[str, Any]) -> None:
    """Refuse arguments that are missing, unknown or of another kind, all of them at once.

    Raises:
        SwyxError: with one message for each.
    """
    raise_errors(_check_keys(args))
    cloud, hints = args["cloud"], SwyxSiteArgs.__annotations__
    keys = ("network", "machines", "attach", "tags")
    raise_errors(m for key in keys for m in _check_value(key, args.get(key), hints[key], cloud))
    raise_errors(_check_contents(args, cloud))


def _check_keys(args: Mapping[str, Any]) -> Iterator[Message]:
    known, required = SwyxSiteArgs.__annotations__, SwyxSiteArgs.__required_keys__
    sources = [key for key in ("installation", "topology") if args.get(key) is not None]
    if len(sources) > 1:
        yield Message.about("args-twice", "", keys=sources)
    for key in sorted({*required, *([] if sources else ["installation"])}):
        if args.get(key) is None:
            yield Message.about("args-missing", "", key=key, example=_EXAMPLES[key])
    for key in sorted(map(str, args.keys() - known)):
        yield Message.about("args-unknown", "", key=key, known=sorted(known))
    for key in ("installation", "topology", "site", "cloud", "tags", "attach"):
        yield from find_outputs(args.get(key), key)
    cloud = args.get("cloud")
    if cloud is not None and not isinstance(cloud, _OUTPUT) and cloud not in [*PLATFORMS]:
        one_of = Kind(f"one of {', '.join(PLATFORMS)}", _EXAMPLES["cloud"])
        yield _wrong("cloud", cloud, one_of)


def _check_contents(args: Mapping[str, Any], cloud: str) -> Iterator[Message]:
    """A network that can't be found; tags that the cloud would refuse, or that leave the project's own no
    room.
    """
    if all(args["network"].get(key) is None for key in _NEEDED[cloud]):
        key, example = " or ".join(_NEEDED[cloud]), _EXAMPLES["network"]
        yield Message.about("args-missing", "network", key=key, example=example)
    tags, rows = args.get("tags") or {}, PLATFORMS[cloud].limits()["texts"]
    most = rows["tags_per_resource"] - rows["tags_of_ours"]
    if len(tags) > most:
        values = {"count": len(tags), "most": most, "limit": rows["tags_per_resource"]}
        yield Message.about("tags-many", "tags", cloud=cloud, **values)
    for key, text in sorted(tags.items()):
        reserved = [word for word in rows["tag_key_reserved"] if key.lower().startswith(word)]
        faults = (
            f"no key may begin with `{reserved[0]}`" if reserved else "",
            _fault_of("key", key, 1, rows["tag_key"], rows["tag_key_characters"]),
            _fault_of("value", text, 0, rows["tag_value"], rows["tag_value_characters"]),
        )
        for problem in filter(None, faults):
            yield Message.about("tag-refused", f"tags.{key}", cloud=cloud, problem=problem)


def _check_value(place: str, value: Any, hint: Any, cloud: str) -> Iterator[Message]:
    """A value beside its annotation in `args`; of dictionaries and lists, what is in them too."""
    hint = get_args(hint)[0] if get_origin(hint) is NotRequired else hint
    kind = _KINDS.get(hint) or _KINDS.get(get_origin(hint), _MAPPING)
    if value is None:
        return
    if not kind.fits(value):
        is_output = isinstance(value, _OUTPUT)
        yield Message.about("args-output", place) if is_output else _wrong(place, value, kind)
    elif is_typeddict(hint):
        hints = hint.__annotations__
        known = {key for key in hints if _CLOUDS.get(key, cloud) == cloud}
        for key in sorted(map(str, value.keys() - known)):
            id, values = "args-unknown", {"key": key, "known": sorted(known)}
            if key in hints:
                id, values = "args-elsewhere", {**values, "cloud": cloud, "others": [_CLOUDS[key]]}
            yield Message.about(id, place, **values)
        for key in sorted(value.keys() & known):
            yield from _check_value(f"{place}.{key}", value[key], hints[key], cloud)
    elif get_origin(hint) is dict and get_args(hint)[1] is not Any:
        for key, each in value.items():
            yield from _check_value(f"{place}.{key}", each, get_args(hint)[1], cloud)
    elif get_origin(hint) is list:
        for number, each in enumerate(value):
            yield from _check_value(f"{place}[{number}]", each, get_args(hint)[0], cloud)


def find_outputs(value: Any, place: str, above: tuple[int, ...] = ()) -> Iterator[Message]:
    """A message for every output in what must be plain: what is made follows from it."""
    if isinstance(value, _OUTPUT):
        yield Message.about("args-output", place)
    elif isinstance(value, Mapping | list | tuple) and id(value) not in above:
        rows = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, each in rows:
            if not isinstance(each, str | int):
                at = f"{place}.{key}" if isinstance(value, Mapping) else f"{place}[{key}]"
                yield from find_outputs(each, at, (*above, id(value)))


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
