"""`SwyxSite`: one site of an installation in one cloud."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Optional

import pulumi

from swyx_components.analysis.deployed.stack_state import STACK_TAG
from swyx_components.clouds import PLATFORMS
from swyx_components.clouds.deployment import (
    Bindings,
    Deployment,
    Writer,
    WrittenGroup,
    open_writer,
)
from swyx_components.components.args import SiteSummary, SwyxSiteArgs, as_file
from swyx_components.components.check import check_args
from swyx_components.components.host_group import HostGroup, plain_errors
from swyx_components.components.roles import class_for
from swyx_components.installation import Installation, about_sites, read_installation
from swyx_components.installation.diagnostics import suggest
from swyx_components.installation.positions import locate
from swyx_components.messages import Message, Severity, SwyxError, raise_errors
from swyx_components.planner import plan_site
from swyx_components.planner.assess import SiteResult, assess_site
from swyx_components.planner.model import HostGroup as PlannedGroup
from swyx_components.planner.model import RenderedGroup, RenderedSite

Assessed = tuple[SiteResult, RenderedSite]
_Written = Sequence[tuple[PlannedGroup, WrittenGroup]]


class SwyxSite(pulumi.ComponentResource):
    """All host groups of one site: proven rules, attached to the site's machines."""

    group_ids: pulumi.Output[dict[str, str]]
    """The security group of each host group (AWS), the network security group of each machine (Azure)."""
    security_group_ids: pulumi.Output[dict[str, list[str]]]
    """By machine and managed network, its groups: security groups (AWS), the NSG (Azure)."""
    interface_ids: pulumi.Output[dict[str, list[str]]]
    """By machine, the interfaces attached to (AWS) or created (Azure)."""
    summary: pulumi.Output[SiteSummary]
    """Counts, the proof, warnings and notes."""

    def __init__(
        self,
        name: str,
        args: SwyxSiteArgs,
        opts: Optional[pulumi.ResourceOptions] = None,
        _assessed: Optional[Assessed] = None,
    ) -> None:
        with plain_errors():
            given: Mapping[str, Any] = {**args}
            check_args(given)
            cloud = PLATFORMS[given["cloud"]]
            result, rendered = _assessed or assess(given)
            super().__init__("swyx:index:SwyxSite", name, {**given}, opts)
            self._report(result.messages)
            writer = open_writer(cloud, _deployment(given, result), self)
            writer.check_update(rendered)
            self._report(writer.messages)
            self._build(name, writer, result, rendered)

    def host_group(self, machine: str) -> HostGroup:
        """The component of a machine's firewall: that of its role, or a `HostGroup` for several."""
        return self._host_groups[machine]

    def _report(self, messages: Sequence[Message]) -> None:
        """Show warnings and notes among the diagnostics."""
        for message in locate(messages):
            is_warning = message.severity is Severity.WARNING
            (pulumi.log.warn if is_warning else pulumi.log.info)(str(message), self)

    def _build(self, name: str, writer: Writer, result: SiteResult, rendered: RenderedSite) -> None:
        """Create the groups, then all rules, then the attachments."""
        entries = [
            (each, self._declare(name, each.group, result.cloud)) for each in rendered.groups
        ]
        made = writer.write(entries, (name, self))
        written = [(each.group, own) for (each, _), own in zip(entries, made, strict=True)]
        self._host_groups = {
            member.name: component
            for each, (_, component) in entries
            for member in each.group.members
        }
        for (each, (_, component)), own in zip(entries, written, strict=True):
            component.finish(
                {
                    "group_id": own[1].group_id,
                    **_ids_of([own]),
                    "summary": _summarise(result, [each]),
                }
            )
        outputs = {
            "group_ids": {group.name: made.group_id for group, made in written},
            **_ids_of(written),
            "summary": _summarise(result, rendered.groups),
        }
        for key, value in outputs.items():
            setattr(self, key, pulumi.Output.from_input(value))
        self.register_outputs(outputs)

    def _declare(self, site: str, group: PlannedGroup, cloud: str) -> tuple[str, HostGroup]:
        """The component of a group and its name: with a dot in it, which no name of an installation has,
        so that no two sites and groups make one name.
        """
        name = f"{site}.{group.name}"
        props = {"cloud": cloud, "site": group.site, "roles": list(group.roles)}
        return name, class_for(group.roles).within(name, props, self)


