"""Text from Jinja2 templates, which are files beside the modules that fill them."""

from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from swyx_components.messages import plain, shorten
from swyx_components.report.tables import align, plural, write_proof, write_provenance, write_rule

if TYPE_CHECKING:
    from jinja2 import Environment

Filters = Mapping[str, Callable[..., object]]


def read(package: str, name: str) -> str:
    """A file of a package, as text."""
    return files(package).joinpath(name).read_text(encoding="utf-8")


@cache
def _environment(finalize: Callable[[object], object] | None = None) -> "Environment":
    """The templates of this package, which quote by filters, or by `finalize`; Jinja2 is imported now."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    return Environment(
        loader=FunctionLoader(lambda name: read(__package__, name)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=finalize,
    )


def render(name: str, filters: Filters, **values: object) -> str:
    """The text of a template of this package."""
    own = _environment()
    own.filters |= filters
    return own.get_template(name).render(values)


def render_lines(name: str, filters: Filters, **values: object) -> list[str]:
    """The same for a terminal: no value may break a line or move the cursor."""
    own = _environment(_one_line)
    own.filters |= {**WORDS, **filters}
    return own.get_template(name).render(values).splitlines()


def _align(text: str, indent: str = "  ") -> str:
    """Rows with the cells of each column under each other; between two is a tab, which no value has."""
    rows = (line.split("\t") for line in text.splitlines())
    return "".join(align(rows, indent, wrapped=True))


WORDS = {
    "plural": plural,
    "proof": write_proof,
    "provenance": write_provenance,
    "rule": write_rule,
    "shorten": shorten,
    "table": _align,
}


def _one_line(value: object) -> str:
    return plain(str(value))
