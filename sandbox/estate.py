"""Seeding: the networks and machines that an installation file assumes."""

from collections.abc import Callable, Sequence

from sandbox.sites import Site
from sandbox.talk import say

Seeder = Callable[[str, dict[str, list[str]], str], None]


def seed_sites(sites: Sequence[Site], endpoints: dict[str, str]) -> None:
    """Make each site's estate as the file has it: make what is missing, end what is gone."""
    for site in sites:
        say(
            f"Seeding {site.name} in {site.cloud}: its network and machines ({len(site.machines)}) ..."
        )
        seeder_of(site.cloud)(site.name, site.machines, endpoints[site.cloud])


def seeder_of(cloud: str) -> Seeder:
    """The cloud's own seeding; imported when needed, for the cloud's SDK takes a second."""
    if cloud == "aws":
        from sandbox.aws.estate import seed_site as seed_aws

        return seed_aws
    from sandbox.azure.estate import seed_site as seed_azure

    return seed_azure
