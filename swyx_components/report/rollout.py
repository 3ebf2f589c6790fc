"""A rollout of stacks for people, and as a workflow for a pipeline."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from swyx_components.report.templates import render, render_lines

PIPELINES = ("github", "gitlab", "azure-pipelines")
STAGES = ("create", "update", "destroy")  # a new site has its rules before others let it in
_MOST_JOBS = 200  # of one matrix: GitLab's limit; GitHub has 256


class Job(NamedTuple):
    """What is done with a stack (`work`: one of STAGES), and the outcome; `state` is empty before.

    `changes`: number of resources by operation; `errors`: what the engine said.
    """

    stack: str
    site: str
    cloud: str
    work: str
    state: str = ""
    changes: Mapping[str, int] = {}
    errors: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether the engine failed."""
        return self.state == "failed"

    @property
    def outcome(self) -> str:
        """`done, 3 create, 1 delete`."""
        counts = [f"{count} {operation}" for operation, count in self.changes.items()]
        if self.state == "previewed" and not counts:
            counts = ["nothing to change"]
        return ", ".join([self.state, *counts])


def write_rollout(jobs: Sequence[Job], without: Sequence[str]) -> list[str]:
    """A line for each stack in the order of the rollout, with what the engine said where it failed."""
    row = {"job_row": lambda job: (job.stack, job.cloud, job.work, job.outcome)}
    return render_lines("rollout.txt.j2", row, jobs=jobs, without=without)


def _matrices(jobs: Sequence[Job]) -> Iterator[Mapping[str, object]]:
    """The stages that have jobs, each cut to what a matrix may hold; a stage waits for the one before."""
    needs: list[str] = []
    for stage in STAGES:
        stacks = [job.stack for job in jobs if job.work == stage]
        names = []
        for first in range(0, len(stacks), _MOST_JOBS):
            names.append(f"{stage}-{first // _MOST_JOBS + 1}" if first else stage)
            some = stacks[first : first + _MOST_JOBS]
            yield {"name": names[-1], "work": stage, "stacks": some, "needs": needs}
        needs = names or needs


def write_pipeline(kind: str, jobs: Sequence[Job], parallel: int) -> str:
    """A workflow of one of PIPELINES that runs the same stacks in the same order."""
    matrices = list(_matrices(jobs))
    return render(f"pipelines/{kind}.yml.j2", {}, matrices=matrices, parallel=parallel)
