"""The words of `swyx prune`."""

from typing import Annotated

import typer

from swyx_components.cli.words.options import AsJson, File, complete


def prune(
    file: File,
    site: Annotated[
        str,
        typer.Option(
            "--site",
            metavar="SITE",
            help="The site of the stack.",
            autocompletion=complete("sites"),
        ),
    ],
    cloud: Annotated[str, typer.Option("--cloud", metavar="CLOUD", help="aws or azure.")],
    stack: Annotated[
        str, typer.Option("--stack", metavar="STACK", help="Its stack; default: the selected one.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Remove without a question.")] = False,
    json: AsJson = False,
) -> int:
    """Delete orphaned resources of an interrupted update.

    Only what belongs to the stack and is missing from its state. Run it in the project's folder,
    after `pulumi cancel` and before `pulumi up --refresh`.
    """
    from swyx_components.cli.prune import prune_site

    return prune_site(file, site, cloud, stack, agreed=yes, as_json=json)
