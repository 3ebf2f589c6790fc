"""The small installation around a host group that stands alone: the group, its peers, what must be there.

A valid installation has a SwyxServer at every site, and a manager for every phone. Those that the
program does not name are filled in for the reader of installations, and taken out again.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from swyx_components.catalogue import Catalogue
from swyx_components.components.peers import Peer
from swyx_components.installation import Installation, load_installation
from swyx_components.sets.prefixes import Prefix

MACHINE = "group"  # what the group's machine is called where its program names none
_ABSENT = "absent-"  # machines that are only there so that the installation is valid
_PASSED_ON = ("decisions", "ports", "flows", "control_path", "sip_devices", "egress")
# Addresses for what is named by id: reserved for ever, so never anybody's.
_UNUSED = {4: Prefix.parse("240.0.0.0/4").first, 6: Prefix.parse("100::/64").first}


def install(
    catalogue: Catalogue,
    site: str,
    roles: Sequence[str],
    peers: Sequence[Peer],
    args: Mapping[str, Any],
) -> Installation:
    """The installation that holds the group and its peers, and nothing that the program did not name.

    Raises:
        SwyxError: what the program gave makes no valid installation.
    """
    unused = _unused_addresses(any(p.version == 6 for peer in peers for p in peer.prefixes))
    own = _own_machines(roles, args, unused)
    sites: dict[str, dict[str, Any]] = {site: {"machines": {**own}, "networks": {}}}
    for peer in peers:
        body = sites.setdefault(peer.site, {"machines": {}, "networks": {}})
        entry: dict[str, Any] = {"roles": list(peer.roles)}
        if not peer.by_id and all(catalogue.roles[role].on_networks for role in peer.roles):
            body["networks"][peer.machine] = {**entry, "cidrs": list(map(str, peer.prefixes))}
        else:
            addresses = [p.address if _is_host(p) else str(p) for p in peer.prefixes]
            body["machines"][peer.machine] = {**entry, "addresses": addresses or unused()}
    for number, body in enumerate(sites.values()):
        _fill_in(catalogue, body, f"{_ABSENT}{number}-", unused)
    here = sites[site]
    here |= {key: args[key] for key in _PASSED_ON if args.get(key) and key != "decisions"}
    here["extra_rules"] = list(_extra_rules(own, args.get("extra_rules") or ()))
    plain = {
        "swyxware": catalogue.version,
        "decisions": args.get("decisions") or {},
        "sites": sites,
        **_links(catalogue, site, sites, args),
    }
    if args.get("quotas"):
        plain["quotas"] = {args["cloud"]: args["quotas"]}
    return _without_absent(load_installation(plain, file=f"{site} (a group alone)"))


def _unused_addresses(with_ipv6: bool) -> Callable[[], list[str]]:
    """A function that gives the addresses of one more machine named by id."""
    versions = (4, 6) if with_ipv6 else (4,)
    numbers = count(1)

    def take() -> list[str]:
        number = next(numbers)
        return [Prefix(version, _UNUSED[version] + number, 128).address for version in versions]

    return take


def _own_machines(
    roles: Sequence[str], args: Mapping[str, Any], unused: Callable[[], list[str]]
) -> dict[str, Any]:
    bound = args.get("machines") or {MACHINE: {}}
    return {
        name: {"addresses": list(entry.get("addresses") or unused()), "roles": list(roles)}
        for name, entry in bound.items()
    }


def _is_host(prefix: Prefix) -> bool:
    return prefix.first == prefix.last


def _fill_in(
    catalogue: Catalogue, body: dict[str, Any], start: str, unused: Callable[[], list[str]]
) -> None:
    """Machines for the roles that a site must have, where the program names none."""
    present = {
        role
        for kind in ("machines", "networks")
        for entry in body[kind].values()
        for role in entry["roles"]
    }
    needed = [role.name for role in catalogue.roles.values() if role.once_per_site]
    needed += [catalogue.roles[role].needs_manager for role in present]
    for role in sorted({*needed} - {*present, ""}):
        body["machines"][f"{start}{role}"] = {"addresses": unused(), "roles": [role]}


def _extra_rules(own: Mapping[str, Any], rules: Iterable[Mapping[str, Any]]) -> Iterator[Any]:
    """Each rule for each of the group's machines, so that they stay one group."""
    for rule in rules:
        end = "from" if rule.get("direction") == "out" else "to"
        for machine in own:
            yield {**rule, end: machine}


def _links(
    catalogue: Catalogue,
    site: str,
    sites: Mapping[str, Mapping[str, Any]],
    args: Mapping[str, Any],
) -> dict[str, Any]:
    """A link to every other site of a peer, and the providers; the first LinkManager serves them all."""
    others = [name for name in sites if name != site]
    managers = [
        machine
        for name in (site, *others)
        for machine, entry in sites[name]["machines"].items()
        if any(catalogue.roles[role].serves_links for role in entry["roles"])
    ]
    served = {"link_manager": managers[0]} if managers else {}
    links = {f"{site}-{other}"[:40]: {"sites": [site, other], **served} for other in others}
    providers = {
        name: {**entry, **served} for name, entry in (args.get("sip_providers") or {}).items()
    }
    return {key: value for key, value in (("links", links), ("sip_providers", providers)) if value}


def _without_absent(installation: Installation) -> Installation:
    return replace(
        installation,
        sites={
            name: replace(
                site,
                machines=tuple(m for m in site.machines if not m.name.startswith(_ABSENT)),
            )
            for name, site in installation.sites.items()
        },
    )
