"""Text from Jinja2 templates, which are files beside the modules that fill them."""

from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment

PACKAGE = __package__


def read(package: str, name: str) -> str:
    """A file of a package, as text."""
    return files(package).joinpath(name).read_text(encoding="utf-8")


@cache
def environment(package: str = PACKAGE) -> "Environment":
    """The templates of a package, which quote by filters alone; Jinja2 is imported now."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    return Environment(
        loader=FunctionLoader(lambda name: read(package, name)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def render(name: str, filters: Mapping[str, Callable[..., object]], **values: object) -> str:
    """The text of a template of this package."""
    own = environment()
    own.filters |= filters
    return own.get_template(name).render(values)
