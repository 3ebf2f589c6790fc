"""The arguments of `SwyxSite`, as typed dictionaries that become the schema for other languages.

No postponed annotations, unions or tuples here: the schema analyzer reads these classes as they are. A
topology is written like an installation file, except where that has unions: `as_file` gives its form.
"""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

import pulumi

from swyx_components.catalogue.load import VERSIONS


class NetworkArgs(TypedDict):
    """Where a site is in its cloud."""

    vpc_id: NotRequired[pulumi.Input[str]]
    """AWS: the VPC. If the same program creates it, bind machines by ids."""
    vpc_tags: NotRequired[dict[str, str]]
    """AWS: tags of the VPC, instead of its id."""
    resource_group: NotRequired[pulumi.Input[str]]
    """Azure: the resource group of all created resources."""
    virtual_network: NotRequired[pulumi.Input[str]]
    """Azure: the virtual network; its subnets and their interfaces are looked up."""
    virtual_network_resource_group: NotRequired[pulumi.Input[str]]
    """Azure: the resource group of the virtual network, if different."""
    location: NotRequired[pulumi.Input[str]]
    """Azure: the region, if not that of the virtual network or the provider's configuration."""


class MachineArgs(TypedDict):
    """How one machine is bound to the cloud; by default it is looked up by its addresses."""

    interface_id: NotRequired[pulumi.Input[str]]
    """Its network interface."""
    interface_ids: NotRequired[list[pulumi.Input[str]]]
    """Its network interfaces, if several. Append new ones at the end."""
    instance_id: NotRequired[pulumi.Input[str]]
    """AWS: its instance. Its interfaces with an address of the machine are attached; if the id is an
    output and none of them matches, its primary interface.
    """
    subnet_id: NotRequired[pulumi.Input[str]]
    """Azure: creates its network interface, in this subnet."""
    interface: NotRequired[dict[str, Any]]
    """Azure: creates its network interface, with these arguments of azure-native's NetworkInterface; in the
    subnet of its address, unless subnet_id is given. `ip_configurations` follow the order of its addresses.
    """
    attach: NotRequired[bool]
    """False leaves this machine alone; the outputs contain the ids for it."""


class DecisionsArgs(TypedDict):
    """What the article does not specify. A range is written `40000-40199`."""

    dcom: NotRequired[str]
    """DCOM ports besides 135: `restricted` (40000-40199), `windows-2003`, `windows-2008` or a range."""
    dcom_server: NotRequired[str]
    """With dcom_client instead of dcom: the range towards SwyxServer and the managers."""
    dcom_client: NotRequired[str]
    """With dcom_server instead of dcom: the range towards SwyxIt!."""
    dcom_transport: NotRequired[str]
    """`tcp` (the default), or `both` to open DCOM over UDP as well."""
    h245: NotRequired[str]
    """The ports of H.245: `tunnelled`, `windows-2003`, `windows-2008`, or a range."""
    fax_transport: NotRequired[str]
    """The transport of fax data: `udp` (the default), `tcp` or `both`."""
    cornet: NotRequired[list[int]]
    """The ports of CorNet TC: 4060, 4061, or both (the default)."""


class FlowsArgs(TypedDict):
    """Optional flows to enable and inferred flows to disable."""

    enable: NotRequired[list[str]]
    """Optional flows to enable: `C11r`, `M1g`, `M2c`, `M3c`."""
    disable: NotRequired[list[str]]
    """Inferred flows to disable, such as `M4b`."""


class TopologyMachineArgs(TypedDict):
    """A machine of a site."""

    addresses: list[str]
    """Its IPv4 and IPv6 addresses."""
    roles: list[str]
    """What runs on it: `SwyxServer`, `PhoneManager` and so on."""
    outside: NotRequired[bool]
    """True: outside the cloud although its site is in one; others have rules for its addresses."""
    ports: NotRequired[dict[str, dict[str, str]]]
    """Ports reconfigured in the products on this machine: by role and listener, a port or a range."""


class TopologyNetworkArgs(TypedDict):
    """A network of many hosts with the same roles."""

    cidrs: list[str]
    """Its address ranges."""
    roles: list[str]
    """What its hosts carry: `SwyxIt` and phones only."""
    managed: NotRequired[bool]
    """True: in the site's cloud, with its own group for hosts that come and go."""


class ExtraRuleArgs(TypedDict):
    """A rule for what the article does not cover, at one machine."""

    direction: str
    """`in`: to the machine; `out`: from it."""
    machine: str
    """The name of a machine of the site."""
    peers: list[str]
    """The addresses of the peers."""
    protocol: str
    """`tcp`, `udp` or `icmp`."""
    ports: NotRequired[list[str]]
    """Destination ports and ranges; none for `icmp`."""
    reason: str
    """Why the rule is needed."""
    acknowledge_public: NotRequired[bool]
    """True accepts a rule that reaches the whole internet."""


