"""A rollout of stacks for people, as JSON, and as a workflow for a pipeline."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from swyx_components.report.tables import align, plain, plural
from swyx_components.report.templates import render

PIPELINES = ("github", "gitlab", "azure-pipelines")
STAGES = ("create", "update", "destroy")  # a new site has its rules before others let it in
_MOST_JOBS = 200  # of one matrix: GitLab's limit; GitHub has 256


class Job(NamedTuple):
    """What is done with a stack: one of STAGES."""

    stack: str
    site: str
    cloud: str
    work: str


class Outcome(NamedTuple):
    """The outcome for a stack. `changes`: number of resources by operation."""

    job: Job
    state: str
    changes: Mapping[str, int] = {}
    errors: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether the engine failed."""
        return self.state == "failed"


def outcome_line(outcome: Outcome) -> str:
    """`aachen (aws): update done, 3 create, 1 delete`."""
    job = outcome.job
    return f"{job.stack} ({job.cloud}): {job.work} {_what_happened(outcome)}"


def _what_happened(outcome: Outcome) -> str:
    counts = [f"{count} {operation}" for operation, count in outcome.changes.items()]
    if outcome.state == "previewed" and not counts:
        counts = ["nothing to change"]
    return ", ".join([outcome.state, *counts])


def write_rollout(outcomes: Sequence[Outcome], without: Sequence[str]) -> Iterator[str]:
    """A line for each stack in the order of the rollout, with what the engine said where it failed."""
    yield f"{plural(len(outcomes), 'stack')}\n"
    rows = [
        (each.job.stack, each.job.cloud, each.job.work, _what_happened(each)) for each in outcomes
    ]
    yield from align(rows, "  ")
    for outcome in outcomes:
        for error in outcome.errors:
            yield f"\n{outcome.job.stack}:\n"
            yield from (f"  {plain(line)}\n" for line in error.splitlines())
    if without:
        yield f"\nwithout a stack in this project: {', '.join(without)}\n"
    if any(outcome.failed for outcome in outcomes):
        yield "\nFix the cause and run it again with --continue.\n"


def rollout_record(outcomes: Sequence[Outcome], without: Sequence[str]) -> dict[str, Any]:
    """The outcomes as the JSON of `swyx rollout` has them."""
    return {
        "version": 1,
        "stacks": [
            {
                **each.job._asdict(),
                "state": each.state,
                "changes": dict(each.changes),
                "errors": list(each.errors),
            }
            for each in outcomes
        ],
        "without_stack": list(without),
    }


class _Matrix(NamedTuple):
    """Stacks of one stage that one matrix of jobs runs, after the matrices named in `needs`."""

    name: str
    work: str
    stacks: list[str]
    needs: list[str]


def _matrices(jobs: Sequence[Job]) -> Iterator[_Matrix]:
    """The stages that have jobs, each cut to what a matrix may hold; a stage waits for the one before."""
    needs: list[str] = []
    for stage in STAGES:
        stacks = [job.stack for job in jobs if job.work == stage]
        names = []
        for first in range(0, len(stacks), _MOST_JOBS):
            names.append(f"{stage}-{first // _MOST_JOBS + 1}" if first else stage)
            yield _Matrix(names[-1], stage, stacks[first : first + _MOST_JOBS], needs)
        needs = names or needs


def write_pipeline(kind: str, jobs: Sequence[Job], parallel: int) -> str:
    """A workflow of one of PIPELINES that runs the same stacks in the same order."""
    matrices = list(_matrices(jobs))
    return render(f"pipelines/{kind}.yml.j2", {}, matrices=matrices, parallel=parallel)
