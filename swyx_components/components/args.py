"""The arguments of `SwyxSite`, as typed dictionaries that become the schema for other languages.

No postponed annotations, unions or tuples here: the schema analyzer reads these classes as they are.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NotRequired, TypedDict

import pulumi

from swyx_components.clouds import CLOUDS
from swyx_components.components.clouds import NETWORK_KEYS
from swyx_components.messages import Message, SwyxError


class NetworkArgs(TypedDict):
    """Where a site is in its cloud."""

    vpc_id: NotRequired[pulumi.Input[str]]
    """AWS: the VPC. May be made by the same program; machines are then bound by ids."""
    vpc_tags: NotRequired[dict[str, str]]
    """AWS: tags by which the VPC is looked up, instead of its id."""
    resource_group: NotRequired[pulumi.Input[str]]
    """Azure: the resource group for everything that is made."""
    virtual_network: NotRequired[str]
    """Azure: the virtual network in that group whose subnets are looked up."""
    location: NotRequired[pulumi.Input[str]]
    """Azure: the region, if not that of the virtual network or the provider's configuration."""


class MachineArgs(TypedDict):
    """How one machine is bound to the cloud. Without any of this it is looked up by its addresses."""

    interface_ids: NotRequired[list[pulumi.Input[str]]]
    """AWS: its network interfaces."""
    instance_id: NotRequired[pulumi.Input[str]]
    """AWS: the instance whose interfaces are attached (of one that is still to be made, the first)."""
    subnet_id: NotRequired[pulumi.Input[str]]
    """Azure: the subnet for its network interface."""
    attach: NotRequired[bool]
    """False leaves this machine alone; the ids for it are among the outputs."""


class SwyxSiteArgs(TypedDict):
    """One site of an installation, bound to one cloud."""

    installation: Any
    """The installation: the path of its file, or the same structure as plain data."""
    site: str
    """The site's name in the installation."""
    cloud: str
    """The cloud it runs in: `aws` or `azure`."""
    network: NetworkArgs
    """Where it is in the cloud."""
    machines: NotRequired[dict[str, MachineArgs]]
    """How machines are bound, by name; those not named are looked up by their addresses."""
    attach: NotRequired[bool]
    """Whether groups are attached to machines (AWS) and interfaces made for them (Azure). Default: true."""
    tags: NotRequired[dict[str, str]]
    """Tags for every resource, beside the project's own `swyx:...`."""


_EXAMPLES: Mapping[str, str] = {
    "installation": "installation: stacks/installation.yaml",
    "site": "site: aachen",
    "cloud": "cloud: aws, or cloud: azure",
    "network": "network: {vpc_tags: {Name: aachen}}, "
    "or network: {resource_group: bochum, virtual_network: bochum}",
}


def check_args(args: Mapping[str, Any], shape: Any) -> None:
    """Refuse arguments that are missing, unknown or of another shape, all at once.

    Raises:
        SwyxError: with one message for each.
    """
    problems = [*_check_keys(args, shape, "")]
    if args.get("cloud") is not None:
        problems += _check_cloud(args["cloud"], args.get("network"))
    for key, kind in (("network", NetworkArgs), ("machines", None)):
        problems += _check_nested(key, args.get(key), kind)
    if problems:
        raise SwyxError(problems)


def _check_keys(args: Mapping[str, Any], shape: Any, place: str) -> Iterator[Message]:
    known = [*shape.__required_keys__, *shape.__optional_keys__]
    for key in sorted(shape.__required_keys__):
        if args.get(key) is None:
            example = _EXAMPLES.get(key, f"{key}: ...")
            yield Message.about("args-missing", place, key=key, example=example)
    for key in sorted(map(str, args.keys() - known)):
        yield Message.about("args-unknown", place, key=key, known=sorted(known))


def _check_cloud(cloud: Any, network: Any) -> Iterator[Message]:
    if not isinstance(cloud, str) or cloud not in CLOUDS:
        wanted = f"one of {', '.join(CLOUDS)}"
        yield Message.about(
            "args-wrong", "cloud", value=repr(cloud), wanted=wanted, example=_EXAMPLES["cloud"]
        )
    elif isinstance(network, Mapping):
        sets = NETWORK_KEYS[cloud]
        if not any(all(network.get(key) is not None for key in keys) for keys in sets):
            wanted = " or ".join(" and ".join(keys) for keys in sets)
            yield Message.about("args-missing", "network", key=wanted, example=_EXAMPLES["network"])


def _check_nested(key: str, value: Any, kind: Any) -> Iterator[Message]:
    """The keys of `network`, or of each of `machines` where `kind` is None."""
    if value is None:
        return
    if not isinstance(value, Mapping):
        yield _not_a_mapping(key, value, "...")
    elif kind is not None:
        yield from _check_keys(value, kind, key)
    else:
        for name, entry in value.items():
            place = f"{key}.{name}"
            if isinstance(entry, Mapping):
                yield from _check_keys(entry, MachineArgs, place)
            else:
                yield _not_a_mapping(place, entry, "{...}")


def _not_a_mapping(place: str, value: Any, form: str) -> Message:
    return Message.about(
        "args-wrong",
        place,
        value=type(value).__name__,
        wanted="a mapping",
        example=f"{place}: {form}",
    )
