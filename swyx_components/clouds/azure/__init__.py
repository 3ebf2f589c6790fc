"""Microsoft Azure: network security groups, each with all its rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from swyx_components.clouds.azure.inventory import (
    read_deployed,
    read_firewall,
    read_saved,
    read_state,
)
from swyx_components.clouds.azure.names import limits
from swyx_components.clouds.azure.preview import preview_update
from swyx_components.clouds.azure.prune import find_orphans, remove_orphans
from swyx_components.clouds.azure.records import COMMANDS, is_resource, recognise, sites_in
from swyx_components.clouds.azure.render import count_quotas, render_site
from swyx_components.installation.model import Installation
from swyx_components.messages import Message
from swyx_components.planner.model import RenderedSite, SitePlan

if TYPE_CHECKING:
    import pulumi

    from swyx_components.clouds.azure.resources import Writer
    from swyx_components.clouds.deployment import Deployment, Lookups


class Azure:
    """Azure as a platform. What needs Pulumi or an SDK loads it when it is called."""

    name = "azure"
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

    @staticmethod
    def check_transient_quotas(
        old: RenderedSite | None, new: RenderedSite | None
    ) -> Iterator[Message]:
        """None: one request sets all rules of a group, so old and new are never there together."""
        return iter(())

    def render_site(self, plan: SitePlan, installation: Installation) -> RenderedSite:
        """The site as ARM would store it."""
        return render_site(plan, installation.catalogue, installation.quotas.get(self.name))

    @staticmethod
    def plugin() -> pulumi.InvokeOptions:
        """Which provider answers lookups: the one that the SDK makes resources with."""
        from pulumi_azure_native import _utilities

        options: pulumi.InvokeOptions = _utilities.get_invoke_opts_defaults()
        return options

    @staticmethod
    def open_writer(wanted: Deployment, ask: Lookups) -> Writer:
        """What writes a site to its network, once everything is there that it needs."""
        from swyx_components.clouds.azure.resources import Writer

        return Writer(wanted, ask)
