"""The example's clouds as the mocks know them, and the example's two sites as programs."""

from typing import Any

from swyx_components import SwyxSite
from tests.tools.components.recorder import Cloud

INSTALLATION = "stacks/installation.yaml"
EXAMPLE = Cloud(
    vpcs={"aachen": "vpc-1"},
    interfaces={f"10.1.0.{number}": f"eni-{number}" for number in range(10, 14)},
    subnets={"bochum": {"servers": ["10.2.0.0/24"], "desks": ["10.2.1.0/24"]}},
    nics={
        "vm-server": ["10.2.0.10"],
        "vm-managers": ["10.2.0.11"],
        "vm-gate": ["10.2.0.12"],
        "vm-fax": ["10.2.0.13"],
        "vm-terminal": ["10.2.1.10"],
    },
)
AWS = {"cloud": "aws", "network": {"vpc_tags": {"Name": "aachen"}}}
AZURE = {
    "cloud": "azure",
    "network": {"resource_group": "bochum", "virtual_network": "bochum"},
}


def aachen(**more: Any) -> SwyxSite:
    return SwyxSite("aachen", {"installation": INSTALLATION, "site": "aachen", **AWS, **more})


def bochum(**more: Any) -> SwyxSite:
    args: Any = {"installation": INSTALLATION, "site": "bochum", **AZURE, **more}
    return SwyxSite("bochum", args)


def small(*machines: str, **site: Any) -> dict[str, Any]:
    """An installation of one site `acme`: `server 10.8.0.10 SwyxServer` is a machine."""
    entries = {}
    for line in machines:
        name, addresses, *roles = line.split()
        entries[name] = {"addresses": addresses.split(","), "roles": roles}
    body = {"machines": entries, **site}
    return {
        "swyxware": "6.01",
        "decisions": {"dcom": "restricted", "h245": "tunnelled"},
        "sites": {"acme": body},
    }
