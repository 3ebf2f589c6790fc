"""`SwyxSite`: one site of an installation in one cloud."""

from collections.abc import Mapping
from typing import Any, Optional

import pulumi

from swyx_components.clouds import PLATFORMS
from swyx_components.components.args import SwyxSiteArgs
from swyx_components.components.check import check_args
from swyx_components.components.clouds import Place, Writer, Written, begin_lookups
from swyx_components.components.host_group import HostGroup
from swyx_components.components.prepare import (
    attached_machines,
    bindings_of,
    judge,
    outputs_of,
    plain_errors,
    rendered_of,
    summarise,
    tags_of,
    tell,
)
from swyx_components.components.roles import class_for
from swyx_components.installation import Installation, read_installation
from swyx_components.messages import Message, Severity, SwyxError
from swyx_components.planner import plan_site
from swyx_components.planner.assess import SiteResult
from swyx_components.planner.model import HostGroup as PlannedGroup


class SwyxSite(pulumi.ComponentResource):
    """All host groups of one site: proven rules, attached to the site's machines."""

    group_ids: pulumi.Output[dict[str, str]]
    """The security group of each host group (AWS), the network security group of each machine (Azure)."""
    security_group_ids: pulumi.Output[dict[str, list[str]]]
    """By machine, the groups for its interface: security groups (AWS), the NSG (Azure)."""
    interface_ids: pulumi.Output[dict[str, list[str]]]
    """By machine, the interfaces attached to (AWS) or made (Azure)."""
    summary: pulumi.Output[dict[str, Any]]
    """Counts, the proof, warnings and notes."""

    def __init__(
        self, name: str, args: SwyxSiteArgs, opts: Optional[pulumi.ResourceOptions] = None
    ) -> None:
        with plain_errors():
            given: Mapping[str, Any] = {**args}
            check_args(given, SwyxSiteArgs)
            cloud = PLATFORMS[given["cloud"]]
            with begin_lookups(cloud, given, opts) as lookups:
                result = _plan(given)
                super().__init__("swyx:index:SwyxSite", name, {**given}, opts)
                tell(result.messages, self)
                writer = cloud.open_writer(
                    result.plan.site,
                    given["network"],
                    attached_machines(result.plan.groups, given),
                    bindings_of(given),
                    tags_of(given),
                    lookups.within(self),
                )
                self._build(name, writer, result)

    def _build(self, name: str, writer: Writer, result: SiteResult) -> None:
        """Compare with what is deployed, then make the groups, all rules, the attachments."""
        rendered = rendered_of(result)
        writer.check_update(rendered)
        tell(writer.messages, self)
        site: Place = (name, self)
        entries = [
            (self._declare(name, each.group, result.cloud), each) for each in rendered.groups
        ]
        for own, each in entries:
            writer.declare(each.group, own)
        for own, each in entries:
            writer.write(each, own, site)
        written: list[tuple[PlannedGroup, Written]] = []
        for own, each in entries:
            attached = writer.attach(each, own, site)
            own[1].finish(
                {
                    "group_id": attached.group_id,
                    **outputs_of([(each.group, attached)]),
                    "summary": summarise(result, each.group),
                }
            )
            written.append((each.group, attached))
        self._finish(written, result)

    def _declare(self, site: str, group: PlannedGroup, cloud: str) -> tuple[str, HostGroup]:
        """The component of a group and its name: with a dot in it, which no name of an installation has,
        so that no two sites and groups make one name.
        """
        name = f"{site}.{group.name}"
        props = {"cloud": cloud, "site": group.site, "roles": list(group.roles)}
        return name, class_for(group.roles).within(name, props, self)

    def _finish(self, written: list[tuple[PlannedGroup, Written]], result: SiteResult) -> None:
        outputs = {
            "group_ids": {group.name: made.group_id for group, made in written},
            **outputs_of(written),
            "summary": summarise(result),
        }
        for key, value in outputs.items():
            setattr(self, key, pulumi.Output.from_input(value))
        self.register_outputs(outputs)


def _plan(args: Mapping[str, Any]) -> SiteResult:
    """The site's rules, proven, or every reason why not."""
    installation, found = read_installation(args["installation"])
    errors = [message for message in found if message.severity is Severity.ERROR]
    if errors or installation is None:
        raise SwyxError(errors)
    plan = plan_site(installation, _site_of(installation, args))
    _check_machines(args, [machine.name for group in plan.groups for machine in group.machines])
    return judge(plan, installation, args["cloud"], found)


def _site_of(installation: Installation, args: Mapping[str, Any]) -> str:
    site = str(args["site"])
    if site not in installation.sites:
        known = list(installation.sites)
        raise SwyxError([Message.about("site-unknown", "site", site=site, known=known)])
    return site


def _check_machines(args: Mapping[str, Any], known: list[str]) -> None:
    unknown = sorted(bindings_of(args).keys() - set(known))
    if unknown:
        raise SwyxError(
            Message.about(
                "machine-unknown",
                f"machines.{machine}",
                site=args["site"],
                machine=machine,
                known=known or "none",
            )
            for machine in unknown
        )
