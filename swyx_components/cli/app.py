"""The commands of `swyx`, in the order of its help. The words of each stand in the module of its name."""

from typing import Annotated

import typer

from swyx_components import __version__
from swyx_components.cli.words.audit import audit
from swyx_components.cli.words.call import call
from swyx_components.cli.words.catalogue import catalogue
from swyx_components.cli.words.check import check
from swyx_components.cli.words.diff import diff
from swyx_components.cli.words.explain import explain
from swyx_components.cli.words.flows import flows
from swyx_components.cli.words.hosts import hosts
from swyx_components.cli.words.init import init
from swyx_components.cli.words.plan import plan
from swyx_components.cli.words.prune import prune
from swyx_components.cli.words.report import report
from swyx_components.cli.words.schema import schema
from swyx_components.cli.words.verify import verify

COMMANDS = (
    check,
    plan,
    explain,
    call,
    verify,
    audit,
    prune,
    flows,
    diff,
    init,
    hosts,
    report,
    catalogue,
    schema,
)

app = typer.Typer(
    name="swyx",
    help="SwyxWare roles compiled to AWS security groups and Azure NSGs, every rule explained.",
    epilog="Exit codes: 0 done; 1 the answer is no; 2 the input is wrong; 3 a cloud or the engine failed.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _tell_version(wanted: bool) -> None:
    if wanted:
        print(f"swyx {__version__}")
        raise typer.Exit


@app.callback()
def _swyx(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_tell_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    pass


for command in COMMANDS:
    app.command()(command)
