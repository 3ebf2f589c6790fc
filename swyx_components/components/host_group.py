"""`HostGroup`: the security group, or the NSG, of one set of roles, and its attachment to machines."""

from collections.abc import Mapping, Sequence
from typing import Any, Optional, Self

import pulumi

from swyx_components.components.alone import Alone, plan_alone
from swyx_components.components.args import HostGroupArgs, PeerArgs, check_args
from swyx_components.components.clouds import (
    Ids,
    Place,
    Writer,
    Written,
    begin_lookups,
    writer_of,
)
from swyx_components.components.lookups import Lookups
from swyx_components.components.peers import site_name
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
from swyx_components.messages import Message, SwyxError
from swyx_components.planner.judged import Judged
from swyx_components.planner.model import HostGroup as PlannedGroup
from swyx_components.planner.model import Identity


class HostGroup(pulumi.ComponentResource):
    """The firewall of machines that carry the same roles: a security group (AWS) or an NSG (Azure)."""

    group_id: pulumi.Output[str]
    """The security group (AWS) or network security group (Azure)."""
    identities: pulumi.Output[dict[str, str]]
    """By role, what peers' rules name: the security group (AWS) or the ASG (Azure)."""
    security_group_ids: pulumi.Output[dict[str, list[str]]]
    """By machine, the groups for its interface: security groups (AWS), the NSG (Azure)."""
    application_security_group_ids: pulumi.Output[dict[str, list[str]]]
    """By machine, the ASGs for its IP configurations (Azure)."""
    interface_ids: pulumi.Output[dict[str, list[str]]]
    """By machine, the interfaces attached to (AWS) or made (Azure)."""
    summary: pulumi.Output[dict[str, Any]]
    """Counts, the proof, warnings and notes."""

    _role = ""  # the role of a role class

    def __init__(
        self, name: str, args: HostGroupArgs, opts: Optional[pulumi.ResourceOptions] = None
    ) -> None:
        with plain_errors():
            given: Mapping[str, Any] = {**args}
            check_args(given, HostGroupArgs)
            with begin_lookups(given, opts) as lookups:
                alone = plan_alone(name, self._roles(given), given)
                judged = judge(alone.plan, alone.installation, given["cloud"], ())
                self._begin(name, {**given, "roles": list(alone.group.roles)}, opts)
                tell(judged.messages, self)
                self._build(name, given, alone, judged, lookups.within(self))

    def _roles(self, args: Mapping[str, Any]) -> Sequence[str]:
        roles: Sequence[str] = args.get("roles") or ([self._role] if self._role else [])
        if self._role and list(roles) != [self._role]:
            raise SwyxError(
                [
                    Message.about(
                        "args-wrong",
                        "roles",
                        value=", ".join(map(str, roles)),
                        wanted=f"for {self._role}, which is one role; use HostGroup for several",
                        example=f"roles: [{self._role}]",
                    )
                ]
            )
        return roles

    def _begin(
        self, name: str, props: Mapping[str, Any], opts: Optional[pulumi.ResourceOptions]
    ) -> None:
        super().__init__(f"swyx:index:{type(self).__name__}", name, {**props}, opts)

    @classmethod
    def within(cls, name: str, props: Mapping[str, Any], parent: pulumi.Resource) -> Self:
        """The component of a group that a `SwyxSite` planned; it calls `finish` once all is made."""
        group = cls.__new__(cls)
        group._begin(name, props, pulumi.ResourceOptions(parent=parent))
        return group

    def _build(
        self, name: str, args: Mapping[str, Any], alone: Alone, judged: Judged, ask: Lookups
    ) -> None:
        group, *peers = alone.plan.groups
        writer = writer_of(args["cloud"]).open(
            args["network"],
            attached_machines([group], args) if args.get("machines") else (),
            bindings_of(args),
            tags_of(args),
            ask,
        )
        tell(writer.messages, self)
        own: Place = (name, self)
        ids: dict[str, pulumi.Input[str]] = {}
        for peer, by_role in zip(peers, alone.ids, strict=True):
            ids |= writer.adopt(peer, by_role)
        ids |= writer.adopt(group, args.get("identities") or {})
        ids |= writer.declare(group, own, own, ids)
        rendered = rendered_of(judged).groups[0]
        written = writer.attach(rendered, writer.write(rendered, ids, own), ids, own, own)
        self.finish(writer, group, written, ids, summarise(judged, group))

    def finish(
        self,
        writer: Writer,
        group: PlannedGroup,
        written: Written,
        ids: Ids,
        summary: Mapping[str, Any],
    ) -> None:
        """Hand out the ids. Nothing is made after this."""
        outputs = {
            "group_id": written.group_id,
            "identities": writer.identify(group, ids),
            **outputs_of(writer, [(group, written)], ids),
            "summary": summary,
        }
        for key, value in outputs.items():
            setattr(self, key, pulumi.Output.from_input(value))
        self._peer: PeerArgs = {
            "roles": list(group.roles),
            "ids": dict(writer.identify(group, ids)),
        }
        self.register_outputs(outputs)

    def as_peer(self) -> PeerArgs:
        """This group as an entry of another group's `peers`."""
        return self._peer


def declare_groups(
    name: str,
    args: Mapping[str, Any],
    groups: Mapping[str, Sequence[str]],
    opts: Optional[pulumi.ResourceOptions] = None,
) -> dict[str, PeerArgs]:
    """The identities of groups that are to name each other, before any of them has rules.

    `groups` has the roles of each group by the name that its component will have; `args` are `cloud`,
    `network` and `tags` as for the components. Each result is an entry for the others' `peers`, and
    its `ids` are the group's own `identities`:

        known = declare_groups("acme", where, {"server": ["SwyxServer"], "gate": ["SwyxGate"]})
        SwyxServer("server", {**where, "identities": known["server"]["ids"], "peers": [known["gate"]]})
        SwyxGate("gate", {**where, "identities": known["gate"]["ids"], "peers": [known["server"]]})

    Raises:
        pulumi.RunError: an argument is wrong.
    """
    with plain_errors():
        check_args({**args, "roles": []}, HostGroupArgs)
        options = opts or pulumi.ResourceOptions()
        with begin_lookups(args, opts) as lookups:
            writer = writer_of(args["cloud"]).open(args["network"], (), {}, tags_of(args), lookups)
        declared: dict[str, PeerArgs] = {}
        for component, roles in groups.items():
            place: Place = (f"{name}-{component}", options.parent)
            group = _bare_group(component, roles)
            ids = writer.declare(group, place, place, {})
            declared[component] = {"roles": list(roles), "ids": dict(writer.identify(group, ids))}
        return declared


def _bare_group(component: str, roles: Sequence[str]) -> PlannedGroup:
    """A group that has its identities and nothing else yet."""
    return PlannedGroup(
        name=component,
        site=site_name(component),
        roles=tuple(roles),
        identities=tuple(Identity(role) for role in roles),
        machines=(),
    )
