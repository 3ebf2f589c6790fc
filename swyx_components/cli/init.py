"""`swyx init`: an installation file to begin with, from answers or from a list of machines."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from swyx_components.catalogue import load_catalogue
from swyx_components.cli.ask import ask_decision, ask_draft
from swyx_components.cli.options import JSON, offer_files
from swyx_components.cli.sites import assess_sites
from swyx_components.cli.terminal import print_json, print_note, report_progress
from swyx_components.installation import read_installation
from swyx_components.installation.draft import Draft, MachineList, read_machine_list
from swyx_components.messages import Message, Severity, SwyxError
from swyx_components.report.draft import SCHEMA, write_draft
from swyx_components.report.plan_json import message_record
from swyx_components.report.tables import list_messages

STDOUT = "-"
_DEFAULTS = {"dcom": "restricted", "h245": "tunnelled"}


@click.command
@click.option(
    "--from",
    "source",
    default="",
    metavar="CSV",
    help="A list of machines; default: ask.",
    shell_complete=offer_files,
)
@click.option(
    "--output",
    default="installation.yaml",
    show_default=True,
    metavar="FILE",
    help="What to write; - for stdout.",
    shell_complete=offer_files,
)
@click.option("--dcom", default="", help="The decision dcom, if it is made.")
@click.option("--h245", default="", help="The decision h245, if it is made.")
@click.option("--force", is_flag=True, help="Overwrite a file.")
@JSON
def init(source: str, output: str, dcom: str, h245: str, force: bool, as_json: bool) -> None:
    """Write an installation file to begin with.

    Asks, or reads a list of machines (CSV with the columns site, name, addresses, roles and links),
    checks what comes of it and says what is left to decide.
    """
    given = {key: value for key, value in (("dcom", dcom), ("h245", h245)) if value}
    if output != STDOUT and not force:
        _refuse_there(Path(output))
    catalogue = load_catalogue()
    listed = (
        read_machine_list(source, catalogue) if source else MachineList(ask_draft(catalogue), ())
    )
    draft = _with_decisions(listed.draft, given)
    draft, undecided = _decide(draft, given, asking=not source)
    messages = _judge(draft, source, output)
    text = "".join(f"{line}\n" for line in write_draft(draft, catalogue, undecided))
    if output == STDOUT and not as_json:
        sys.stdout.write(text)
    elif output != STDOUT:
        _write(Path(output), text, force)
    if as_json:
        print_json(_record(output, text, draft, undecided, listed.ignored, messages))
    else:
        _print_notes(output, undecided, listed.ignored, messages)


def _refuse_there(path: Path) -> None:
    if path.exists() or path.is_symlink():
        raise SwyxError([Message.about("file-there", "").of(str(path))])


def _write(path: Path, text: str, force: bool) -> None:
    """Never over what came there while questions were asked."""
    try:
        with path.open("w" if force else "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise SwyxError([Message.about("file-there", "").of(str(path))]) from None


def _decide(draft: Draft, given: Mapping[str, str], asking: bool) -> tuple[Draft, tuple[str, ...]]:
    """The decisions that some flow needs: asked for, or the defaults, which are still to confirm."""
    undecided: list[str] = []
    for key in _needed(draft):
        if asking:
            answer = ask_decision(key, _DEFAULTS[key], partial(_try, draft, key))
            draft = _with_decisions(draft, {key: answer})
        elif key not in given:
            draft = _with_decisions(draft, {key: _DEFAULTS[key]})
            undecided.append(key)
    return draft, tuple(undecided)


def _with_decisions(draft: Draft, decisions: Mapping[str, str]) -> Draft:
    made = {**draft.decisions, **decisions}
    return replace(draft, dcom=made.get("dcom", ""), h245=made.get("h245", ""))


def _needed(draft: Draft) -> tuple[str, ...]:
    found = {dict(m.values)["decision"] for m in _messages(draft) if m.id == "decision-missing"}
    return tuple(key for key in _DEFAULTS if key in found)


def _try(draft: Draft, key: str, value: str) -> tuple[Message, ...]:
    _, messages = read_installation(_with_decisions(draft, {key: value}).as_data(), file="")
    return tuple(m for m in messages if m.severity is Severity.ERROR)


def _messages(draft: Draft, file: str = "") -> tuple[Message, ...]:
    """What `swyx check` would say."""
    installation, found = read_installation(draft.as_data(), file=file)
    messages = set(found)
    if installation is not None and not _errors(found):
        names = tuple(installation.sites)
        sites = assess_sites(installation, names, {})
        for site in report_progress(sites, "sites planned", len(names)):
            messages.update(site.messages)
    return tuple(sorted(messages))


def _errors(messages: Sequence[Message]) -> list[Message]:
    return [message for message in messages if message.severity is Severity.ERROR]


def _judge(draft: Draft, source: str, output: str) -> tuple[Message, ...]:
    """All messages about the draft.

    Raises:
        SwyxError: it has errors; each names the row that it comes from.
    """
    messages = _messages(draft, output)
    errors = [message.of(source or "the answers") for message in _errors(messages)]
    if errors:
        rows = {
            f"sites.{site.name}.{'networks' if end.network else 'machines'}.{end.name}": end.origin
            for site in draft.sites
            for end in site.ends
            if end.origin
        }
        raise SwyxError(_with_row(message, rows) for message in errors)
    return messages


def _with_row(message: Message, rows: Mapping[str, str]) -> Message:
    parts = message.place.replace("[", ".").split(".")
    origin = rows.get(".".join(parts[:4]), "")
    return message._replace(place=f"{origin}: {message.place}") if origin else message


def _print_notes(
    output: str, undecided: Sequence[str], ignored: Sequence[str], messages: Sequence[Message]
) -> None:
    """On stderr, since stdout may be the file."""
    if ignored:
        print_note(f"Columns left aside: {', '.join(ignored)}.")
    for line in list_messages(messages):
        print_note(line)
    for key in undecided:
        print_note(f"Left to confirm: decisions.{key} is {_DEFAULTS[key]} since nobody decided it.")
    if output != STDOUT:
        print_note(f"{output} is written and passes `swyx check {output}`.")
        print_note(
            f"Editors complete it once `swyx schema > {SCHEMA}` has put the schema beside it."
        )


def _record(
    output: str,
    text: str,
    draft: Draft,
    undecided: Sequence[str],
    ignored: Sequence[str],
    messages: Sequence[Message],
) -> dict[str, object]:
    return {
        "version": 1,
        "file": "" if output == STDOUT else output,
        "text": text,
        "decisions": draft.decisions,
        "to_confirm": list(undecided),
        "ignored_columns": list(ignored),
        "messages": [message_record(message) for message in messages],
    }
