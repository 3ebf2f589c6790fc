"""Titled cases: an installation in, the rules and messages that must come out, as text.

A file `tests/cases/<pass>/<topic>.yaml` is a list of cases. The keys of a case:

- `title`: a sentence, unique over all files;
- `base`: an installation of `tests/cases/bases/`, into which `installation` is merged: mappings key by
  key, anything else replaces what was there, and `~` takes a key out;
- `rules`: every rule of the groups that hold the machines under `groups` (of all groups without it);
- `errors`, `warnings`, `notes`: every message of that severity. A case without `errors` has none.

A rule is one line, ports inclusive; source ports follow the peer where they are known:

    ac-server in udp 51000-51499 from ac-office 50000-50099 [M2 L111]

Machines of one group are joined by `+`. A peer is a group of the same site, or a list of addresses:
a network, a machine of another site, a provider and `sip_devices` stand for all addresses of theirs.
The article's lines may be left out; they are compared with `tests/tools/article.py` in any case.
"""

from __future__ import annotations

import copy
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from swyx_components.installation import Installation, read_installation
from swyx_components.messages import Message
from swyx_components.planner import plan_sites
from swyx_components.planner.model import HostGroup, Rule, SitePlan
from swyx_components.sets.prefixes import Prefix
from tests.tools.article import FLOWS

FOLDER = Path(__file__).parents[1] / "cases"
KEYS = {"title", "base", "installation", "groups", "rules", "errors", "warnings", "notes"}
EXPECTATIONS = ("rules", "errors", "warnings", "notes")
SEVERITIES = {"errors": "error", "warnings": "warning", "notes": "note"}


class BadCase(Exception):
    """A case file that says nothing, says it twice or says it in no known form."""


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One case as written, and the file it stands in."""

    file: str
    title: str
    installation: Mapping[str, Any]
    groups: tuple[str, ...]
    expected: Mapping[str, tuple[str, ...]]

    @property
    def id(self) -> str:
        return f"{self.file}: {self.title}"


class Line(NamedTuple):
    """One rule with its names resolved, so that a line means the same however it is written."""

    machines: frozenset[str]
    direction: str
    protocol: str
    ports: str
    group: frozenset[str]  # the peer, if it is a group of the same site
    cidrs: tuple[Prefix, ...]
    source_ports: str
    flows: tuple[str, ...]
    lines: tuple[int, ...] | None = None  # None: not written


# --- reading -------------------------------------------------------------------------------------


def case_paths(folder: Path = FOLDER) -> list[Path]:
    """Every case file there is; bases are not cases."""
    return sorted(path for path in folder.glob("*/*.yaml") if path.parent.name != "bases")


@cache
def all_cases() -> tuple[Case, ...]:
    cases = tuple(case for path in case_paths() for case in read_cases(path))
    twice = [title for title, count in Counter(case.title for case in cases).items() if count > 1]
    if twice:
        raise BadCase(f"titles written twice: {twice}")
    return cases


def read_cases(path: Path) -> Iterator[Case]:
    """The cases of one file.

    Raises:
        BadCase: an unknown key, no title, no expectation, or not a list of cases.
    """
    rows = _load(path.read_text(encoding="utf-8"))
    if not isinstance(rows, list) or not rows:
        raise BadCase(f"{path}: not a list of cases")
    for row in rows:
        yield _read_case(f"{path.parent.name}/{path.stem}", row)


def _read_case(file: str, row: Any) -> Case:
    where = f"{file}: {row.get('title') if isinstance(row, dict) else row!r}"
    if not isinstance(row, dict) or not isinstance(row.get("title"), str):
        raise BadCase(f"{where}: a case is a mapping with a title")
    if unknown := set(row) - KEYS:
        raise BadCase(f"{where}: unknown keys {sorted(unknown)}")
    if len(row["title"].split()) < 4:
        raise BadCase(f"{where}: a title is a sentence")
    expected = {key: tuple(row[key]) for key in EXPECTATIONS if isinstance(row.get(key), list)}
    if not expected or any(key in row and key not in expected for key in EXPECTATIONS):
        raise BadCase(f"{where}: nothing is expected (an empty list is an expectation)")
    if "groups" in row and "rules" not in row:
        raise BadCase(f"{where}: groups without rules")
    base = _base(row["base"]) if "base" in row else {}
    merged = merge(base, row.get("installation", {}))
    if not merged:
        raise BadCase(f"{where}: no installation")
    return Case(file, row["title"], merged, tuple(row.get("groups", ())), expected)


@cache
def _base(name: str) -> Any:
    path = FOLDER / "bases" / f"{name}.yaml"
    if not path.is_file():
        raise BadCase(f"there is no base {name}")
    return _load(path.read_text(encoding="utf-8"))


class _Loader(yaml.CSafeLoader):
    """Refuses keys written twice, and leaves `40000-40099` and `6.01` the text they are."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        if len(keys) != len(set(keys)):
            raise BadCase(f"line {node.start_mark.line + 1}: a key is written twice in {keys}")
        return super().construct_mapping(node, deep)


