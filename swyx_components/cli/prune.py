"""`swyx prune`: orphans of an interrupted update, missing from the stack's state."""

import json
import subprocess
import sys
from collections.abc import Sequence

import click

from swyx_components.analysis.deployed.stack_state import Orphan, read_stack_state
from swyx_components.analysis.deployed.verify import CloudError
from swyx_components.cli.options import Words, command, written
from swyx_components.cli.sites import choose, render_sites
from swyx_components.cli.terminal import ANSWER_NO, DONE, print_answer
from swyx_components.clouds import PLATFORMS
from swyx_components.report.plan_json import fields_of, given
from swyx_components.report.tables import plural
from swyx_components.report.templates import render_lines

_TIME = 600.0  # seconds for one command of the engine


@command(
    "prune installation.yaml --site aachen --stack aachen",
    site=written("--site SITE", "The site of the stack.", required=True),
    stack=written("--stack STACK", "The site's stack; default: the selected one."),
    agreed=written("--yes", "Delete without asking."),
)
def prune(file: str, site: str, clouds: Words, stack: str, agreed: bool, as_json: bool) -> int:
    """Delete orphaned resources of an interrupted update.

    Only resources of the stack that are missing from its state. Run it in the project's folder,
    after `pulumi cancel` and before `pulumi up --refresh`.
    """
    topology, _, names, bound = choose(file, [site], clouds)
    (rendered,) = render_sites(topology, names, bound, "sites planned")
    cloud = rendered.capabilities.name
    inventory = PLATFORMS[cloud]
    name = _name_stack(stack)
    exported = _run(stack, "export")
    found = inventory.find_orphans(rendered, name, read_stack_state(json.loads(exported)))
    removable = [orphan for orphan in found if not orphan.users]
    if not as_json:
        print_answer(render_lines("prune.txt.j2", {}, found=found, stack=name))
    removed: list[Orphan] = []
    if removable and (agreed or (not as_json and _ask(len(removable)))):
        # The engine takes its lock to be given its own state back, so it refuses while an update runs,
        # and it forgets what it had begun.
        _run(stack, "import", given=exported)
        state = read_stack_state(json.loads(_run(stack, "export")))
        again = set(inventory.find_orphans(rendered, name, state))
        for orphan in inventory.remove_orphans([each for each in removable if each in again]):
            removed.append(orphan)
            if not as_json:
                print_answer([f"removed {orphan.kind} {orphan.id}"])
    left = [orphan for orphan in found if orphan not in removed]
    if as_json:
        document = {"version": 1, "site": rendered.plan.site, "cloud": cloud, "stack": name}
        for key, orphans in (("removed", removed), ("left", left)):
            document[key] = [
                fields_of(one, "id", "kind") | given(what=one.words, used_by=one.users)
                for one in orphans
            ]
        print_answer(document)
    elif not left:
        print_answer(["Now run `pulumi up --refresh` to deploy the plan."])
    return ANSWER_NO if left else DONE


def _name_stack(stack: str) -> str:
    """`project/stack`, as in the tags of the resources.

    Raises:
        CloudError: the backend stores stacks without their project, as old ones do.
    """
    words = ("--show-name", "--fully-qualify-stack-names")
    given = _run(stack, *words).strip()
    _, _, name = given.partition("/")
    if "/" not in name:
        problem = f"the stack name {given} has no project; `pulumi state upgrade` adds it"
        raise _failed(("stack", *words), problem)
    return name


def _run(stack: str, *words: str, given: str = "") -> str:
    """The output of `pulumi stack`, run in this folder."""
    words = ("stack", *words)
    command = ["pulumi", *words, *(("--stack", stack) if stack else ()), "--non-interactive"]
    try:
        done = subprocess.run(
            command, input=given, capture_output=True, text=True, timeout=_TIME, check=False
        )
    except FileNotFoundError:
        raise _failed((), "it is not installed or not on PATH") from None
    except subprocess.TimeoutExpired:
        raise _failed(words, f"no answer within {_TIME:.0f} s") from None
    if done.returncode != 0:
        said = " ".join((done.stderr or done.stdout).split()) or f"exit code {done.returncode}"
        raise _failed(words, said.removeprefix("error: "))
    return done.stdout


def _failed(words: Sequence[str], problem: str) -> CloudError:
    command = " ".join(("pulumi", *words))
    return CloudError.about("engine-failed", "", command=command, problem=problem.rstrip("."))


def _ask(number: int) -> bool:
    """Whether the user at the terminal agrees; without a terminal nothing is removed."""
    if sys.stdin.isatty():
        return click.confirm(f"Remove {plural(number, 'orphan')}?", prompt_suffix=" ")
    print_answer(["Nothing was removed; pass --yes to remove it."])
    return False
