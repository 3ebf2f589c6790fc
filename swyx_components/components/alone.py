"""One host group without an installation file: a small installation made of it and its peers.

The rules follow from the same catalogue and the same passes as a whole site's. `peers` reads who the
group talks to, `surroundings` makes the small installation, `translate` names things again as the
group's program does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from swyx_components.catalogue import load_catalogue
from swyx_components.components.peers import PEER, Peer, check_roles, read_peers, site_name
from swyx_components.components.surroundings import MACHINE, install
from swyx_components.components.translate import Translator, touches
from swyx_components.installation import Installation
from swyx_components.messages import Message, Severity, SwyxError
from swyx_components.planner.collide import find_collisions
from swyx_components.planner.decide import judge_decisions
from swyx_components.planner.expand import Expansion, expand_site
from swyx_components.planner.model import Endpoint, HostGroup, SitePlan
from swyx_components.planner.rules import attach_needs
from swyx_components.planner.view import Survey


@dataclass(frozen=True, slots=True, kw_only=True)
class Alone:
    """The plan of one group: `plan.groups` has the group first, then one for each peer named by id.

    `ids` are those peers' identities by role, in the same order.
    """

    installation: Installation
    plan: SitePlan
    ids: tuple[Mapping[str, Any], ...]

    @property
    def group(self) -> HostGroup:
        """The group itself."""
        return self.plan.groups[0]


def plan_alone(name: str, roles: Sequence[str], args: Mapping[str, Any]) -> Alone:
    """The plan of a host group of these roles, called after the component.

    Raises:
        SwyxError: an argument is wrong, or a decision is missing.
    """
    catalogue = load_catalogue()
    check_roles(catalogue, roles, args)
    site = site_name(name)
    peers = read_peers(catalogue, site, args)
    installation = install(catalogue, site, roles, peers, args)
    return _plan(Survey(installation), site, roles, peers, args)


def _plan(
    survey: Survey,
    site: str,
    roles: Sequence[str],
    peers: Sequence[Peer],
    args: Mapping[str, Any],
) -> Alone:
    view, catalogue = survey.view(site), survey.catalogue
    names = set(args.get("machines") or {MACHINE: {}})
    whole = view.endpoint_of(min(names))
    expansion = _about(expand_site(survey, site), whole)
    planned = next(
        group for group in attach_needs(view, expansion.flows) if group.name == whole.label
    )
    messages = (
        *judge_decisions(view, expansion, catalogue),
        *(m for m in find_collisions(view, catalogue) if f".machines.{PEER}" not in m.place),
    )
    errors = [message for message in messages if message.severity is Severity.ERROR]
    if errors:
        raise SwyxError(errors)
    apart = sorted(names - {machine.name for machine in planned.machines})
    if apart:
        raise SwyxError([_not_one_group(name, planned) for name in apart])
    translator = Translator(catalogue, site, roles, names, planned, view.groups, peers)
    entries = args.get("peers") or ()
    plan = SitePlan(
        site=site,
        egress=view.site.egress,
        groups=(translator.group(), *translator.peer_groups()),
        flows=tuple(translator.flows(expansion.flows, whole)),
        extra_rules=view.site.extra_rules,
        messages=tuple(sorted(set(messages))),
    )
    ids = tuple(entries[i]["ids"] for i, peer in enumerate(peers) if peer.by_id)
    return Alone(installation=survey.installation, plan=plan, ids=ids)


def _not_one_group(machine: str, planned: HostGroup) -> Message:
    return Message.about(
        "args-wrong",
        f"machines.{machine}",
        value=machine,
        wanted=f"like {planned.machines[0].name}, which alone serves the links and providers",
        example="a component for each of them",
    )


def _about(expansion: Expansion, own: Endpoint) -> Expansion:
    """Only what touches the group: how its peers get on with each other is not its program's matter."""
    return Expansion(
        flows=tuple(f for f in expansion.flows if touches(own, f.initiator, f.responder)),
        undecided=tuple(u for u in expansion.undecided if touches(own, u.initiator, u.responder)),
        clashes=expansion.clashes,
    )
