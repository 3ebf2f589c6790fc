"""What the article does not specify, as each site decided it, and what that opens."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from swyx_components.catalogue import Catalogue, FlowRow, Leg, Transport
from swyx_components.installation.model import Decisions, Egress, Installation, Site
from swyx_components.sets.ports import PortRange, PortSet


class Setting(NamedTuple):
    """One decision or switch of a site.

    `opens` is a sentence on ports and to whom, empty where no flow of the site uses it; `flows` are the
    article's flows that follow from it.
    """

    key: str
    value: str
    opens: str
    flows: tuple[str, ...] = ()


class Settled(NamedTuple):
    """A setting and all the sites that have it."""

    setting: Setting
    sites: tuple[str, ...]


def list_settings(
    installation: Installation, flows: Mapping[str, Collection[str]]
) -> tuple[Settled, ...]:
    """Every setting of some sites, said once for the sites that agree; `flows` are each site's ids."""
    catalogue = installation.catalogue
    known: dict[Setting, list[str]] = {}
    for name in sorted(flows):
        for setting in _settings(installation.sites[name], catalogue, frozenset(flows[name])):
            known.setdefault(setting, []).append(name)
    order = {key: place for place, key in enumerate(dict.fromkeys(one.key for one in known))}
    ordered = sorted(known.items(), key=lambda entry: (order[entry[0].key], -len(entry[1])))
    return tuple(Settled(setting, tuple(sites)) for setting, sites in ordered)


def _settings(site: Site, catalogue: Catalogue, flows: frozenset[str]) -> Iterator[Setting]:
    rows = [row for row in catalogue.flows.values() if row.id in flows]
    yield from _dcom(site.decisions, catalogue, rows)
    yield _h245(site.decisions, rows)
    yield _fax(site.decisions, rows)
    yield _cornet(site.decisions, rows)
    yield from _switches(site, catalogue)
    yield from _overrides(site)


def _dcom(decisions: Decisions, catalogue: Catalogue, rows: list[FlowRow]) -> Iterator[Setting]:
    transports = " and ".join(t.value.upper() for t in decisions.dcom_transports)
    for side, ports in (("server", decisions.dcom_server), ("client", decisions.dcom_client)):
        used = _using(rows, f"dcom_{side}")
        value = _range(ports, decisions.dcom_preset)
        opens = f"{transports} {catalogue.endpoint_mapper}, {ports} towards {_roles(used)}"
        yield Setting(f"dcom ({side})", value, opens if ports and used else "", _ids(used))


def _h245(decisions: Decisions, rows: list[FlowRow]) -> Setting:
    used = _using(rows, "h245")
    if decisions.h245 is not None and not decisions.h245:
        return Setting("h245", "tunnelled", "nothing: H.245 runs inside H.225")
    value = _range(decisions.h245, decisions.h245_preset)
    used = used if decisions.h245 else []
    opens = f"TCP {decisions.h245} towards both ends of each H.225 pair" if used else ""
    return Setting("h245", value, opens, _ids(used))


def _fax(decisions: Decisions, rows: list[FlowRow]) -> Setting:
    value = " and ".join(transport.value for transport in decisions.fax_transports)
    value += "" if decisions.fax_stated else " (default)"
    used = [(row, leg) for row in rows for leg in row.legs if leg.fax_tcp_at]
    if not used:
        return Setting("fax_transport", value, "")
    if Transport.TCP not in decisions.fax_transports:
        return Setting("fax_transport", value, "no TCP media; UDP media is needed in every case")
    opens = f"TCP media ports between {_roles(used)} and their peers"
    return Setting("fax_transport", value, opens, _ids(used))


def _cornet(decisions: Decisions, rows: list[FlowRow]) -> Setting:
    used = _using(rows, "cornet")
    value = str(decisions.cornet) + ("" if decisions.cornet_pinned else " (default)")
    opens = f"TCP {decisions.cornet} towards {_roles(used)}" if used else ""
    return Setting("cornet", value, opens, _ids(used))


def _switches(site: Site, catalogue: Catalogue) -> Iterator[Setting]:
    if site.egress is Egress.OPEN:
        yield Setting("egress", "open", "all egress (unmanaged)")
    else:
        yield Setting("egress", "closed", "egress only for flows and extra rules")
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


def _overrides(site: Site) -> Iterator[Setting]:
    machines = ((machine.ports, f"{machine.name}: ") for machine in site.machines)
    for overrides, where in ((site.ports, ""), *machines):
        for (role, key), ports in overrides:
            opens = f"{where}these ports instead of the article's"
            yield Setting(f"ports ({role}.{key})", str(ports), opens)


_Used = Iterable[tuple[FlowRow, Leg]]


def _using(rows: Iterable[FlowRow], token: str) -> list[tuple[FlowRow, Leg]]:
    return [(row, leg) for row in rows for leg in row.legs if token in leg.ports]


def _roles(used: _Used) -> str:
    roles = (
        role
        for _, leg in used
        for role in (*leg.responders, *leg.among, *(leg.initiators if leg.both_ways else ()))
    )
    return ", ".join(dict.fromkeys(roles))


def _ids(used: _Used) -> tuple[str, ...]:
    return tuple(dict.fromkeys(row.id for row, _ in used))


def _range(ports: PortRange | PortSet | None, preset: str) -> str:
    if ports is None:
        return "not decided"
    return f"{ports} ({preset})" if preset else str(ports)
