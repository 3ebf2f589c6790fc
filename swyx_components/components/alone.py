"""One host group without an installation file: a small installation made of it and its peers.

The rules follow from the same catalogue and the same passes as a whole site's. What the group's
program does not name (a site's SwyxServer, a phone's manager) is filled in so that the installation
is a valid one, and taken out again before anything is planned.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import count
from typing import Any

from swyx_components.catalogue import Catalogue, load_catalogue
from swyx_components.installation import Installation, load_installation
from swyx_components.installation.model import Machine
from swyx_components.messages import Message, Severity, SwyxError
from swyx_components.planner.collide import find_collisions
from swyx_components.planner.decide import judge_decisions
from swyx_components.planner.expand import Expansion, expand_site
from swyx_components.planner.minimise import NEUTRAL, minimise
from swyx_components.planner.model import (
    Endpoint,
    HostGroup,
    Identity,
    Need,
    Party,
    PartyKind,
    Required,
    SitePlan,
)
from swyx_components.planner.rules import attach_needs
from swyx_components.planner.view import Survey
from swyx_components.sets.prefixes import Prefix

_PEER = "peer-"
_LONGEST_SLUGS = 30  # leaves room in a machine's name, which has 40 characters
_ABSENT = "absent-"  # machines that are only there so that the installation is valid
_MACHINE = "group"  # what the group's machine is called where its program names none
_PASSED_ON = ("decisions", "ports", "flows", "control_path", "sip_devices", "egress")
# Addresses for what is named by id: reserved for ever, so never anybody's.
_UNUSED = {4: Prefix.parse("240.0.0.0/4").first, 6: Prefix.parse("100::/64").first}


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """One entry of `peers`: `machine` is its name in the small installation."""

    machine: str
    roles: tuple[str, ...]
    by_id: bool
    site: str
    prefixes: tuple[Prefix, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alone:
    """The plan of one group: `plan.groups` has the group first, then one for each peer named by id.

    `ids` are those peers' identities by role, in the same order.
    """

    installation: Installation
    plan: SitePlan
    ids: tuple[Mapping[str, Any], ...]

    @property
    def group(self) -> HostGroup:
        return self.plan.groups[0]


def plan_alone(name: str, roles: Sequence[str], args: Mapping[str, Any]) -> Alone:
    """The plan of a host group of these roles, called after the component.

    Raises:
        SwyxError: an argument is wrong, or a decision is missing.
    """
    catalogue = load_catalogue()
    _check_roles(catalogue, roles, args)
    site = site_name(name)
    peers = _read_peers(catalogue, site, args)
    installation = _install(catalogue, site, roles, peers, args)
    return _plan(Survey(installation), site, roles, peers, args)


def site_name(component: str) -> str:
    """What stands for the site in names and tags: the component's name, as far as a site may be called so."""
    text = re.sub(r"[^A-Za-z0-9_-]", "-", component)[:40].lstrip("-_")
    return text or "group"


# ---- arguments


def _check_roles(catalogue: Catalogue, roles: Sequence[str], args: Mapping[str, Any]) -> None:
    places = [("roles", roles)]
    places += [
        (f"peers[{i}].roles", peer.get("roles", ()))
        for i, peer in enumerate(args.get("peers") or ())
    ]
    problems = [
        Message.about(
            "args-wrong",
            place,
            value=repr(role),
            wanted=f"a role; these are {', '.join(catalogue.roles)}",
            example=f"{place}: [SwyxServer]",
        )
        for place, given in places
        for role in given
        if role not in catalogue.roles
    ]
    if not roles:
        problems.append(
            Message.about("args-missing", "", key="roles", example="roles: [SwyxServer]")
        )
    if problems:
        raise SwyxError(problems)


