"""What components need of a cloud: its answers to lookups, and the writer of its resources.

A provider takes longer to start than a site takes to be read, planned and proven, and it starts when
it is first asked. So a cloud names one lookup that follows from the arguments alone; it is made in
a thread of its own, while the program reads, plans and loads the cloud's SDK.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import dataclass
from threading import Thread
from types import TracebackType
from typing import Any, Protocol

import pulumi
from pulumi.runtime.sync_await import _sync_await  # the SDK's own calls wait for outputs by it

from swyx_components.installation.model import Machine
from swyx_components.messages import Message, SwyxError
from swyx_components.planner.model import HostGroup, RenderedGroup, RenderedSite

Arguments = Mapping[str, Any]
Answer = Mapping[str, Any] | Exception
Bindings = Mapping[str, Mapping[str, Any]]  # by machine
Place = tuple[str, pulumi.Resource]  # a component's name and the component

_AT_ONCE = 8  # lookups side by side, so that a cloud does not throttle them


class Lookups:
    """Lookups of one component with its provider. As a context it ends no sooner than they do.

    `plugin` names the provider's version: that of the SDK, as any other would be a second provider.
    """

    @classmethod
    def of(
        cls, cloud: "Deployer", args: Mapping[str, Any], options: pulumi.ResourceOptions | None
    ) -> "Lookups":
        """Those of a component with these arguments, its first one begun; loads no SDK.

        Raises:
            SwyxError: the SDK of the cloud is not installed.
        """
        try:
            lookups = cls(cloud.plugin(), options)
        except ModuleNotFoundError as problem:
            values = {"cloud": cloud.name, "package": str(problem.name).partition(".")[0]}
            raise SwyxError([Message.about("extra-missing", "cloud", **values)]) from None
        first = cloud.first_lookup(args["network"], args.get("machines") or {})
        if first is not None:
            lookups.begin(*first)
        return lookups

    def __init__(
        self, plugin: pulumi.InvokeOptions, options: pulumi.ResourceOptions | None
    ) -> None:
        self._plugin = plugin
        self._component: pulumi.Resource | None = options.parent if options else None
        self._has_own_provider = bool(options and (options.provider or options.providers))
        self._begun: dict[str, tuple[Arguments, Future[Any]]] = {}

    def __enter__(self) -> "Lookups":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """The SDK counts its calls, and fails in its own words when the program ends before them."""
        wait(future for _, future in self._begun.values())

    def begin(self, token: str, arguments: Arguments) -> None:
        """Ask now what will be wanted to know, unless a provider of the program's own is to be asked.

        Such a provider is a resource, which only the program's own thread can wait for.
        """
        if self._has_own_provider or self._provider_for(token):
            return
        answer: Future[Any] = Future()
        self._begun[token] = arguments, answer
        Thread(
            target=copy_context().run, args=(_settle, answer, self._invoke, token, arguments)
        ).start()

    def within(self, component: pulumi.Resource) -> "Lookups":
        """From now on the lookups are those of a component: its providers answer."""
        self._component = component
        return self

    def __call__(self, token: str, arguments: Arguments) -> Mapping[str, Any]:
        """What the provider answers.

        Raises:
            Exception: with the provider's text. The SDK has no type of its own for it.
        """
        begun, answer = self._begun.get(token, (None, None))
        if answer is not None and begun == arguments and not self._provider_for(token):
            found: Mapping[str, Any] = answer.result()
            return found
        return self._invoke(token, arguments)

    def known(self, given: pulumi.Input[str], place: str) -> str | None:
        """An id, waited for if it is an output; None where a preview can't know it yet.

        Raises:
            SwyxError: the output has another value than a text.
        """
        value = given if isinstance(given, str) else _sync_await(_value_of(given))
        if value is _UNKNOWN:
            return None
        if isinstance(value, str) and value:
            return value
        raise SwyxError(
            [
                Message.about(
                    "args-wrong",
                    place,
                    value=repr(value),
                    wanted="an id",
                    example="the id itself, or an output that has it",
                )
            ]
        )

    def together(self, token: str, arguments: Sequence[Arguments]) -> list[Answer]:
        """The answer to each, or why there is none: side by side, unless only one thread may ask."""
        if self._has_own_provider or self._provider_for(token):
            return [self._try(token, each) for each in arguments]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            asked = [pool.submit(copy_context().run, self._try, token, each) for each in arguments]
            return [each.result() for each in asked]

    def _try(self, token: str, arguments: Arguments) -> Answer:
        try:
            return self(token, arguments)
        except Exception as problem:  # the SDK has no type of its own for a refusal
            return problem

    def later(self, token: str, arguments: Arguments) -> pulumi.Output[Mapping[str, Any]]:
        """What the provider answers once the arguments are known."""
        answer: pulumi.Output[Mapping[str, Any]] = pulumi.runtime.invoke_output(
            token, {**arguments}, self._options()
        )
        return answer

    def _invoke(self, token: str, arguments: Arguments) -> Mapping[str, Any]:
        found: Mapping[str, Any] = pulumi.runtime.invoke(
            token, {**arguments}, self._options()
        ).value
        return found

    def _provider_for(self, token: str) -> Any:
        return self._component.get_provider(token) if self._component else None

    def _options(self) -> pulumi.InvokeOptions:
        return pulumi.InvokeOptions.merge(
            self._plugin, pulumi.InvokeOptions(parent=self._component)
        )


_UNKNOWN = object()


async def _value_of(given: pulumi.Input[str]) -> Any:
    output = pulumi.Output.from_input(given)
    return await output.future() if await output.is_known() else _UNKNOWN


def _settle(answer: Future[Any], function: Callable[..., Any], *arguments: Any) -> None:
    try:
        answer.set_result(function(*arguments))
    except Exception as problem:  # kept for whoever asks
        answer.set_exception(problem)


# ---- what a cloud implements


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One site bound to a cloud: where it goes, how its machines are bound, and which of them attached."""

    site: str
    network: Mapping[str, Any]
    attached: Sequence[Machine]
    bindings: Bindings
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenGroup:
    """What was made for one group; `interfaces` are those under it, by machine.

    `group_id` is the group that rules name, `group_ids` every one that an interface must be in.
    """

    group_id: pulumi.Input[str]
    group_ids: tuple[pulumi.Input[str], ...]
    interfaces: Mapping[str, tuple[pulumi.Input[str], ...]]


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

    def attach(self, rendered: RenderedGroup, own: Place, owner: Place) -> WrittenGroup:
        """Attach a group to machines, once all rules are written."""


class Deployer(Protocol):
    """A cloud to which sites are written."""

    @property
    def name(self) -> str:
        """What a program calls it."""

    def limits(self) -> Mapping[str, Any]:
        """The rows of its `limits.yaml`."""

    def plugin(self) -> pulumi.InvokeOptions:
        """Which provider answers lookups: that of the SDK, which need not be loaded for it.

        Raises:
            ModuleNotFoundError: the SDK is not installed.
        """

    def first_lookup(
        self, network: Mapping[str, Any], bindings: Bindings
    ) -> tuple[str, Arguments] | None:
        """What is asked first, where it follows from the arguments alone."""

    def open_writer(self, wanted: Deployment, ask: Lookups) -> Writer:
        """A writer for a site, all that it needs looked up; loads the SDK.

        Raises:
            SwyxError: something is not there; all of it.
        """
