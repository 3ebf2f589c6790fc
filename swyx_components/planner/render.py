"""A site's plan rendered group by group for one cloud."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from swyx_components.catalogue.model import Catalogue
from swyx_components.installation.model import Installation, Machine
from swyx_components.planner.describe import Provenance
from swyx_components.planner.endpoints import Peer, PeerKind
from swyx_components.planner.minimise import NEUTRAL, minimise
from swyx_components.planner.model import (
    Capabilities,
    HostGroup,
    RenderedGroup,
    RenderedSite,
    Requirements,
    SitePlan,
)
from swyx_components.planner.platform import Platform
from swyx_components.planner.requirements import extra_flow


def render_site(
    plan: SitePlan, installation: Installation, platform: Platform | None = None
) -> RenderedSite:
    """The site as its cloud would store it, or as planned without one.

    Where the platform's groups are not shared, each machine is its own group.
    """
    if platform is None:
        return render_neutral(plan)
    catalogue = installation.catalogue
    capabilities = find_capabilities(platform, installation.quotas.get(platform.name, {}))
    if not capabilities.shares_groups:
        plan = split_by_machine(plan, catalogue)
    settings = plan.egress, capabilities, Provenance.of(plan, catalogue)
    groups = [
        RenderedGroup(group=own, rules=platform.render_group(own, *settings)) for own in plan.groups
    ]
    return RenderedSite(plan=plan, capabilities=capabilities, groups=tuple(groups))


def find_capabilities(platform: Platform, quotas: Mapping[str, int] = {}) -> Capabilities:
    """The capabilities of a cloud; `quotas` are those that the installation overrides."""
    rows = platform.limits()
    limits = {**rows["quotas"], **quotas}
    return Capabilities(name=platform.name, **rows["capabilities"], limits=limits)


def split_by_machine(plan: SitePlan, catalogue: Catalogue) -> SitePlan:
    """The same plan with a group for each machine, with its name, and every peer by address.

    The flows stay as they are: they run between host groups.
    """
    members = {group.name: group.machines for group in plan.groups}
    owners = {extra_flow(plan.site, rule): rule.machine for rule in plan.extra_rules}
    split = []
    for group in plan.groups:
        for own in group.split():
            requirements = Requirements(
                (party, access)
                for peer, access in group.requirements
                if owners.get(access[0][-1], own.name) == own.name
                for party in _by_address(peer, own, members)
            )
            rules = minimise(requirements, NEUTRAL, catalogue)
            split.append(replace(own, requirements=requirements, rules=rules))
    return replace(plan, groups=tuple(sorted(split, key=lambda group: group.name)))


def _by_address(
    peer: Peer, own: HostGroup, members: dict[str, tuple[Machine, ...]]
) -> Iterator[Peer]:
    """The peer as one machine's rules name it, never the machine itself; none if no address is left."""
    label, prefixes = peer.label, peer.prefixes
    if peer.kind is PeerKind.GROUP:
        others = [other for other in members[label] if other.name != own.name]
        label = "/".join(other.name for other in others)
        prefixes = tuple(address for other in others for address in other.addresses)
    kept = tuple(prefix for prefix in prefixes if prefix.version in own.versions)
    if kept:
        yield Peer(PeerKind.CIDRS, label, kept)


def render_neutral(plan: SitePlan) -> RenderedSite:
    """The site as a platform without limits would hold it: rule for rule what `swyx plan` prints."""
    groups = tuple(RenderedGroup(group=group, rules=group.rules) for group in plan.groups)
    return RenderedSite(plan=plan, capabilities=NEUTRAL, groups=groups)
