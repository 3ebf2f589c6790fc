"""What a state holds of a cloud, and what the cloud holds beside it: the terms of `swyx prune`."""

from __future__ import annotations

from dataclasses import dataclass

STACK_TAG = "swyx:stack"
"""On every resource: `project/stack`, whose state it belongs to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StackRecord:
    """What one stack's state holds: `ids` as the cloud gives them, in lower case.

    `attaches` is whether the program attaches machines to their groups, all but the `unattached`.
    """

    stack: str
    ids: frozenset[str]
    attaches: bool = True
    unattached: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Orphan:
    """One thing in a cloud that carries the stack's tag and that its state does not hold.

    `stage` is the order of removal. What is in use by something that is no orphan itself, named by
    `users`, was not left by an interrupted update and is never removed.
    """

    stage: int
    id: str
    kind: str
    words: str
    users: tuple[str, ...] = ()
