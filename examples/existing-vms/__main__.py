"""Essen on AWS and Bonn on Azure exist: only their firewall is created here."""

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

gate_vm = aws.ec2.get_instance(instance_tags={"Name": "es-gate"})
managers = network.get_network_interface(
    network_interface_name="vm-bn-managers-nic", resource_group_name="bonn"
)

with Installation(dcom="restricted", h245="tunnelled") as swyx:
    essen = swyx.site("essen", Vpc(tags={"Name": "essen"}))
    essen.attach(SwyxServer, name="es-server", address="10.3.0.10")
    essen.attach(SwyxGate, to=gate_vm, address="10.3.0.12")
    link = essen.attach(LinkManager, name="es-link", address="10.3.0.11")
    essen.network("es-office", "10.3.20.0/24", SwyxIt)

    bonn = swyx.site("bonn", VirtualNetwork(resource_group="bonn", name="bonn"))
    bonn.attach(SwyxServer, name="bn-server", address="10.4.0.10")
    bonn.attach(PhoneManager, to=managers, name="bn-managers", address="10.4.0.11")
    bonn.network("bn-office", "10.4.20.0/24", SwyxIt, SwyxPhoneL420)
    swyx.link(essen, bonn, through=link)

pulumi.export("installation", swyx.to_yaml())
pulumi.export("interfaces", essen.component.interface_ids)
