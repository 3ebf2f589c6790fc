"""`swyx flows`: who may talk to whom, one row a flow."""

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import NamedTuple

from swyx_components.analysis.explain.places import owners_of
from swyx_components.analysis.matrix import EXTRA, MatrixRow, Selection, list_rows
from swyx_components.catalogue import Evidence
from swyx_components.catalogue.calls import bundled_calls
from swyx_components.cli.output import choose_format, refuse_output, write_output
from swyx_components.cli.sites import choose_sites, open_installation
from swyx_components.cli.talk import report_progress
from swyx_components.installation.model import Installation
from swyx_components.messages import Message, Severity, SwyxError
from swyx_components.planner import plan_sites
from swyx_components.planner.model import SitePlan
from swyx_components.report.flows import (
    SiteRows,
    write_csv,
    write_json,
    write_markdown,
    write_table,
    write_workbook,
)

FORMATS = ("table", "csv", "markdown", "json", "xlsx")


class FlowQuestion(NamedTuple):
    """The words of the command."""

    file: str
    sites: Sequence[str]
    roles: Sequence[str]
    machines: Sequence[str]
    evidence: Sequence[str]


def list_flows(question: FlowQuestion, format: str, output: str, as_json: bool) -> int:
    """Print the flows of the chosen sites that were asked for; each once.

    Raises:
        SwyxError: the words contradict each other or the file, or a site has errors.
    """
    chosen = choose_format(format, as_json, FORMATS)
    if chosen == "xlsx" and not output:
        raise SwyxError([Message.about("format-binary", "--format", format=chosen)])
    installation, _ = open_installation(question.file)
    selection = _read_selection(installation, question)
    names = sorted(selection.sites)
    plans = _without_errors(plan_sites(installation, names))
    steps = report_progress(plans, "sites planned", len(names))
    sites = _rows_of(installation, steps, selection)
    if chosen == "xlsx":
        _save_workbook(_flat(sites), output)
    else:
        write_output(_write(chosen, sites), output)
    return 0


def _write(format: str, sites: Iterable[SiteRows]) -> Iterator[str]:
    if format == "table":
        return write_table(sites)
    writers = {"csv": write_csv, "markdown": write_markdown, "json": write_json}
    return writers[format](_flat(sites))


def _rows_of(
    installation: Installation, plans: Iterable[SitePlan], selection: Selection
) -> Iterator[SiteRows]:
    for plan in plans:
        yield plan.site, tuple(list_rows(plan, selection, installation.catalogue))


def _flat(sites: Iterable[SiteRows]) -> Iterator[MatrixRow]:
    for _, rows in sites:
        yield from rows


def _without_errors(plans: Iterable[SitePlan]) -> Iterator[SitePlan]:
    for plan in plans:
        errors = [message for message in plan.messages if message.severity is Severity.ERROR]
        if errors:
            raise SwyxError(errors)
        yield plan


def _save_workbook(rows: Iterator[MatrixRow], output: str) -> None:
    try:
        write_workbook(rows, output)
    except ImportError:
        package = "openpyxl"
        raise SwyxError([Message.about("package-missing", "--format", package=package)]) from None
    except OSError as problem:
        raise refuse_output(output, problem) from None


# ---- what is asked for


def _read_selection(installation: Installation, question: FlowQuestion) -> Selection:
    """The words against the installation.

    Raises:
        SwyxError: one means nothing there; all of them are told.
    """
    errors = [
        *_unknown_roles(installation, question.roles),
        *_unknown_machines(installation, question.machines),
        *_unknown_evidence(question.evidence),
    ]
    if errors:
        raise SwyxError(errors)
    book = bundled_calls()
    roles = (book.find_role(word, installation.catalogue) for word in question.roles)
    return Selection(
        sites=frozenset(choose_sites(installation, question.sites)),
        roles=frozenset(role.lower() for role in roles),
        machines=frozenset(word.lower() for word in question.machines),
        evidence=frozenset(word.lower() for word in question.evidence),
    )


def _unknown_roles(installation: Installation, words: Iterable[str]) -> Iterator[Message]:
    book = bundled_calls()
    for word in words:
        if not book.find_role(word, installation.catalogue):
            known = list(installation.catalogue.roles)
            yield Message.about("word-unknown", f"--role {word}", word=word, known=known)


def _unknown_machines(installation: Installation, words: Iterable[str]) -> Iterator[Message]:
    if not words:
        return
    names = {owner.name for site in installation.sites.values() for owner in owners_of(site)}
    names |= {f"provider {provider.name}" for provider in installation.providers}
    folded = {name.lower() for name in names} | {"sip_devices"}
    for word in words:
        if word.lower() not in folded:
            near = get_close_matches(word, sorted(names)[:5000], 1)
            meant = f" ({near[0]} is near)" if near else ""
            yield Message.about("machine-unheard", f"--machine {word}", word=word, near=meant)


def _unknown_evidence(words: Iterable[str]) -> Iterator[Message]:
    known = [*(evidence.value for evidence in Evidence), EXTRA]
    for word in words:
        if word.lower() not in known:
            yield Message.about("word-unknown", f"--evidence {word}", word=word, known=known)
