"""Amazon Web Services: security groups, whose rules are resources of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from swyx_components.clouds.aws.inventory import (
    read_deployed,
    read_firewall,
    read_saved,
    read_state,
)
from swyx_components.clouds.aws.names import limits
from swyx_components.clouds.aws.preview import preview_update
from swyx_components.clouds.aws.prune import find_orphans, remove_orphans
from swyx_components.clouds.aws.quotas import check_transient_quotas, count_quotas
from swyx_components.clouds.aws.records import COMMANDS, is_resource, recognise, sites_in
from swyx_components.clouds.aws.render import render_site
from swyx_components.installation.model import Installation
from swyx_components.planner.model import RenderedSite, SitePlan

if TYPE_CHECKING:
    import pulumi

    from swyx_components.clouds.aws.resources import Writer
    from swyx_components.clouds.deployment import Deployment, Lookups


class Aws:
    """AWS as a platform. What needs Pulumi or boto3 loads it when it is called."""

    name = "aws"
    commands = tuple(COMMANDS.values())

    limits = staticmethod(limits)
    count_quotas = staticmethod(count_quotas)

    recognise = staticmethod(recognise)
    sites_in = staticmethod(sites_in)
    is_resource = staticmethod(is_resource)
    read_deployed = staticmethod(read_deployed)
    read_saved = staticmethod(read_saved)
    read_state = staticmethod(read_state)
    read_firewall = staticmethod(read_firewall)
    find_orphans = staticmethod(find_orphans)
    remove_orphans = staticmethod(remove_orphans)

    preview_update = staticmethod(preview_update)
    check_transient_quotas = staticmethod(check_transient_quotas)

    def render_site(self, plan: SitePlan, installation: Installation) -> RenderedSite:
        """The site as EC2 would store it."""
        return render_site(plan, installation.catalogue, installation.quotas.get(self.name))

    @staticmethod
    def plugin() -> pulumi.InvokeOptions:
        """Which provider answers lookups: the one that the SDK makes resources with."""
        from pulumi_aws import _utilities

        options: pulumi.InvokeOptions = _utilities.get_invoke_opts_defaults()
        return options

    @staticmethod
    def open_writer(wanted: Deployment, ask: Lookups) -> Writer:
        """What writes a site to its network, once everything is there that it needs."""
        from swyx_components.clouds.aws.resources import Writer

        return Writer(wanted, ask)
