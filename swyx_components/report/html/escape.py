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


def mark_ticks(text: str) -> Markup:
    """Escaped text in which what stands between backticks is code, as messages write it."""
    parts = [escape(plain_text(part)) for part in text.split("`")]
    if len(parts) % 2 == 0:  # one without its fellow
        return Markup("`").join(parts)
    marked = (Markup("<code>{}</code>").format(p) if n % 2 else p for n, p in enumerate(parts))
    return Markup("").join(marked)
