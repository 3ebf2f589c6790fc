"""`SwyxSite`: one site of an installation in one cloud."""

from collections.abc import Mapping
from typing import Any, Optional

import pulumi

from swyx_components.components.args import SwyxSiteArgs
from swyx_components.components.check import check_args
from swyx_components.components.clouds import Place, Written, begin_lookups, writer_of
from swyx_components.components.host_group import HostGroup
from swyx_components.components.lookups import Lookups
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
from swyx_components.planner.model import HostGroup as PlannedGroup
from swyx_components.planner.site_result import SiteResult


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
            with begin_lookups(given, opts) as lookups:
                result = _plan(given)
                super().__init__("swyx:index:SwyxSite", name, {**given}, opts)
                tell(result.messages, self)
                self._build(name, given, result, lookups.within(self))

    def _build(self, name: str, args: Mapping[str, Any], result: SiteResult, ask: Lookups) -> None:
        """Look everything up, what is deployed too, then make the groups, all rules, the attachments."""
        planned = result.plan.groups
        writer = writer_of(args["cloud"]).open(
            result.plan.site,
            args["network"],
            attached_machines(planned, args),
            bindings_of(args),
            tags_of(args),
            ask,
        )
        writer.check_update(rendered_of(result))
        tell(writer.messages, self)
        site: Place = (name, self)
        components = [self._declare(name, group, args["cloud"]) for group in planned]
        places = [
            (_component_name(name, group), own)
            for own, group in zip(components, planned, strict=True)
        ]
        ids: dict[str, pulumi.Input[str]] = {}
        for own, group in zip(places, planned, strict=True):
            ids |= writer.declare(group, own)
        entries = list(zip(components, rendered_of(result).groups, places, strict=True))
        rules = [writer.write(rendered, ids, own, site) for _, rendered, own in entries]
        written: list[tuple[PlannedGroup, Written]] = []
        for (component, rendered, own), made in zip(entries, rules, strict=True):
            attached = writer.attach(rendered, made, own, site)
            component.finish(
                {
                    "group_id": attached.group_id,
                    **outputs_of([(rendered.group, attached)]),
                    "summary": summarise(result, rendered.group),
                }
            )
            written.append((rendered.group, attached))
        self._finish(written, result)

    def _declare(self, name: str, group: PlannedGroup, cloud: str) -> HostGroup:
        props = {"cloud": cloud, "site": group.site, "roles": list(group.roles)}
        return class_for(group.roles).within(_component_name(name, group), props, self)

    def _finish(self, written: list[tuple[PlannedGroup, Written]], result: SiteResult) -> None:
        outputs = {
            "group_ids": {group.name: made.group_id for group, made in written},
            **outputs_of(written),
            "summary": summarise(result),
        }
        for key, value in outputs.items():
            setattr(self, key, pulumi.Output.from_input(value))
        self.register_outputs(outputs)


def _component_name(site: str, group: PlannedGroup) -> str:
    """A dot between the two, which no name of an installation has: no two sites and groups make one name."""
    return f"{site}.{group.name}"


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