def _load(text: str) -> Any:
    return yaml.load(text, Loader=_Loader)


def merge(base: Any, changes: Any) -> Any:
    """`base` with `changes`: mappings key by key, `None` takes a key out, all else replaces."""
    if not isinstance(base, dict) or not isinstance(changes, dict):
        return copy.deepcopy(changes)
    merged = {key: copy.deepcopy(value) for key, value in base.items() if key not in changes}
    for key, value in changes.items():
        if value is not None:
            merged[key] = merge(base.get(key), value)
    return merged


# --- judging -------------------------------------------------------------------------------------


class Outcome(NamedTuple):
    """What the product makes of a case; no plans where nothing could be read."""

    installation: Installation | None
    plans: tuple[SitePlan, ...]
    messages: tuple[Message, ...]


def run(
    installation: Mapping[str, Any], change: Callable[[Installation], Installation] | None = None
) -> Outcome:
    """Read and plan; `change` is what a test does to the installation in between."""
    read, messages = read_installation(installation, file="case")
    if read is None or any(message.severity.value == "error" for message in messages):
        return Outcome(None, (), messages)
    changed = change(read) if change else read
    plans = tuple(plan_sites(changed))
    planned = {message for plan in plans for message in plan.messages}
    return Outcome(changed, plans, tuple(sorted({*messages, *planned})))


def differences(case: Case, outcome: Outcome) -> list[str]:
    """Every way in which an outcome is not what the case expects; empty: it is."""
    found = []
    for key, severity in SEVERITIES.items():
        if key in case.expected or key == "errors":
            expected = Counter(case.expected.get(key, ()))
            actual = Counter(
                str(message.of(""))
                for message in outcome.messages
                if message.severity.value == severity
            )
            found += [f"{severity} missing: {text}" for text in (expected - actual).elements()]
            found += [f"{severity} unexpected: {text}" for text in (actual - expected).elements()]
    if "rules" in case.expected and outcome.installation is not None:
        found += _rule_differences(case, outcome)
    elif "rules" in case.expected:
        found.append("no plan was made")
    return found


def _rule_differences(case: Case, outcome: Outcome) -> Iterator[str]:
    names = _Names(outcome)
    groups = [
        (plan.site, group)
        for plan in outcome.plans
        for group in plan.groups
        if not case.groups or any(member.name in case.groups for member in group.members)
    ]
    absent = set(case.groups) - {member.name for _, group in groups for member in group.members}
    if absent:
        yield f"no group holds {sorted(absent)}"
    actual: dict[Line, str] = {}
    for site, group in groups:
        for rule in group.rules:
            line = names.line(site, group, rule)
            if line in actual:
                yield f"rule twice: {actual[line]}"
            actual[line] = names.text(site, group, rule)
            if rule.lines != _lines_behind(rule.flows):
                yield f"lines of the article wrong: {actual[line]}"
    wanted: dict[Line, str] = {}
    for text in case.expected["rules"]:
        line = names.parse(text)
        bare = line._replace(lines=None)
        if bare in wanted:
            raise BadCase(f"{case.id}: written twice: {text}")
        wanted[bare] = text
        if line.lines not in (None, _lines_behind(line.flows)):
            yield f"lines of the article wrong in the case: {text}"
    yield from (f"rule missing: {text}" for line, text in wanted.items() if line not in actual)
    yield from (f"rule unexpected: {text}" for line, text in actual.items() if line not in wanted)


def _lines_behind(flows: Iterable[str]) -> tuple[int, ...]:
    """The article's lines as typed in the tests' own table; extra rules have none."""
    return tuple(sorted({line for flow in flows for line in FLOWS.get(flow, ("", []))[1]}))


