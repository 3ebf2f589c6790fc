"""Text on its way into a page: what could move, hide or turn other text is shown, not done."""

from markupsafe import Markup, escape

from swyx_components.messages.render import printable


def plain_text(value: object) -> object:
    """The value as a page shows it: control and direction-changing characters become visible escapes.

    What a template made itself is left alone.
    """
    if isinstance(value, str) and not isinstance(value, Markup) and not value.isprintable():
        return "".join(map(printable, value))
    return value


def escape_text(text: str) -> str:
    """The text as the templates write it into a page."""
    return str(escape(plain_text(text)))
