"""The clouds by name, as values. To add one: a package with a class like these, and a name here.

Importing this loads neither Pulumi nor a cloud's SDK.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from swyx_components.analysis.deployed.platform import Reader
from swyx_components.analysis.diff.platform import Previewer
from swyx_components.clouds.aws import Aws
from swyx_components.clouds.azure import Azure
from swyx_components.planner.platform import Platform

if TYPE_CHECKING:
    from swyx_components.clouds.deployment import MakeWriter


class Cloud(Platform, Reader, Previewer, Protocol):
    """A cloud that sites are planned for, compared with and deployed to."""

    def load_writer(self) -> "MakeWriter":
        """What makes the writer of a site, after all lookups. Raises ModuleNotFoundError without the SDK."""


PLATFORMS: Mapping[str, Cloud] = {cloud.name: cloud for cloud in (Aws(), Azure())}
