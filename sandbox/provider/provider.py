"""A stand-in as a whole: its SDK package, its resource types, its functions and its configuration."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar, TypeAlias

from sandbox.provider.errors import Failure
from sandbox.provider.handler import ResourceHandler
from sandbox.provider.values import Props

InvokeFunction: TypeAlias = Callable[[Props], Props]
"""A data source: plain arguments in, the plain result out; raises CloudError."""


class Provider(ABC):
    """Subclass it once a cloud. Construct handlers and functions around a session that
    ``configure`` fills.
    """

    name: ClassVar[str]
    """The Pulumi package, such as ``aws``."""

    sdk_package: ClassVar[str]
    """The Python package programs import, such as ``pulumi_aws``: its version is the stand-in's too."""

    @abstractmethod
    def list_handlers(self) -> Iterable[ResourceHandler]:
        """One handler for each resource type."""

    @abstractmethod
    def list_functions(self) -> Mapping[str, InvokeFunction]:
        """The functions by token, such as ``aws:ec2/getVpc:getVpc``."""

    @abstractmethod
    def configure(self, config: Props) -> None:
        """Take the provider's configuration, once, before anything else.

        Raises: ProviderError with a sentence when the stand-in must not or cannot run.
        """

    def check_config(self, config: Props) -> list[Failure]:
        """What is wrong with the configuration, beyond properties that the SDK's provider class
        does not have.
        """
        return []
