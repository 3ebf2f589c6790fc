"""What programs in other languages see: the schema of the components, as a reviewed file."""

import dataclasses
import json
from enum import Enum
from pathlib import Path
from typing import Any

from pulumi.provider.experimental.analyzer import Analyzer

import swyx_components
from swyx_components.catalogue.load import load_catalogue
from swyx_components.components.roles import ROLE_CLASSES
from tests.tools.golden import compare

SNAPSHOT = Path(__file__).parent / "golden" / "components.json"


def plain(value: Any) -> Any:
    """The analyzer's definitions as JSON, without what is empty and without Python's own names."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        rows = {
            field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
        hidden = ("python_type", "module")
        return {k: v for k, v in rows.items() if v not in (None, False, {}) and k not in hidden}
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return value.value if isinstance(value, Enum) else value


def test_the_schema_is_as_reviewed(refresh: bool) -> None:
    found = Analyzer("swyx").analyze([swyx_components.SwyxSite])
    definitions = {
        kind: {name: plain(each) for name, each in found[kind].items()}
        for kind in ("component_definitions", "type_definitions")
    }
    lines = json.dumps(definitions, indent=1, sort_keys=True).splitlines()
    compare(SNAPSHOT, lines, refresh)


def test_every_role_of_the_catalogue_has_a_class_and_every_class_a_role() -> None:
    assert list(ROLE_CLASSES) == list(load_catalogue().roles)
    for role, kind in ROLE_CLASSES.items():
        assert getattr(swyx_components, role) is kind


def test_every_field_is_described() -> None:
    found = Analyzer("swyx").analyze([swyx_components.SwyxSite])
    for definition in found["component_definitions"].values():
        for fields in (definition.inputs, definition.outputs):
            assert [name for name, field in fields.items() if not field.description] == []
    for type_ in found["type_definitions"].values():
        assert [name for name, field in type_.properties.items() if not field.description] == []
