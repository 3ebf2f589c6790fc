"""Read links and SIP providers: both name a LinkManager of a site."""

from collections.abc import Iterable, Mapping, Sequence

from swyx_components.installation.context import Kind, Node, ReadMachine
from swyx_components.installation.model import Link, Provider
from swyx_components.installation.sites import read_claimed
from swyx_components.installation.values import (
    distinct,
    note_unpaired,
    read_entries,
    read_list,
    read_port,
    read_range,
    read_scalar,
    read_word,
)
from swyx_components.messages import Diagnostics, below

_ONE, _EACH = "link_manager", "link_managers"


def read_links(node: Node, sites: Mapping[str, None]) -> tuple[Link, ...]:
    """The links that could be read whole, by name. `sites` has the names of the file's sites in order."""
    joined: dict[tuple[str, ...], Node] = {}  # by sites and LinkManagers
    links = []
    for entry, is_named in read_entries(node, "link"):
        if not entry.open("link"):
            continue
        ends = entry.read("sites", _read_ends, (), sites)
        link = _read_link(entry, ends)
        if link is None:
            continue
        other = joined.setdefault((*ends, link.near_manager, link.far_manager), entry)
        if other is not entry:
            values = {"managers": " and ".join(link.managers), "other": other.place}
            entry.add("link-repeated", first=ends[0], second=ends[1], **values)
        elif is_named:
            links.append(link)
    return tuple(links)


def _read_ends(node: Node, sites: Mapping[str, None]) -> tuple[str, ...]:
    """The two sites of a link by name, or nothing."""
    log, example = node.context.log, node.example
    before = len(log)
    listed = read_list(node)
    if len(listed) == 2 and listed[0] == listed[1] and type(listed[0]) is str:
        node.add("link-itself", site=listed[0], example=example)
        return ()
    names = list(distinct(node, listed))
    for name, index in names:
        if name not in sites and not node.context.sites_unknown:
            node.item(index).unknown("link-site", name, sites)
    if len(listed) not in (0, 2):
        node.add("link-sites", count=len(listed), example=example)
    return tuple(sorted([name for name, _ in names])) if len(log) == before else ()


def _read_link(node: Node, ends: tuple[str, ...]) -> Link | None:
    mode = node.read("mode", read_word, "shared", ("shared", "chained"))
    if mode is None:
        return None
    key, other, read = _ONE, _EACH, _read_shared
    if mode == "chained":
        key, other, read = _EACH, _ONE, _read_chained
    example = node.examples[key]
    if other in node.value:
        node.child(other).add(f"link-{mode}", example=example)
    elif key not in node.value:
        managers = node.context.managers_at(ends) or "none"
        node.child(key).add(f"link-without-{mode}", example=example, managers=managers)
    return node.read(key, read, None, node.key, ends)


def _read_shared(node: Node, name: str, ends: tuple[str, ...]) -> Link | None:
    machine = _read_manager(node, ends)
    if machine is None or not ends:
        return None
    near, manager = machine.site, machine.node.key
    if near not in ends:
        node.add("manager-elsewhere", machine=manager, site=near, ends=" and ".join(ends))
        return None
    far = ends[1] if near == ends[0] else ends[0]
    return Link(name=name, near=near, far=far, near_manager=manager)


def _read_chained(node: Node, name: str, ends: tuple[str, ...]) -> Link | None:
    if type(node.value) is not dict:
        node.wrong_type("a mapping")
        return None
    if not ends:
        return None
    for other in sorted(node.value.keys() - set(ends)):
        node.child(other).add("chained-site", name=other, ends=" and ".join(ends))
    managers = []
    for end in ends:
        child = node.child(end)
        child.example = f"{end}: NAME"
        if end not in node.value:
            known = node.context.managers_at((end,)) or "none"
            child.add("chained-missing", site=end, managers=known)
            continue
        machine = _read_manager(child, (end,))
        if machine is not None and machine.site != end:
            child.add("chained-elsewhere", machine=machine.node.key, site=machine.site, end=end)
        elif machine is not None:
            managers.append(machine.node.key)
    if len(managers) != 2:
        return None
    (near, far), (own, other) = ends, managers
    return Link(name=name, near=near, far=far, near_manager=own, far_manager=other)


def _read_manager(node: Node, ends: tuple[str, ...] = ()) -> ReadMachine | None:
    """Where the named LinkManager stands; nothing where it is none, or can't be known."""
    name, context = read_scalar(node, "a name"), node.context
    if name is None:
        return None
    machine = context.machines.get(name.lower())
    if machine is None or machine.node.key != name:
        doubtful = context.sites_unknown or context.unlisted.intersection(ends or context.unlisted)
        if not doubtful:
            node.unknown(
                "manager", name, [machine.node.key] if machine else context.managers_at(ends)
            )
        return None
    known = context.catalogue.roles
    if not any(known[role].serves_links for role in machine.roles):
        if context.is_certain(machine.site, name):
            role, managers = context.serving_roles, context.managers_at(ends) or "none"
            node.add("manager-without-role", machine=name, role=role, managers=managers)
        return None
    return machine


def read_providers(node: Node) -> tuple[Provider, ...]:
    """The providers that could be read whole, by name."""
    read = [(_read_provider(entry), named) for entry, named in read_entries(node, "provider")]
    return tuple(provider for provider, is_named in read if provider is not None and is_named)


def check_trunks(log: Diagnostics, links: Iterable[Link], providers: Sequence[Provider]) -> None:
    """Note whose calls reach no provider: the article covers no transit between LinkManagers or links."""
    # By site, then by the site that it is linked with.
    managers: dict[str, dict[str, set[str]]] = {}
    for link in links if providers else ():
        for own, other in ((link.near, link.far), (link.far, link.near)):
            managers.setdefault(own, {}).setdefault(other, set()).update(link.managers)
    lacking = managers.keys() - {provider.site for provider in providers}
    for provider in providers:
        own, near = provider.link_manager, managers.get(provider.site, {})
        apart = {site: met for site, met in near.items() if own not in met}
        place = f"{below('sip_providers', provider.name)}.{_ONE}"
        if apart:
            values = {"sites": sorted(apart), "links": sorted(set().union(*apart.values()))}
            log.add("trunk-apart", place, provider=provider.name, manager=own, **values)
        far, ring = set[str](), {*near} if lacking else set()
        while ring := {to for site in ring for to in managers[site]} - {provider.site, *near, *far}:
            far |= ring
        if beyond := sorted(far & lacking):
            log.add("trunk-beyond", place, provider=provider.name, site=provider.site, sites=beyond)


def _read_provider(node: Node) -> Provider | None:
    node.open("provider")
    cidrs, signalling, media_alone = (
        set(node.read(key, read_claimed, (), "", Kind.PROVIDER))
        for key in ("cidrs", "signalling_cidrs", "media_cidrs")
    )
    cidrs |= signalling & media_alone
    machine = node.read(_ONE, _read_manager, None)
    media = node.read("media_ports", read_range, None)
    sip_port = node.read("sip_port", read_port, None)
    note_unpaired(node.child("media_ports"), f"provider {node.key}", media)
    if machine is None or media is None or ("sip_port" in node.value and sip_port is None):
        return None
    if not (cidrs or (signalling and media_alone)):
        return None
    return Provider(
        name=node.key,
        cidrs=tuple(sorted(cidrs)),
        signalling_cidrs=tuple(sorted(signalling - cidrs)),
        media_cidrs=tuple(sorted(media_alone - cidrs)),
        link_manager=machine.node.key,
        site=machine.site,
        media_ports=media,
        **({"sip_port": sip_port.first} if sip_port else {}),
    )
