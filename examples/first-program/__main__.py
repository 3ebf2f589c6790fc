"""Aachen on AWS and Bochum on Azure, joined by one link.

Aachen's VPC and instances are new; Bochum's virtual machine and its network interface exist.
"""

import pulumi
import pulumi_aws as aws
from pulumi_azure_native import network

from swyx_components import (
    Installation,
    LinkManager,
    PhoneManager,
    SwyxGate,
    SwyxIt,
    SwyxPhoneL420,
    SwyxServer,
    VirtualNetwork,
    Vpc,
)

vpc = aws.ec2.Vpc("aachen", cidr_block="10.1.0.0/24", tags={"Name": "aachen"})
subnet = aws.ec2.Subnet("aachen", vpc_id=vpc.id, cidr_block="10.1.0.0/24")
# An instance without a group would get the VPC's default one, which allows all egress.
closed = aws.ec2.SecurityGroup("closed", vpc_id=vpc.id, description="Lets nothing in or out")


def start(name: str, address: str) -> aws.ec2.Instance:
    """An instance, which must not detach the groups that are attached later."""
    return aws.ec2.Instance(
        name,
        ami="ami-12345678",
        instance_type="t3.micro",
        subnet_id=subnet.id,
        private_ip=address,
        vpc_security_group_ids=[closed.id],
        opts=pulumi.ResourceOptions(ignore_changes=["vpcSecurityGroupIds"]),
    )


server_vm = start("ac-server", "10.1.0.10")
link_vm = start("ac-link", "10.1.0.11")
gate_vm = start("ac-gate", "10.1.0.12")
bo_interface = network.get_network_interface(
    network_interface_name="bo-server", resource_group_name="bochum"
)

with Installation(dcom="restricted", h245="tunnelled") as swyx:
    aachen = swyx.site("aachen", Vpc(vpc.id))
    aachen.attach(SwyxServer, PhoneManager, to=server_vm, address="10.1.0.10")
    aachen.attach(SwyxGate, to=gate_vm, address="10.1.0.12")
    link = aachen.attach(LinkManager, to=link_vm, address="10.1.0.11")
    aachen.network("ac-office", "10.1.20.0/24", SwyxIt, SwyxPhoneL420)

    bochum = swyx.site("bochum", VirtualNetwork(resource_group="bochum", name="bochum"))
    bochum.attach(SwyxServer, PhoneManager, to=bo_interface, address="10.2.0.10")
    bochum.network("bo-office", "10.2.20.0/24", SwyxIt, SwyxPhoneL420)
    swyx.link(aachen, bochum, through=link)

pulumi.export("installation", swyx.to_yaml())
pulumi.export("groups", aachen["ac-server"].security_group_ids)
pulumi.export("proof", bochum.component.summary["proof"])
