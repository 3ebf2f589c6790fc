"""A finished site: its plan with everything that was found about it."""

from dataclasses import dataclass

from swyx_components.messages import Message, Severity
from swyx_components.planner.model import RenderedSite, SitePlan, Usage
from swyx_components.planner.proof import Proof


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteResult:
    """One site's plan, and what it is on its cloud.

    `cloud` is empty and `rendered` None where the site is bound to no cloud: the proof is then of the plan's
    own rules, and `messages` are the plan's and a warning for whatever a cloud would refuse. `proof` is None
    only where the plan has errors.
    """

    plan: SitePlan
    cloud: str
    messages: tuple[Message, ...]
    usages: tuple[Usage, ...] = ()
    rendered: RenderedSite | None = None
    proof: Proof | None = None

    @property
    def has_errors(self) -> bool:
        """Whether anything is wrong that keeps the site from being deployed."""
        return any(message.severity is Severity.ERROR for message in self.messages)