class TopologySiteArgs(TypedDict):
    """A site: its machines, networks and settings."""

    machines: dict[str, TopologyMachineArgs]
    """The machines by name, unique over all sites; one of them has the site's SwyxServer."""
    networks: NotRequired[dict[str, TopologyNetworkArgs]]
    """The networks by name."""
    decisions: NotRequired[DecisionsArgs]
    """Decisions of this site only."""
    ports: NotRequired[dict[str, dict[str, str]]]
    """Ports reconfigured in the products, for the whole site: by role and listener, a port or a range."""
    flows: NotRequired[FlowsArgs]
    """Optional flows to enable, inferred flows to disable."""
    control_path: NotRequired[dict[str, str]]
    """The call control of `SwyxPhoneL400` and `SwyxPhoneL440`: `phone_manager` (the default) or `h323`."""
    sip_devices: NotRequired[list[str]]
    """Addresses of SIP devices that use the site's SwyxServer."""
    summary: NotRequired[list[str]]
    """CIDRs that represent the site's machines and networks in the rules of other sites."""
    egress: NotRequired[str]
    """`closed` (the default): only planned traffic leaves; `open`: egress is unmanaged."""
    extra_rules: NotRequired[list[ExtraRuleArgs]]
    """Rules of your own."""


class LinkArgs(TypedDict):
    """A link between two sites."""

    sites: list[str]
    """The two sites."""
    mode: NotRequired[str]
    """`shared` (the default): one LinkManager serves both sites; `chained`: each site has one."""
    link_manager: NotRequired[str]
    """Shared: the machine with the LinkManager."""
    link_managers: NotRequired[dict[str, str]]
    """Chained: the machines with the LinkManagers, by site."""


class ProviderArgs(TypedDict):
    """A SIP provider."""

    cidrs: NotRequired[list[str]]
    """Its addresses for both calls (SIP) and media."""
    signalling_cidrs: NotRequired[list[str]]
    """Its addresses for calls only."""
    media_cidrs: NotRequired[list[str]]
    """Its addresses for media only."""
    link_manager: str
    """The machine whose LinkManager connects to it."""
    media_ports: str
    """The UDP ports from which it sends media: a range."""
    sip_port: NotRequired[int]
    """Its SIP port; default 5060."""


class TopologyArgs(TypedDict):
    """All sites, links and SIP providers, as in an installation file."""

    swyxware: NotRequired[str]
    """The version of SwyxWare; default `6.01`."""
    catalogue: NotRequired[Any]
    """A catalogue of your own: its path, or its content."""
    decisions: NotRequired[DecisionsArgs]
    """Decisions for every site without its own."""
    sites: dict[str, TopologySiteArgs]
    """The sites by name."""
    links: NotRequired[dict[str, LinkArgs]]
    """The links by name."""
    sip_providers: NotRequired[dict[str, ProviderArgs]]
    """The SIP providers by name."""
    quotas: NotRequired[dict[str, dict[str, int]]]
    """Quotas of your accounts that differ from the defaults: by `aws` and `azure`, and by name."""
    acknowledge: NotRequired[list[str]]
    """Ids of warnings and notes that are settled; they are no longer shown."""


class SwyxSiteArgs(TypedDict):
    """One site of an installation, bound to one cloud."""

    installation: NotRequired[str]
    """The path of the installation file. Either this or `topology` is needed."""
    topology: NotRequired[TopologyArgs]
    """The installation as data: all sites, of which this is one."""
    site: str
    """The site's name in the installation."""
    cloud: str
    """The cloud it runs in: `aws` or `azure`."""
    network: NetworkArgs
    """Where it is in the cloud."""
    machines: NotRequired[dict[str, MachineArgs]]
    """How machines are bound, by name; others are looked up by their addresses."""
    attach: NotRequired[bool]
    """Whether to attach groups to the machines' interfaces, and to create interfaces. Default: true."""
    tags: NotRequired[dict[str, str]]
    """Tags for every resource, in addition to the component's own `swyx:...`."""


class SiteSummary(TypedDict):
    """Counts, the proof, warnings and notes."""

    cloud: str
    """The cloud: `aws` or `azure`."""
    site: str
    """The site's name in the installation."""
    groups: int
    """Number of host groups (AWS) or network security groups (Azure)."""
    machines: int
    """Number of machines in the groups."""
    rules: int
    """Number of rules in the groups."""
    proof: str
    """What was compared, and that nothing is missing or in excess."""
    decisions: dict[str, str]
    """The decisions in effect, defaults included."""
    public: list[str]
    """Rules for every address of an IP version: acknowledged ones, and open egress."""
    warnings: list[str]
    """What is allowed but should be reviewed."""
    notes: list[str]
    """Assumptions."""


def as_file(topology: Mapping[str, Any]) -> dict[str, Any]:
    """A topology in the form of an installation file; values of another shape stay as they are."""
    versions = {} if "catalogue" in topology else {"swyxware": next(iter(VERSIONS))}
    return {**versions, **{key: _as_in_file(key, value) for key, value in topology.items()}}


def _as_in_file(key: str, value: Any, depth: int = 0) -> Any:
    """A rule with its two ends called by direction, the two ranges of DCOM under one key."""
    if depth > _DEEPEST or not isinstance(value, Mapping | list | tuple):
        return value
    if not isinstance(value, Mapping):
        return [_as_in_file(key, each, depth + 1) for each in value]
    own = {name: _as_in_file(name, each, depth + 1) for name, each in value.items()}
    if key == "extra_rules":
        ends = ("from", "to") if own.get("direction") == "out" else ("to", "from")
        names = dict(zip(("machine", "peers"), ends, strict=True))
        return {names.get(name, name): each for name, each in own.items()}
    if key == "decisions":
        dcom = {side: own.pop(f"dcom_{side}") for side in _SIDES if f"dcom_{side}" in own}
        return {**own, **({"dcom": dcom} if dcom else {})}
    return own


_SIDES = ("server", "client")
_DEEPEST = 3  # where the rules of a site are
