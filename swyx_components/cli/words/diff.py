"""The words of `swyx diff`."""

from typing import Annotated

import typer

from swyx_components.cli.words.options import AsJson, Clouds, SiteNames


def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="The installation file as it was.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The same as it shall be.")],
    site: SiteNames = None,
    cloud: Clouds = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 1 if anything differs.")
    ] = False,
    json: AsJson = False,
) -> int:
    """Show what an edit changes, and for whom.

    Which packets pass now or no more, which rules come and go, for which flows and edits. With
    --cloud also the resources that the update touches.
    """
    from swyx_components.cli.diff import compare_files

    return compare_files(old, new, site or [], cloud or [], exit_code=exit_code, as_json=json)
