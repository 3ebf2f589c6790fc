"""The writers of the clouds, each imported when a site is bound to it: its SDK takes most of a second."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Protocol, Self

import pulumi

from swyx_components.components.lookups import Lookups
from swyx_components.installation.model import Machine
from swyx_components.messages import Message, SwyxError
from swyx_components.planner.model import HostGroup, RenderedGroup, RenderedSite

Place = tuple[str, pulumi.Resource]  # a component's name and the component
Ids = Mapping[str, pulumi.Input[str]]


class Written(Protocol):
    """What was made for one group."""

    @property
    def group_id(self) -> pulumi.Input[str]:
        """Its security group: on AWS the one that rules name, the first of several."""

    @property
    def group_ids(self) -> Sequence[pulumi.Input[str]]:
        """All security groups that its rules are spread over."""

    @property
    def interfaces(self) -> Mapping[str, tuple[pulumi.Input[str], ...]]:
        """The interfaces that are under it, by machine."""


class Writer(Protocol):
    """Resources of one site in one cloud. Groups that rules name come first; then all rules, so that no
    machine comes under a group, or its peers' rules, before they are complete; then attachments. `own` is the
    component of a group, `owner` that of its site, `made` what `write` gave.
    """

    messages: tuple[Message, ...]

    @classmethod
    def open(
        cls,
        site: str,
        network: Mapping[str, Any],
        attached: Sequence[Machine],
        bindings: Mapping[str, Mapping[str, Any]],
        tags: Mapping[str, str],
        ask: Lookups,
    ) -> Self:
        """A writer of a site to what `network` names, which is looked up by `ask`."""

    def check_update(self, rendered: RenderedSite) -> None:
        """Compare with what is deployed, where new rules are made before old ones go.

        Raises:
            SwyxError: what is there while the update lasts would not fit.
        """

    def declare(self, group: HostGroup, own: Place) -> Ids:
        """The group that rules name, by its name in the plan; nothing where rules name none."""

    def write(self, rendered: RenderedGroup, ids: Ids, own: Place, owner: Place) -> Any:
        """The rules of a group. `ids` are all that `declare` gave."""

    def attach(self, rendered: RenderedGroup, made: Any, own: Place, owner: Place) -> Written:
        """A group's attachment to machines, once its rules are there."""


def begin_lookups(args: Mapping[str, Any], options: pulumi.ResourceOptions | None) -> Lookups:
    """The lookups of a component with these arguments, its first one begun; loads no SDK.

    Raises:
        SwyxError: the SDK of the cloud is not installed.
    """
    cloud = args["cloud"]
    room = import_module(f"swyx_components.clouds.{cloud}.lookups")
    try:
        plugin = room.plugin()
    except ModuleNotFoundError as problem:
        package = str(problem.name).partition(".")[0]
        raise SwyxError(
            [Message.about("extra-missing", "cloud", cloud=cloud, package=package)]
        ) from None
    lookups = Lookups(plugin, options)
    first = room.first_lookup(args["network"], args.get("machines") or {})
    if first is not None:
        lookups.begin(*first)
    return lookups


def writer_of(cloud: str) -> type[Writer]:
    """The class that writes to a cloud; loads its SDK."""
    writer: type[Writer] = import_module(f"swyx_components.clouds.{cloud}.resources").Writer
    return writer
