"""What the names and tags in rules stand for around a site.

The tags that every default rule uses are read as follows, for no file has what stands behind them:
VirtualNetwork is every private address, since it takes in peered and connected networks; Internet is all
the rest; AzureLoadBalancer is the platform's one probe address. Other tags stay unresolved.
"""

from collections.abc import Iterable, Iterator, Mapping

from swyx_components.installation.check import NEVER_PUBLIC
from swyx_components.sets.prefixes import (
    WIDTH,
    Interval,
    Prefix,
    collapse_prefixes,
    join_intervals,
    split_interval,
)

EVERYWHERE = (Prefix(4, 0, 0), Prefix(6, 0, 0))
_LINK_LOCAL = tuple(map(Prefix.parse, ("169.254.0.0/16", "fe80::/10")))
PROBES = (Prefix.parse("168.63.129.16"),)


class Surroundings:
    """What names and tags stand for: `own` are the site's addresses, `members` those of each ASG by key.

    `members` None: nothing is known of ASGs.
    """

    def __init__(
        self, own: Iterable[Prefix], members: Mapping[str, tuple[Prefix, ...]] | None
    ) -> None:
        private = (prefix for prefix in NEVER_PUBLIC if prefix not in _LINK_LOCAL)
        network = collapse_prefixes((*private, *own))
        self.members = members
        self._tags: Mapping[str, tuple[Prefix, ...]] = {
            "*": EVERYWHERE,
            "virtualnetwork": network,
            "internet": tuple(_outside(network)),
            "azureloadbalancer": PROBES,
        }

    def resolve(self, text: str) -> tuple[Prefix, ...] | None:
        """The addresses of a CIDR, of a range or of a tag that is read; None of any other."""
        tag = self._tags.get(str(text).lower())
        if tag is not None:
            return tag
        first, dash, last = str(text).partition("-")
        try:
            if not dash:
                return (Prefix.parse(first),)
            low, high = Prefix.parse(first), Prefix.parse(last)
            return tuple(split_interval(low.version, Interval(low.first, high.last)))
        except ValueError:
            return None


def _outside(inside: Iterable[Prefix]) -> Iterator[Prefix]:
    network = tuple(inside)
    for version, width in WIDTH.items():
        first = 0
        own = (prefix.interval for prefix in network if prefix.version == version)
        end = Interval(1 << width, 1 << width)
        for low, high in (*join_intervals(own), end):
            yield from split_interval(version, Interval(first, low - 1)) if low > first else ()
            first = high + 1
