"""Programs that type checkers must pass, strictly."""

import pulumi
import pulumi_aws as aws
from pulumi_azure_native import network

from swyx_components import (
    AwsMachine,
    Installation,
    LinkManager,
    Machine,
    PhoneManager,
    Role,
    Site,
    SwyxGate,
    SwyxIt,
    SwyxPhoneL420,
    SwyxServer,
    SwyxSite,
    VirtualNetwork,
    Vpc,
)


class Registrar(Role):
    """A role of one's own catalogue."""


vpc = aws.ec2.Vpc("aachen", cidr_block="10.1.0.0/24")
server_vm = aws.ec2.Instance("ac-server", ami="ami-12345678", instance_type="t3.micro")
gate_vm = aws.ec2.get_network_interface(id="eni-1")
bo_interface = network.NetworkInterface.get("bo-server", "/subscriptions/...")
other = pulumi.StackReference("other")

with Installation(dcom="restricted", h245="tunnelled") as swyx:
    aachen = swyx.site("aachen", Vpc(vpc.id), h245=(41000, 41099), egress="open")
    aachen.attach(SwyxServer, PhoneManager, to=server_vm, address="10.1.0.10")
    aachen.attach(SwyxGate, to=gate_vm, address=["10.1.0.12", "fd00::12"], name="ac-gate")
    link: Machine = aachen.attach(LinkManager, to="i-1", address="10.1.0.11")
    aachen.network("ac-office", "10.1.20.0/24", SwyxIt, SwyxPhoneL420)
    aachen.extra_rule(
        "in", link, "10.1.99.0/28", "tcp", [3389, (5000, 5010)], reason="administration"
    )
    aachen.attach(
        Registrar, to=other.require_output("id"), address="10.1.0.13", name="ac-registrar"
    )

    place = VirtualNetwork(resource_group="bochum", name="bochum")
    options = pulumi.ResourceOptions(protect=True)
    bochum = swyx.site("bochum", place, opts=options, tags={"team": "telephony"})
    bochum.attach(SwyxServer, PhoneManager, to=bo_interface, address="10.2.0.10")
    bochum.attach(SwyxGate, address="10.2.0.11", subnet_id=other.require_output("subnet"))
    bochum.network("bo-office", "10.2.20.0/24", SwyxIt, SwyxPhoneL420)

    cologne = swyx.site("cologne", ports={SwyxIt: {"media": (50000, 50199)}})
    cologne.machine("co-server", SwyxServer, LinkManager, address="10.3.0.10")
    desktops = cologne.network("co-desktops", "10.3.30.0/24", SwyxIt, managed=True)
    swyx.link(aachen, bochum, through=link)
    swyx.link(aachen, cologne, through=(link, cologne["co-server"]))
    swyx.provider("carrier", "203.0.113.0/28", through=link, media_ports=(10000, 20000))


def server_of(site: Site[AwsMachine]) -> Machine:
    """Functions of a customer name the type of a site by its cloud's machines."""
    return site["ac-server"]


server_of(aachen)
groups: pulumi.Output[list[str]] = aachen["ac-server"].security_group_ids
subnet_groups: pulumi.Output[list[str]] = desktops.security_group_ids
made: SwyxSite = bochum.component
proof: pulumi.Output[str] = made.summary.apply(lambda summary: summary["proof"])
text: str = swyx.to_yaml()

with Installation.load("installation.yaml") as loaded:
    loaded.site("aachen", Vpc(tags={"Name": "aachen"}))
    loaded["aachen"]["ac-server"].attach(to=server_vm)

SwyxSite(
    "acme",
    {
        "topology": {
            "decisions": {"dcom": "restricted", "h245": "tunnelled"},
            "sites": {
                "acme": {
                    "machines": {"server": {"addresses": ["10.8.0.10"], "roles": ["SwyxServer"]}},
                    "extra_rules": [
                        {
                            "direction": "in",
                            "machine": "server",
                            "peers": ["10.8.99.0/28"],
                            "protocol": "icmp",
                            "reason": "monitoring",
                        }
                    ],
                }
            },
        },
        "site": "acme",
        "cloud": "aws",
        "network": {"vpc_id": vpc.id},
        "machines": {"server": {"instance_id": server_vm.id}},
    },
)
