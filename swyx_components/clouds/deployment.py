"""What components need of a cloud: its answers to lookups, and the writer of its resources."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import pulumi
from pulumi.runtime.sync_await import _sync_await  # the SDK's own calls wait for outputs by it

from swyx_components.installation.model import Machine
from swyx_components.messages import Message, SwyxError
from swyx_components.planner.model import RenderedGroup, RenderedSite

Arguments = Mapping[str, Any]
Bindings = Mapping[str, Mapping[str, Any]]  # by machine

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
        return _sync_await(self._ask(token, arguments))

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
            return list(await asyncio.gather(*asked, return_exceptions=True))

        return _sync_await(ask_all())

    def known(self, given: pulumi.Input[str], place: str) -> str | None:
        """An id, waited for if it is an output; None where a preview can't know it yet.

        Raises:
            SwyxError: the value of the output is not a string.
        """
        is_known, value = (True, given) if isinstance(given, str) else _sync_await(_value_of(given))
        if not is_known:
            return None
        if isinstance(value, str) and value:
            return value
        text = "the id itself, or an output of it"
        raise SwyxError.about("args-wrong", place, value=repr(value), wanted="an id", example=text)


async def _value_of(given: pulumi.Input[str]) -> tuple[bool, Any]:
    output = pulumi.Output.from_input(given)
    return await output.is_known(), await output.future()


def bound_ids(
    machine: Machine, binding: Mapping[str, Any], ask: Lookups
) -> Iterator[tuple[str, str, pulumi.Input[str]]]:
    """The interfaces that a machine is bound to: the place of each, its id if that is known yet, and the id
    as given.
    """
    place = f"machines.{machine.name}.interface_id"
    given = [] if binding.get("interface_id") is None else [(place, binding["interface_id"])]
    several = binding.get("interface_ids") or ()
    given += ((f"{place}s[{number}]", each) for number, each in enumerate(several))
    for place, each in given:
        yield place, ask.known(each, place) or "", each


def reason_of(problem: BaseException) -> str:
    """A provider's reason for a failed lookup, in one line."""
    return " ".join(str(problem).split())[:300]


def about(id: str, machine: Machine, **values: object) -> Message:
    """A message about a machine."""
    return Message.about(id, f"machines.{machine.name}", machine=machine.name, **values)


# ---- what a cloud's writer takes and gives


class Deployment(NamedTuple):
    """One site bound to a cloud: where it goes, how its machines are bound, and which of them attached."""

    site: str
    network: Mapping[str, Any]
    attached: Sequence[Machine]
    bindings: Bindings
    tags: Mapping[str, str]


class WrittenGroup(NamedTuple):
    """A group and its resources: every one that an interface must be in, the first of which is the one that
    rules name; and the interfaces in it, by machine.
    """

    rendered: RenderedGroup
    ids: tuple[pulumi.Input[str], ...]
    interfaces: Mapping[str, tuple[pulumi.Input[str], ...]]


class Writer(Protocol):
    """What writes the groups of one site to a cloud."""

    @property
    def messages(self) -> Sequence[Message]:
        """Warnings and notes of the lookups."""

    def write(self, components: Sequence[pulumi.Resource]) -> Sequence[WrittenGroup]:
        """Make all resources, each host group's below its component where the cloud shares groups."""


MakeWriter = Callable[[Deployment, RenderedSite, pulumi.Resource], Writer]
"""Whose resources are below that one, the component of a site."""