RULE = re.compile(
    r"(?P<own>\S+) (?P<direction>in|out) (?P<protocol>tcp|udp|icmpv6|icmp)(?: (?P<ports>[\d-]+))?"
    r" (?P<towards>from|to) (?P<peers>.+?)(?: (?P<source>\d+(?:-\d+)?))?"
    r" \[(?P<flows>[^\]]*?)(?P<lines>(?: ?\bL\d+)*)\]"
)


class _Names:
    """What the names of one outcome stand for."""

    def __init__(self, outcome: Outcome) -> None:
        assert outcome.installation is not None
        self.group_of: dict[frozenset[str], str] = {}
        self.site_of: dict[str, str] = {}
        self.by_name: dict[str, str] = {}  # whom the rules of their site name by their group
        self.addresses: dict[tuple[str, str], tuple[Prefix, ...]] = {}
        for site in outcome.installation.sites.values():
            for place in site.networks:
                self.addresses["", place.name] = place.addresses
                self.site_of |= {place.name: site.name} if place.managed else {}
            for machine in site.machines:
                self.addresses["", machine.name] = machine.addresses
                self.site_of[machine.name] = site.name
                self.by_name |= {machine.name: site.name} if machine.managed else {}
            self.addresses[site.name, "sip_devices"] = site.sip_devices
        for provider in outcome.installation.providers:
            self.addresses["", provider.name] = provider.addresses
        self.machines: dict[tuple[str, str], frozenset[str]] = {}
        for plan in outcome.plans:
            for group in plan.groups:
                names = frozenset(member.name for member in group.members)
                self.machines[plan.site, group.name] = names
                self.group_of[names] = group.name

    def line(self, site: str, group: HostGroup, rule: Rule) -> Line:
        return Line(
            self.machines[site, group.name],
            rule.direction.value,
            rule.protocol.value,
            str(rule.ports or ""),
            self.machines[site, rule.groups[0]] if rule.groups else frozenset(),
            tuple(sorted(rule.prefixes)),
            str(rule.source_ports or ""),
            tuple(sorted(rule.flows)),
        )

    def parse(self, text: str) -> Line:
        match = RULE.fullmatch(text.strip())
        if not match or (match["direction"] == "in") is not (match["towards"] == "from"):
            raise BadCase(f"not a rule: {text}")
        own = frozenset(match["own"].split("+"))
        if own not in self.group_of:
            raise BadCase(f"no group has just the machines {match['own']}: {text}")
        site = self.site_of[next(iter(own))]
        group, cidrs = self._peers(site, match["peers"].split(", "))
        return Line(
            own,
            match["direction"],
            match["protocol"],
            match["ports"] or "",
            group,
            cidrs,
            match["source"] or "",
            tuple(sorted(match["flows"].split())),
            tuple(sorted(int(word[1:]) for word in match["lines"].split())) or None,
        )

    def _peers(self, site: str, peers: list[str]) -> tuple[frozenset[str], tuple[Prefix, ...]]:
        machines = frozenset(peers[0].split("+"))
        if len(peers) == 1 and all(self.by_name.get(name) == site for name in machines):
            if machines not in self.group_of:
                raise BadCase(f"no group has just the machines {peers[0]}")
            return machines, ()
        cidrs: list[Prefix] = []
        for peer in peers:
            if "/" in peer:
                cidrs.append(Prefix.parse(peer))
            elif ("", peer) in self.addresses:
                cidrs += self.addresses["", peer]
            elif (site, peer) in self.addresses:
                cidrs += self.addresses[site, peer]
            else:
                raise BadCase(f"nothing is called {peer}")
        return frozenset(), tuple(sorted(cidrs))

    def text(self, site: str, group: HostGroup, rule: Rule) -> str:
        """A rule of the product as a case would write it, addresses as they are."""
        peers = "+".join(sorted(self.machines[site, rule.groups[0]])) if rule.groups else ""
        parts = (
            "+".join(member.name for member in group.members),
            rule.direction.value,
            rule.protocol.value,
            str(rule.ports or ""),
            "from" if rule.direction.value == "in" else "to",
            peers or ", ".join(map(str, rule.prefixes)),
            str(rule.source_ports or ""),
            f"[{' '.join([*rule.flows, *(f'L{line}' for line in rule.lines)])}]",
        )
        return " ".join(part for part in parts if part)
