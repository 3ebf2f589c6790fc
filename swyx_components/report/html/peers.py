"""Who is behind the names and addresses of a rule, by the needs that it was made of."""

from bisect import bisect_right

from swyx_components.planner.model import Direction, HostGroup, Need, PartyKind, Protocol, Spec
from swyx_components.sets.prefixes import WIDTH, Prefix, collapse_prefixes

_Key = tuple[Direction, Protocol, str]


class Peers:
    """The needs of one host group, found by flow."""

    def __init__(self, group: HostGroup) -> None:
        self._needs: dict[_Key, list[Need]] = {}
        for need in group.needs:
            self._needs.setdefault((need.direction, need.protocol, need.flow), []).append(need)

    def of(self, spec: Spec, flow: str) -> tuple[str, ...]:
        """The peers that a rule serves with one of its flows, as people call them."""
        blocks = collapse_prefixes(spec.prefixes)
        needs = self._needs.get((spec.direction, spec.protocol, flow), ())
        return tuple(sorted({n.peer.label for n in needs if _serves(spec, blocks, n)}))


def _serves(spec: Spec, blocks: tuple[Prefix, ...], need: Need) -> bool:
    if spec.ports is not None and not spec.ports & need.ports:
        return False
    if need.peer.kind is PartyKind.GROUP:
        return need.peer.label in spec.groups or need.identity in spec.identities
    return any(_touches(prefix, blocks) for prefix in need.peer.prefixes)


def _touches(prefix: Prefix, blocks: tuple[Prefix, ...]) -> bool:
    """Whether a prefix has an address in one of the disjoint, sorted blocks."""
    version, first, _ = prefix
    place = bisect_right(blocks, (version, first, WIDTH[6]))
    before, after = blocks[max(place - 1, 0) : place], blocks[place : place + 1]
    return any(block.contains(prefix) for block in before) or any(
        block.version == version and block.first <= prefix.last for block in after
    )
