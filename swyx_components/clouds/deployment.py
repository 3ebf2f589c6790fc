"""What components need of a cloud: its answers to lookups, and the writer of its resources."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import pulumi
from pulumi.runtime.sync_await import _sync_await  # the SDK's own calls wait for outputs by it

from swyx_components.installation.model import Machine
from swyx_components.messages import Message, SwyxError
from swyx_components.planner.model import RenderedGroup, RenderedSite

if TYPE_CHECKING:
    from swyx_components.clouds import Cloud

Arguments = Mapping[str, Any]
Bindings = Mapping[str, Mapping[str, Any]]  # by machine
Place = tuple[str, pulumi.Resource]  # a component's name and the component
Entry = tuple[RenderedGroup, Place]

_AT_ONCE = 8  # lookups side by side, so that a cloud does not throttle them


class Lookups:
    """Lookups of one component: its providers answer, in the version that `plugin` names, that of the SDK."""

    def __init__(self, plugin: pulumi.InvokeOptions, component: pulumi.Resource) -> None:
        self._turns = asyncio.Semaphore(_AT_ONCE)
        own = pulumi.InvokeOptions(parent=component)
        self._options = pulumi.InvokeOptions.merge(plugin, own)

    def __call__(self, token: str, arguments: Arguments) -> Mapping[str, Any]:
        """What the provider answers.

        Raises:
            Exception: with the provider's text. The SDK has no type of its own for it.
        """
        answer: Mapping[str, Any] = _sync_await(self._ask(token, arguments))
        return answer

    async def _ask(self, token: str, arguments: Arguments) -> Mapping[str, Any]:
        async with self._turns:
            answer: Mapping[str, Any] = await pulumi.runtime.invoke_async(
                token, {**arguments}, self._options
            )
        return answer

    def together(
        self, token: str, arguments: Sequence[Arguments]
    ) -> Sequence[Mapping[str, Any] | BaseException]:
        """The answer to each, or why there is none; some are asked at a time."""

        async def ask_all() -> list[Any]:
            asked = (self._ask(token, each) for each in arguments)
            answers: list[Any] = await asyncio.gather(*asked, return_exceptions=True)
            return answers

        return _sync_await(ask_all())

    def later(self, token: str, arguments: Arguments) -> pulumi.Output[Mapping[str, Any]]:
        """What the provider answers once the arguments are known."""
        answer: pulumi.Output[Mapping[str, Any]] = pulumi.runtime.invoke_output(
            token, {**arguments}, self._options
        )
        return answer

    def known(self, given: pulumi.Input[str], place: str) -> str | None:
        """An id, waited for if it is an output; None where a preview can't know it yet.

        Raises:
            SwyxError: the value of the output is not a string.
        """
        value = given if isinstance(given, str) else _sync_await(_value_of(given))
        if value is _UNKNOWN:
            return None
        if isinstance(value, str) and value:
            return value
        example = "the id itself, or an output of it"
        raise SwyxError.about(
            "args-wrong", place, value=repr(value), wanted="an id", example=example
        )


_UNKNOWN = object()


async def _value_of(given: pulumi.Input[str]) -> Any:
    output = pulumi.Output.from_input(given)
    return await output.future() if await output.is_known() else _UNKNOWN


def reason_of(problem: BaseException) -> str:
    """A provider's reason for a failed lookup, in one line."""
    return " ".join(str(problem).split())[:300]


def unbound(machine: Machine, key: str) -> Message:
    """An error for a machine that can only be found by this key."""
    place = f"machines.{machine.name}"
    return Message.about("machine-unbound", place, machine=machine.name, key=key)


# ---- what a cloud implements


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One site bound to a cloud: where it goes, how its machines are bound, and which of them attached."""

    site: str
    network: Mapping[str, Any]
    attached: Sequence[Machine]
    bindings: Bindings
    tags: Mapping[str, str]
    product: str = ""  # what the catalogue calls the system


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenGroup:
    """The resources of one group; `interfaces` are those in it, by machine.

    `group_id` is the group that rules name, `group_ids` every one that an interface must be in.
    """

    group_id: pulumi.Input[str]
    group_ids: tuple[pulumi.Input[str], ...]
    interfaces: Mapping[str, tuple[pulumi.Input[str], ...]]


class Writer(Protocol):
    """Writes the resources of one site in one cloud, after all lookups."""

    @property
    def messages(self) -> tuple[Message, ...]:
        """Warnings and notes on the network, and on what is deployed in it."""

    def check_update(self, rendered: RenderedSite) -> None:
        """Compare with what is deployed, if new rules are created before old ones are deleted.

        Raises:
            SwyxError: old and new together would exceed a quota.
        """

    def write(self, entries: Sequence[Entry], owner: Place) -> Sequence[WrittenGroup]:
        """Create all groups; each entry has the component of its group, `owner` is that of the site.

        Groups that rules name come first; then all rules, so that no machine comes under a group, or its
        peers' rules, before they are complete; then attachments.
        """


def open_writer(cloud: "Cloud", wanted: Deployment, component: pulumi.Resource) -> Writer:
    """A cloud's writer for a site.

    Raises:
        SwyxError: something is missing, for example the SDK of the cloud.
    """
    try:
        return cloud.open_writer(wanted, component)
    except ModuleNotFoundError as problem:
        values = {"cloud": cloud.name, "package": str(problem.name).partition(".")[0]}
        raise SwyxError.about("extra-missing", "cloud", **values) from None
