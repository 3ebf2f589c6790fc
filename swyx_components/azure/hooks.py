"""Hooks of the engine that hold a site's interfaces while an update changes its rules (`hold.py`).

An update that changes no rule and no interface asks Azure nothing for it, and a preview never does.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import Any

import pulumi

from swyx_components.azure.client import Account
from swyx_components.azure.hold import Document, Hold, Planned
from swyx_components.azure.holding import begin_hold, end_hold
from swyx_components.azure.moves import find_moves
from swyx_components.azure.token import ask_token, find_provider
from swyx_components.messages import Message, SwyxError

Place = tuple[str, pulumi.Resource | None]  # a component's name and the component

_ALSO_PREVIEWED = pulumi.ResourceHookOptions(on_dry_run=True, ignore_errors=True)


class Holder:
    """Holds the interfaces of one site, of which `planned` has all, by name.

    `rules` are the hooks of each of its network security groups, `interfaces` those of each interface.
    """

    def __init__(self, planned: Mapping[str, Planned], where: str, owner: Place) -> None:
        """Make the hooks, whose names must be the stack's only ones; none where there is no interface."""
        self._planned = planned
        self._owner = owner[1]
        self._one_by_one = asyncio.Lock()  # the engine updates groups side by side
        self._thread = ThreadPoolExecutor(1)  # made when it is first needed
        self._held: tuple[Account, str, Hold, list[Document]] | None = None
        self._is_ended = False
        self.rules = self.interfaces = pulumi.ResourceHookBinding()
        if planned:
            name = "-".join(filter(None, (where, owner[0])))
            begin = pulumi.ResourceHook(f"{name}-hold", self._before_rules)
            tell = pulumi.ResourceHook(f"{name}-moves", self._tell, _ALSO_PREVIEWED)
            end = pulumi.ResourceHook(f"{name}-release", self._before_interface)
            self.rules = pulumi.ResourceHookBinding(before_update=[begin])
            self.interfaces = pulumi.ResourceHookBinding(before_update=[tell, end])

    async def settle(self) -> None:
        """To be awaited when all rules are written: an interface that the engine does not update has no
        hook, and must not be left aside.
        """
        async with self._one_by_one:
            if self._held is not None:
                await self._end()

    async def _before_rules(self, args: pulumi.ResourceHookArgs) -> None:
        async with self._one_by_one:
            await self._begin(args.id)

    async def _before_interface(self, args: pulumi.ResourceHookArgs) -> None:
        async with self._one_by_one:
            await self._begin(args.id)
            await self._end()

    def _tell(self, args: pulumi.ResourceHookArgs) -> None:
        if pulumi.runtime.is_dry_run():
            for message in find_moves(self._planned, args.old_inputs, args.new_inputs):
                pulumi.log.info(str(message), self._owner)

    async def _begin(self, id: str) -> None:
        """Once, before anything of the site changes; `id` is that of what is about to."""
        if self._held is not None:
            return
        place = id.rpartition("/")[0].rpartition("/")[0]
        provider = await find_provider(self._owner)
        account = Account(
            subscription=id.split("/")[2],
            environment=_environment(),
            token=await self._call(ask_token, provider),
        )
        hold, written = await self._call(begin_hold, account, place, self._planned)
        self._held = account, place, hold, written
        if hold.machines:
            told = Message.about("interfaces-held", "", machines=hold.machines)
            pulumi.log.info(str(told), self._owner)

    async def _end(self) -> None:
        assert self._held is not None
        if not self._is_ended:
            await self._call(end_hold, *self._held)
            self._is_ended = True

    async def _call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """In a thread of its own, for the engine's other calls to go on: the loop's threads are few, and
        all of them may be waiting for this hook.
        """
        work = partial(copy_context().run, function, *arguments)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except Exception as problem:  # of the SDK's, the provider's or ARM's: with its text
            words = " ".join(str(problem).split())
            raise SwyxError([Message.about("hold-failed", "", problem=words)]) from problem


def _environment() -> str:
    """As the provider reads it: from the stack's settings, else from the process's environment."""
    settled = pulumi.Config("azure-native").get("environment")
    return (settled or os.environ.get("ARM_ENVIRONMENT") or "public").lower()
