"""The pages of the catalogue: roles with their listeners, and flows with their legs, evidence and lines."""

from collections.abc import Iterator

from reference.markup import code, heading, plain, slug, table

from swyx_components.catalogue.load import load_catalogue
from swyx_components.catalogue.model import Catalogue, FlowRow, Leg, Listener, Role

_ROLES = """# Roles and listeners

What each product of SwyxWare {version} opens, from the vendor's article kb2308. "L88" is line 88 of its text, where you can check the row; [what each cited line says](#lines) is at the end. A listener with an override can be moved
in the [installation file](../installation-file.md): `ports: {{SwyxIt: {{media: 50000-50199}}}}`.
"""
_FLOWS = """---
hide: [toc]
---
# Flows

Who may talk to whom. *Stated*: the article says it, and it can't be disabled. *Inferred*: needed for what it says to work; `flows: {disable: [...]}` takes it out.
*Optional*: off until enabled or until what it needs is declared. [The port model](../explanation/port-model.md) explains the tables.

Media flows go both ways, from the sender's own range to the receiver's.
"""
_SCOPES = {
    "site": "inside a site",
    "served": "LinkManager with its own site",
    "across": "across a link",
    "chained": "between chained LinkManagers",
    "provider": "with a SIP provider",
    "devices": "SIP devices of the site",
}
_DECIDED = {
    "dcom_server": "TCP 135 and the DCOM range of the server",
    "dcom_client": "TCP 135 and the DCOM range of the client",
    "h245": "TCP, the range decided for H.245",
    "provider_sip": "the provider's SIP port",
}
_CHAPTERS = {"C": "Call control inside a site", "K": "Across a link", "M": "Media"}
_KINDS = {"server": "Servers", "client": "Clients", "phone": "Phones"}


def write_roles() -> str:
    """Every role with its listeners; then collisions, presets and what is not covered."""
    catalogue = load_catalogue()
    parts = [_ROLES.format(version=catalogue.version)]
    for kind, title in _KINDS.items():
        parts.append(heading(2, title, slug(title)))
        parts += [_role(role) for role in catalogue.roles.values() if role.kind == kind]
    return "".join(
        [
            *parts,
            _collisions(catalogue),
            _presets(catalogue),
            _uncovered(catalogue),
            _cited(catalogue),
        ]
    )


def _role(role: Role) -> str:
    header = (
        "listener",
        "transport and ports",
        "purpose",
        "phase",
        "evidence",
        "override",
        "lines",
    )
    abilities = {
        "one in each site": role.once_per_site,
        "serves links and SIP providers": role.serves_links,
        "may be on a network": role.on_networks,
        f"needs a {role.needs_manager} in its site": bool(role.needs_manager),
        f"`control_path` is one of {', '.join(role.control_paths)}": bool(role.control_paths),
    }
    told = [name for name, holds in abilities.items() if holds]
    lead = f"{plain('; '.join(told).capitalize())}. " if told else ""
    rows = [_listener(listener) for listener in role.listeners.values()]
    title = heading(3, plain(role.name), role.name.lower())
    return f"{title}{lead}Article: {_lines(role.lines)}.\n\n{table(header, rows)}"


def _listener(listener: Listener) -> tuple[str, ...]:
    return (
        code(listener.key),
        _ports(listener),
        plain(listener.purpose) + (" (never a rule)" if listener.never_a_rule else ""),
        listener.phase.value,
        listener.evidence.value,
        _override(listener),
        _lines(listener.lines),
    )


def _override(listener: Listener) -> str:
    """Whether and how the ports can differ from what is printed."""
    if listener.decided_by:
        return f"the decision {code(listener.decided_by)} pins one"
    if not listener.overridable:
        return ""
    if listener.narrow_only:
        return "may be narrowed; the article names no setting"
    where = plain(listener.configurable)
    values = ", ".join(map(code, listener.registry))
    return f"{where}: {values}" if values else where


def _ports(listener: Listener) -> str:
    transports = " and ".join(transport.value.upper() for transport in listener.transports)
    return f"{transports} {listener.ports}"


def _lines(lines: tuple[int, ...]) -> str:
    return " ".join(f"[L{line}](roles.md#line-{line})" for line in lines)


def _cited(catalogue: Catalogue) -> str:
    """A numbered list; the numbers are those of the lines."""
    items = "".join(
        f'<li id="line-{line}" value="{line}">{plain(said)}</li>\n'
        for line, said in catalogue.cited_lines.items()
    )
    told = "In our words: the article itself is the vendor's. `swyx plan` and `swyx explain` show these with `--why`, the report as footnotes.\n\n"
    return heading(2, "Cited lines", "lines") + told + f"<ol>\n{items}</ol>\n"


