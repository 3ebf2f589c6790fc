"""`swyx flows`: who may talk to whom, one row per flow."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import SpooledTemporaryFile

from swyx_components.analysis.matrix import EXTRA, MatrixRow, Wanted, list_rows
from swyx_components.catalogue.load import calls_of
from swyx_components.catalogue.model import Evidence
from swyx_components.cli import terminal
from swyx_components.cli.options import Words, command, written
from swyx_components.cli.sites import choose, find_name, plan_usable, unknown
from swyx_components.cli.stacks import files_of
from swyx_components.installation import Installation
from swyx_components.messages import Diagnostics, raise_errors
from swyx_components.report import flows as report

_WRITERS = {"csv": report.write_csv, "markdown": report.write_markdown, "json": report.write_json}


@command(
    "flows installation.yaml --site aachen --role SwyxServer",
    "flows installation.yaml --evidence inferred",
    "flows installation.yaml --format xlsx --output flows.xlsx",
    roles=written("--role ROLE", "Only flows of this role"),
    machines=written("--machine NAME", "Only flows of this machine or network"),
    evidence=written("--evidence EVIDENCE", "stated, inferred, optional or extra"),
    format=written("--format FORMAT", "table, csv, markdown, json or xlsx."),
)
def flows(
    file: str,
    sites: Words,
    roles: Words,
    machines: Words,
    evidence: Words,
    format: str,
    output: str,
    as_json: bool,
) -> None:
    """List who may talk to whom, and why."""
    chosen = terminal.choose_format(format, as_json, ("table", *_WRITERS, "xlsx"))
    if chosen == "xlsx" and not output:
        raise terminal.refuse("format-binary", "--format", format=chosen)
    topology, _, names, _ = choose(file, sites)
    installation, shown = topology.installation, frozenset(names)
    inputs = files_of(installation)
    wanted = _read_words(installation, roles=roles, machines=machines, evidence=evidence)
    plans = plan_usable(topology, names)
    listed = ((plan.site, tuple(list_rows(topology, plan, shown, wanted))) for plan in plans)
    rows = (row for _, own in listed for row in own)
    if chosen == "xlsx":
        _save_workbook(rows, Path(output), inputs)
    else:
        pieces = _WRITERS[chosen](rows) if chosen in _WRITERS else report.write_table(listed)
        terminal.write_output(pieces, output, inputs)


def _save_workbook(rows: Iterable[MatrixRow], output: Path, inputs: Iterable[Path]) -> None:
    try:
        with SpooledTemporaryFile(terminal.IN_MEMORY) as book:
            report.write_workbook(rows, book)
            book.seek(0)
            terminal.replace_file(output, book, inputs)
    except ImportError:
        raise terminal.refuse("package-missing", "--format", package="openpyxl") from None


def _read_words(installation: Installation, **asked: Sequence[str]) -> Wanted:
    """What the options ask for, in lower case.

    Raises:
        SwyxError: unknown words; with a message for each.
    """
    catalogue = installation.catalogue
    book = calls_of(catalogue)
    found = {word: book.find_role(word, catalogue) for word in asked["roles"]}
    kinds = [*(evidence.value for evidence in Evidence), EXTRA]
    log = Diagnostics("")
    names = {owner.name for site in installation.sites.values() for owner in site.owners}
    names |= {*(f"provider {provider.name}" for provider in installation.providers), "sip_devices"}
    for word in asked["machines"]:
        if not find_name(word, names):
            log.adopt([unknown("host-unknown", f"--machine {word}", word, names)])
    for word in (word for word, role in found.items() if not role):
        log.unknown("role", f"--role {word}", word, list(catalogue.roles))
    for word in (word for word in asked["evidence"] if word.lower() not in kinds):
        log.unknown("word", f"--evidence {word}", word, kinds)
    raise_errors(log.all())
    words = {**asked, "roles": [*found.values()]}
    return {kind: {word.lower() for word in own} for kind, own in words.items()}
