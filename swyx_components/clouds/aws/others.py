"""What is not the site's before its interfaces: other security groups add, a network ACL takes."""

from collections.abc import Iterator, Mapping

from swyx_components.analysis.deployed.others import ForeignGroup
from swyx_components.analysis.deployed.ruleset import AccessList, AttachmentPoint
from swyx_components.clouds.aws.client import Ec2, Json, addresses_of
from swyx_components.clouds.aws.records import SavedEc2
from swyx_components.clouds.aws.ruleset import (
    Subnets,
    acl_layer,
    called,
    find_acl,
    group_layer,
    lets_everything_pass,
    referenced,
)
from swyx_components.planner.model import RenderedSite
from swyx_components.sets.prefixes import Prefix


class ForeignGroups:
    """The groups beside the site's on its interfaces, each with its rules as a layer of its own."""

    def __init__(
        self,
        ec2: Ec2 | SavedEc2,
        interfaces: Mapping[str, Json],
        names: Mapping[str, str],
        rendered: RenderedSite,
    ) -> None:
        ids = {g["GroupId"] for i in interfaces.values() for g in i["Groups"]} - {
            id for id, name in names.items() if name
        }
        known = ec2.groups("group-id", ids) if ids else []
        self._names = {group["GroupId"]: str(group["GroupName"]) for group in known}
        self._rules = list(ec2.rules(ids)) if ids else []
        self._acls = ec2.acls({i["SubnetId"] for i in interfaces.values()})
        self._subnets = Subnets(interfaces.values())
        self._members = self._addresses(ec2, names, rendered)

    def _addresses(
        self, ec2: Ec2 | SavedEc2, names: Mapping[str, str], rendered: RenderedSite
    ) -> Mapping[str, tuple[Prefix, ...]]:
        """Who is in the groups that their rules name: ours as planned, others as the cloud has them."""
        planned = {
            entry.group.name: tuple(a for m in entry.group.machines for a in m.addresses)
            for entry in rendered.groups
        }
        wanted = set(referenced(self._rules))
        members = {id: planned[names[id]] for id in wanted if names.get(id) in planned}
        strange = wanted - set(members)
        for interface in ec2.interfaces("group-id", strange) if strange else ():
            for group in interface["Groups"]:
                if group["GroupId"] in strange:
                    own = members.get(group["GroupId"], ())
                    members[group["GroupId"]] = (*own, *addresses_of(interface))
        return members

    def before(
        self, interface: Json, names: Mapping[str, str], machine: str
    ) -> Iterator[ForeignGroup]:
        """All that stands before an interface and is not the site's."""
        for id in sorted(group["GroupId"] for group in interface["Groups"]):
            if not names.get(id):
                yield self._group(id, machine, interface)
        acl = find_acl(self._acls, interface)
        if acl is not None and not lets_everything_pass(acl, addresses_of(interface)):
            layer = acl_layer(acl, self._subnets.neighbours(interface))
            seats = tuple(_seats(machine, interface, layer))
            yield ForeignGroup(label=layer.name, takes=True, seats=seats)

    def _group(self, id: str, machine: str, interface: Json) -> ForeignGroup:
        label = f"security group {called(id, self._names)}"
        if id not in self._names:
            return ForeignGroup(label=label, adds=True)
        layer = group_layer({id: self._names[id]}, self._rules, self._members)
        return ForeignGroup(label=label, adds=True, seats=tuple(_seats(machine, interface, layer)))


def _seats(machine: str, interface: Json, layer: AccessList) -> Iterator[AttachmentPoint]:
    for address in addresses_of(interface):
        yield AttachmentPoint(
            machine=machine,
            interface=interface["NetworkInterfaceId"],
            address=address,
            layers=(layer,),
        )
