"""`swyx init`: an installation file to begin with, from answers or from a list of machines."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from swyx_components.catalogue import load_catalogue
from swyx_components.cli.ask import ask_decision, ask_draft
from swyx_components.cli.failures import errors_of, raise_errors
from swyx_components.cli.options import JSON, option
from swyx_components.cli.sites import assess_sites
from swyx_components.cli.terminal import print_json, print_note, report_progress
from swyx_components.installation import read_installation
from swyx_components.installation.draft import Draft, read_machine_list
from swyx_components.messages import Message, SwyxError
from swyx_components.report.draft import SCHEMA, write_draft
from swyx_components.report.plan_json import message_record
from swyx_components.report.tables import list_messages

STDOUT = "-"
_DEFAULTS = {"dcom": "restricted", "h245": "tunnelled"}


@click.command
@option("--from", "CSV", "A list of machines; default: ask.", name="source")
@option("--output", "FILE", "What to write; - for stdout.", default="installation.yaml")
@option("--dcom", "TEXT", "The decision dcom, if it is made.")
@option("--h245", "TEXT", "The decision h245, if it is made.")
@click.option("--force", is_flag=True, help="Overwrite a file.")
@JSON
def init(source: str, output: str, dcom: str, h245: str, force: bool, as_json: bool) -> None:
    """Write an installation file to begin with.

    Asks, or reads a list of machines (CSV with the columns site, name, addresses, roles and links),
    checks what comes of it and says what is left to decide.
    """
    if output != STDOUT and not force and os.path.lexists(output):
        raise _refuse_present(output)
    given = {key: value for key, value in (("dcom", dcom), ("h245", h245)) if value}
    catalogue = load_catalogue()
    listed = read_machine_list(source, catalogue) if source else None
    asked = listed.draft if listed else ask_draft(catalogue)
    draft, undecided = _decide(_with_decisions(asked, given), given, asking=not source)
    messages = _check(draft, source, output)
    text = "".join(f"{line}\n" for line in write_draft(draft, catalogue, undecided))
    if output != STDOUT:
        _write(output, text, force)
    elif not as_json:
        sys.stdout.write(text)
    ignored = listed.ignored if listed else ()
    if as_json:
        document = {
            "version": 1,
            "file": "" if output == STDOUT else output,
            "text": text,
            "decisions": draft.decisions,
            "to_confirm": undecided,
            "ignored_columns": ignored,
            "messages": [message_record(message) for message in messages],
        }
        print_json(document)
    else:
        _print_notes(output, undecided, ignored, messages)


def _refuse_present(file: str) -> SwyxError:
    return SwyxError([Message.about("file-there", "").of(file)])


def _write(output: str, text: str, force: bool) -> None:
    """Never over what came there while questions were asked."""
    try:
        with Path(output).open("w" if force else "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise _refuse_present(output) from None


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


def _try(draft: Draft, key: str, value: str) -> list[Message]:
    _, messages = read_installation(_with_decisions(draft, {key: value}).as_data(), file="")
    return errors_of(messages)


def _messages(draft: Draft, file: str = "") -> list[Message]:
    """What `swyx check` would say."""
    installation, found = read_installation(draft.as_data(), file=file)
    messages = set(found)
    if installation is not None and not errors_of(found):
        names = tuple(installation.sites)
        sites = report_progress(assess_sites(installation, names, {}), "sites planned", len(names))
        messages.update(*(site.messages for site in sites))
    return sorted(messages)


def _check(draft: Draft, source: str, output: str) -> list[Message]:
    """All messages about the draft.

    Raises:
        SwyxError: it has errors; each names the row that it comes from.
    """
    messages = _messages(draft, output)
    rows = {
        f"sites.{site.name}.{'networks' if end.network else 'machines'}.{end.name}": end.origin
        for site in draft.sites
        for end in site.ends
        if end.origin
    }
    errors = (message.of(source or "the answers") for message in errors_of(messages))
    raise_errors(_with_row(message, rows) for message in errors)
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
