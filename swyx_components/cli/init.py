"""`swyx init`: a first installation file, from answers or from a list of machines."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import click

from swyx_components.catalogue import Catalogue, load_catalogue
from swyx_components.cli.failures import refuse
from swyx_components.cli.options import JSON, argument, examples, option, option_list
from swyx_components.cli.sites import assess_sites
from swyx_components.cli.terminal import (
    print_error,
    print_json,
    print_note,
    replace_file,
    report_progress,
    safe_line,
)
from swyx_components.installation import read_installation
from swyx_components.installation.diagnostics import Diagnostics
from swyx_components.installation.draft import (
    Draft,
    DraftEnd,
    DraftLink,
    DraftSite,
    read_columns,
    read_ends,
    read_machine_list,
    read_roles,
    split_cell,
)
from swyx_components.installation.values import is_name
from swyx_components.messages import Message, errors_of, raise_errors
from swyx_components.planner.topology import Topology
from swyx_components.report.draft import SCHEMA, write_draft
from swyx_components.report.plan_json import message_record
from swyx_components.report.tables import list_messages

STDOUT = "-"
_DEFAULTS = {"dcom": "restricted", "h245": "tunnelled"}


@click.command(
    epilog=examples(
        "init",
        "init installation.yaml --from machines.csv",
        "init - --from machines.csv --dcom restricted",
    )
)
@argument("file", "FILE", "File to write, default installation.yaml; - for stdout.", required=False)
@option("--from", "CSV", "List of machines, - for standard input; default: ask.", name="source")
@option_list("--column", "columns", "OURS=THEIRS", "Name of a column in the list")
@option("--dcom", "TEXT", "The decision dcom.")
@option("--h245", "TEXT", "The decision h245.")
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
@JSON
def init(
    file: str, source: str, columns: Sequence[str], dcom: str, h245: str, force: bool, as_json: bool
) -> None:
    """Create an installation file.

    Asks, or reads a list of machines (CSV with the columns site, name, addresses, roles and links),
    checks the result and lists the decisions to confirm.
    """
    output = file or "installation.yaml"
    if output != STDOUT and not force and os.path.lexists(output):
        raise refuse("file-there", output)
    given = {key: value for key, value in (("dcom", dcom), ("h245", h245)) if value}
    catalogue = load_catalogue()
    listed = read_machine_list(source, catalogue, read_columns(columns)) if source else None
    asked = listed.draft if listed else ask_draft(catalogue)
    draft, undecided = _decide(_with_decisions(asked, given), given, asking=not source)
    messages = _check(draft, source, output)
    text = write_draft(draft, catalogue, undecided)
    if output != STDOUT:
        _write(output, text, force, source)
    elif not as_json:
        sys.stdout.write(text)
    ignored = listed.ignored if listed else ()
    if as_json:
        told = "" if output == STDOUT else output
        document: dict[str, object] = {"version": 1, "file": told, "text": text}
        document["decisions"] = draft.decisions
        records = [message_record(message) for message in messages]
        document |= {"to_confirm": undecided, "ignored_columns": ignored, "messages": records}
        print_json(document)
    else:
        _print_notes(output, undecided, ignored, messages)


def _write(output: str, text: str, force: bool, source: str) -> None:
    """Never overwrite a file that was created while questions were asked."""
    if not force and os.path.lexists(output):
        raise refuse("file-there", output)
    replace_file(Path(output), [text.encode()], [Path(source)])


def _decide(draft: Draft, given: Mapping[str, str], asking: bool) -> tuple[Draft, tuple[str, ...]]:
    """The decisions that some flow needs: asked for, or the defaults, still to be confirmed."""
    undecided: list[str] = []
    for key in _needed(draft):
        if asking:
            question = f"{key} (not specified by the article)"
            answer = _ask(question, _DEFAULTS[key], partial(_read_decision, draft, key))
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


def _read_decision(draft: Draft, key: str, text: str, log: Diagnostics) -> str:
    _, messages = read_installation(_with_decisions(draft, {key: text}).as_data(), file="")
    log.adopt(errors_of(messages))
    return text


def _messages(draft: Draft, file: str = "") -> list[Message]:
    """What `swyx check` would say."""
    installation, found = read_installation(draft.as_data(), file=file)
    messages = set(found)
    if installation is not None and not errors_of(found):
        names = tuple(installation.sites)
        sites = assess_sites(Topology(installation), names, {})
        sites = report_progress(sites, "sites planned", len(names))
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
    origin = rows.get(".".join(message.place.replace("[", ".").split(".")[:4]), "")
    return message._replace(place=f"{origin}: {message.place}") if origin else message


def _print_notes(
    output: str, undecided: Sequence[str], ignored: Sequence[str], messages: Sequence[Message]
) -> None:
    """On stderr, since stdout may be the file."""
    if ignored:
        print_note(f"Columns ignored: {', '.join(ignored)}.")
    for line in list_messages(messages):
        print_note(line)
    for key in undecided:
        print_note(f"To confirm: decisions.{key} is {_DEFAULTS[key]} by default.")
    if output != STDOUT:
        print_note(f"Wrote {output}, which passes `swyx check {output}`.")
        print_note(f"For completion in your editor, run `swyx schema > {SCHEMA}` beside it.")


_Answer = TypeVar("_Answer")


def ask_draft(catalogue: Catalogue) -> Draft:
    """The sites, machines, networks and links that a person names."""
    sites: list[DraftSite] = []
    while name := _ask_name("Name of a site" if not sites else "Another site", not sites, "site"):
        site = _ask_site(name, catalogue, sites)
        if site is not None:
            sites.append(site)
    links = _ask_links(sites, catalogue)
    return Draft(swyxware=catalogue.version, sites=tuple(sites), links=tuple(links))


def _ask_site(name: str, catalogue: Catalogue, known: Sequence[DraftSite]) -> DraftSite | None:
    """One site; asked again if it has errors."""
    while True:
        ends = [_ask_server(name, catalogue)]
        while machine := _ask_name("  Another machine", False, "machine"):
            ends.append(_ask_end(machine, catalogue, network=False))
        while network := _ask_name("  A network of clients or phones", False, "network"):
            ends.append(_ask_end(network, catalogue, network=True))
        site = DraftSite(name=name, ends=tuple(ends))
        draft = Draft(swyxware=catalogue.version, sites=(*known, site))
        _, messages = read_installation(draft.as_data(), file="the answers")
        errors = errors_of(messages)
        for message in errors:
            print_error(str(message))
        if not errors:
            return site
        if _read_line(f"Enter {name} again? [Y/n]").lower() in ("n", "no"):
            return None


def _ask_server(site: str, catalogue: Catalogue) -> DraftEnd:
    """The machine with the role that every site has exactly once."""
    (role,) = [role.name for role in catalogue.roles.values() if role.once_per_site]
    name = _ask_name(f"  Name of the machine with {role}", True, "machine", f"{site[:33]}-server")
    others = [own for own in catalogue.roles if own != role]
    end = _ask_end(name, catalogue, network=False, roles=(role,))
    more = _ask(
        f"  Other roles on {end.name} ({', '.join(others)}; empty for none)",
        "",
        lambda text, log: read_roles(text, tuple(catalogue.roles), log, "roles"),
    )
    return replace(end, roles=tuple(dict.fromkeys((role, *more))))


def _ask_end(
    name: str, catalogue: Catalogue, network: bool, roles: tuple[str, ...] = ()
) -> DraftEnd:
    def read_addresses(text: str, log: Diagnostics) -> tuple[str, ...]:
        ends, found = read_ends(text, log, "addresses")
        if ends and found is not network and not log.all():
            kind = "networks (10.1.20.0/24)" if network else "addresses (10.1.0.10)"
            log.add("type-wrong", "addresses", found=text, expected=kind, example=kind)
        return ends

    def read_own_roles(text: str, log: Diagnostics) -> tuple[str, ...]:
        found = read_roles(text, tuple(catalogue.roles), log, "roles")
        allowed = [role.name for role in catalogue.roles.values() if role.on_networks]
        for role in found if network else ():
            if role not in allowed:
                log.add("role-not-on-network", "roles", role=role, allowed=allowed)
        if not found and not log.all():
            log.add("list-empty", "roles", example="SwyxIt")
        return found

    what = "CIDRs" if network else "Addresses"
    addresses = _ask(f"    {what} of {name}", None, read_addresses)
    default = next(r.name for r in catalogue.roles.values() if r.on_networks) if network else None
    return DraftEnd(
        name=name,
        addresses=addresses,
        roles=roles or _ask(f"    Roles of {name}", default, read_own_roles),
        network=network,
    )


def _ask_links(sites: Sequence[DraftSite], catalogue: Catalogue) -> list[DraftLink]:
    """For each LinkManager the other sites that it serves."""
    links: list[DraftLink] = []
    serving = {role.name for role in catalogue.roles.values() if role.serves_links}
    managers = [(site, end) for site in sites for end in site.ends if serving & set(end.roles)]
    for site, manager in managers:
        linked = {name for link in links if site.name in link.sites for name in link.sites}
        left = [other.name for other in sites if other.name not in {site.name, *linked}]
        for other in _ask_sites(manager.name, left) if left else ():
            links.append(DraftLink(sites=(site.name, other), link_manager=manager.name))
    return links


def _ask_sites(manager: str, others: list[str]) -> tuple[str, ...]:
    def read(text: str, log: Diagnostics) -> tuple[str, ...]:
        named = [] if text.strip() == "-" else split_cell(text)
        for name in named:
            if name not in others:
                log.unknown("link-site", "links", name, others)
        return tuple(dict.fromkeys(named))

    question = f"Sites that {manager} links to its own ({', '.join(others)}; - for none)"
    return _ask(question, others[0] if len(others) == 1 else "-", read)


def _ask_name(question: str, needed: bool, kind: str, default: str = "") -> str:
    def read(text: str, log: Diagnostics) -> str:
        if (text or needed) and not is_name(text):
            log.add("name-invalid", kind, name=text, kind=kind)
        return text

    hint = "" if needed else " (name; empty to end)"
    return _ask(f"{question}{hint}", default, read)


def _ask(
    question: str, default: str | None, read: Callable[[str, Diagnostics], _Answer]
) -> _Answer:
    """The first answer without errors."""
    while True:
        text = _read_line(f"{question} [{default}]" if default else question) or default or ""
        log = Diagnostics("")
        answer = read(text, log)
        found = log.all()
        if not found:
            return answer
        for message in found:
            print_error(str(message))


def _read_line(question: str) -> str:
    """One line of stdin. Nothing goes to stdout, which may be the file.

    Raises:
        click.Abort: there is no more.
    """
    print(f"{safe_line(question)}: ", end="", file=sys.stderr, flush=True)
    line = sys.stdin.readline()
    if not line:
        print(file=sys.stderr)
        raise click.Abort
    return line.strip()
