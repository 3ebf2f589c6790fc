"""A warning where an update makes an interface leave one ASG and join another.

`cuts.py` says which packets that denies for a moment, but has to be given the old plan. An update has
what each interface was last made with: the engine tells a hook, before it updates one and in a
preview too. So nothing is looked up for it, and a site that is made for the first time asks nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pulumi

from swyx_components.azure.arm import key_of
from swyx_components.azure.lookups import AzureSite
from swyx_components.azure.names import physical_name
from swyx_components.messages import Message
from swyx_components.planner.model import HostGroup

Place = tuple[str, pulumi.Resource | None]  # a component's name and the component
Inputs = Mapping[str, Any] | None
_OPTIONS = pulumi.ResourceHookOptions(on_dry_run=True, ignore_errors=True)


def watch_moves(site: AzureSite, group: HostGroup, owner: Place) -> pulumi.ResourceHookBinding:
    """The hook for the interfaces of a group's machines; none where none is made.

    A program can't have two hooks of one name, and a resource group not two groups of one name.
    """
    if not any(site.interfaces.get(machine.name) for machine in group.machines):
        return pulumi.ResourceHookBinding()
    where = site.resource_group if isinstance(site.resource_group, str) else ""
    name = "-".join(filter(None, (where, owner[0], group.name, "asgs")))

    def warn(args: pulumi.ResourceHookArgs) -> None:
        for message in find_moves(group, args.old_inputs, args.new_inputs):
            pulumi.log.warn(str(message), owner[1])

    return pulumi.ResourceHookBinding(before_update=[pulumi.ResourceHook(name, warn, _OPTIONS)])


def find_moves(group: HostGroup, old: Inputs, new: Inputs) -> Iterator[Message]:
    """A warning if the interface made with the inputs `old` leaves an ASG and joins another with `new`."""
    before, after = _names(_asgs(old)), _names(_asgs(new))
    if len(after) < len(_asgs(new)):  # in a preview, what is still to be made has no id
        known = {key_of(name) for name in after.values()}
        planned = (physical_name(group.site, each.name, "asg") for each in group.identities)
        after |= {name: name for name in planned if key_of(name) not in known}
    left = sorted(before[key] for key in before.keys() - after.keys())
    joined = sorted(after[key] for key in after.keys() - before.keys())
    if left and joined:
        machine = (new or {}).get("tags", {}).get("swyx:machine", "")
        yield Message.about(
            "interface-moves", f"machines.{machine}", machine=machine, left=left, joined=joined
        )


def _asgs(inputs: Inputs) -> list[Any]:
    """The ids of the ASGs of an interface, which are the same for all its addresses."""
    configurations = (inputs or {}).get("ipConfigurations") or [{}]
    return [asg["id"] for asg in configurations[0].get("applicationSecurityGroups") or ()]


def _names(ids: Iterable[Any]) -> dict[str, str]:
    """Names by key, of those whose id is known."""
    return {key_of(id): id.rpartition("/")[2] for id in ids if isinstance(id, str)}
