"""The words of `swyx verify`."""

from typing import Annotated

import typer

from swyx_components.cli.words.options import AsJson, Clouds, File, SavedFiles, SiteNames


def verify(
    file: File,
    site: SiteNames = None,
    cloud: Clouds = None,
    state: Annotated[
        str, typer.Option("--state", metavar="FILE", help="Read `pulumi stack export` instead.")
    ] = "",
    saved: SavedFiles = None,
    json: AsJson = False,
) -> int:
    """Compare what the clouds hold with the plan.

    Rule by rule, interface by interface, and both ways: nothing missing, nothing in excess. With
    --state or --saved, what a file holds; no cloud is asked then.
    """
    from swyx_components.cli.verify import Question, verify_sites

    words = Question(sites=site or [], clouds=cloud or [], state=state, saved=saved or [])
    return verify_sites(file, words, as_json=json)
