"""`swyx init`: a first installation file, from answers or from a list of machines."""

import json
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

from swyx_components.catalogue.load import load_catalogue
from swyx_components.catalogue.model import Catalogue
from swyx_components.cli.check import find_messages
from swyx_components.cli.options import Words, command, written
from swyx_components.cli.terminal import print_answer, print_error, print_note, refuse, replace_file
from swyx_components.installation import draft as drafts
from swyx_components.installation import read_installation
from swyx_components.installation.values import is_name
from swyx_components.messages import Diagnostics, Message, errors_of, plain, raise_errors
from swyx_components.report.plan_json import message_record
from swyx_components.report.tables import list_messages
from swyx_components.report.templates import render, render_lines

STDOUT = "-"
SCHEMA = "installation.schema.json"
_DEFAULTS = {"dcom": "restricted", "h245": "tunnelled"}
_Data = dict[str, Any]


@command(
    "init",
    "init installation.yaml --from machines.csv",
    "init - --from machines.csv --dcom restricted",
    file=written(
        "[FILE]",
        "File to write, default installation.yaml; - for stdout.",
        default="installation.yaml",
    ),
    source=written("--from CSV", "List of machines, - for standard input; default: ask."),
    columns=written("--column OURS=THEIRS", "Name of a column in the list"),
    dcom=written("--dcom TEXT", "The decision dcom."),
    h245=written("--h245 TEXT", "The decision h245."),
    force=written("--force", "Overwrite an existing file."),
)
def init(
    file: str, source: str, columns: Words, dcom: str, h245: str, force: bool, as_json: bool
) -> None:
    """Create an installation file.

    Asks, or reads a list of machines (CSV with the columns site, name, addresses, roles and links),
    checks the result and lists the decisions to confirm.
    """
    _refuse_existing(file, force)
    given = {key: value for key, value in (("dcom", dcom), ("h245", h245)) if value}
    catalogue = load_catalogue()
    if source:
        draft = drafts.read_machine_list(source, catalogue, drafts.read_columns(columns))
    else:
        draft = ask_draft(catalogue)
    data, undecided = _decide(_with_decisions(draft.data, given), asking=not source)
    written = "" if file == STDOUT else file
    messages = _check(draft._replace(data=data), source, written)
    text = _write(data, catalogue, undecided)
    if written:
        _refuse_existing(file, force)  # it may have been created while questions were asked
        replace_file(Path(file), [text.encode()], [Path(source)])
    elif not as_json:
        sys.stdout.write(text)
    document: _Data = {"version": 1, "file": written, "text": text}
    document |= {"decisions": data["decisions"], "to_confirm": undecided}
    document["ignored_columns"] = draft.ignored
    if as_json:
        print_answer(document | {"messages": list(map(message_record, messages))})
    else:
        told = {**document, "messages": list_messages(messages), "schema": SCHEMA}
        for line in render_lines("init.txt.j2", {}, **told):
            print_note(line)  # stdout may be the file


def _refuse_existing(output: str, force: bool) -> None:
    if output != STDOUT and not force and os.path.lexists(output):
        raise refuse("file-there", output)


def _decide(data: _Data, asking: bool) -> tuple[_Data, Sequence[str]]:
    """The decisions that some flow needs: asked for, or the defaults, still to be confirmed."""
    found = {
        dict(m.values)["decision"] for m in find_messages(data, "")[1] if m.id == "decision-missing"
    }
    missing = [key for key in _DEFAULTS if key in found]
    for key in missing:
        answer = _DEFAULTS[key]
        if asking:
            question = f"{key} (not specified by the article)"
            answer = _ask(question, answer, partial(_read_decision, data, key))
        data = _with_decisions(data, {key: answer})
    return data, [] if asking else missing


def _with_decisions(data: _Data, made: Mapping[str, str]) -> _Data:
    return {**data, "decisions": dict(sorted({**data["decisions"], **made}.items()))}


def _read_decision(data: _Data, key: str, text: str, log: Diagnostics) -> str:
    log.adopt(errors_of(read_installation(_with_decisions(data, {key: text}))[1]))
    return text


def _check(draft: drafts.Draft, source: str, output: str) -> list[Message]:
    """All messages about the draft.

    Raises:
        SwyxError: it has errors; each names the row that it comes from.
    """
    _, messages, _ = find_messages(draft.data, output)
    errors: list[Message] = []
    for message in errors_of(messages):
        end = ".".join(message.place.replace("[", ".").split(".")[:4])
        place = f"{draft.rows[end]}: {message.place}" if end in draft.rows else message.place
        errors.append(message._replace(place=place, file=source or "the answers"))
    raise_errors(errors)
    return messages


def _write(data: _Data, catalogue: Catalogue, undecided: Sequence[str]) -> str:
    """The file, which explains itself and names the decisions that somebody has yet to confirm."""
    return render(
        "draft.yaml.j2",
        {"scalar": _scalar},
        schema=SCHEMA,
        data=data,
        undecided=undecided,
        restricted=catalogue.presets["restricted"],
        cornet=[port for part in catalogue.cornet for port in range(part[0], part[1] + 1)],
    )


_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_DOTTED = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+(/[0-9]+)?|[0-9]+-[0-9]+")
_WORDS = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}  # of YAML; not of ours


def _scalar(text: str) -> str:
    """The text as YAML reads it back: quoted where another reader might take it for something else.

    >>> _scalar("ac-link"), _scalar("no"), _scalar("10.1.0.10"), _scalar("fd00::1")
    ('ac-link', '"no"', '10.1.0.10', '"fd00::1"')
    """
    is_word = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    return text if is_word or _DOTTED.fullmatch(text) else json.dumps(text)


