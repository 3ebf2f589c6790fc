"""A SwyxWare site on AWS whose VPC and instances are made by the same program.

The installation is plain data here; a path to a file does as well. Machines that don't exist yet can't be
looked up by address, so they are bound by the interfaces of the instances. The groups are attached
to those; the instances themselves keep a group of their own without rules.
"""

import pulumi
import pulumi_aws as aws

from swyx_components import SwyxSite

MACHINES = {
    "server": {"addresses": ["10.8.0.10"], "roles": ["SwyxServer", "PhoneManager"]},
    "gate": {"addresses": ["10.8.0.11"], "roles": ["SwyxGate"]},
}
INSTALLATION = {
    "swyxware": "6.01",
    "decisions": {"dcom": "restricted", "h245": "tunnelled"},
    "sites": {
        "acme": {
            "machines": MACHINES,
            "networks": {
                "office": {"cidrs": ["10.9.20.0/24"], "roles": ["SwyxIt", "SwyxPhoneL420"]}
            },
        }
    },
}

vpc = aws.ec2.Vpc("acme", cidr_block="10.8.0.0/24", tags={"Name": "acme"})
subnet = aws.ec2.Subnet("acme", vpc_id=vpc.id, cidr_block="10.8.0.0/24")
# An instance without a group would get the VPC's default one, which lets everything out.
closed = aws.ec2.SecurityGroup("closed", vpc_id=vpc.id, description="Lets nothing in or out")
instances = {
    name: aws.ec2.Instance(
        name,
        ami="ami-12345678",
        instance_type="t3.micro",
        subnet_id=subnet.id,
        private_ip=machine["addresses"][0],
        vpc_security_group_ids=[closed.id],
        tags={"Name": name},
        # The site's groups are attached beside it and are not this instance's to remove.
        opts=pulumi.ResourceOptions(ignore_changes=["vpcSecurityGroupIds"]),
    )
    for name, machine in MACHINES.items()
}

site = SwyxSite(
    "acme",
    {
        "installation": INSTALLATION,
        "site": "acme",
        "cloud": "aws",
        "network": {"vpc_id": vpc.id},
        "machines": {
            name: {"interface_ids": [instance.primary_network_interface_id]}
            for name, instance in instances.items()
        },
    },
)

pulumi.export("vpc", vpc.id)
pulumi.export("groups", site.group_ids)
pulumi.export("proof", site.summary["proof"])
