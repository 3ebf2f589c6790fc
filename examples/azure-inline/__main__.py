"""A SwyxWare site on Azure in a program that makes its own virtual network.

The installation is plain data here; a path to a file does as well. Each machine names the subnet in which its
network interface is made; a virtual machine of this program would take the ids from `site.interface_ids`.
SwyxIt! clients are in an office outside the cloud.
"""

import pulumi
from pulumi_azure_native import network, resources

from swyx_components import SwyxSite

LOCATION = "westeurope"
MACHINES = {
    "server": {"addresses": ["10.9.0.10"], "roles": ["SwyxServer"]},
    "gate": {"addresses": ["10.9.0.11"], "roles": ["SwyxGate"]},
}
INSTALLATION = {
    "swyxware": "6.01",
    "decisions": {"dcom": "restricted", "h245": "41000-41099"},
    "sites": {
        "acme": {
            "machines": MACHINES,
            "networks": {"office": {"cidrs": ["10.9.20.0/24"], "roles": ["SwyxIt"]}},
        }
    },
}

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

site = SwyxSite(
    "acme",
    {
        "installation": INSTALLATION,
        "site": "acme",
        "cloud": "azure",
        "network": {"resource_group": group.name, "location": LOCATION},
        "machines": {name: {"subnet_id": subnet.id} for name in MACHINES},
    },
)

pulumi.export("groups", site.group_ids)
pulumi.export("interfaces", site.interface_ids)
pulumi.export("proof", site.summary["proof"])