# ---- questions

_Answer = TypeVar("_Answer")


def ask_draft(catalogue: Catalogue) -> drafts.Draft:
    """The sites, machines, networks and links that a person names."""
    sites: _Data = {}
    while name := _ask_name(
        "Another site" if sites else "Name of a site", "site", needed=not sites
    ):
        site = _ask_site(name, catalogue, sites)
        sites |= {name: site} if site else {}
    return drafts.make_draft(catalogue, sites, _ask_links(sites, catalogue))


def _ask_site(name: str, catalogue: Catalogue, known: _Data) -> _Data | None:
    """One site; asked again if it has errors. It has one role exactly once, whose machine comes first."""
    (role,) = [role.name for role in catalogue.roles.values() if role.once_per_site]
    while True:
        site: _Data = {}
        question, default = f"  Name of the machine with {role}", f"{name[:33]}-server"
        _ask_end(site, drafts.MACHINES, _ask_name(question, "machine", default), catalogue, role)
        while machine := _ask_name("  Another machine", "machine", needed=False):
            _ask_end(site, drafts.MACHINES, machine, catalogue)
        while network := _ask_name("  A network of clients or phones", "network", needed=False):
            _ask_end(site, drafts.NETWORKS, network, catalogue)
        draft = drafts.make_draft(catalogue, {**known, name: site})
        errors = errors_of(read_installation(draft.data, file="the answers")[1])
        for message in errors:
            print_error(str(message))
        if not errors:
            return site
        if _read_line(f"Enter {name} again? [Y/n]").lower() in ("n", "no"):
            return None


def _ask_end(site: _Data, kind: str, name: str, catalogue: Catalogue, given: str = "") -> None:
    """A machine or network with its addresses and roles; a role that is given needs no other."""
    known = tuple(catalogue.roles)
    clients = [role.name for role in catalogue.roles.values() if role.on_networks]

    def read(text: str, log: Diagnostics) -> tuple[str, ...]:
        found = drafts.read_roles(text, log, "roles", known, "" if given else "SwyxIt")
        for role in found if kind == drafts.NETWORKS else ():
            if role not in clients:
                log.add("role-not-on-network", "roles", role=role, allowed=clients)
        return found

    question, default = f"    Roles of {name}", clients[0] if kind == drafts.NETWORKS else ""
    if given:
        others = ", ".join(role for role in known if role != given)
        question = f"  Other roles on {name} ({others}; empty for none)"
    addresses = _ask_addresses(name, kind)
    roles = dict.fromkeys((given, *_ask(question, default, read)))
    drafts.add_end(site, kind, name, addresses, filter(None, roles))


def _ask_addresses(name: str, kind: str) -> tuple[str, ...]:
    def read(text: str, log: Diagnostics) -> tuple[str, ...]:
        ends, found = drafts.read_ends(text, log, "addresses")
        if ends and found != kind and not log.all():
            key = "networks" if kind == drafts.NETWORKS else "addresses"
            example = f"{key} ({drafts.KINDS[kind][1]})"
            log.add("type-wrong", "addresses", found=text, expected=example, example=example)
        return ends

    what = "CIDRs" if kind == drafts.NETWORKS else "Addresses"
    return _ask(f"    {what} of {name}", "", read)


def _ask_links(sites: _Data, catalogue: Catalogue) -> list[tuple[str, str, str]]:
    """For each LinkManager the other sites that it serves."""
    links: list[tuple[str, str, str]] = []
    serving = {role.name for role in catalogue.roles.values() if role.serves_links}
    for site, parts in sites.items():
        for name, machine in parts[drafts.MACHINES].items():
            linked = {other for link in links if site in link[:2] for other in link[:2]}
            left = [other for other in sites if other not in {site, *linked}]
            if left and serving & set(machine["roles"]):
                links += ((site, other, name) for other in _ask_sites(name, left))
    return links


def _ask_sites(manager: str, others: list[str]) -> tuple[str, ...]:
    def read(text: str, log: Diagnostics) -> tuple[str, ...]:
        named = [] if text.strip() == "-" else drafts.split_cell(text)
        for name in named:
            if name not in others:
                log.unknown("link-site", "links", name, others)
        return tuple(dict.fromkeys(named))

    question = f"Sites that {manager} links to its own ({', '.join(others)}; - for none)"
    return _ask(question, others[0] if len(others) == 1 else "-", read)


def _ask_name(question: str, kind: str, default: str = "", *, needed: bool = True) -> str:
    def read(text: str, log: Diagnostics) -> str:
        if (text or needed) and not is_name(text):
            log.add("name-invalid", kind, name=text, kind=kind)
        return text

    return _ask(question if needed else f"{question} (name; empty to end)", default, read)


def _ask(question: str, default: str, read: Callable[[str, Diagnostics], _Answer]) -> _Answer:
    """The first answer without errors."""
    while True:
        text = _read_line(f"{question} [{default}]" if default else question) or default
        log = Diagnostics("")
        answer = read(text, log)
        if not len(log):
            return answer
        for message in log.all():
            print_error(str(message))


def _read_line(question: str) -> str:
    """One line of stdin. Nothing goes to stdout, which may be the file.

    Raises:
        click.Abort: there is no more.
    """
    print(f"{plain(question)}: ", end="", file=sys.stderr, flush=True)
    line = sys.stdin.readline()
    if not line:
        print(file=sys.stderr)
        raise click.Abort
    return line.strip()
