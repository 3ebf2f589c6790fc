"""The stacks `hamburg` and `bremen`: each deploys the site of its name."""

import pulumi
from topology import declare

from swyx_components import VirtualNetwork, Vpc

network = pulumi.StackReference(pulumi.Config().require("network"))
stack = pulumi.get_stack()

with declare() as swyx:
    if stack == "hamburg":
        hamburg = swyx.site("hamburg", Vpc(network.require_output("vpc")))
        instances = network.require_output("instances")
        for name in ("hh-server", "hh-link"):
            hamburg[name].attach(to=instances[name])
    elif stack == "bremen":
        group = network.require_output("group")
        bremen = swyx.site("bremen", VirtualNetwork(resource_group=group, location="westeurope"))
        for name in ("hb-server", "hb-gate"):
            bremen[name].attach(subnet_id=network.require_output("subnet"))

pulumi.export("installation", swyx.to_yaml())
pulumi.export("groups", swyx[stack].component.group_ids)
