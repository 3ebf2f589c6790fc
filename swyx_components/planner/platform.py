"""What the planner needs of a cloud: implemented by a cloud's package, passed as a value."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from swyx_components.installation.model import Installation
from swyx_components.planner.model import RenderedSite, SitePlan
from swyx_components.planner.quota import Usage


class Platform(Protocol):
    """A cloud that renders sites and counts what they use of its quotas."""

    @property
    def name(self) -> str:
        """Its name in installations, commands and programs."""

    def limits(self) -> Mapping[str, Any]:
        """The rows of its `limits.yaml`."""

    def render_site(self, plan: SitePlan, installation: Installation) -> RenderedSite:
        """The site as the cloud would store it."""

    def count_quotas(self, rendered: RenderedSite) -> Iterable[Usage]:
        """The site's usage of each quota that applies to it, exceeded or not."""
