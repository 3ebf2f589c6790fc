"""The `swyx` command: its words and options. What each command does is loaded when it is called."""

import os
import sys
from typing import Annotated

import typer

from swyx_components import __version__

app = typer.Typer(
    name="swyx",
    help="SwyxWare roles compiled to AWS security groups and Azure NSGs, every rule explained.",
    epilog="Exit codes: 0 done; 1 the answer is no; 2 the input is wrong; 3 a cloud or the engine failed.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

File = Annotated[str, typer.Argument(metavar="FILE", help="The installation file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead.")]
SiteNames = Annotated[
    list[str] | None,
    typer.Option("--site", metavar="SITE", help="Only this site; may be repeated."),
]
Clouds = Annotated[
    list[str] | None,
    typer.Option(
        "--cloud",
        metavar="[SITE=]CLOUD",
        help="aws or azure, for one site or for all; may be repeated.",
    ),
]


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


@app.command()
def check(file: File, json: AsJson = False) -> int:
    """Say everything that is wrong with a file, doubtful, or worth knowing about it."""
    from swyx_components.cli.check import check_file

    return check_file(file, as_json=json)


@app.command()
def plan(file: File, cloud: Clouds = None, site: SiteNames = None, json: AsJson = False) -> int:
    """Show every rule of every site, with what each is for.

    With --cloud, as that cloud would hold them: counted against its quotas and proved both ways.
    """
    from swyx_components.cli.plan import plan_file

    return plan_file(file, clouds=cloud or [], sites=site or [], as_json=json)


@app.command()
def explain(
    file: File,
    source: Annotated[
        str,
        typer.Argument(metavar="SRC", help="Machine, network, SITE/ROLE or address that sends."),
    ],
    destination: Annotated[
        str, typer.Argument(metavar="DST", help="The same for the one that receives.")
    ],
    packet: Annotated[
        str, typer.Argument(metavar="PROTO/PORT", help="tcp/1720, udp/50000, icmp, ...")
    ],
    source_port: Annotated[
        int | None, typer.Option("--source-port", min=1, max=65535, help="The sender's port.")
    ] = None,
    cloud: Clouds = None,
    json: AsJson = False,
) -> int:
    """Say whether a packet may pass, by which rules and for which flows, or what it would take."""
    from swyx_components.cli.explain import explain_packet

    question = (source, destination, packet, source_port)
    return explain_packet(file, question, clouds=cloud or [], as_json=json)


@app.command()
def verify(file: File, site: SiteNames = None, cloud: Clouds = None, json: AsJson = False) -> int:
    """Read what the clouds hold for the sites and compare it with the plan, rule by rule."""
    from swyx_components.cli.verify import verify_sites

    return verify_sites(file, sites=site or [], clouds=cloud or [], as_json=json)


@app.command()
def flows(file: File, site: SiteNames = None, json: AsJson = False) -> int:
    """List who may talk to whom, with evidence and the article's lines."""
    from swyx_components.cli.flows import list_flows

    return list_flows(file, sites=site or [], as_json=json)


@app.command()
def catalogue(json: AsJson = False) -> int:
    """List what the article says: roles, the ports they listen on, and the flows."""
    from swyx_components.cli.reference import print_catalogue

    return print_catalogue(as_json=json)


@app.command()
def schema() -> int:
    """Print the JSON Schema of installation files, for editors."""
    from swyx_components.cli.reference import print_schema

    return print_schema()


def run(arguments: list[str] | None = None) -> None:
    """The entry point: any outcome is an exit code and, where it is not 0, a sentence."""
    try:
        code = _dispatch(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader (`head`, a pager) has gone; what is still buffered must not fail at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        code = 0
    sys.exit(code)


def _dispatch(arguments: list[str] | None) -> int:
    from swyx_components.cli.talk import complain, prepare_streams

    prepare_streams()
    try:
        return int(app(args=arguments, standalone_mode=False) or 0)
    except (typer.Abort, KeyboardInterrupt):
        complain("stopped before it was done; nothing was changed.")
        return 130
    except BrokenPipeError:
        raise
    except Exception as problem:
        from swyx_components.cli.failures import explain_failure

        return explain_failure(problem)


if __name__ == "__main__":
    run()
