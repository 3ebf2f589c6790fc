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

from swyx_components.sets.prefixes import Prefix


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
class Cloud:
    """What lookups find: VPCs by Name tag, interfaces by address or instance, virtual networks.

    An instance's interfaces are separated by spaces, the primary one first.
    `nics` are interfaces on Azure with their addresses, `nsgs` the groups that some of them have, by name.
    `rules` are the tags of deployed security group rules, `groups` those of security groups by id,
    `members` the groups that an interface is in.
    """

    vpcs: dict[str, str] = field(default_factory=dict)
    interfaces: dict[str, str] = field(default_factory=dict)
    subnets: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    nics: dict[str, list[str]] = field(default_factory=dict)
    nsgs: dict[str, str] = field(default_factory=dict)
    rules: list[dict[str, str]] = field(default_factory=list)
    groups: dict[str, dict[str, str]] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)


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


class _Mocks(pulumi.runtime.Mocks):
    def __init__(self, cloud: Cloud, recording: Recording, preview: bool) -> None:
        self.cloud, self.recording, self.preview = cloud, recording, preview

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        identity = f"id-of-{args.name}" if args.custom and not self.preview else ""
        return identity, dict(args.inputs)

    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:
        self.recording.calls.append(args.token)
        self.recording.asked.append(_name(args.provider.rpartition("::")[0]))
        if args.token == "aws:ec2/getVpcs:getVpcs":
            (name,) = (f["values"][0] for f in args.args["filters"] if f["name"] == "tag:Name")
            return {"ids": [self.cloud.vpcs[name]] if name in self.cloud.vpcs else [], "id": "x"}
        if args.token == "aws:ec2/getNetworkInterfaces:getNetworkInterfaces":
            (wanted,) = (f for f in args.args["filters"] if f["name"] != "vpc-id")
            known = self.cloud.interfaces
            found = (known[value] for value in wanted["values"] if value in known)
            ids = [id for each in found for id in each.split()]
            return {"ids": ids, "id": "x"}
        if args.token == "aws:ec2/getNetworkInterface:getNetworkInterface":
            return self._describe(args.args["id"])
        if args.token == "aws:ec2/getInstance:getInstance":
            first = self.cloud.interfaces[args.args["instanceId"]].split()[0]
            return {"networkInterfaceId": first, "id": args.args["instanceId"]}
        if args.token == "aws:ec2/getSecurityGroups:getSecurityGroups":
            groups = self.cloud.groups.items()
            return {"ids": [id for id, own in groups if _is_found(own, args.args)], "id": "x"}
        if args.token == "aws:vpc/getSecurityGroupRules:getSecurityGroupRules":
            ids = [
                f"sgr-{n}" for n, own in enumerate(self.cloud.rules) if _is_found(own, args.args)
            ]
            return {"ids": ids, "id": "x"}
        if args.token == "azure-native:network:getVirtualNetwork":
            name = args.args["virtualNetworkName"]
            if name not in self.cloud.subnets:
                return {}, [("virtualNetworkName", f"ResourceNotFound: {name}")]
            subnets = [
                {
                    "id": f"/subnets/{key}",
                    "name": key,
                    "addressPrefixes": prefixes,
                    "ipConfigurations": self.configurations_in(prefixes),
                }
                for key, prefixes in self.cloud.subnets[name].items()
            ]
            return {
                "subnets": subnets,
                "location": "westeurope",
                "id": f"/vnets/{name}",
                "name": name,
            }
        if args.token == "azure-native:network:getNetworkInterface":
            name = args.args["networkInterfaceName"]
            if name not in self.cloud.nics:
                return {}, [("networkInterfaceName", f"ResourceNotFound: {name}")]
            found = [{"privateIPAddress": address} for address in self.cloud.nics[name]]
            group = {"networkSecurityGroup": {"id": self.cloud.nsgs.get(name, "")}}
            return {"ipConfigurations": found, "location": "westeurope", "id": "x", **group}
        raise AssertionError(f"unexpected call of {args.token}")

    def _describe(self, id: str) -> Any:
        own = [key for key, ids in self.cloud.interfaces.items() if id in ids.split()]
        if not own:
            return {}, [("id", f"no interface {id}")]
        return {
            "privateIps": [key for key in own if "." in key],
            "ipv6Addresses": [key for key in own if ":" in key],
            "securityGroups": self.cloud.members.get(id, ["sg-default"]),
            "id": id,
        }

    def configurations_in(self, prefixes: list[str]) -> list[dict[str, str]]:
        """The IP configurations in a subnet, with their addresses."""
        return [
            {"id": f"{nic_id(name)}/ipConfigurations/c", "privateIPAddress": address}
            for name, addresses in self.cloud.nics.items()
            for address in addresses
            if any(Prefix.parse(each).contains(Prefix.parse(address)) for each in prefixes)
        ]


def nic_id(name: str) -> str:
    """The id of an interface on Azure."""
    group = "/subscriptions/s/resourceGroups/machines"
    return f"{group}/providers/Microsoft.Network/networkInterfaces/{name}"


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
    asyncio.set_event_loop(asyncio.new_event_loop())
    pulumi.runtime.set_mocks(
        own,
        project="swyx",
        stack="test",
        preview=preview,
        logger=logger,
        monitor=_Monitor(own, recording),
    )
    pulumi.runtime.test(lambda: program() and None)()
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
