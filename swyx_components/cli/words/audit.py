"""The words of `swyx audit`."""

from typing import Annotated

import typer

from swyx_components.cli.words.options import AsJson, File, SavedFiles


def audit(
    file: File,
    site: Annotated[str, typer.Argument(metavar="SITE", help="The site behind the firewall.")],
    saved: SavedFiles = None,
    machine: Annotated[
        list[str] | None,
        typer.Option(
            "--machine",
            metavar="NAME=GROUP",
            help="The group of a machine whose interface no file has; may be repeated.",
        ),
    ] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Print what to add and remove.")] = False,
    json: AsJson = False,
) -> int:
    """Judge an existing firewall against a site.

    What is missing for calls to work, what is open without need, the worst first. From files that the
    cloud's own command wrote; no cloud is asked.
    """
    from swyx_components.cli.audit import Wish, audit_firewall

    wish = Wish(saved=saved or [], machines=machine or [], fix=fix, as_json=json)
    return audit_firewall(file, site, wish)
