"""A customer's program: one site on AWS, its installation as plain data."""

import pulumi

from swyx_components import SwyxSite

INSTALLATION = {
    "swyxware": "6.01",
    "decisions": {"dcom": "restricted", "h245": "tunnelled"},
    "sites": {
        "aachen": {
            "machines": {
                "server": {"addresses": ["10.1.0.10"], "roles": ["SwyxServer"]},
                "gate": {"addresses": ["10.1.0.12"], "roles": ["SwyxGate"]},
            },
            "networks": {"office": {"cidrs": ["10.1.20.0/24"], "roles": ["SwyxIt"]}},
        }
    },
}


def deploy() -> SwyxSite:
    site = SwyxSite(
        "aachen",
        {
            "installation": INSTALLATION,
            "site": "aachen",
            "cloud": "aws",
            "network": {"vpc_tags": {"Name": "aachen"}},
        },
    )
    pulumi.export("groups", site.group_ids)
    return site
