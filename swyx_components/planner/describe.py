"""Why a rule exists, in the few characters that a cloud gives to it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from swyx_components.catalogue import Catalogue
from swyx_components.planner.model import SitePlan
from swyx_components.planner.requirements import extra_flow
from swyx_components.planner.texts import fit_words

_SHORTEST_PURPOSE = 12  # fewer characters of a purpose than this say nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What flow ids stand for at one site: the article's purposes, and the reasons of extra rules."""

    catalogue: Catalogue
    reasons: Mapping[str, str]
    # Many rules of a hub exist for the same flows.
    _known: dict[tuple[object, ...], str] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, plan: SitePlan, catalogue: Catalogue) -> "Provenance":
        """What the flows of a site's plan stand for."""
        reasons = {extra_flow(plan.site, rule): rule.reason for rule in plan.extra_rules}
        return cls(catalogue=catalogue, reasons=reasons)

    def describe(self, flows: Iterable[str], lines: Iterable[int], limit: int) -> str:
        """Flows, the article's lines and why, within `limit` characters.

        What doesn't fit is counted: `M1 M2 +3 kb2308 L38 L111 +4: audio goes ...`. A reason that the
        installation's author gave comes before the article's purposes.
        """
        question = (tuple(flows), tuple(lines), limit)
        if question not in self._known:
            self._known[question] = self._describe(*question)
        return self._known[question]

    def _describe(self, flows: tuple[str, ...], lines: tuple[int, ...], limit: int) -> str:
        words = [f"L{line}" for line in lines]
        text = fit_words(flows, limit // 3)
        if words:
            text = f"{text} kb2308 {fit_words(words, limit // 3)}"
        why = "; ".join(self._purposes(flows))
        room = limit - len(text) - len(": ")
        if why and room >= min(len(why), _SHORTEST_PURPOSE):
            text = f"{text}: {why if len(why) <= room else why[: room - 3].rstrip() + '...'}"
        return text

    def _purposes(self, flows: Iterable[str]) -> list[str]:
        given = [self.reasons[flow] for flow in flows if flow in self.reasons]
        rows = (self.catalogue.flows.get(flow) for flow in flows)
        return list(dict.fromkeys([*given, *(row.purpose for row in rows if row is not None)]))
