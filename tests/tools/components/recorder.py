"""Run a Pulumi program against mocked clouds and hand back everything it registered."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks, rpc

from swyx_components.testing import MockClouds


@dataclass(frozen=True)
class Registration:
    """One resource as the engine would see it; `after` are the names of what it depends on."""

    type: str
    name: str
    parent: str
    inputs: Mapping[str, Any]
    after: frozenset[str]
    before_update: tuple[str, ...] = ()  # hooks
    provider: str = ""  # the program's own, if it is one's
    protect: bool = False
    aliases: tuple[str, ...] = ()  # by name


@dataclass
class Cloud(MockClouds):
    """Clouds in which something is deployed: `rules` are the tags of security group rules, `groups` those of
    security groups by id.
    """

    rules: list[dict[str, str]] = field(default_factory=list)
    groups: dict[str, dict[str, str]] = field(default_factory=dict)

    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:
        deployed = {
            "aws:ec2/getSecurityGroups:getSecurityGroups": self.groups,
            "aws:vpc/getSecurityGroupRules:getSecurityGroupRules": {
                f"sgr-{n}": own for n, own in enumerate(self.rules)
            },
        }
        if args.token not in deployed:
            return super().call(args)
        found = [id for id, own in deployed[args.token].items() if _is_found(own, args.args)]
        return {"ids": found, "id": "x"}


@dataclass
class Recording:
    """What a program did."""

    resources: list[Registration] = field(default_factory=list)
    outputs: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    output_calls: list[str] = field(default_factory=list)
    log: list[tuple[str, str]] = field(default_factory=list)
    hooks: dict[str, bool] = field(default_factory=dict)  # by name, whether in previews too
    calls: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)  # by call, the program's own provider if any

    def of(self, type_: str) -> list[Registration]:
        return [each for each in self.resources if each.type == type_]

    def one(self, type_: str, name: str) -> Registration:
        (found,) = [each for each in self.of(type_) if each.name == name]
        return found

    def tree(self) -> list[tuple[str, str, str]]:
        """(type, name, parent) of everything, in order of name."""
        return sorted((each.type, each.name, each.parent) for each in self.resources)


asyncio.set_event_loop(asyncio.new_event_loop())


class _Mocks(pulumi.runtime.Mocks):
    def __init__(self, cloud: Cloud, recording: Recording, preview: bool) -> None:
        self.cloud, self.recording, self.preview = cloud, recording, preview

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        identity = f"id-of-{args.name}" if args.custom and not self.preview else ""
        return identity, dict(args.inputs)

    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:
        self.recording.calls.append(args.token)
        self.recording.asked.append(_name(args.provider.rpartition("::")[0]))
        return self.cloud.call(args)


def _is_found(own: Mapping[str, str], wanted: Mapping[str, Any]) -> bool:
    """Whether tags are what EC2's filters ask for: `tag:KEY`, `tag-key`, values with `*` for any text."""
    texts = {f"tag:{key}": [value] for key, value in (wanted.get("tags") or {}).items()}
    texts |= {each["name"]: each["values"] for each in wanted.get("filters") or []}
    return all(
        any(own.keys() & {*values})
        if name == "tag-key"
        else any(fnmatchcase(own.get(name.removeprefix("tag:"), ""), text) for text in values)
        for name, values in texts.items()
    )


class _Monitor(mocks.MockMonitor):
    def __init__(self, own: _Mocks, recording: Recording) -> None:
        super().__init__(own)
        self.recording = recording

    def RegisterResource(self, request: Any) -> Any:
        if request.type != "pulumi:pulumi:Stack":
            self.recording.resources.append(
                Registration(
                    type=request.type,
                    name=request.name,
                    parent=_name(request.parent),
                    inputs=rpc.deserialize_properties(request.object),
                    after=frozenset(_name(urn) for urn in request.dependencies),
                    before_update=tuple(request.hooks.before_update),
                    provider=_name(request.provider.rpartition("::")[0]),
                    protect=request.protect,
                    aliases=tuple(_alias(each) for each in request.aliases),
                )
            )
        return super().RegisterResource(request)

    def RegisterResourceHook(self, request: Any) -> Any:
        assert request.name not in self.recording.hooks, "the engine takes a name once"
        self.recording.hooks[request.name] = request.on_dry_run
        return super().RegisterResourceHook(request)

    def RegisterResourceOutputs(self, request: Any) -> Any:
        name = _name(request.urn)
        self.recording.output_calls.append(name)
        self.recording.outputs[name] = rpc.deserialize_properties(request.outputs)
        return super().RegisterResourceOutputs(request)


def _name(urn: str) -> str:
    return urn.split("::", 3)[3] if urn and urn.split("::")[2] != "pulumi:pulumi:Stack" else ""


def _alias(alias: Any) -> str:
    """The name of an alias, which a child has from its parent's."""
    return alias.spec.name or _name(alias.urn)


class _Handler(logging.Handler):
    def __init__(self, recording: Recording) -> None:
        super().__init__()
        self.recording = recording

    def emit(self, record: logging.LogRecord) -> None:
        self.recording.log.append((record.levelname.lower(), record.getMessage()))


def record(
    program: Callable[[], Any], cloud: Cloud | None = None, *, preview: bool = False
) -> Recording:
    """Run the program to its end, every registration awaited; in a preview new ids are not known.

    Raises:
        pulumi.RunError: as the program does.
    """
    recording = Recording()
    own = _Mocks(cloud or Cloud(), recording, preview)
    logger = logging.Logger("recorder", logging.DEBUG)
    logger.addHandler(_Handler(recording))
    pulumi.runtime.set_mocks(
        own,
        project="swyx",
        stack="test",
        preview=preview,
        logger=logger,
        monitor=_Monitor(own, recording),
    )
    try:
        pulumi.runtime.test(lambda: program() and None)()
    finally:
        asyncio.set_event_loop(asyncio.new_event_loop())  # in which the next program's outputs are
    return recording


def failure(program: Callable[[], Any], cloud: Cloud, *, preview: bool = False) -> list[str]:
    """What a program that is refused says, line by line; none of its site's resources is made."""
    said: list[str] = []

    def refused() -> None:
        with pytest.raises(pulumi.RunError) as caught:
            program()
        said.extend(str(caught.value).splitlines())

    done = record(refused, cloud, preview=preview)
    assert [each.name for each in done.resources if each.parent] == []
    return said
