"""FILE and the options that several commands have, each typed and explained once."""

from collections.abc import Callable
from typing import Annotated

import typer

Completer = Callable[[typer.Context, str], list[str]]


def complete(what: str) -> Completer:
    """Offers `find_WHAT` of the file that stands on the line; loaded when a shell asks."""

    def offer(context: typer.Context, incomplete: str) -> list[str]:
        from swyx_components.cli import complete as words

        # Behind an option that still lacks its value nothing is parsed: the words are left in `args`.
        given = (context.params.get("file"), context.params.get("new"), *context.args)
        file = next((word for word in given if word), "")
        found = getattr(words, f"find_{what}")(str(file))
        return [word for word in found if word.startswith(incomplete)]

    return offer


File = Annotated[str, typer.Argument(metavar="FILE", help="The installation file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead.")]
SiteNames = Annotated[
    list[str] | None,
    typer.Option(
        "--site",
        metavar="SITE",
        help="Only this site; may be repeated.",
        autocompletion=complete("sites"),
    ),
]
Output = Annotated[
    str, typer.Option("--output", metavar="FILE", help="Write to this file instead of stdout.")
]
Clouds = Annotated[
    list[str] | None,
    typer.Option(
        "--cloud",
        metavar="[SITE=]CLOUD",
        help="aws or azure, for one site or for all; may be repeated.",
        autocompletion=complete("clouds"),
    ),
]

SavedFiles = Annotated[
    list[str] | None,
    typer.Option(
        "--saved",
        metavar="FILE",
        help="JSON that `aws ec2 describe-...` or `az network ... list` wrote; may be repeated.",
    ),
]
