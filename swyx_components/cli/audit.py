"""`swyx audit`: an existing firewall, from saved output of its cloud, against an installation."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from swyx_components.analysis.deployed.audit import audit_site
from swyx_components.analysis.deployed.remediate import remediate
from swyx_components.analysis.deployed.ruleset import Firewall, UnknownGroup
from swyx_components.cli.saved import Saved, open_saved, refuse_content
from swyx_components.cli.sites import choose_sites, open_installation
from swyx_components.cli.talk import say
from swyx_components.clouds import read_firewall
from swyx_components.judge import assess_site
from swyx_components.messages import Message, Severity, SwyxError
from swyx_components.planner import plan_site
from swyx_components.planner.model import SitePlan
from swyx_components.report.audit import audit_record, write_amendments, write_audit

CLEAN, UNCLEAN = 0, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The words of the command: which files, whose groups, and what to print."""

    saved: Sequence[str]
    machines: Sequence[str] = ()
    fix: bool = False
    as_json: bool = False


def audit_firewall(file: str, site: str, wish: Wish) -> int:
    """Judge the firewall of one site; the exit code.

    Raises:
        SwyxError: a file or a word is wrong, or no machine of the site is found.
    """
    installation, _ = open_installation(file)
    (name,) = choose_sites(installation, [site])
    plan = plan_site(installation, name)
    errors = [m for m in assess_site(plan, installation).messages if m.severity is Severity.ERROR]
    if errors:
        raise SwyxError(errors)
    saved = _open(wish.saved)
    firewall = _read(plan, saved, _bind(plan, wish.machines))
    if not firewall.seats:
        raise SwyxError([Message.about("machines-unplaced", "--saved", site=name)])
    audit = audit_site(plan, firewall, installation)
    changes = list(remediate(plan, audit)) if wish.fix else []
    if wish.as_json:
        print(json.dumps(audit_record(audit, changes), indent=1))
        return CLEAN if audit.clean else UNCLEAN
    for line in write_audit(audit):
        say(line)
    for line in write_amendments(changes) if wish.fix else ():
        say(line)
    return CLEAN if audit.clean else UNCLEAN


def _open(files: Sequence[str]) -> tuple[Saved, ...]:
    if not files:
        raise SwyxError([Message.about("saved-missing", "--saved")])
    saved = open_saved(files)
    clouds = sorted({each.cloud for each in saved})
    if len(clouds) > 1:
        raise SwyxError([Message.about("saved-of-two", "--saved", clouds=clouds)])
    return saved


def _bind(plan: SitePlan, words: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """The groups of each machine that `--machine NAME=GROUP` binds.

    Raises:
        SwyxError: a word has no such form, or the site no such machine.
    """
    known = sorted(machine.name for group in plan.groups for machine in group.machines)
    bound: dict[str, tuple[str, ...]] = {}
    errors: list[Message] = []
    for word in words:
        machine, equals, group = word.partition("=")
        place = f"--machine {word}"
        if not (equals and group):
            errors.append(Message.about("binding-unreadable", place))
        elif machine not in known:
            values = {"machine": machine, "site": plan.site, "known": known}
            errors.append(Message.about("machine-unknown", place, **values))
        else:
            bound[machine] = (*bound.get(machine, ()), group)
    if errors:
        raise SwyxError(errors)
    return bound


def _read(
    plan: SitePlan, saved: Sequence[Saved], bindings: Mapping[str, tuple[str, ...]]
) -> Firewall:
    contents = [each.content for each in saved]
    try:
        return read_firewall(saved[0].cloud, plan, contents, bindings)
    except UnknownGroup as missing:
        word = str(missing)
        raise SwyxError([Message.about("group-unknown", "--machine", group=word)]) from None
    except ValueError as problem:
        raise refuse_content(", ".join(each.file for each in saved), problem) from None
