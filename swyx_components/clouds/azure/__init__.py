"""Microsoft Azure: network security groups, each with all its rules."""

from typing import TYPE_CHECKING

from swyx_components.clouds.azure import inventory, names, preview, prune, records, render

if TYPE_CHECKING:
    from swyx_components.clouds.azure.resources import Writer


class Azure:
    """Azure as a platform. Pulumi and SDKs are loaded on first use."""

    name = "azure"
    commands = tuple(records.COMMANDS.values())

    limits = staticmethod(names.limits)
    render_group = staticmethod(render.render_group)
    count_quotas = staticmethod(render.count_quotas)

    recognise = staticmethod(records.recognise)
    read_deployed = staticmethod(inventory.read_deployed)
    read_saved = staticmethod(inventory.read_saved)
    read_state = staticmethod(inventory.read_state)
    find_orphans = staticmethod(prune.find_orphans)
    remove_orphans = staticmethod(prune.remove_orphans)

    preview_update = staticmethod(preview.preview_update)

    # One request sets all rules of a group, so old and new never coexist.
    check_transient_quotas = staticmethod(lambda before, after: ())

    @staticmethod
    def load_writer() -> "type[Writer]":
        """What writes a site to its network, after all lookups."""
        from swyx_components.clouds.azure.resources import Writer

        return Writer