def _read_peers(catalogue: Catalogue, site: str, args: Mapping[str, Any]) -> tuple[Peer, ...]:
    peers: list[Peer] = []
    problems: list[Message] = []
    for index, entry in enumerate(args.get("peers") or ()):
        place = f"peers[{index}]"
        by_id = bool(entry.get("ids"))
        if by_id == bool(entry.get("cidrs")) or (by_id and entry.get("site")):
            problems.append(
                Message.about(
                    "args-wrong",
                    place,
                    value="a peer with " + (", ".join(sorted(entry)) or "nothing"),
                    wanted="one with either ids or cidrs (at another site: cidrs)",
                    example="{roles: [SwyxIt], cidrs: [10.1.20.0/24]}",
                )
            )
            continue
        missing = [role for role in entry["roles"] if by_id and role not in entry["ids"]]
        problems += [
            Message.about("args-missing", f"{place}.ids", key=role, example=f"{role}: an id")
            for role in missing
        ]
        peers.append(
            Peer(
                machine=_peer_name(catalogue, entry["roles"], {peer.machine for peer in peers}),
                roles=tuple(sorted(entry["roles"], key=catalogue.role_order)),
                by_id=by_id,
                site=site_name(entry.get("site") or site),
                prefixes=tuple(
                    _read_prefixes(entry.get("cidrs") or (), f"{place}.cidrs", problems)
                ),
            )
        )
    if problems:
        raise SwyxError(problems)
    return tuple(peers)


def _peer_name(catalogue: Catalogue, roles: Sequence[str], taken: set[str]) -> str:
    """A name from the peer's roles, since rules are named after it; numbered only where several are alike."""
    slugs = "-".join(catalogue.roles[role].slug for role in sorted(roles, key=catalogue.role_order))
    if len(slugs) > _LONGEST_SLUGS:
        slugs = f"{slugs[: _LONGEST_SLUGS - 9]}-{sha256(slugs.encode()).hexdigest()[:8]}"
    names = (f"{_PEER}{slugs}" + (f"-{number}" if number > 1 else "") for number in count(1))
    return next(name for name in names if name not in taken)


def _read_prefixes(texts: Iterable[Any], place: str, problems: list[Message]) -> Iterator[Prefix]:
    for text in texts:
        try:
            yield Prefix.parse(str(text))
        except ValueError as problem:
            problems.append(
                Message.about(
                    "args-wrong",
                    place,
                    value=repr(text),
                    wanted=f"a CIDR ({problem})",
                    example="cidrs: [10.1.20.0/24]",
                )
            )


# ---- the small installation


def _install(
    catalogue: Catalogue,
    site: str,
    roles: Sequence[str],
    peers: Sequence[Peer],
    args: Mapping[str, Any],
) -> Installation:
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
    bound = args.get("machines") or {_MACHINE: {}}
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


# ---- the plan


def _plan(
    survey: Survey,
    site: str,
    roles: Sequence[str],
    peers: Sequence[Peer],
    args: Mapping[str, Any],
) -> Alone:
    view, catalogue = survey.view(site), survey.catalogue
    names = set(args.get("machines") or {_MACHINE: {}})
    whole = view.endpoint_of(min(names))
    expansion = _about(expand_site(survey, site), whole)
    planned = next(
        group for group in attach_needs(view, expansion.flows) if group.name == whole.label
    )
    messages = (
        *judge_decisions(view, expansion, catalogue),
        *(m for m in find_collisions(view, catalogue) if f".machines.{_PEER}" not in m.place),
    )
    errors = [message for message in messages if message.severity is Severity.ERROR]
    if errors:
        raise SwyxError(errors)
    apart = sorted(names - {machine.name for machine in planned.machines})
    if apart:
        raise SwyxError([_not_one_group(name, planned) for name in apart])
    translator = _Translator(catalogue, site, roles, names, planned, view.groups, peers)
    entries = args.get("peers") or ()
    plan = SitePlan(
        site=site,
        egress=view.site.egress,
        groups=(translator.group(), *translator.peer_groups()),
        flows=tuple(translator.flows(expansion.flows, whole)),
        extra_rules=view.site.extra_rules,
        messages=tuple(sorted(set(messages))),
    )
    ids = tuple(entries[i]["ids"] for i, peer in enumerate(peers) if peer.by_id)
    return Alone(installation=survey.installation, plan=plan, ids=ids)


def _not_one_group(machine: str, planned: HostGroup) -> Message:
    return Message.about(
        "args-wrong",
        f"machines.{machine}",
        value=machine,
        wanted=f"like {planned.machines[0].name}, which alone serves the links and providers",
        example="a component for each of them",
    )


