"""A draft as an installation file that explains itself."""

import re
from collections.abc import Collection

from swyx_components.catalogue import Catalogue
from swyx_components.installation.draft import Draft
from swyx_components.report.templates import render

SCHEMA = "installation.schema.json"
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_WORDS = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}  # of YAML; not of ours


def write_draft(draft: Draft, catalogue: Catalogue, undecided: Collection[str]) -> str:
    """The file; `undecided` are the decisions that somebody has yet to confirm."""
    ranges = f"restricted is {catalogue.presets['restricted']}"
    about = {
        "dcom": {
            "example": "restricted",
            "text": f"the ports of DCOM, {ranges}; configure the hosts accordingly (`swyx hosts`)",
        },
        "h245": {"example": "tunnelled", "text": "tunnelled, or the port range of the products"},
    }
    return render(
        "draft.yaml.j2",
        {"scalar": _scalar},
        schema=SCHEMA,
        draft=draft,
        undecided=undecided,
        about=about,
        cornet=[port for part in catalogue.cornet for port in range(part[0], part[1] + 1)],
    )


def _scalar(text: str) -> str:
    """The text as YAML reads it back: quoted where another reader might take it for something else.

    >>> _scalar("ac-link"), _scalar("no"), _scalar("10.1.0.10"), _scalar("fd00::1")
    ('ac-link', '"no"', '10.1.0.10', '"fd00::1"')
    """
    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    dotted = re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+(/[0-9]+)?|[0-9]+-[0-9]+", text)
    if plain or dotted:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
