"""The clouds there are, each imported when a site is bound to it: its SDK takes most of a second."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Protocol, Self

import pulumi

from swyx_components.catalogue import Catalogue
from swyx_components.installation.model import Machine
from swyx_components.messages import Message
from swyx_components.planner.model import HostGroup, RenderedGroup, RenderedSite, SitePlan, Usage

Place = tuple[str, pulumi.Resource | None]  # a component's name and the component
Ids = Mapping[str, pulumi.Input[str]]

# What `network` must hold for each cloud: one of these sets of keys.
CLOUDS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "aws": (("vpc_id",), ("vpc_tags",)),
    "azure": (("resource_group",),),
}


class Written(Protocol):
    """What was made for one group."""

    @property
    def group_id(self) -> pulumi.Input[str]: ...
    @property
    def interfaces(self) -> Mapping[str, tuple[pulumi.Input[str], ...]]: ...


class Writer(Protocol):
    """Resources of one site in one cloud. Identities first, then rules: so groups may name each other."""

    messages: tuple[Message, ...]

    @classmethod
    def open(
        cls,
        network: Mapping[str, Any],
        attached: Sequence[Machine],
        bindings: Mapping[str, Mapping[str, Any]],
        tags: Mapping[str, str],
        options: pulumi.InvokeOptions,
    ) -> Self: ...
    def adopt(self, group: HostGroup, by_role: Ids) -> Ids: ...
    def declare(self, group: HostGroup, own: Place, owner: Place, known: Ids) -> Ids: ...
    def identify(self, group: HostGroup, ids: Ids) -> Ids: ...
    def write(self, rendered: RenderedGroup, ids: Ids, own: Place, owner: Place) -> Written: ...
    def memberships(self, group: HostGroup, ids: Ids) -> list[pulumi.Input[str]]: ...


def render_site(
    cloud: str, plan: SitePlan, catalogue: Catalogue, quotas: Mapping[str, int] | None = None
) -> RenderedSite:
    """A site's rules as the cloud would store them; loads no SDK."""
    rendered: RenderedSite = _module(cloud, "render").render_site(plan, catalogue, quotas)
    return rendered


def count_quotas(rendered: RenderedSite) -> tuple[Usage, ...]:
    """How much of its cloud's quotas a rendered site uses; loads no SDK."""
    usages: tuple[Usage, ...] = _module(rendered.abilities.name, "count").count_quotas(rendered)
    return usages


def writer_of(cloud: str) -> type[Writer]:
    """The class that writes to a cloud; loads its SDK."""
    writer: type[Writer] = _module(cloud, "resources").Writer
    return writer


def _module(cloud: str, name: str) -> Any:
    return import_module(f"swyx_components.{cloud}.{name}")