def assess(args: Mapping[str, Any]) -> Assessed:
    """The site's rules, proven both ways and within the cloud's quotas.

    Raises:
        SwyxError: with every error of the file, or else of the plan, of the quotas and of the proof.
    """
    source = args.get("installation")
    installation, found = read_installation(as_file(args["topology"]) if source is None else source)
    raise_errors(found)
    assert installation is not None, "an installation without errors"
    return assess_within(installation, found, args)


def assess_within(
    installation: Installation, found: Sequence[Message], args: Mapping[str, Any]
) -> Assessed:
    """The same for an installation that was read without errors, with the messages found."""
    plan = plan_site(installation, _site_of(installation, args))
    outside = {
        machine.name for machine in installation.sites[plan.site].machines if machine.outside
    }
    _check_machines(args, [own.name for group in plan.groups for own in group.machines], outside)
    result = assess_site(plan, installation, PLATFORMS[args["cloud"]])
    own = about_sites(found, [plan.site])
    result = replace(result, messages=tuple(sorted({*own, *result.messages})))
    raise_errors(result.messages)
    assert result.rendered is not None, "only errors keep a site of a cloud from that"
    return result, result.rendered


def _site_of(installation: Installation, args: Mapping[str, Any]) -> str:
    site = str(args["site"])
    if site not in installation.sites:
        near, known = suggest(site, installation.sites), list(installation.sites)
        raise SwyxError.about("site-unknown", "site", word=site, near=near, known=known)
    return site


def _check_machines(
    args: Mapping[str, Any], known: Sequence[str], outside: Collection[str]
) -> None:
    values = {"site": args["site"], "known": known or "none"}
    raise_errors(
        Message.about(
            "machine-outside" if machine in outside else "machine-unknown",
            f"machines.{machine}",
            machine=machine,
            **values,
        )
        for machine in sorted(_bindings_of(args).keys() - set(known))
    )


def _bindings_of(args: Mapping[str, Any]) -> Bindings:
    """How machines are bound, by name."""
    return args.get("machines") or {}


def _deployment(args: Mapping[str, Any], result: SiteResult) -> Deployment:
    """All machines are attached, unless the site or the machine says otherwise. Every resource has
    the caller's tags, and one that names its stack, for `swyx prune`.
    """
    default, bindings = args.get("attach", True), _bindings_of(args)
    machines = [machine for group in result.plan.groups for machine in group.machines]
    stack = f"{pulumi.get_project()}/{pulumi.get_stack()}"
    return Deployment(
        site=result.plan.site,
        product=result.plan.product,
        network=args["network"],
        attached=[each for each in machines if bindings.get(each.name, {}).get("attach", default)],
        bindings=bindings,
        tags={**(args.get("tags") or {}), STACK_TAG: stack},
    )


def _summarise(result: SiteResult, entries: Sequence[RenderedGroup]) -> dict[str, Any]:
    """Counts, the proof, warnings and notes, for some of a site's groups."""
    return {
        "cloud": result.cloud,
        "site": result.plan.site,
        "groups": len(entries),
        "machines": sum(len(entry.group.machines) for entry in entries),
        "rules": sum(len(entry.rules) for entry in entries),
        "proof": str(result.proof),
        "decisions": result.plan.decisions.as_words(),
        "public": [
            f"{entry.group.name}/{rule.name.removeprefix(f'{entry.group.name}-')}"
            for entry in entries
            for rule in entry.rules
            if rule.allow and any(prefix.length == 0 for prefix in rule.prefixes)
        ],
        "warnings": [str(m) for m in result.messages if m.severity is Severity.WARNING],
        "notes": [str(m) for m in result.messages if m.severity is Severity.NOTE],
    }


def _ids_of(written: _Written) -> dict[str, dict[str, Any]]:
    """The ids by machine that a caller needs; by managed network those of its groups."""
    machines = [(machine.name, made) for group, made in written for machine in group.machines]
    members = [(member.name, made) for group, made in written for member in group.members]
    return {
        "security_group_ids": {name: list(made.group_ids) for name, made in members},
        "interface_ids": {name: list(made.interfaces.get(name, ())) for name, made in machines},
    }
