"""Amazon Web Services: security groups, whose rules are separate resources."""

from typing import TYPE_CHECKING

from swyx_components.clouds.aws import inventory, names, preview, prune, quotas, records, render

if TYPE_CHECKING:
    from swyx_components.clouds.aws.resources import Writer


class Aws:
    """AWS as a platform. Pulumi and boto3 are loaded on first use."""

    name = "aws"
    commands = tuple(records.COMMANDS.values())

    limits = staticmethod(names.limits)
    render_group = staticmethod(render.render_group)
    count_quotas = staticmethod(quotas.count_quotas)

    recognise = staticmethod(records.recognise)
    read_deployed = staticmethod(inventory.read_deployed)
    read_saved = staticmethod(inventory.read_saved)
    read_state = staticmethod(inventory.read_state)
    find_orphans = staticmethod(prune.find_orphans)
    remove_orphans = staticmethod(prune.remove_orphans)

    preview_update = staticmethod(preview.preview_update)
    check_transient_quotas = staticmethod(quotas.check_transient_quotas)

    @staticmethod
    def load_writer() -> "type[Writer]":
        """What writes a site to its network, after all lookups."""
        from swyx_components.clouds.aws.resources import Writer

        return Writer
