"""The commands of one step, as a person types them in the project's folder."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, assert_never

from swyx_components.planner.revision.steps import SiteUpdate, Step, Work

_Words = tuple[str, ...]
_MOST_SITES = 20  # more are not named one by one: all are verified


class Files(NamedTuple):
    """The two installation files, as they were named."""

    old: str
    new: str


def commands_of(step: Step, old_file: str) -> tuple[str, ...]:
    """What to type for a step, in order."""
    return tuple(map(shlex.join, _words_of(step, old_file)))


def _words_of(step: Step, old_file: str) -> Iterator[_Words]:
    update = step.update
    stack = ("--stack", update.site)
    match step.work:
        case Work.CREATE:
            yield "pulumi", "stack", "init", update.site
            yield from _settings(update)
        case Work.LAND:
            yield "pulumi", "config", "set", "swyx:replaces", old_file, *stack
        case Work.FINISH:
            yield "pulumi", "config", "rm", "swyx:replaces", *stack
        case Work.DESTROY:
            yield "pulumi", "destroy", *stack
            yield "pulumi", "stack", "rm", update.site
            return
        case Work.UPDATE:
            pass
        case _:
            assert_never(step.work)
    if step.work is not Work.FINISH:
        for machine, former in sorted(update.new_names.items()):
            key = f"swyx:machines.{machine}.formerly"
            yield "pulumi", "config", "set", "--path", "--type", "string", key, former, *stack
    yield "pulumi", "up", *stack


def _settings(update: SiteUpdate) -> Iterator[_Words]:
    settings = (
        ("swyx:site", update.site),
        ("swyx:cloud", update.cloud or "CLOUD"),
        *update.settings,
    )
    for key, value in settings:
        path = ("--path",) if "." in key else ()
        yield "pulumi", "config", "set", *path, key, value, "--stack", update.site


def verify_command(
    new_file: str, sites: Sequence[str], clouds: Mapping[str, str], all_sites: int
) -> str:
    """The last command of all, for the sites that were updated and are still there."""
    bound = sorted({clouds.get(site, "CLOUD") for site in sites})
    few = len(sites) <= _MOST_SITES
    words = ["swyx", "verify", new_file]
    if few and len(sites) < all_sites:
        words += (word for site in sites for word in ("--site", site))
    if len(bound) == 1:
        words += "--cloud", bound[0]
    else:
        words += (
            word for site in sites for word in ("--cloud", f"{site}={clouds.get(site, 'CLOUD')}")
        )
    return shlex.join(words)
