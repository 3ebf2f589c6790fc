"""The page of the installation file's JSON Schema: every mapping, its keys, how each is written."""

from collections.abc import Iterator, Mapping
from typing import Any

from reference.markup import code, heading, plain, slug, table

from swyx_components.installation.schema import flow_text, load_schema

_LEAD = """# Schema of the installation file

Every key, from the JSON Schema that `swyx schema` prints and editors use. [The installation file](../installation-file.md) explains them.
"""


def write_schema() -> str:
    """The page: first the mappings, then the kinds of values that they name."""
    definitions: Mapping[str, Any] = load_schema()["$defs"]
    mappings = {name: entry for name, entry in definitions.items() if "properties" in entry}
    values = {name: entry for name, entry in definitions.items() if name not in mappings}
    parts = [_LEAD, *(_mapping(name, entry) for name, entry in mappings.items())]
    parts.append(heading(2, "Values", "values"))
    parts += [_value(name, entry) for name, entry in values.items()]
    return "".join(parts)


def _mapping(name: str, entry: Mapping[str, Any]) -> str:
    required = entry.get("required", ())
    rows = [
        (
            code(key) + (" (required)" if key in required else ""),
            plain(about.get("description", "")),
            _kind(about),
            "<br>".join(code(flow_text(example)) for example in about.get("examples", ())),
        )
        for key, about in entry["properties"].items()
    ]
    description = f"{plain(entry['description'])}\n\n" if "description" in entry else ""
    title = heading(2, code(name), slug(name))
    return title + description + table(("key", "meaning", "value", "example"), rows)


def _value(name: str, entry: Mapping[str, Any]) -> str:
    description = f"{plain(entry['description'])}\n\n" if "description" in entry else ""
    return heading(3, code(name), slug(name)) + description + f"{_kind(entry)}\n"


def _kind(entry: Mapping[str, Any]) -> str:
    """What a value may be, in a few words; definitions are links."""
    return ", or ".join(dict.fromkeys(_kinds(entry)))


def _kinds(entry: Mapping[str, Any]) -> Iterator[str]:
    if "$ref" in entry:
        name = str(entry["$ref"]).rpartition("/")[2]
        yield f"[{plain(name)}](#{slug(name)})"
    for part in (*entry.get("anyOf", ()), *entry.get("oneOf", ())):
        yield from _kinds(part)
    if "enum" in entry:
        yield ", ".join(code(flow_text(value)) for value in entry["enum"])
    elif "const" in entry:
        yield code(flow_text(entry["const"]))
    elif entry.get("type") == "array":
        yield f"list of {_kind(entry.get('items', {})) or 'values'}"
    elif isinstance(entry.get("additionalProperties"), Mapping):
        yield f"by name: {_kind(entry['additionalProperties'])}"
    elif "type" in entry and not {"anyOf", "oneOf", "properties"} & entry.keys():
        yield _named(entry)


def _named(entry: Mapping[str, Any]) -> str:
    kinds = entry["type"] if isinstance(entry["type"], list) else [entry["type"]]
    text = " or ".join(map(str, kinds))
    return f"{text} like {code(entry['pattern'])}" if "pattern" in entry else text
