"""Where an update makes an interface leave one ASG and join another, as a preview tells it.

The engine tells a hook what the interface was last made with and what it is to be, so nothing is
looked up for it.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from swyx_components.azure.arm import key_of
from swyx_components.azure.hold import Planned
from swyx_components.messages import Message

Inputs = Mapping[str, Any] | None


def find_moves(planned: Mapping[str, Planned], old: Inputs, new: Inputs) -> Iterator[Message]:
    """A note if the interface made with the inputs `old` leaves an ASG and joins another with `new`."""
    before, after = _names(_asgs(old)), _names(_asgs(new))
    plan = planned.get((new or {}).get("networkInterfaceName", ""))
    if plan is None:
        return
    if len(after) < len(_asgs(new)):  # in a preview, what is still to be made has no id
        after |= {key_of(name): name for name in plan.asgs if key_of(name) not in after}
    left = sorted(before[key] for key in before.keys() - after.keys())
    joined = sorted(after[key] for key in after.keys() - before.keys())
    if left and joined:
        place = f"machines.{plan.machine}"
        values = {"machine": plan.machine, "left": left, "joined": joined}
        yield Message.about("interface-moves", place, **values)


def _asgs(inputs: Inputs) -> list[Any]:
    """The ids of the ASGs of an interface, which are the same for all its addresses."""
    configurations = (inputs or {}).get("ipConfigurations") or [{}]
    return [asg["id"] for asg in configurations[0].get("applicationSecurityGroups") or ()]


def _names(ids: Iterable[Any]) -> dict[str, str]:
    """Names by key, of those whose id is known."""
    names = (id.rpartition("/")[2] for id in ids if isinstance(id, str))
    return {key_of(name): name for name in names}
