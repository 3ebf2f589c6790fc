"""What a cloud writes of its stand-in: the provider, one handler a resource type, and errors."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, TypeAlias

from sandbox.provider.schema import Failure
from sandbox.provider.values import UNKNOWN, Props

InvokeFunction: TypeAlias = Callable[[Props], Props]
"""A data source: plain arguments in, the plain result out; raises CloudError."""


class ProviderError(Exception):
    """Something the user must read: the text is the whole message."""


class CloudError(ProviderError):
    """The cloud refused a call; ``code`` is the cloud's own, such as ``DependencyViolation``."""

    def __init__(self, code: str, message: str, operation: str = "") -> None:
        self.code = code
        super().__init__(f"{operation}: {code}: {message}" if operation else f"{code}: {message}")


class InitFailed(ProviderError):
    """The resource exists, but not as wanted: the engine keeps it, and updates it next."""

    def __init__(self, *, id: str, inputs: Props, outputs: Props, reasons: list[str]) -> None:
        self.id, self.inputs, self.outputs, self.reasons = id, inputs, outputs, reasons
        super().__init__(f"{id} was created, but is not complete: {'; '.join(reasons)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A resource as the cloud holds it: id, the inputs that would make it, and outputs."""

    id: str
    inputs: Props
    outputs: Props


class ResourceHandler(ABC):
    """One resource type: set the facts, implement create, read, update and delete. Inputs are
    camelCase, plain and coerced.

    The server has done the rest before a verb is called: properties are the SDK's, required ones
    are there, defaults and the name are filled in, and no value is unknown (only ``check``,
    ``diff`` and the previews see ``UNKNOWN``). A verb raises ``CloudError`` for what the cloud
    refuses, and ``InitFailed`` for a resource that exists half made.
    """

    token: str
    """The type token, such as ``aws:ec2/securityGroup:SecurityGroup``."""

    name_property: str | None = None
    """The property that gets an invented name when the program gives none."""

    name_limit: int = 255
    """How long an invented name may be."""

    defaults: Mapping[str, Any] = MappingProxyType({})
    """Properties filled in when absent."""

    replace_on: frozenset[str] = frozenset()
    """Top-level properties that cannot change in place."""

    computed: frozenset[str] = frozenset()
    """Inputs that the cloud chooses when they are absent: unknown in a preview of the creation."""

    unstable: frozenset[str] = frozenset()
    """Outputs that any update may change: unknown in a preview of it."""

    empty_is_absent: bool = True
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
        """The inputs as ``diff`` compares them: sort what is a set, fold what means the same."""
        return inputs

    def replaces(self, old: Props, new: Props) -> frozenset[str]:
        """The properties whose change replaces the resource, where that depends on the inputs."""
        return self.replace_on

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
        """The outputs as far as they are known before creation: without what is computed."""
        unknown = (output_names - self.input_names) | self.computed
        return {**dict.fromkeys(unknown, UNKNOWN), **inputs}

    def preview_update(self, new: Props, outputs: Props) -> Props:
        """The outputs as far as they are known before an update."""
        kept = {
            name: value
            for name, value in outputs.items()
            if name in new or name not in self.input_names or name in self.computed
        }
        return {**kept, **dict.fromkeys(self.unstable, UNKNOWN), **new}


class Provider(ABC):
    """One a cloud: handlers and functions around a session that ``configure`` fills."""

    name: ClassVar[str]
    """The Pulumi package, such as ``aws``."""

    sdk_package: ClassVar[str]
    """The Python package programs import, such as ``pulumi_aws``: its version is the stand-in's too."""

    handlers: Sequence[ResourceHandler]
    """One for each resource type."""

    functions: Mapping[str, InvokeFunction] = MappingProxyType({})
    """By token, such as ``aws:ec2/getVpc:getVpc``."""

    @abstractmethod
    def configure(self, config: Props) -> None:
        """Take the provider's configuration, once, before anything else.

        Raises: ProviderError with a sentence when the stand-in must not or cannot run.
        """
