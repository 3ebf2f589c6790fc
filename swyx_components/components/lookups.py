"""What a cloud is asked before anything is created, its first question before anything is planned.

A provider takes longer to start than a site takes to be read, planned and proven, and it starts when
it is first asked. So a writer names one lookup that follows from the arguments alone; it is made in
a thread of its own, while the program reads, plans and loads the cloud's SDK.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from threading import Thread
from types import TracebackType
from typing import Any, Optional

import pulumi
from pulumi.runtime.sync_await import _sync_await  # the SDK's own calls wait for outputs by it

from swyx_components.messages import Message, SwyxError

Arguments = Mapping[str, Any]
Answer = Mapping[str, Any] | Exception

_AT_ONCE = 8  # lookups side by side, so that a cloud does not throttle them


class Lookups:
    """Lookups of one component with its provider. As a context it ends no sooner than they do.

    `plugin` names the provider's version: that of the SDK, as any other would be a second provider.
    """

    def __init__(
        self, plugin: pulumi.InvokeOptions, options: Optional[pulumi.ResourceOptions]
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
