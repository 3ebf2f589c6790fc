"""`swyx check`: everything that is wrong with a file, doubtful, or worth knowing."""

from collections.abc import Iterable

import click

from swyx_components.cli.options import FILE, JSON
from swyx_components.cli.sites import assess_sites
from swyx_components.cli.terminal import print_json, print_line, report_progress
from swyx_components.installation import read_installation
from swyx_components.installation.model import Installation
from swyx_components.messages import Message, Severity
from swyx_components.planner.checks.decisions import drop_consequences
from swyx_components.report.plan_json import message_record
from swyx_components.report.tables import count_messages, list_messages, plural

WRONG_INPUT = 2


@click.command
@FILE
@JSON
def check(file: str, as_json: bool) -> int:
    """Judge a file: errors, warnings and notes."""
    installation, found = read_installation(file)
    messages, size = set(found), ""
    if installation is not None:
        planned, size = _plan_all(installation)
        messages |= set(drop_consequences(planned, found))
    ordered = tuple(sorted(messages))
    if as_json:
        _print_record(file, ordered)
    else:
        for line in list_messages(ordered):
            print_line(line)
        print_line(f"{file}: {size}{count_messages(ordered)}.")
    wrong = any(message.severity is Severity.ERROR for message in ordered)
    return WRONG_INPUT if wrong or installation is None else 0


def _plan_all(installation: Installation) -> tuple[set[Message], str]:
    """The messages of every site, and how much there is, in words."""
    messages: set[Message] = set()
    rules = 0
    names = tuple(installation.sites)
    sites = assess_sites(installation, names, {})
    for site in report_progress(sites, "sites planned", len(names)):
        messages.update(site.messages)
        if not site.has_errors:
            rules += sum(len(group.rules) for group in site.plan.groups)
    machines = sum(len(site.machines) for site in installation.sites.values())
    counts = ((len(names), "site"), (machines, "machine"), (rules, "rule"))
    return messages, f"{', '.join(plural(*count) for count in counts)}; "


def _print_record(file: str, messages: Iterable[Message]) -> None:
    records = [message_record(message) for message in messages]
    ok = not any(record["severity"] == Severity.ERROR.value for record in records)
    document = {"version": 1, "file": file, "ok": ok, "messages": records}
    print_json(document)
