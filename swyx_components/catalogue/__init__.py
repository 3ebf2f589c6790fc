"""The vendor's article as data: roles, listeners, flows, evidence and lines, one YAML file a version."""

from swyx_components.catalogue.load import load_catalogue
from swyx_components.catalogue.model import (
    Catalogue,
    Evidence,
    FlowRow,
    Leg,
    Listener,
    Phase,
    Role,
    Transport,
)

__all__ = [
    "Catalogue",
    "Evidence",
    "FlowRow",
    "Leg",
    "Listener",
    "Phase",
    "Role",
    "Transport",
    "load_catalogue",
]
