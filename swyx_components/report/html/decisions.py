"""What the article does not specify, as each site decided it, and what that opens."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from swyx_components.catalogue import Catalogue, FlowRow, Leg, Transport
from swyx_components.installation.model import Egress, Installation, Site
from swyx_components.sets.ports import PortRange, PortSet


class Setting(NamedTuple):
    """One decision or switch of a site.

    `opens` is a sentence on ports and to whom, empty where no flow of the site uses it; `flows` are the
    article's flows that follow from it. In a list, `sites` are all that have it.
    """

    key: str
    value: str
    opens: str
    flows: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()


def list_settings(
    installation: Installation, flows: Mapping[str, Collection[str]]
) -> tuple[Setting, ...]:
    """Every setting of some sites, said once for the sites that agree; `flows` are each site's ids."""
    catalogue = installation.catalogue
    known: dict[Setting, list[str]] = {}
    for name in sorted(flows):
        for setting in _settings(installation.sites[name], catalogue, frozenset(flows[name])):
            known.setdefault(setting, []).append(name)
    order = {key: place for place, key in enumerate(dict.fromkeys(one.key for one in known))}
    ordered = sorted(known.items(), key=lambda entry: (order[entry[0].key], -len(entry[1])))
    return tuple(setting._replace(sites=tuple(sites)) for setting, sites in ordered)


def _settings(site: Site, catalogue: Catalogue, flows: frozenset[str]) -> Iterator[Setting]:
    decisions = site.decisions
    rows = [row for row in catalogue.flows.values() if row.id in flows]
    transports = " and ".join(t.value.upper() for t in decisions.dcom_transports)
    for side, ports in (("server", decisions.dcom_server), ("client", decisions.dcom_client)):
        what = f"{transports} {catalogue.endpoint_mapper}, {ports} towards {{}}"
        used = _using(rows, f"dcom_{side}") if ports else []
        yield _opening(f"dcom ({side})", _range(ports, decisions.dcom_preset), what, used)
    if decisions.h245 or decisions.h245 is None:
        what = f"TCP {decisions.h245} towards both ends of each H.225 pair"
        used = _using(rows, "h245") if decisions.h245 else []
        yield _opening("h245", _range(decisions.h245, decisions.h245_preset), what, used)
    else:
        yield Setting("h245", "tunnelled", "nothing: H.245 runs inside H.225")
    value = " and ".join(transport.value for transport in decisions.fax_transports)
    value += "" if decisions.fax_stated else " (default)"
    used = [(row, leg) for row in rows for leg in row.legs if leg.fax_tcp_at]
    if used and Transport.TCP not in decisions.fax_transports:
        yield Setting("fax_transport", value, "no TCP media; UDP media is needed in every case")
    else:
        yield _opening("fax_transport", value, "TCP media ports between {} and their peers", used)
    value = str(decisions.cornet) + ("" if decisions.cornet_pinned else " (default)")
    what = f"TCP {decisions.cornet} towards {{}}"
    yield _opening("cornet", value, what, _using(rows, "cornet"))
    yield from _switches(site, catalogue)


def _opening(key: str, value: str, what: str, used: list[tuple[FlowRow, Leg]]) -> Setting:
    """What a decision opens to the roles of the flows that use it; nothing where none does."""
    if not used:
        return Setting(key, value, "")
    roles = (
        role
        for _, leg in used
        for role in (*leg.responders, *leg.among, *(leg.initiators if leg.both_ways else ()))
    )
    opens = what.format(", ".join(dict.fromkeys(roles)))
    return Setting(key, value, opens, tuple(dict.fromkeys(row.id for row, _ in used)))


def _switches(site: Site, catalogue: Catalogue) -> Iterator[Setting]:
    egress = {
        Egress.OPEN: "all egress (unmanaged)",
        Egress.CLOSED: "egress only for flows and extra rules",
    }
    yield Setting("egress", site.egress.value, egress[site.egress])
    for role, path in site.control_path:
        used = [
            row.id
            for row in catalogue.flows.values()
            for leg in row.legs
            if leg.control_path == path and role in leg.initiators
        ]
        yield Setting(f"control_path ({role})", path, f"call control of {role}", tuple(used))
    for id in sorted(site.enabled):
        yield Setting("flows (enable)", id, catalogue.flows[id].purpose, (id,))
    for id in sorted(site.disabled):
        yield Setting("flows (disable)", id, f"closed: {catalogue.flows[id].purpose}", (id,))
    if site.sip_devices:
        value = ", ".join(map(str, site.sip_devices))
        yield Setting("sip_devices", value, "SIP towards SwyxServer from these addresses", ("C16",))
    machines = ((machine.ports, f"{machine.name}: ") for machine in site.machines)
    for overrides, where in ((site.ports, ""), *machines):
        for (role, key), ports in overrides:
            opens = f"{where}these ports instead of the article's"
            yield Setting(f"ports ({role}.{key})", str(ports), opens)


def _using(rows: Iterable[FlowRow], token: str) -> list[tuple[FlowRow, Leg]]:
    return [(row, leg) for row in rows for leg in row.legs if token in leg.ports]


def _range(ports: PortRange | PortSet | None, preset: str) -> str:
    if ports is None:
        return "not decided"
    return f"{ports} ({preset})" if preset else str(ports)
