"""The plan for people: each site, its groups and their rules, each with what it is for."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from swyx_components.installation.model import Egress
from swyx_components.messages import Message
from swyx_components.planner.judged import Judged
from swyx_components.planner.model import HostGroup, Rule, Spec, Usage
from swyx_components.report.columns import align, plural
from swyx_components.report.messages import list_messages


def write_text(sites: Iterable[str], messages: Collection[Message], brief: bool) -> Iterator[str]:
    """The plan in pieces, site by site, then the messages, which may grow until the last site has come."""
    yield from sites
    if brief:
        yield "\n`--site NAME` shows the rules of a site, `--json` those of all.\n"
    for line in list_messages(sorted(messages)):
        yield f"{line}\n"


def write_headline(site: Judged) -> str:
    """One line: how many groups and rules, and the proof."""
    plan = site.plan
    if site.rendered is None:
        rules = sum(len(group.rules) for group in plan.groups)
    else:
        rules = sum(len(entry.specs) for entry in site.rendered.groups)
    cloud = f" ({site.cloud})" if site.cloud else ""
    text = f"{plan.site}{cloud}: {plural(len(plan.groups), 'group')}, {plural(rules, 'rule')}"
    if plan.egress is Egress.OPEN:
        text += ", egress open"
    if site.proof is not None:
        text += f"; proof: {len(site.proof.missing)} missing, {len(site.proof.excess)} excess"
    return f"{text}\n"


def write_tables(site: Judged) -> str:
    """A site with every group and rule."""
    return "".join(_write_site(site))


def _write_site(site: Judged) -> Iterator[str]:
    yield write_headline(site)
    specs = (
        {entry.group.name: entry.specs for entry in site.rendered.groups} if site.rendered else {}
    )
    for group in site.plan.groups:
        yield f"\n  {_title(group)}\n"
        rendered = specs.get(group.name)
        rows = map(_rule_row, group.rules) if rendered is None else map(spec_row, rendered)
        yield from align(rows, "    ")
    if site.usages:
        yield "\n  quotas\n"
        yield from align(map(_usage_row, _fullest(site.usages)), "    ")
    yield "\n"


def _title(group: HostGroup) -> str:
    machines = ", ".join(machine.name for machine in group.machines)
    return f"{group.name}: {machines} ({', '.join(group.roles)})"


def _rule_row(rule: Rule) -> Sequence[str]:
    towards = "from" if rule.direction.value == "in" else "to"
    ports = [str(rule.ports)] if rule.ports else []
    peer = rule.group or ", ".join(map(str, rule.cidrs))
    return (
        rule.direction.value,
        f"{' '.join((rule.protocol.value, *ports))}",
        f"source {rule.source_ports}" if rule.source_ports else "",
        f"{towards} {peer}",
        write_provenance(rule.flows, rule.lines),
    )


def spec_row(spec: Spec) -> Sequence[str]:
    """One rule as its cloud stores it."""
    towards = "from" if spec.direction.value == "in" else "to"
    ports = [str(spec.ports)] if spec.ports is not None else []
    access = spec.direction.value if spec.allow else f"{spec.direction.value} deny"
    return (
        f"{spec.priority} {access}" if spec.priority else access,
        " ".join((spec.protocol.value, *ports)),
        f"source {spec.source_ports}" if spec.source_ports is not None else "",
        f"{towards} {write_peer(spec)}",
        write_provenance(spec.flows, spec.lines),
    )


def write_peer(spec: Spec) -> str:
    """The other side of a rule, as its cloud names it."""
    return ", ".join((*spec.groups, *map(str, spec.prefixes))) or "nobody"


def write_provenance(flows: Iterable[str], lines: Iterable[int]) -> str:
    """`[M1 M2 L38 L111]`; nothing where a rule serves no flow."""
    words = (*flows, *(f"L{line}" for line in lines))
    return f"[{' '.join(words)}]" if words else ""


def _usage_row(usage: Usage) -> Sequence[str]:
    return (usage.quota, f"{usage.used:,} of {usage.limit:,}", usage.where)


def _fullest(usages: Iterable[Usage]) -> list[Usage]:
    """Of each quota, where most of it is used."""
    fullest: dict[str, Usage] = {}
    for usage in usages:
        other = fullest.get(usage.quota)
        if other is None or usage.used * other.limit > other.used * usage.limit:
            fullest[usage.quota] = usage
    return list(fullest.values())
