"""`swyx check`: errors, warnings and notes about a file."""

from swyx_components.cli.options import command, written
from swyx_components.cli.sites import assess_sites
from swyx_components.cli.terminal import DONE, exit_code_of, print_answer, print_messages
from swyx_components.installation import read_installation
from swyx_components.installation.model import Installation
from swyx_components.installation.positions import find_positions, put_at
from swyx_components.installation.read import Source
from swyx_components.messages import Message, Severity
from swyx_components.planner.checks.decisions import drop_consequences
from swyx_components.planner.topology import Topology
from swyx_components.report.plan_json import message_record
from swyx_components.report.tables import count_messages, list_messages, plural


@command(
    "check installation.yaml",
    "check - < installation.yaml",
    quiet=written("-q --quiet", "Print only errors and warnings."),
)
def check(file: str, strict: bool, quiet: bool, as_json: bool) -> int:
    """Check a file: errors, warnings and notes."""
    installation, ordered, rules = find_messages(file, file)
    code = exit_code_of(ordered, strict)
    graver = [message for message in ordered if message.severity is not Severity.NOTE]
    if as_json:
        records = [
            message_record(own)
            | {"text": str(put_at(own, at)), **dict(zip(("line", "column"), at, strict=False))}
            for own, at in zip(ordered, find_positions(ordered), strict=True)
        ]
        print_answer({"version": 1, "file": file, "ok": code == DONE, "messages": records})
    elif not quiet or graver:
        print_messages(list_messages(graver if quiet else ordered))
        size, settled = "", list[str]()
        if installation:
            sites, settled = installation.sites.values(), sorted(installation.acknowledged)
            machines = sum(len(site.machines) for site in sites)
            counts = ((len(sites), "site"), (machines, "machine"), (rules, "rule"))
            size = f"{', '.join(plural(*count) for count in counts)}; "
        more = f"; acknowledged: {', '.join(settled)}" if settled else ""
        print_answer([f"{file}: {size}{count_messages(ordered)}{more}."])
    return code


def find_messages(source: Source, file: str) -> tuple[Installation | None, list[Message], int]:
    """What can be read of a source, every message about it and its plan, and the number of rules."""
    installation, found = read_installation(source, file=file)
    names = tuple(installation.sites) if installation else ()
    planned, rules = set[Message](), 0
    for site in assess_sites(Topology(installation), names) if installation else ():
        planned.update(site.messages)
        if not site.has_errors:
            rules += sum(len(group.rules) for group in site.plan.groups)
    return installation, sorted({*found, *drop_consequences(planned, found)}), rules
