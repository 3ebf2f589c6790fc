"""One stack per site: `stacks/Pulumi.<site>.yaml` names its cloud, the installation has the rest."""

import pulumi

from swyx_components import SwyxSite

config = pulumi.Config()
site = config.require("site")

swyx = SwyxSite(
    site,
    {
        "installation": config.get("installation") or "stacks/installation.yaml",
        "site": site,
        "cloud": config.require("cloud"),
        "network": config.require_object("network"),
        "machines": config.get_object("machines") or {},
        "attach": config.get_bool("attach") is not False,
        "tags": config.get_object("tags") or {},
    },
)

pulumi.export("groups", swyx.group_ids)
pulumi.export("interfaces", swyx.interface_ids)
pulumi.export("summary", swyx.summary)
