"""Check what stands for a site at other sites: it holds the whole site, and each address once."""

from collections.abc import Iterator, Sequence

from swyx_components.installation.context import Claim, Kind, ReadContext
from swyx_components.sets.prefixes import WIDTH

_MOST_SHOWN = 5


def check_summaries(reading: ReadContext) -> None:
    """Report what of a site lies outside its summary, and CIDRs of a summary inside one another.

    Each IP version is judged for itself: one without a CIDR in the summary is not summarised.
    """
    summaries: dict[str, list[Claim]] = {}
    for claim in reading.claims:
        if claim.kind is Kind.SUMMARY:
            summaries.setdefault(claim.site, []).append(claim)
    if not summaries:
        return
    members: dict[str, list[Claim]] = {site: [] for site in summaries}
    for claim in reading.claims:
        if claim.kind in (Kind.MACHINE, Kind.NETWORK) and claim.site in summaries:
            members[claim.site].append(claim)
    for site, summary in summaries.items():
        _check_nesting(reading, summary)
        _check_cover(reading, summary, members[site])


def _check_nesting(reading: ReadContext, summary: Sequence[Claim]) -> None:
    ordered = sorted(summary, key=lambda claim: (claim.prefix, claim.position))
    outer = ordered[0]
    for claim in ordered[1:]:
        if not outer.prefix.contains(claim.prefix):
            outer = claim
        elif outer.prefix == claim.prefix:
            reading.log.add("list-repeated", claim.place, value=claim.prefix)
        else:
            reading.log.add("summary-nested", claim.place, inner=claim.prefix, outer=outer.prefix)


def _check_cover(reading: ReadContext, summary: Sequence[Claim], members: Sequence[Claim]) -> None:
    outside = list(dict.fromkeys(_outside(summary, members)))
    if outside:
        left_out = len(outside) - _MOST_SHOWN
        shown = [*outside[:_MOST_SHOWN], *([f"{left_out} more"] if left_out > 0 else [])]
        reading.log.add("summary-outside", summary[0].owner, outside=shown)


def _outside(summary: Sequence[Claim], members: Sequence[Claim]) -> Iterator[str]:
    versions = {claim.prefix.version for claim in summary}
    for member in members:
        version, _, length = member.prefix
        if version in versions and not any(one.prefix.contains(member.prefix) for one in summary):
            shown = member.prefix.address if length == WIDTH[version] else str(member.prefix)
            yield f"{shown} ({member.holder})"
