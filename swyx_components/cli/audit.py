"""`swyx audit`: an existing firewall, from saved output of its cloud, against an installation."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from swyx_components.analysis.deployed.audit import Audit, remediate
from swyx_components.cli.options import Words, command, written
from swyx_components.cli.saved import open_saved
from swyx_components.cli.sites import assess_sites, choose, choose_names
from swyx_components.cli.terminal import ANSWER_NO, DONE, print_answer, refuse
from swyx_components.messages import Message, raise_errors
from swyx_components.planner.model import SitePlan
from swyx_components.report.deployed import audit_record, write_audit


@command(
    "audit installation.yaml --site aachen --saved groups.json",
    "audit installation.yaml --site aachen --saved groups.json --fix",
    site=written("--site SITE", "The site behind the firewall.", required=True),
    machines=written("--machine NAME=GROUP", "Group of a machine whose interface is in no file"),
    fix=written("--fix", "Print what to add and remove."),
)
def audit(file: str, site: str, saved: Words, machines: Words, fix: bool, as_json: bool) -> int:
    """Audit an existing firewall against a site.

    What calls lack and what is open without need, worst first. Reads saved output of the cloud's own
    command; contacts no cloud.
    """
    topology, _, names, _ = choose(file, [site])
    (result,) = assess_sites(topology, names)
    raise_errors(result.messages)
    plan = result.plan
    if not saved:
        raise refuse("saved-missing", "--saved")
    inventories = open_saved(saved)
    if len(inventories) > 1:
        raise refuse("saved-of-two", "--saved", clouds=sorted(inventories))
    (inventory,) = inventories.values()
    firewall = inventory.find_firewall(plan, _bind(plan, machines))
    found = Audit(plan, firewall, topology.installation)
    if not found.machines:
        raise refuse("machines-unplaced", "--saved", site=plan.site)
    changes = list(remediate(found)) if fix else None
    print_answer(audit_record(found, changes) if as_json else write_audit(found, changes))
    return DONE if found.clean else ANSWER_NO


def _bind(plan: SitePlan, words: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """The groups of each machine that `--machine NAME=GROUP` binds.

    Raises:
        SwyxError: a word has another form, or the site no such machine.
    """
    pairs = [(word, *word.partition("=")[::2]) for word in dict.fromkeys(words)]
    raise_errors(
        Message.about("binding-unreadable", f"--machine {word}")
        for word, _, group in pairs
        if not group
    )
    named, known = [machine for _, machine, _ in pairs], sorted({*plan.owners.values()})
    machines = choose_names("host-unknown", "--machine", named, known)
    bound: dict[str, list[str]] = defaultdict(list)
    for machine, (_, _, group) in zip(machines, pairs, strict=True):
        bound[machine].append(group)
    return bound
