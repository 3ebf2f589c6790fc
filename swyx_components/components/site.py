"""`SwyxSite`: one site of an installation in one cloud."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Optional

import pulumi

from swyx_components.analysis.deployed.stack_state import STACK_TAG
from swyx_components.clouds import PLATFORMS
from swyx_components.clouds.deployment import Deployment, WrittenGroup
from swyx_components.components.args import SiteSummary, SwyxSiteArgs, as_file
from swyx_components.components.check import check_args, plain_errors
from swyx_components.components.roles import ROLE_CLASSES, HostGroup
from swyx_components.installation import Installation, about_sites, read_installation
from swyx_components.installation.positions import locate
from swyx_components.installation.read import Outcome
from swyx_components.messages import Message, Severity, SwyxError, raise_errors, suggest
from swyx_components.planner import plan_site
from swyx_components.planner.assess import SiteResult, assess_site
from swyx_components.planner.model import RenderedSite, SitePlan


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
        _assessed: Optional[SiteResult] = None,
    ) -> None:
        with plain_errors():
            given: Mapping[str, Any] = {**args}
            check_args(given)
            cloud = PLATFORMS[given["cloud"]]
            result = _assessed or assess(given)
            super().__init__("swyx:index:SwyxSite", name, {**given}, opts)
            self._report(result.messages)
            try:
                writer = cloud.load_writer()(_deployment(given, result), result.rendered, self)
            except ModuleNotFoundError as problem:
                values = {"cloud": cloud.name, "package": str(problem.name).partition(".")[0]}
                raise SwyxError.about("extra-missing", "cloud", **values) from None
            self._report(writer.messages)
            components = [*self._make_groups(result.rendered)]
            written = writer.write(components)
            self._host_groups: dict[str, HostGroup] = {}
            for component, own in zip(components, written, strict=True):
                members = [member.name for member in own.rendered.group.members]
                self._host_groups |= dict.fromkeys(members, component)
                finish(component, {"group_id": own.ids[0], **_outputs_of(result, [own])})
            ids = {own.rendered.group.name: own.ids[0] for own in written}
            finish(self, {"group_ids": ids, **_outputs_of(result, written)})

    def host_group(self, machine: str) -> HostGroup:
        """The component of a machine's firewall: that of its role, or a `HostGroup` for several."""
        return self._host_groups[machine]

    def _report(self, messages: Sequence[Message]) -> None:
        """Show warnings and notes among the diagnostics."""
        for message in locate(messages):
            is_warning = message.severity is Severity.WARNING
            (pulumi.log.warn if is_warning else pulumi.log.info)(str(message), self)

    def _make_groups(self, rendered: RenderedSite) -> Iterator[HostGroup]:
        """A component for each group, of the class of its role where it carries only one."""
        for each in rendered.groups:
            group, cloud = each.group, rendered.capabilities.name
            # With a dot, which no name of an installation has: no two sites and groups make one name.
            name = f"{self.pulumi_resource_name}.{group.name}"
            props = {"cloud": cloud, "site": group.site, "roles": list(group.roles)}
            kind = ROLE_CLASSES.get("-".join(group.roles), HostGroup)
            yield kind(name, None, pulumi.ResourceOptions(parent=self), props)


def finish(component: pulumi.ComponentResource, outputs: Mapping[str, Any]) -> None:
    """Register the outputs of a component; nothing is created in it after this."""
    for key, value in outputs.items():
        setattr(component, key, pulumi.Output.from_input(value))
    component.register_outputs({**outputs})


def assess(args: Mapping[str, Any], read: Outcome | None = None) -> SiteResult:
    """The site's rules, proven both ways and within the cloud's quotas.

    `read` is the installation with what is known about it, where it was read before.

    Raises:
        SwyxError: with every error of the file, or else of the plan, of the quotas and of the proof.
    """
    source = args.get("installation")
    source = as_file(args["topology"]) if source is None else source
    installation, found = read or read_installation(source)
    raise_errors(found)
    assert installation is not None, "an installation without errors"
    site = str(args["site"])
    if site not in installation.sites:
        near, known = suggest(site, installation.sites), list(installation.sites)
        raise SwyxError.about("site-unknown", "site", word=site, near=near, known=known)
    plan = plan_site(installation, site)
    raise_errors(_check_machines(args, plan, installation))
    result = assess_site(plan, installation, PLATFORMS[args["cloud"]])
    own = about_sites(found, [site])
    result = replace(result, messages=tuple(sorted({*own, *result.messages})))
    raise_errors(result.messages)
    return result


def _check_machines(
    args: Mapping[str, Any], plan: SitePlan, installation: Installation
) -> Iterator[Message]:
    known = [machine.name for group in plan.groups for machine in group.machines]
    outside = {each.name for each in installation.sites[plan.site].machines if not each.managed}
    for machine in sorted((args.get("machines") or {}).keys() - known):
        id = "machine-outside" if machine in outside else "machine-unknown"
        values = {"machine": machine, "site": plan.site, "known": known or "none"}
        yield Message.about(id, f"machines.{machine}", **values)


def _deployment(args: Mapping[str, Any], result: SiteResult) -> Deployment:
    """All machines are attached, unless the site or the machine says otherwise. Every resource has
    the caller's tags, and one that names its stack, for `swyx prune`.
    """
    default, bindings = args.get("attach", True), args.get("machines") or {}
    machines = [machine for group in result.plan.groups for machine in group.machines]
    stack = f"{pulumi.get_project()}/{pulumi.get_stack()}"
    return Deployment(
        site=result.plan.site,
        network=args["network"],
        attached=[each for each in machines if bindings.get(each.name, {}).get("attach", default)],
        bindings=bindings,
        tags={**(args.get("tags") or {}), STACK_TAG: stack},
    )


def _outputs_of(result: SiteResult, written: Sequence[WrittenGroup]) -> dict[str, Any]:
    """For some of a site's groups: the ids by machine that a caller needs, by managed network those of its
    groups; counts, the proof, warnings and notes.
    """
    entries = [own.rendered for own in written]
    summary = {
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
    return {
        "security_group_ids": {
            member.name: list(own.ids) for own in written for member in own.rendered.group.members
        },
        "interface_ids": {
            machine: list(interfaces)
            for own in written
            for machine, interfaces in own.interfaces.items()
        },
        "summary": summary,
    }
