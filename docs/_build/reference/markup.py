"""Markdown that stays what was meant: every value is escaped, every table and heading has one form."""

import html
import re
from collections.abc import Iterable, Sequence

# What Python-Markdown or an extension of it would read as markup, beside what HTML would.
_MARKUP = str.maketrans({char: f"&#{ord(char)};" for char in "\\`*_{}[]()#+!|~^$@:"})


def plain(text: object) -> str:
    """Text as it is, with `backticks` as code."""
    parts = re.split(r"`([^`]+)`", str(text))
    return "".join(code(part) if at % 2 else _escape(part) for at, part in enumerate(parts))


def code(text: object) -> str:
    """Literal text."""
    return f"<code>{_escape(str(text))}</code>"


def _escape(text: str) -> str:
    return html.escape(re.sub(r"\s+", " ", text), quote=False).translate(_MARKUP)


def heading(level: int, text: str, anchor: str) -> str:
    """A heading whose text is Markdown already."""
    return f"\n{'#' * level} {text} {{ #{anchor} }}\n\n"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose cells are Markdown already; an empty cell is a dash."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(cell or '-' for cell in line)} |\n" for line in lines) + "\n"


def slug(text: str) -> str:
    """Text as an anchor."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
