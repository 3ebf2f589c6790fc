"""The published JSON Schema, from which the reader too takes the keys of each mapping."""

import json
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The keys of one kind of mapping: which must be there, how each is written, which may be 0.

    `whole` shows all that such a mapping must have on one line, a key of it where it may lack any.
    """

    keys: frozenset[str]
    listed: tuple[str, ...]
    required: tuple[str, ...]
    alternatives: tuple[tuple[str, ...], ...]  # of which all keys of one must be there too
    examples: dict[str, str]
    may_be_none: frozenset[str]
    whole: str

    def holds(self, keys: AbstractSet[str]) -> bool:
        """Whether a mapping with these keys has all that it must have, and no others."""
        return keys <= self.keys and not any(self.missing(keys))

    def missing(self, keys: AbstractSet[str]) -> Iterator[str]:
        """The keys that must be there and are not; of alternatives those of the one most of which is."""
        yield from (key for key in self.required if key not in keys)
        if self.alternatives and not any(set(some) <= keys for some in self.alternatives):
            closest = max(self.alternatives, key=lambda some: len(keys & set(some)))
            yield from (key for key in closest if key not in keys)


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
    otherwise = (one.get("else", {}) for one in (definition, *definition.get("allOf", ())))
    clauses = (definition, *definition.get("anyOf", ())[:1], *otherwise)
    needed = {key for clause in clauses for key in clause.get("required", ())}
    shown = [examples[key] for key in properties if key in needed] or [*examples.values()][:1]
    return Shape(
        keys=frozenset(properties),
        listed=tuple(properties),
        required=tuple(definition.get("required", ())),
        alternatives=tuple(tuple(one["required"]) for one in definition.get("anyOf", ())),
        examples=examples,
        may_be_none=frozenset(
            key for key, entry in properties.items() if entry.get("$ref") == "#/$defs/count_or_none"
        ),
        whole=shown[0] if len(shown) == 1 else f"{{{', '.join(shown)}}}",
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
