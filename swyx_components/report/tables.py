"""Text for people: columns, rules and packets in words, and the plan with every group and rule."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from textwrap import TextWrapper

from swyx_components.catalogue.model import Catalogue, cite
from swyx_components.installation.model import Egress
from swyx_components.installation.positions import locate
from swyx_components.messages import Message, Severity, group_repeated, plain, shorten
from swyx_components.planner.assess import SiteResult
from swyx_components.planner.endpoints import MachineGroup
from swyx_components.planner.model import Rule, shard_label
from swyx_components.planner.platform import Usage
from swyx_components.planner.proof import Proof

# A cloud, a site, how much of a quota it or one of its groups uses.
UsageRow = tuple[str, str, Usage]
_WIDEST = 60  # a longer cell pushes its own row only
_COLUMNS, _NARROWEST = 80, 20  # of a terminal that nobody widened; what a wrapped text has at least
_MOST_PLACES = 3  # of one message; where more say the same, the rest is counted
_ORDER = (Severity.ERROR, Severity.WARNING, Severity.NOTE)


# ---- words


def align(
    rows: Iterable[Sequence[str]], indent: str = "", *, wrapped: bool = False
) -> Iterator[str]:
    """Lines with the cells of each column under each other; the last column is never padded."""
    cells = [[plain(cell) for cell in row] for row in rows]
    widths = [
        max((len(cell) for cell in column if len(cell) <= _WIDEST), default=0)
        for column in zip(*cells, strict=True)
    ]
    for row in cells:
        padded = (f"{cell:<{width}}  " for cell, width in zip(row[:-1], widths, strict=False))
        line = indent + "".join(padded)
        yield from hang(line, row[-1]) if wrapped else (f"{line}{row[-1]}".rstrip() + "\n",)


def hang(line: str, text: str, indent: str = "") -> Iterator[str]:
    """The line with the text at its end, wrapped: further lines begin where the text does, or indented."""
    width, indent = max(_COLUMNS, len(line) + _NARROWEST), indent or " " * len(line)
    words = TextWrapper(width, line, indent, break_long_words=False, break_on_hyphens=False)
    yield from (f"{own}\n" for own in words.wrap(plain(text)) or [line.rstrip()])


def plural(count: int, noun: str) -> str:
    """`1 rule`, `1,200 rules`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def write_cited(catalogue: Catalogue, lines: Iterable[int]) -> list[str]:
    """Footnotes: what each of these lines of the document says. Nothing where the catalogue does not tell."""
    rows = [(f"L{line}", said) for line, said in catalogue.explain_lines(lines)]
    told = (line.rstrip("\n") for line in align(rows, "  "))
    return [f"lines of {catalogue.source}:", *told] if rows else []


def write_provenance(flows: Iterable[str], lines: Iterable[int]) -> str:
    """`[M1 M2 L38 L111]`; nothing where a rule serves no flow."""
    words = " ".join(filter(None, (*flows, cite(lines))))
    return f"[{words}]" if words else ""


# ---- rules


def name_groups(groups: Iterable[MachineGroup]) -> dict[str, str]:
    """Machines by group, as people call it: its name may be as long as all of their roles."""
    return {g.name: ", ".join(shorten((m.name for m in g.members), 2)) for g in groups}


def name_machines(named: Mapping[str, str], group: str, shard: int) -> str:
    """A group as `named`; `hub-server (swyxserver+1)` where it is a further one of its machines."""
    return named.get(group, group) + (f" ({shard_label(group, shard)})" if shard else "")


def rule_row(rule: Rule, named: Mapping[str, str] = {}) -> Sequence[str]:
    """One rule, planned or as stored: access, ports, source ports, peer, provenance; groups as `named`."""
    words = str(rule.priority or ""), rule.direction.value, "" if rule.allow else "deny"
    ports = "" if rule.ports is None else f" {rule.ports}"
    return (
        " ".join(filter(None, words)),
        f"{rule.protocol.value}{ports}",
        "" if rule.source_ports is None else f"source {rule.source_ports}",
        f"{rule.direction.towards} {write_peer(rule, named)}",
        write_provenance(rule.flows, rule.lines),
    )


def write_rule(rule: Rule, named: Mapping[str, str] = {}) -> str:
    """The same in a line: `in tcp 135 from 10.1.20.0/24 [C1 L72]`."""
    return " ".join(filter(None, rule_row(rule, named)))