def _collisions(catalogue: Catalogue) -> str:
    """Pairs of roles whose printed ports meet when both are on one machine."""
    roles = list(catalogue.roles.values())
    rows = [
        (plain(first.name), plain(second.name), "; ".join(shared))
        for at, first in enumerate(roles)
        for second in roles[at + 1 :]
        if {first.kind, second.kind} != {"phone"}  # two devices, never one machine
        and (shared := list(_shared(first, second)))
    ]
    lead = (
        "Roles with the same ports. On separate machines they do not conflict. On one machine, a fixed port that is claimed twice is an error "
        "([port-clash](messages.md)), and a port inside a range from which another role allocates is a warning, each with its remedy.\n\n"
    )
    return (
        heading(2, "Port conflicts", "collisions") + lead + table(("role", "role", "ports"), rows)
    )


def _shared(first: Role, second: Role) -> Iterator[str]:
    for one in first.listeners.values():
        for other in second.listeners.values():
            both = one.ports & other.ports
            transports = set(one.transports) & set(other.transports)
            if both and transports:
                names = "+".join(sorted(transport.value.upper() for transport in transports))
                yield f"{names} {both}"


def _presets(catalogue: Catalogue) -> str:
    rows = [(code(name), str(ports)) for name, ports in catalogue.presets.items()]
    told = "Names that the decisions `dcom` and `h245` take instead of a range. The wide ones are whole ephemeral ranges; the plan warns which other ports they contain.\n\n"
    systems = ", ".join(f"{name} {ports}" for name, ports in catalogue.ephemeral.items())
    ending = f"Ephemeral ranges of Windows: {systems}.\n"
    return heading(2, "Presets", "presets") + told + table(("preset", "ports"), rows) + ending


def _uncovered(catalogue: Catalogue) -> str:
    services = ", ".join(map(plain, catalogue.uncovered))
    return (
        heading(2, "Not covered", "not-covered")
        + f"Never opened, since the article does not mention it: {services}.\n"
    )


def write_flows() -> str:
    """Every flow, a row a leg: call control, links, media."""
    catalogue = load_catalogue()
    header = ("flow", "who", "ports", "where", "evidence", "why")
    parts = [_FLOWS]
    for letter, title in _CHAPTERS.items():
        flows = [row for row in catalogue.flows.values() if row.id[0] == letter]
        rows = [cells for row in flows for cells in _flow(catalogue, row)]
        parts.append(heading(2, title, slug(title)) + table(header, rows))
    return "".join(parts)


def _flow(catalogue: Catalogue, row: FlowRow) -> Iterator[tuple[str, ...]]:
    """A row for each leg; the first also says what the flow is."""
    anchor = f'<strong id="{row.id.lower()}">{plain(row.id)}</strong>'
    evidence = f"{row.evidence.value}, {_lines(row.lines)}"
    for at, leg in enumerate(row.legs):
        told = (evidence, plain(row.purpose)) if at == 0 else ("&nbsp;", "&nbsp;")
        id = anchor if at == 0 else "&nbsp;"
        yield (id, _ends(leg), _leg_ports(catalogue, leg), _where(leg), *told)


def _ends(leg: Leg) -> str:
    if leg.follows:
        spared = (
            f", not towards {', '.join(map(plain, leg.not_towards))}" if leg.not_towards else ""
        )
        return f"the ends of {', '.join(_link(id) for id in leg.follows)}, both ways{spared}"
    if leg.among:
        spared = f" ({', '.join(map(plain, leg.but_not))} not with itself)" if leg.but_not else ""
        return f"among {', '.join(map(plain, leg.among))}{spared}"
    outside = {"provider": "SIP provider", "devices": "SIP devices"}.get(leg.scope, "")
    arrow = "&harr;" if leg.both_ways or leg.media else "&rarr;"
    initiators = ", ".join(map(plain, leg.initiators)) or outside
    responders = ", ".join(map(plain, leg.responders)) or outside
    return f"{initiators} {arrow} {responders}"


def _link(id: str) -> str:
    return f"[{plain(id)}](#{id.lower()})"


def _leg_ports(catalogue: Catalogue, leg: Leg) -> str:
    if leg.media:
        return f"{leg.media.value.upper()}, from own media range to the other's"
    return ", ".join(_token(catalogue, leg, token) for token in leg.ports)


def _token(catalogue: Catalogue, leg: Leg, token: str) -> str:
    """The ports behind a word of the catalogue: a decision, or a listener of the responders."""
    if token == "cornet":
        return f"TCP {catalogue.cornet} (decision {code('cornet')})"
    if token in _DECIDED:
        transport = f"{leg.transport.value.upper()} " if leg.transport else ""
        return transport + _DECIDED[token]
    owner, _, key = token.rpartition(".")
    owners = (owner,) if owner else leg.responders
    listeners = [catalogue.roles[name].listeners[key] for name in owners]
    return " or ".join(dict.fromkeys(_ports(listener) for listener in listeners))


def _where(leg: Leg) -> str:
    conditions = [_SCOPES[leg.scope]]
    if leg.control_path:
        conditions.append(f"{code('control_path')} {code(leg.control_path)}")
    if leg.needs:
        conditions.append(f"only where {', '.join(_link(id) for id in leg.needs)} joins them")
    if leg.machines_only:
        conditions.append("machines only")
    if leg.fax_tcp_at:
        conditions.append(f"where {code('fax_transport')} includes TCP")
    return "; ".join(conditions)
