"""A SwyxServer and its SwyxGate on Azure, in a program that makes its own network and interfaces.

No installation file: each component says what it is and whom it talks to, and the rules follow. The
two name each other, so their identities (ASGs) are declared before either has rules. SwyxIt! clients
sit in an office outside the cloud and are named by address. The interfaces are this program's own.
"""

import pulumi
from pulumi_azure_native import network, resources

from swyx_components import HostGroup, SwyxGate, SwyxServer, declare_groups

LOCATION = "westeurope"
OFFICE = {"roles": ["SwyxIt"], "cidrs": ["10.9.20.0/24"]}

group = resources.ResourceGroup("acme", resource_group_name="acme", location=LOCATION)
vnet = network.VirtualNetwork(
    "acme",
    virtual_network_name="acme",
    resource_group_name=group.name,
    location=LOCATION,
    address_space={"address_prefixes": ["10.9.0.0/24"]},
)
subnet = network.Subnet(
    "servers",
    subnet_name="servers",
    virtual_network_name=vnet.name,
    resource_group_name=group.name,
    address_prefix="10.9.0.0/24",
)

where = {"cloud": "azure", "network": {"resource_group": group.name, "location": LOCATION}}
decisions = {"dcom": "restricted", "h245": "41000-41099"}
known = declare_groups("acme", where, {"server": ["SwyxServer"], "gate": ["SwyxGate"]})

server = SwyxServer(
    "server",
    {
        **where,
        "identities": known["server"]["ids"],
        "peers": [known["gate"], OFFICE],
        "decisions": decisions,
    },
)
gate = SwyxGate(
    "gate",
    {
        **where,
        "identities": known["gate"]["ids"],
        "peers": [known["server"], OFFICE],
        "decisions": decisions,
    },
)


def make_interface(name: str, address: str, firewall: HostGroup, role: str) -> pulumi.Output[str]:
    """An interface of this program's own, with the component's group and identity."""
    interface = network.NetworkInterface(
        name,
        network_interface_name=name,
        resource_group_name=group.name,
        location=LOCATION,
        network_security_group={"id": firewall.group_id},
        ip_configurations=[
            {
                "name": "primary",
                "primary": True,
                "subnet": {"id": subnet.id},
                "private_ip_address": address,
                "private_ip_allocation_method": "Static",
                "application_security_groups": [{"id": firewall.identities[role]}],
            }
        ],
    )
    return interface.id


pulumi.export("server", make_interface("acme-server", "10.9.0.10", server, "SwyxServer"))
pulumi.export("gate", make_interface("acme-gate", "10.9.0.11", gate, "SwyxGate"))
pulumi.export("proof", pulumi.Output.all(server.summary["proof"], gate.summary["proof"]))
