"""What both clouds' inventories share: errors of an SDK as messages, interfaces and what applies to them."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from swyx_components.analysis.deployed.reachability import AccessList, AttachmentPoint
from swyx_components.analysis.deployed.verify import CloudError, DeployedInterface, ForeignGroup
from swyx_components.messages import Message, raise_errors
from swyx_components.planner.model import RenderedSite
from swyx_components.sets.prefixes import Prefix


@contextmanager
def errors_as_messages(
    cloud: str, refusals: tuple[type[Exception], ...], remedy: str
) -> Iterator[None]:
    """Ask a cloud whose SDK raises `refusals`.

    Raises:
        CloudError: it can't be reached or refuses, or its answer can't be read.
    """
    try:
        yield
    except refusals as problem:
        text = (getattr(problem, "message", None) or str(problem)).rstrip(".")
        values = {"cloud": cloud, "problem": text, "remedy": remedy}
        raise CloudError.about("cloud-failed", "", **values) from problem
    except (AttributeError, LookupError, TypeError, ValueError) as problem:
        text = f"{type(problem).__name__}: {problem}"
        raise CloudError.about("cloud-unreadable", "", cloud=cloud, problem=text) from None


def why_not_judged(id: str, **values: object) -> str:
    """The message of the catalogue about something that can't be judged, without a full stop."""
    return str(Message.about(id, "", **values)).removesuffix(".")


class Address(NamedTuple):
    """One address of an interface; on Azure also the id of its subnet, and the ASGs it is in, by key."""

    prefix: Prefix
    subnet: str = ""
    asgs: frozenset[str] = frozenset()


class Interface(NamedTuple):
    """A network interface and the ids of the groups at it, of its subnets and, on AWS, of its VPC.

    `machine` is whose it is, where a stack says so.
    """

    id: str
    groups: tuple[str, ...]
    addresses: tuple[Address, ...] = ()
    subnets: tuple[str, ...] = ()
    vpc: str = ""
    machine: str = ""


# ---- for verify: what stands at an interface


def place_interfaces(
    rendered: RenderedSite,
    interfaces: Iterable[Interface],
    labels: Mapping[str, str],
    find_others: Callable[[Interface], Iterable[ForeignGroup]],
) -> Iterator[DeployedInterface]:
    """An interface for each machine whose address it has; without any, if it is in the site's groups.

    A state has no addresses of an interface that exists: it is the machine's that the stack or, on Azure, the
    name of its group says. `labels` are those of the site's own groups, `find_others` gives all other ones.
    """
    owners = rendered.plan.owners
    for interface in interfaces:
        groups = tuple(sorted({labels[id] for id in interface.groups if labels.get(id)}))
        machines = {owners[own.prefix] for own in interface.addresses if own.prefix in owners}
        told = (interface.machine, *(() if interface.addresses else groups))
        known = [machine for machine in told if machine in owners.values()] if groups else []
        for machine in sorted(machines) or known[:1] or ([""] if groups else ()):
            others = tuple(find_others(interface))
            yield DeployedInterface(id=interface.id, machine=machine, groups=groups, others=others)


def members_of(
    interfaces: Iterable[Interface], groups_of: Callable[[Interface, Address], Iterable[str]]
) -> Mapping[str, tuple[Prefix, ...]]:
    """The addresses in each group, of those that each address of an interface is in."""
    members: dict[str, tuple[Prefix, ...]] = {}
    for interface in interfaces:
        for address in interface.addresses:
            for group in groups_of(interface, address):
                members[group] = (*members.get(group, ()), address.prefix)
    return members


# ---- for an audit


def bind_by_hand(
    owners: Mapping[Prefix, str],
    bindings: Mapping[str, Sequence[str]],
    names: Mapping[str, str],
    fold: Callable[[str], str] = str,
) -> Iterator[Interface]:
    """An interface without an id for each machine that a person bound to groups, by their names or ids.

    `names` are those of all groups, by id; both are as `fold` gives them.

    Raises:
        SwyxError: the files have none of that name.
    """
    known = {name: id for id, name in names.items()} | {id: id for id in names}
    for machine, words in bindings.items():
        unknown = (word for word in words if fold(word) not in known)
        raise_errors(Message.about("group-unknown", "--machine", group=word) for word in unknown)
        groups = tuple(known[fold(word)] for word in words)
        own = (address for address, owner in owners.items() if owner == machine)
        addresses = (Address(each, asgs=frozenset(groups)) for each in own)
        yield Interface(id="", groups=groups, addresses=tuple(addresses))


def find_points(
    owners: Mapping[Prefix, str],
    bound: Collection[str],
    interfaces: Iterable[Interface],
    layers_at: Callable[[Interface, Address], Iterable[AccessList]],
) -> Iterator[tuple[AttachmentPoint, Interface]]:
    """Every address of a machine with what applies to it, and the interface that has it.

    Of machines that are `bound` by hand, only the interfaces without an id count.
    """
    for interface in interfaces:
        for address in interface.addresses:
            machine = owners.get(address.prefix)
            if machine is not None and (machine in bound) == (not interface.id):
                layers = tuple(layers_at(interface, address))
                yield AttachmentPoint(address.prefix, layers, machine), interface
