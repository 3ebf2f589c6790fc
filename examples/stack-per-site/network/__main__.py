"""A VPC with machines in Hamburg, a virtual network in Bremen; other stacks refer to their ids."""

import pulumi
import pulumi_aws as aws
from pulumi_azure_native import network, resources

MACHINES = {"hh-server": "10.5.0.10", "hh-link": "10.5.0.11"}

vpc = aws.ec2.Vpc("hamburg", cidr_block="10.5.0.0/24", tags={"Name": "hamburg"})
machines = aws.ec2.Subnet("hamburg", vpc_id=vpc.id, cidr_block="10.5.0.0/24")
# An instance without a group would get the VPC's default one, which allows all egress.
closed = aws.ec2.SecurityGroup("closed", vpc_id=vpc.id, description="Lets nothing in or out")
instances = {
    name: aws.ec2.Instance(
        name,
        ami="ami-12345678",
        instance_type="t3.micro",
        subnet_id=machines.id,
        private_ip=address,
        vpc_security_group_ids=[closed.id],
        # The instance must not detach the groups of other stacks.
        opts=pulumi.ResourceOptions(ignore_changes=["vpcSecurityGroupIds"]),
    )
    for name, address in MACHINES.items()
}

group = resources.ResourceGroup("bremen", resource_group_name="bremen", location="westeurope")
vnet = network.VirtualNetwork(
    "bremen",
    virtual_network_name="bremen",
    resource_group_name=group.name,
    location="westeurope",
    address_space={"address_prefixes": ["10.6.0.0/24"]},
)
servers = network.Subnet(
    "servers",
    subnet_name="servers",
    virtual_network_name=vnet.name,
    resource_group_name=group.name,
    address_prefix="10.6.0.0/24",
)

pulumi.export("vpc", vpc.id)
pulumi.export("instances", {name: instance.id for name, instance in instances.items()})
pulumi.export("group", group.name)
pulumi.export("subnet", servers.id)
