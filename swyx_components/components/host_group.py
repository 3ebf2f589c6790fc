"""`HostGroup`: the resource in the state for one set of roles, of several machines (AWS) or one (Azure)."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Optional

import pulumi

from swyx_components.components.args import SiteSummary
from swyx_components.installation.positions import locate
from swyx_components.messages import Message, SwyxError


class InvalidInput(pulumi.RunError):
    """A user's mistake: ends the program with messages, not with a traceback."""

    def __init__(self, messages: Iterable[Message]) -> None:
        self.messages = tuple(messages)
        super().__init__("\n".join(("swyx_components:", *(f"  {each}" for each in self.messages))))


@contextmanager
def plain_errors() -> Iterator[None]:
    """Errors as Pulumi shows them best.

    Raises:
        InvalidInput: instead of a SwyxError.
    """
    try:
        yield
    except SwyxError as error:
        raise InvalidInput(locate(error.messages)) from None


class HostGroup(pulumi.ComponentResource):
    """The firewall of machines that carry the same roles, created by a `SwyxSite`."""

    group_id: pulumi.Output[str]
    """The security group (AWS) or network security group (Azure)."""
    security_group_ids: pulumi.Output[dict[str, list[str]]]
    """By machine and managed network, its groups: security groups (AWS), the NSG (Azure)."""
    interface_ids: pulumi.Output[dict[str, list[str]]]
    """By machine, the interfaces attached to (AWS) or created (Azure)."""
    summary: pulumi.Output[SiteSummary]
    """Counts, the proof, warnings and notes."""

    def __init__(
        self,
        name: str,
        args: Any = None,
        opts: Optional[pulumi.ResourceOptions] = None,
        _planned: Optional[Mapping[str, Any]] = None,
    ) -> None:
        """Refuse: rules follow from a whole installation, which a `SwyxSite` has.

        Raises:
            pulumi.RunError: unless a `SwyxSite` planned it, which calls `finish` once all is created.
        """
        if _planned is None:
            with plain_errors():
                raise SwyxError.about("role-by-hand", name, kind=type(self).__name__)
        super().__init__(f"swyx:index:{type(self).__name__}", name, {**_planned}, opts)


def finish(component: pulumi.ComponentResource, outputs: Mapping[str, Any]) -> None:
    """Register the outputs of a component; nothing is created in it after this."""
    for key, value in outputs.items():
        setattr(component, key, pulumi.Output.from_input(value))
    component.register_outputs({**outputs})
