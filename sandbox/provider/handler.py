"""One resource type of a stand-in: what differs between types, and nothing of the protocol."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

from sandbox.provider.errors import Failure
from sandbox.provider.values import UNKNOWN, Props


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A resource as the cloud holds it: its id, the inputs that would make it, and its outputs
    (inputs echoed).
    """

    id: str
    inputs: Props
    outputs: Props


class ResourceHandler(ABC):
    """Subclass it, set the facts, implement create, read, update and delete. Inputs are camelCase,
    plain and coerced.

    The server has done the rest before a verb is called: properties are the SDK's, required ones
    are there, defaults and the name are filled in, and no value is unknown (only ``check``,
    ``diff`` and the previews see ``UNKNOWN``). A verb raises ``CloudError`` for what the cloud
    refuses, and ``InitFailed`` for a resource that exists half made.
    """

    token: ClassVar[str]
    """The type token, such as ``aws:ec2/securityGroup:SecurityGroup``."""

    name_property: ClassVar[str | None] = None
    """The property that gets an invented name when the program gives none."""

    name_limit: ClassVar[int] = 255
    """How long an invented name may be."""

    defaults: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    """Properties filled in when absent."""

    replace_on: ClassVar[frozenset[str]] = frozenset()
    """Top-level properties that cannot change in place."""

    computed: ClassVar[frozenset[str]] = frozenset()
    """Inputs that the cloud chooses when they are absent: unknown in a preview of the creation."""

    unstable: ClassVar[frozenset[str]] = frozenset()
    """Outputs that any update may change: unknown in a preview of it."""

    empty_is_absent: ClassVar[bool] = True
    """Whether an empty list or map among the inputs means the same as none."""

    input_names: frozenset[str] = frozenset()
    """Set by the server from the SDK: the names of all inputs."""

    def check(self, inputs: Props) -> list[Failure]:
        """What the real provider refuses before it calls the cloud; values may be unknown."""
        return []

    def fill(self, inputs: Props) -> Props:
        """Further defaults, or another spelling, that depend on other inputs. Called before ``check``."""
        return inputs

    def canonical(self, inputs: Props) -> Props:
        """The inputs as they are compared by ``diff``: sort here what is a set, and fold what means
        the same.
        """
        return inputs

    def replaces(self, old: Props, new: Props) -> frozenset[str]:
        """The properties whose change replaces the resource, where that depends on the inputs."""
        return self.replace_on

    def deletes_before_replace(self, old: Props, new: Props, *, was_named_by_program: bool) -> bool:
        """Whether a replacement deletes first: by default when the program fixed the name and keeps it."""
        if self.name_property is None or not was_named_by_program:
            return False
        return old.get(self.name_property) == new.get(self.name_property)

    @abstractmethod
    def create(self, inputs: Props) -> State:
        """Make the resource."""

    @abstractmethod
    def read(self, id: str, inputs: Props, outputs: Props) -> State | None:
        """The resource as it is; None when it is gone. ``inputs`` is empty on import."""

    @abstractmethod
    def update(self, id: str, new: Props, old: Props, outputs: Props) -> State:
        """Change the resource in place, from the inputs ``old`` to the inputs ``new``."""

    @abstractmethod
    def delete(self, id: str, inputs: Props, outputs: Props) -> None:
        """Delete the resource; one that is already gone is no error."""

    def preview_create(self, inputs: Props, output_names: frozenset[str]) -> Props:
        """The outputs as far as they are known before creation: those the SDK class adds to its
        inputs are not.
        """
        unknown = (output_names - self.input_names) | self.computed
        return {**dict.fromkeys(unknown, UNKNOWN), **inputs}

    def preview_update(self, new: Props, outputs: Props) -> Props:
        """The outputs as far as they are known before an update."""
        kept = {
            name: value
            for name, value in outputs.items()
            if name in new or name not in self.input_names
        }
        echoed = {name: value for name, value in outputs.items() if name in self.computed}
        return {**echoed, **kept, **dict.fromkeys(self.unstable, UNKNOWN), **new}


def refresh_inputs(old: Props, live: Props) -> Props:
    """The inputs after a read: what the program once gave, as it is in the cloud now, and what
    somebody has added.

    ``live`` holds the inputs that would make the resource as it is, without values equal to the
    cloud's own choice. On import (``old`` is empty) that is all of them. Something the program gave
    and the cloud lost disappears, so that the next diff shows the drift.
    """
    kept = {name: live[name] for name in old if live.get(name) is not None}
    added = {
        name: value
        for name, value in live.items()
        if name not in old and value not in (None, "", [], {})
    }
    return {**kept, **added}