def _about(expansion: Expansion, own: Endpoint) -> Expansion:
    """Only what touches the group: how its peers get on with each other is not its program's matter."""
    return Expansion(
        flows=tuple(f for f in expansion.flows if _touches(own, f.initiator, f.responder)),
        undecided=tuple(u for u in expansion.undecided if _touches(own, u.initiator, u.responder)),
        clashes=expansion.clashes,
    )


def _touches(own: Endpoint, *ends: Endpoint) -> bool:
    return any(_is_same(own, end) for end in ends)


def _is_same(one: Endpoint, other: Endpoint) -> bool:
    return (one.site, one.label, one.group is None) == (
        other.site,
        other.label,
        other.group is None,
    )


class _Translator:
    """From the passes' names for groups to what the program has: ids and addresses.

    A peer with the same roles as the group is one group with it to the passes, and is told apart here.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        site: str,
        roles: Sequence[str],
        names: set[str],
        planned: HostGroup,
        groups: Iterable[HostGroup],
        peers: Sequence[Peer],
    ) -> None:
        self.catalogue = catalogue
        self.site = site
        self.roles = tuple(sorted(roles, key=catalogue.role_order))
        self.planned = planned
        self.machines = tuple(m for m in planned.machines if m.name in names)
        self.members = {group.name: group.machines for group in groups}
        self.peers = {peer.machine: peer for peer in peers}
        self.own_name = "-".join(catalogue.roles[role].slug for role in self.roles)

    def group(self) -> HostGroup:
        """The group itself, with needs that name its peers as its program does."""
        needs = tuple(
            dict.fromkeys(told for need in self.planned.needs for told in self._needs(need))
        )
        return HostGroup(
            name=self.own_name,
            site=self.site,
            roles=self.roles,
            identities=tuple(Identity(role) for role in self.roles),
            machines=self.machines,
            needs=needs,
            rules=minimise(needs, NEUTRAL, self.catalogue),
        )

    def peer_groups(self) -> Iterator[HostGroup]:
        """A group for each peer named by id: no rules, but a name and identities to refer to."""
        named = {machine.name: machine for group in self.members.values() for machine in group}
        for peer in self.peers.values():
            if peer.by_id:
                yield HostGroup(
                    name=peer.machine,
                    site=self.site,
                    roles=peer.roles,
                    identities=tuple(Identity(role, peer.machine) for role in peer.roles),
                    machines=(named[peer.machine],),
                )

    def _needs(self, need: Need) -> Iterator[Need]:
        if need.peer.kind is PartyKind.CIDRS or need.identity is None:
            yield need
            return
        for machine in self.members[need.peer.label]:
            peer = self.peers.get(machine.name)
            if peer is None and len(self.machines) > 1:
                party = Party(PartyKind.GROUP, self.own_name)
                yield need._replace(peer=party, identity=Identity(need.identity.role))
            elif peer is not None and peer.by_id:
                party = Party(PartyKind.GROUP, peer.machine)
                yield need._replace(peer=party, identity=Identity(need.identity.role, peer.machine))
            elif peer is not None:
                yield from self._by_address(need, machine)

    def _by_address(self, need: Need, machine: Machine) -> Iterator[Need]:
        versions = {address.version for own in self.machines for address in own.addresses}
        prefixes = tuple(p for p in machine.addresses if p.version in versions)
        if prefixes:
            party = Party(PartyKind.CIDRS, machine.name, prefixes)
            yield need._replace(peer=party, identity=None)

    def flows(self, flows: Iterable[Required], whole: Endpoint) -> Iterator[Required]:
        """The flows as seen from the group, for the proof: it at one end, whoever at the other."""
        addresses = tuple(address for machine in self.machines for address in machine.addresses)
        own = replace(whole, label=self.own_name, prefixes=addresses)
        for flow in flows:
            if _is_same(whole, flow.initiator):
                yield flow._replace(initiator=own, responder=_as_peer(flow.responder))
            if _is_same(whole, flow.responder):
                yield flow._replace(initiator=_as_peer(flow.initiator), responder=own)


def _as_peer(endpoint: Endpoint) -> Endpoint:
    """The same under a label that no group here has."""
    return replace(endpoint, label=f"peer {endpoint.label}")