def write_peer(rule: Rule, named: Mapping[str, str] = {}) -> str:
    """The other side of a rule: groups as `named`, else as the cloud names them."""
    groups = (named.get(group, group) for group in rule.groups)
    return ", ".join((*groups, *map(str, rule.prefixes))) or "no peer"


# ---- messages


def list_messages(messages: Iterable[Message]) -> Iterator[str]:
    """One line for all messages that say the same: errors, warnings, notes, each by its first place."""
    for own in join_messages(sorted(messages, key=lambda one: _ORDER.index(one.severity))):
        id = "" if own.severity is Severity.ERROR else f" [{own.id}]"  # to be acknowledged by
        yield f"{own.severity.value}: {own}{id}"


def join_messages(messages: Iterable[Message]) -> Iterator[Message]:
    """One message for all that say the same, at the position of the first; it names the first places."""
    alike = group_repeated(messages)
    for first, same in zip(locate([same[0] for same in alike]), alike, strict=True):
        places = shorten(dict.fromkeys(m.place for m in same), _MOST_PLACES, "more places")
        comma = "; " if any(", " in place for place in places) else ", "
        yield first if len(places) == 1 else first._replace(place=comma.join(places))


def count_messages(messages: Iterable[Message]) -> str:
    """`no errors, 2 warnings, 1 note`: of those that say the same, one."""
    found = Counter(same[0].severity for same in group_repeated(messages))
    counts = ((severity.value, found[severity]) for severity in _ORDER)
    return ", ".join(f"{n or 'no'} {noun}{'' if n == 1 else 's'}" for noun, n in counts)


# ---- the plan


def write_plan(
    catalogue: Catalogue, sites: Iterable[SiteResult], brief: bool, why: bool
) -> Iterator[str]:
    """The plan in pieces, site by site, in a line each if `brief`; `why`: with what the cited lines say."""
    cited = set[int]()
    for site in sites:
        groups = () if brief else _write_groups(site)
        yield "".join((_write_headline(site), *groups))
        cited |= find_cited(site) if why else set()
    if footnotes := write_cited(catalogue, cited):
        yield "\n".join((*footnotes, "", ""))
    if brief:
        yield "\n`--site NAME` shows the rules of a site, `--json` those of all.\n"


def _write_headline(site: SiteResult) -> str:
    """One line: how many groups and rules, and the proof."""
    plan, groups = site.plan, site.rendered.groups
    rules = sum(len(entry.rules) for entry in groups)
    cloud = f" ({site.cloud})" if site.cloud else ""
    text = f"{plan.site}{cloud}: {plural(len(plan.groups), 'group')}, {plural(rules, 'rule')}"
    if plan.egress is Egress.OPEN:
        text += ", egress open"
    if site.proof is not None:
        text += f"; proof: {write_proof(site.proof)}"
    return f"{text}\n"


def write_proof(proof: Proof) -> str:
    """`0 missing, 2 excess`."""
    return f"{len(proof.missing)} missing, {len(proof.excess)} excess"


def find_cited(site: SiteResult) -> set[int]:
    """The lines that the rules of a site cite."""
    return {line for entry in site.rendered.groups for rule in entry.rules for line in rule.lines}


def _write_groups(site: SiteResult) -> Iterator[str]:
    named = name_groups(entry.group for entry in site.rendered.groups)
    for entry in site.rendered.groups:
        group = entry.group
        machines = ", ".join(member.name for member in group.members)
        own = "" if group.name == machines else f"\n    group {group.name}"
        yield f"\n  {machines} ({', '.join(group.roles)}){own}\n"
        yield from align((rule_row(rule, named) for rule in entry.rules), "    ")
    if site.usages:
        fullest = find_fullest((site.cloud, site.plan.site, usage) for usage in site.usages)
        cells = ((own.quota, f"{own.used:,} of {own.limit:,}", own.where) for *_, own in fullest)
        yield from ("\n  quotas\n", *align(cells, "    "))
    yield "\n"


def find_fullest(rows: Iterable[UsageRow]) -> list[UsageRow]:
    """Of each cloud's quotas, where most of it is used; in the order of the rows."""
    alike: dict[tuple[str, str], list[UsageRow]] = {}
    for row in rows:
        alike.setdefault((row[0], row[2].quota), []).append(row)
    return [max(same, key=lambda row: row[2].share) for same in alike.values()]
