"""The words of `swyx report`."""

from typing import Annotated

import typer

from swyx_components.cli.words.options import AsJson, Clouds, File, SiteNames, complete


def report(
    file: File,
    output: Annotated[
        str,
        typer.Option(
            "--output", metavar="PATH", help="A file, or a folder with a page for each site."
        ),
    ] = "report.html",
    cloud: Clouds = None,
    site: SiteNames = None,
    against: Annotated[
        str, typer.Option("--against", metavar="FILE", help="Show what differs from this file.")
    ] = "",
    deployed: Annotated[
        list[str] | None,
        typer.Option(
            "--deployed",
            metavar="SITE",
            help="Show what differs in the cloud; may be repeated.",
            autocompletion=complete("sites"),
        ),
    ] = None,
    json: AsJson = False,
) -> int:
    """Write a page for a change review.

    Every rule with its reasons, the flow matrix, decisions, collisions, quotas, gaps and differences;
    one file that needs no network.
    """
    from swyx_components.cli.failures import need_package

    need_package("jinja2")
    from swyx_components.cli.report import Wanted, report_file

    wanted = Wanted(sites=site or [], clouds=cloud or [], against=against, deployed=deployed or [])
    return report_file(file, output, wanted, as_json=json)
