"""What the planner needs of a cloud. A cloud's package implements it, and its value is handed in."""

from collections.abc import Mapping
from typing import Any, Protocol

from swyx_components.installation.model import Installation
from swyx_components.planner.model import RenderedSite, SitePlan
from swyx_components.planner.quota import Usage


class Platform(Protocol):
    """A cloud that renders sites and counts what they use of its quotas."""

    @property
    def name(self) -> str:
        """What an installation, a command and a program call it."""

    def limits(self) -> Mapping[str, Any]:
        """The rows of its `limits.yaml`."""

    def render_site(self, plan: SitePlan, installation: Installation) -> RenderedSite:
        """The site as the cloud would store it."""

    def count_quotas(self, rendered: RenderedSite) -> tuple[Usage, ...]:
        """What the site uses of each quota that it touches, whether exceeded or not."""
