"""The `swyx` command: its words and options. What each command does is loaded when it is called."""

import gc
import os
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from swyx_components import __version__

DONE, STOPPED = 0, 130  # 128 + SIGINT, as shells count

app = typer.Typer(
    name="swyx",
    help="SwyxWare roles compiled to AWS security groups and Azure NSGs, every rule explained.",
    epilog="Exit codes: 0 done; 1 the answer is no; 2 the input is wrong; 3 a cloud or the engine failed.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Completer = Callable[[typer.Context, str], list[str]]


def _complete(what: str) -> Completer:
    """Offers `find_WHAT` of the file that stands on the line; loaded when a shell asks."""

    def complete(context: typer.Context, incomplete: str) -> list[str]:
        from swyx_components.cli import complete as words

        # Behind an option that still lacks its value nothing is parsed: the words are left in `args`.
        given = (context.params.get("file"), context.params.get("new"), *context.args)
        file = next((word for word in given if word), "")
        found = getattr(words, f"find_{what}")(str(file))
        return [word for word in found if word.startswith(incomplete)]

    return complete


File = Annotated[str, typer.Argument(metavar="FILE", help="The installation file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead.")]
SiteNames = Annotated[
    list[str] | None,
    typer.Option(
        "--site",
        metavar="SITE",
        help="Only this site; may be repeated.",
        autocompletion=_complete("sites"),
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
        autocompletion=_complete("clouds"),
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
    """Judge a file: errors, warnings and notes."""
    from swyx_components.cli.check import check_file

    return check_file(file, as_json=json)


@app.command()
def plan(file: File, cloud: Clouds = None, site: SiteNames = None, json: AsJson = False) -> int:
    """Show every rule of every site.

    Each with the flows it is for and the article's lines. With --cloud, as that cloud would hold
    them: counted against its quotas and proved both ways.
    """
    from swyx_components.cli.plan import plan_file

    return plan_file(file, clouds=cloud or [], sites=site or [], as_json=json)


@app.command()
def explain(
    file: File,
    source: Annotated[
        str,
        typer.Argument(
            metavar="SRC",
            help="Machine, network, SITE/ROLE or address that sends.",
            autocompletion=_complete("ends"),
        ),
    ],
    destination: Annotated[
        str,
        typer.Argument(
            metavar="DST",
            help="The same for the one that receives.",
            autocompletion=_complete("ends"),
        ),
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
    """Say whether a packet may pass, and why.

    By which rules, for which flows; where it may not, what it would take.
    """
    from swyx_components.cli.explain import explain_packet

    question = (source, destination, packet, source_port)
    return explain_packet(file, question, clouds=cloud or [], as_json=json)


@app.command()
def call(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The installation file.")] = "",
    caller: Annotated[
        str,
        typer.Argument(
            metavar="CALLER", help="ROLE@SITE, machine, network, pstn@SITE, provider, ..."
        ),
    ] = "",
    called: Annotated[
        str,
        typer.Argument(metavar="CALLED", help="The same, fax@SITE, voicemail or conference."),
    ] = "",
    scenario: Annotated[
        str, typer.Option("--scenario", metavar="NAME", help="Calls that have a name, see --list.")
    ] = "",
    site: Annotated[
        list[str] | None,
        typer.Option("--site", metavar="SITE", help="Where the scenario plays; may be repeated."),
    ] = None,
    scenarios: Annotated[bool, typer.Option("--list", help="List the scenarios.")] = False,
    cloud: Clouds = None,
    format: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="text, json, mermaid or svg.")
    ] = "",
    output: Output = "",
    json: AsJson = False,
) -> int:
    """Simulate a call, step by step.

    Each step of signalling and media with its packets, and whether both ends let them pass.
    """
    from swyx_components.cli.call import CallQuestion, list_scenarios, simulate_calls

    if scenarios:
        return list_scenarios()
    question = CallQuestion(file, caller, called, scenario, site or [], cloud or [])
    return simulate_calls(question, format, output, as_json=json)


@app.command()
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


@app.command()
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


@app.command()
def recover(
    file: File,
    site: Annotated[
        str,
        typer.Option(
            "--site",
            metavar="SITE",
            help="The site of the stack.",
            autocompletion=_complete("sites"),
        ),
    ],
    cloud: Annotated[str, typer.Option("--cloud", metavar="CLOUD", help="aws or azure.")],
    stack: Annotated[
        str, typer.Option("--stack", metavar="STACK", help="Its stack; default: the selected one.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Remove without a question.")] = False,
    json: AsJson = False,
) -> int:
    """Remove what a killed update left in a cloud.

    Only what carries the tags of the stack and its state does not hold. Run it in the project's
    folder, after `pulumi cancel` and before `pulumi up --refresh`.
    """
    from swyx_components.cli.recover import recover_site

    return recover_site(file, site, cloud, stack, agreed=yes, as_json=json)


@app.command()
def flows(
    file: File,
    site: SiteNames = None,
    role: Annotated[
        list[str] | None,
        typer.Option("--role", metavar="ROLE", help="Only flows of this role; may be repeated."),
    ] = None,
    machine: Annotated[
        list[str] | None,
        typer.Option(
            "--machine", metavar="NAME", help="Only of this machine or network; may be repeated."
        ),
    ] = None,
    evidence: Annotated[
        list[str] | None,
        typer.Option(
            "--evidence",
            metavar="EVIDENCE",
            help="stated, inferred, optional or extra; may be repeated.",
        ),
    ] = None,
    format: Annotated[
        str,
        typer.Option("--format", metavar="FORMAT", help="table, csv, markdown, json or xlsx."),
    ] = "",
    output: Output = "",
    json: AsJson = False,
) -> int:
    """List who may talk to whom, and why."""
    from swyx_components.cli.flows import FlowQuestion, list_flows

    question = FlowQuestion(file, site or [], role or [], machine or [], evidence or [])
    return list_flows(question, format, output, as_json=json)


@app.command()
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


@app.command()
def rollout(
    old: Annotated[str, typer.Argument(metavar="OLD", help="The file that is deployed now.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The file that shall be.")],
    cloud: Clouds = None,
    json: AsJson = False,
) -> int:
    """Say how to bring an edit onto the stacks.

    Which stacks change and in which order, each step with its commands and what works from then on.
    With --cloud also what a cloud would refuse, before anything is begun.
    """
    from swyx_components.cli.rollout import roll_out

    return roll_out(old, new, cloud or [], as_json=json)


@app.command()
def init(
    source: Annotated[
        str, typer.Option("--from", metavar="CSV", help="A list of machines; default: ask.")
    ] = "",
    output: Annotated[
        str, typer.Option("--output", metavar="FILE", help="What to write; - for stdout.")
    ] = "installation.yaml",
    dcom: Annotated[str, typer.Option("--dcom", help="The decision dcom, if it is made.")] = "",
    h245: Annotated[str, typer.Option("--h245", help="The decision h245, if it is made.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file.")] = False,
    json: AsJson = False,
) -> int:
    """Write an installation file to begin with.

    Asks, or reads a list of machines (CSV with the columns site, name, addresses, roles and links),
    checks what comes of it and says what is left to decide.
    """
    from swyx_components.cli.init import begin_file

    given = {key: value for key, value in (("dcom", dcom), ("h245", h245)) if value}
    return begin_file(source, output, given, force=force, as_json=json)


@app.command()
def hosts(
    file: File,
    output: Annotated[
        str, typer.Option("--output", metavar="DIR", help="Write files below this folder.")
    ] = "",
    site: SiteNames = None,
    machine: Annotated[
        list[str] | None,
        typer.Option(
            "--machine",
            metavar="NAME",
            help="Only this machine or network; may be repeated.",
            autocompletion=_complete("machines"),
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite what others wrote or changed.")
    ] = False,
    json: AsJson = False,
) -> int:
    """Show what the machines must be set to.

    DCOM range, ports, Windows Firewall, gatekeeper, reserved ports. With --output as files for
    Windows, each with the reasons for what it does.
    """
    from swyx_components.cli.hosts import prepare_hosts

    return prepare_hosts(file, site or [], machine or [], output, force=force, as_json=json)


@app.command()
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
            autocompletion=_complete("sites"),
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


@app.command()
def catalogue(json: AsJson = False) -> int:
    """List the article's roles, ports and flows."""
    from swyx_components.cli.reference import print_catalogue

    return print_catalogue(as_json=json)


@app.command()
def schema(
    json: Annotated[bool, typer.Option("--json", help="The same: a schema is JSON.")] = False,
) -> int:
    """Print the JSON Schema of installations."""
    from swyx_components.cli.reference import print_schema

    return print_schema()


def run(arguments: list[str] | None = None) -> None:
    """The entry point: any outcome is an exit code and, where it is not 0, a sentence."""
    words = sys.argv[1:] if arguments is None else arguments
    # A command makes many small values, keeps them and ends: looking for cycles among them is a third
    # of its time and frees nothing.
    gc.disable()
    try:
        code = _dispatch(words or ["--help"])
        sys.stdout.flush()
    except (BrokenPipeError, _ReaderGone):
        # What is still buffered must not fail at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno() if sys.__stdout__ else 1)
        code = DONE
    sys.exit(code)


class _ReaderGone(Exception):
    """The reader of stdout (`head`, a pager) has seen enough."""


def _dispatch(words: list[str]) -> int:
    from swyx_components.cli.talk import complain, prepare_streams

    prepare_streams()
    try:
        code = int(app(args=words, prog_name="swyx", standalone_mode=False) or DONE)
    except (typer.Abort, KeyboardInterrupt):
        code = STOPPED
    except SystemExit as problem:  # how typer ends completion, and when stdout is closed
        if isinstance(problem.__context__, OSError):
            raise _ReaderGone from problem
        code = int(problem.code or DONE)
    except BrokenPipeError:
        raise
    except Exception as problem:
        from swyx_components.cli.failures import explain_failure

        return explain_failure(problem)
    if code == STOPPED:
        complain("stopped before it was done; nothing was changed.")
    return code


if __name__ == "__main__":
    run()
