"""The published JSON Schema, from which the reader too takes the keys of each mapping."""

import json
from collections.abc import Set as AbstractSet
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple


class Shape(NamedTuple):
    """The keys of one kind of mapping: how each is written, and sets of which one must be there.

    `whole` shows all that such a mapping must have on one line, a key of it where it may lack any.
    """

    examples: dict[str, str]
    keys: frozenset[str]
    required: tuple[frozenset[str], ...]
    whole: str

    def missing(self, written: dict[str, Any]) -> AbstractSet[str]:
        """The keys that must be there and are not: of the set most of which is."""
        if any(some.issubset(written) for some in self.required):
            return frozenset()
        return max(self.required, key=lambda some: len(written.keys() & some)) - written.keys()


@cache
def load_schema() -> dict[str, Any]:
    """The JSON Schema of installation files."""
    text = files(__package__).joinpath("schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


@cache
def shape(kind: str) -> Shape:
    """The keys of a mapping named as in the schema's `$defs`: `site`, `machine`, `link`, ..."""
    definition = load_schema()["$defs"][kind]
    properties = definition["properties"]
    examples = {
        key: f"{key}: {flow_text(entry['examples'][0])}" for key, entry in properties.items()
    }
    required = set(definition.get("required", ()))
    alternatives = [{*one["required"]} for one in definition.get("anyOf", ())] or [set()]
    otherwise = (one.get("else", {}) for one in (definition, *definition.get("allOf", ())))
    needed = required.union(alternatives[0], *(one.get("required", ()) for one in otherwise))
    shown = [examples[key] for key in properties if key in needed] or [*examples.values()][:1]
    return Shape(
        examples,
        frozenset(examples),
        tuple(frozenset(required | some) for some in alternatives),
        shown[0] if len(shown) == 1 else f"{{{', '.join(shown)}}}",
    )


def flow_text(value: Any) -> str:
    """A value as the user would write it on one line of YAML."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {flow_text(item)}' for key, item in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(flow_text, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    return f'"{text}"' if isinstance(value, str) and text.replace(".", "", 1).isdigit() else text
