"""What components need of a cloud: how it is asked, and the writer of its resources."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import pulumi

from swyx_components.components.lookups import Lookups
from swyx_components.installation.model import Machine
from swyx_components.messages import Message, SwyxError
from swyx_components.planner.model import HostGroup, RenderedGroup, RenderedSite

Place = tuple[str, pulumi.Resource]  # a component's name and the component


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
    component of a group, `owner` that of its site.
    """

    @property
    def messages(self) -> tuple[Message, ...]:
        """What is worth knowing of the network, and of what is deployed in it."""

    def check_update(self, rendered: RenderedSite) -> None:
        """Compare with what is deployed, where new rules are made before old ones go.

        Raises:
            SwyxError: what is there while the update lasts would not fit.
        """

    def declare(self, group: HostGroup, own: Place) -> None:
        """Make the group that rules name, where they name groups."""

    def write(self, rendered: RenderedGroup, own: Place, owner: Place) -> None:
        """Make the rules of a group, once all are declared."""

    def attach(self, rendered: RenderedGroup, own: Place, owner: Place) -> Written:
        """Attach a group to machines, once all rules are written."""


class Deployment(Protocol):
    """A cloud to which sites are written."""

    def limits(self) -> Mapping[str, Any]:
        """The rows of its `limits.yaml`."""

    def plugin(self) -> pulumi.InvokeOptions:
        """Which provider answers lookups: that of the SDK, which need not be loaded for it.

        Raises:
            ModuleNotFoundError: the SDK is not installed.
        """

    def first_lookup(
        self, network: Mapping[str, Any], bindings: Mapping[str, Mapping[str, Any]]
    ) -> tuple[str, Mapping[str, Any]] | None:
        """What is asked first, where it follows from the arguments alone."""

    def open_writer(
        self,
        site: str,
        network: Mapping[str, Any],
        attached: Sequence[Machine],
        bindings: Mapping[str, Mapping[str, Any]],
        tags: Mapping[str, str],
        ask: Lookups,
    ) -> Writer:
        """A writer of a site to what `network` names, all that it needs looked up by `ask`; loads the SDK.

        Raises:
            SwyxError: something is not there; all of it.
        """


def begin_lookups(
    cloud: Deployment, args: Mapping[str, Any], options: pulumi.ResourceOptions | None
) -> Lookups:
    """The lookups of a component with these arguments, its first one begun; loads no SDK.

    Raises:
        SwyxError: the SDK of the cloud is not installed.
    """
    try:
        plugin = cloud.plugin()
    except ModuleNotFoundError as problem:
        package = str(problem.name).partition(".")[0]
        values = {"cloud": args["cloud"], "package": package}
        raise SwyxError([Message.about("extra-missing", "cloud", **values)]) from None
    lookups = Lookups(plugin, options)
    first = cloud.first_lookup(args["network"], args.get("machines") or {})
    if first is not None:
        lookups.begin(*first)
    return lookups
