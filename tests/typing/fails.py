"""Mistakes that type checkers must flag: each line that ends in MISTAKE, and no other."""

import pulumi_aws as aws
from pulumi_azure_native import network

import swyx_components
from swyx_components import (
    HostGroup,
    Installation,
    SwyxIt,
    SwyxServer,
    SwyxSite,
    VirtualNetwork,
    Vpc,
)

vm = aws.ec2.Instance("vm", ami="ami-12345678", instance_type="t3.micro")
nic = network.NetworkInterface.get("nic", "/subscriptions/...")
swyx = Installation(dcom="restricted")
aachen = swyx.site("aachen", Vpc("vpc-1"))
bochum = swyx.site("bochum", VirtualNetwork(resource_group="bochum"))
server = aachen.attach(SwyxServer, address="10.1.0.10")

print(swyx_components.SwyxServr)  # MISTAKE
Installation(dcom="restrcted")  # MISTAKE
Installation(h245="tunneled")  # MISTAKE
Installation(dcmo="restricted")  # MISTAKE
Installation(cornet=4062)  # MISTAKE
Installation(dcom_transport="udp")  # MISTAKE
swyx.site("cologne", "aws")  # MISTAKE
swyx.site("cologne", egress="shut")  # MISTAKE
swyx.site("cologne", egres="open")  # MISTAKE
swyx.site("cologne", Vpc(name="cologne"))  # MISTAKE
swyx.site("cologne", VirtualNetwork("cologne"))  # MISTAKE
aachen.attach("SwyxServer", address="10.1.0.11")  # MISTAKE
aachen.attach(HostGroup, address="10.1.0.11")  # MISTAKE
aachen.attach(SwyxIt)  # MISTAKE
aachen.attach(SwyxIt, address="10.1.0.11", instanceid="i-1")  # MISTAKE
aachen.attach(SwyxIt, address="10.1.0.11", to=nic)  # MISTAKE
aachen.attach(SwyxIt, address="10.1.0.11", to=11)  # MISTAKE
aachen.attach(SwyxIt, address="10.1.0.11", ports={SwyxIt: {"medai": 5000}})  # MISTAKE
bochum.attach(SwyxIt, address="10.2.0.11", to=vm)  # MISTAKE
aachen.network("office", "10.1.20.0/24", SwyxServer)  # MISTAKE
aachen.network("office", "10.1.20.0/24", SwyxIt, managed="yes")  # MISTAKE
aachen.extra_rule("inwards", server, "10.1.9.0/28", "tcp", 22, reason="ssh")  # MISTAKE
aachen.extra_rule("in", "ac-server", "10.1.9.0/28", "tcp", 22, reason="ssh")  # MISTAKE
swyx.link(aachen, "bochum", through=server)  # MISTAKE
swyx.link(aachen, bochum, through="ac-link")  # MISTAKE
print(server.security_group_id)  # MISTAKE
SwyxSite("a", {"site": "a", "clod": "aws", "cloud": "aws", "network": {}})  # MISTAKE
SwyxSite("a", {"site": "a", "cloud": "aws", "network": {"vpc": "vpc-1"}})  # MISTAKE
SwyxSite("a", {"site": "a", "cloud": "aws", "network": {}, "topology": {"site": {}}})  # MISTAKE
