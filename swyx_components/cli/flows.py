"""`swyx flows`: who may talk to whom, one row per flow."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import SpooledTemporaryFile

from swyx_components.analysis.matrix import EXTRA, MatrixRow, Selection, list_rows
from swyx_components.catalogue import Evidence
from swyx_components.catalogue.load import calls_of
from swyx_components.cli import terminal
from swyx_components.cli.options import FILE, JSON, OUTPUT, SITES, command, option, option_list
from swyx_components.cli.sites import choose_sites, find_name, plan_sites, unknown
from swyx_components.cli.stacks import files_of
from swyx_components.installation import load_installation
from swyx_components.installation.diagnostics import Diagnostics
from swyx_components.installation.model import Installation
from swyx_components.messages import raise_errors
from swyx_components.planner.topology import Topology
from swyx_components.report import flows as report

FORMATS = ("table", "csv", "markdown", "json", "xlsx")


@command(
    "flows installation.yaml --site aachen --role SwyxServer",
    "flows installation.yaml --evidence inferred",
    "flows installation.yaml --format xlsx --output flows.xlsx",
)
@FILE
@SITES
@option_list("--role", "roles", "ROLE", "Only flows of this role")
@option_list("--machine", "machines", "NAME", "Only flows of this machine or network")
@option_list("--evidence", "evidence", "EVIDENCE", "stated, inferred, optional or extra")
@option("--format", "FORMAT", "table, csv, markdown, json or xlsx.")
@OUTPUT
@JSON
def flows(file: str, format: str, output: str, as_json: bool, **options: Sequence[str]) -> None:
    """List who may talk to whom, and why."""
    chosen = terminal.choose_format(format, as_json, FORMATS)
    if chosen == "xlsx" and not output:
        raise terminal.refuse("format-binary", "--format", format=chosen)
    installation = load_installation(file)
    selection, topology = _read_selection(installation, options), Topology(installation)
    plans = plan_sites(topology, sorted(selection.sites))
    rows = ((plan.site, tuple(list_rows(topology, plan, selection))) for plan in plans)
    if chosen == "xlsx":
        _save_workbook((row for _, own in rows for row in own), output, files_of(installation))
    else:
        terminal.write_output(_write(chosen, rows), output, files_of(installation))


def _write(format: str, sites: Iterable[report.SiteRows]) -> Iterator[str]:
    if format == "table":
        return report.write_table(sites)
    writers = {
        "csv": report.write_csv,
        "markdown": report.write_markdown,
        "json": report.write_json,
    }
    return writers[format](row for _, rows in sites for row in rows)


def _save_workbook(rows: Iterator[MatrixRow], output: str, inputs: Iterable[Path]) -> None:
    try:
        with SpooledTemporaryFile(terminal.IN_MEMORY) as book:
            report.write_workbook(rows, book)
            book.seek(0)
            terminal.replace_file(Path(output), iter(partial(book.read, 1 << 20), b""), inputs)
    except ImportError:
        raise terminal.refuse("package-missing", "--format", package="openpyxl") from None


def _read_selection(installation: Installation, options: Mapping[str, Sequence[str]]) -> Selection:
    """The selection that the options describe.

    Raises:
        SwyxError: unknown words; with a message for each.
    """
    catalogue = installation.catalogue
    book = calls_of(catalogue)
    roles = {word: book.find_role(word, catalogue) for word in options["roles"]}
    kinds = [*(evidence.value for evidence in Evidence), EXTRA]
    log = Diagnostics("")
    names = {owner.name for site in installation.sites.values() for owner in site.owners}
    names |= {*(f"provider {provider.name}" for provider in installation.providers), "sip_devices"}
    for word in options["machines"]:
        if not find_name(word, names):
            log.adopt([unknown("host-unknown", f"--machine {word}", word, names)])
    for word in (word for word, role in roles.items() if not role):
        log.unknown("role", f"--role {word}", word, list(catalogue.roles))
    for word in (word for word in options["evidence"] if word.lower() not in kinds):
        log.unknown("word", f"--evidence {word}", word, kinds)
    raise_errors(log.all())
    return Selection(
        sites=frozenset(choose_sites(installation, options["sites"])),
        roles=frozenset(role.lower() for role in roles.values()),
        machines=frozenset(word.lower() for word in options["machines"]),
        evidence=frozenset(word.lower() for word in options["evidence"]),
    )
