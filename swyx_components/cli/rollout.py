"""`swyx rollout`: preview and update the stacks that an edit affects, in parallel."""

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import click
from pulumi import automation

from swyx_components.analysis.deployed.verify import CloudError
from swyx_components.cli import terminal
from swyx_components.cli.diff import find_changes
from swyx_components.cli.options import command, written
from swyx_components.cli.stacks import find_stacks
from swyx_components.installation import load_installation
from swyx_components.messages import Message, raise_errors
from swyx_components.report.tables import plural
from swyx_components.report.templates import render, render_lines

_PIPELINES = ("github", "gitlab", "azure-pipelines")
_STAGES = ("create", "update", "destroy")  # a new site has its rules before others let it in
_MOST_JOBS = 200  # of one matrix: GitLab's limit; GitHub has 256
_PROGRESS = ".swyx-rollout.json"  # in the project: which stacks an interrupted rollout has done
_COLOURS = re.compile(r"<\{%.*?%\}>")  # how the engine marks colours in its events


class Job(NamedTuple):
    """What is done with a stack (`work`: one of `_STAGES`), and the outcome; `state` is empty before.

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


@command(
    "rollout deployed.yaml installation.yaml --preview",
    "rollout deployed.yaml installation.yaml --yes",
    "rollout deployed.yaml installation.yaml --continue --yes",
    old=written("OLD", "The installation file as deployed."),
    new=written("NEW", "The edited file, which the stacks read."),
    project=written("--project DIR", "The folder of Pulumi.yaml.", default="."),
    parallel=written(
        "--parallel N", "Number of stacks in parallel.", type=click.IntRange(1, 64), default=4
    ),
    only_preview=written("--preview", "Preview only, change nothing."),
    agreed=written("--yes", "Update without asking."),
    resume=written("--continue", "Resume a rollout that failed or was stopped."),
    emit=written("--emit PIPELINE", f"Print a CI workflow instead: {', '.join(_PIPELINES)}."),
)
def rollout(
    old: str,
    new: str,
    project: str,
    parallel: int,
    only_preview: bool,
    agreed: bool,
    resume: bool,
    emit: str,
    as_json: bool,
) -> int:
    """Preview and update the stacks that an edit affects.

    New sites first, then changed ones, then `pulumi destroy` for sites no longer in the file. If a
    stack fails, running stacks finish, no other starts, and --continue resumes.
    """
    if "-" in (old, new):
        raise terminal.refuse("rollout-stdin", "OLD" if old == "-" else "NEW")
    folder = Path(project)
    jobs, without = _find_jobs(old, new, folder)
    if emit:
        pipeline = terminal.choose_format(emit, False, _PIPELINES, "--emit")
        sys.stdout.write(write_pipeline(pipeline, jobs, parallel))
        return terminal.DONE
    progress = _Progress(folder / _PROGRESS, (old, new), resume)
    engine = _Engine(folder, [job.stack for job in jobs])
    done = [job._replace(state="done before") for job in jobs if job.stack in progress.done]
    waiting = [job for job in jobs if job.stack not in progress.done]
    outcomes = list(_run_all(engine.preview, waiting, parallel))
    stopped = only_preview or any(job.failed for job in outcomes)
    if not stopped and (agreed or _ask(outcomes, as_json)):
        outcomes = _update(engine, outcomes, parallel, progress)
    outcomes = sorted([*done, *outcomes], key=lambda job: (_STAGES.index(job.work), job.stack))
    if as_json:
        stacks = [job._asdict() for job in outcomes]
        terminal.print_answer({"version": 1, "stacks": stacks, "without_stack": without})
    else:
        terminal.print_answer(render_lines("rollout.txt.j2", {}, jobs=outcomes, without=without))
    return terminal.CLOUD_FAILED if any(job.failed for job in outcomes) else terminal.DONE


def _find_jobs(old: str, new: str, project: Path) -> tuple[list[Job], list[str]]:
    """What to do with which stack, in order; and the changed sites without a stack.

    Raises:
        SwyxError: a file has errors, or a stack reads another file than `new`.
    """
    before, after = load_installation(old), load_installation(new)
    stacks = find_stacks(project)
    clouds = {site: stack.cloud for site, stack in stacks.items()}
    names = {*before.sites, *after.sites}
    jobs, without, errors = [], [], []
    for touched in find_changes(before, after, names, clouds).stacks:
        stack = stacks.get(touched.site)
        if stack is None:
            without.append(touched.site)
            continue
        jobs.append(Job(stack.name, touched.site, stack.cloud, touched.work))
        read = stack.installation
        if touched.work != "destroy" and read.resolve() != Path(new).resolve():
            place = str(stack.file)
            errors.append(Message.about("rollout-other-file", place, read=read, new=new))
    raise_errors(errors)
    return sorted(jobs, key=lambda job: (_STAGES.index(job.work), job.stack)), without


def write_pipeline(kind: str, jobs: Sequence[Job], parallel: int) -> str:
    """A workflow of one of _PIPELINES that runs the same stacks in the same order.

    A stage is cut to what a matrix of jobs may hold, and waits for the one before.
    """
    matrices, needs = [], list[str]()
    for stage in _STAGES:
        stacks = [job.stack for job in jobs if job.work == stage]
        names = []
        for first in range(0, len(stacks), _MOST_JOBS):
            names.append(f"{stage}-{first // _MOST_JOBS + 1}" if first else stage)
            some = stacks[first : first + _MOST_JOBS]
            matrices.append({"name": names[-1], "work": stage, "stacks": some, "needs": needs})
        needs = names or needs
    return render(f"pipelines/{kind}.yml.j2", {}, matrices=matrices, parallel=parallel)


def _ask(jobs: Sequence[Job], as_json: bool) -> bool:
    """Whether the user at the terminal agrees.

    Raises:
        SwyxError: there is no terminal.
    """
    if not jobs:
        return True
    if as_json or not sys.stdin.isatty():
        raise terminal.refuse("rollout-unconfirmed", "--yes")
    return click.confirm(f"Update {plural(len(jobs), 'stack')}?", err=True)


def _update(
    engine: "_Engine", previews: Sequence[Job], parallel: int, progress: "_Progress"
) -> list[Job]:
    """The outcome of every stack, stage by stage; no later stage starts after a failure."""
    outcomes = [job._replace(state="unchanged") for job in previews if not job.changes]
    for stage in _STAGES:
        jobs = [job for job in previews if job.work == stage and job.changes]
        if any(job.failed for job in outcomes):
            outcomes += (job._replace(state="not begun", changes={}) for job in jobs)
            continue
        for job in _run_all(engine.run, jobs, parallel):
            if job.state == "done":
                progress.add(job.stack)
            outcomes.append(job)
    if not any(job.failed for job in outcomes):
        progress.file.unlink(missing_ok=True)
    return outcomes


def _run_all(act: Callable[[Job], Job], jobs: Sequence[Job], parallel: int) -> Iterator[Job]:
    """The outcomes as they arrive; after a failure no other job starts."""
    with ThreadPoolExecutor(parallel) as pool:
        futures = {pool.submit(act, job): job for job in jobs}
        for future in as_completed(futures):
            job = futures[future]._replace(state="not begun", changes={})
            if not future.cancelled():
                job = future.result()
            if job.failed:
                for other in futures:
                    other.cancel()
            terminal.print_note(f"{job.stack} ({job.cloud}): {job.work} {job.outcome}")
            yield job


_Heed = Callable[[automation.EngineEvent], None]


class _Engine:
    """The stacks of a project, as the Automation API runs the engine on them.

    Raises:
        SwyxError: a stack does not exist, or the engine can't be run.
    """

    def __init__(self, project: Path, names: Sequence[str]) -> None:
        self._stacks: dict[str, automation.Stack] = {}
        try:
            workspace = automation.LocalWorkspace(work_dir=str(project.resolve()))
            selected = workspace.stack() if names else None
            for name in names:
                self._stacks[name] = automation.Stack.select(name, workspace)
            if selected:  # selecting is how the API opens a stack
                workspace.select_stack(selected.name)
        except automation.StackNotFoundError:
            raise terminal.refuse("stack-missing", name, stack=name) from None
        except (automation.CommandError, automation.InvalidVersionError, OSError) as problem:
            said = " ".join(str(problem).split())[-300:].rstrip(".")
            if isinstance(problem, FileNotFoundError):
                said = "it is not installed or not on PATH"
            values = {"command": "pulumi stack", "problem": said}
            raise CloudError.about("engine-failed", "", **values) from None

    def preview(self, job: Job) -> Job:
        """What an update would do; a destroy deletes all that the state contains."""
        stack = self._stacks[job.stack]

        def act(heed: _Heed) -> Mapping[Any, int]:
            if job.work != "destroy":
                return stack.preview(on_event=heed).change_summary
            held = stack.export_stack().deployment or {}
            return {"delete": len(held.get("resources", ()))}

        return _attempt(job, "previewed", act)

    def run(self, job: Job) -> Job:
        """Update or destroy the stack."""
        stack = self._stacks[job.stack]
        act = stack.destroy if job.work == "destroy" else stack.up
        return _attempt(job, "done", lambda own: act(on_event=own).summary.resource_changes or {})


def _attempt(job: Job, state: str, act: Callable[[_Heed], Mapping[Any, int]]) -> Job:
    """The outcome of one command of the engine; its errors are those that it reports."""
    errors: list[str] = []

    def heed(event: automation.EngineEvent) -> None:
        report = event.diagnostic_event
        if report is not None and report.severity == "error":
            errors.append(_COLOURS.sub("", report.message).strip())

    try:
        changes = act(heed)
    except automation.CommandError as problem:
        said = errors or [str(problem).strip()[-500:]]
        return job._replace(state="failed", changes={}, errors=tuple(dict.fromkeys(said)))
    counts = {getattr(operation, "value", operation): n for operation, n in changes.items() if n}
    counts = {name: counts[name] for name in sorted(counts.keys() - {"same", "read"})}
    return job._replace(state=state, changes=counts)


class _Progress:
    """Which stacks a rollout has done, kept in a file until all are.

    Raises:
        SwyxError: there is nothing to continue, or the files have changed.
    """

    def __init__(self, file: Path, inputs: Sequence[str], resume: bool) -> None:
        self.file, self.done = file, list[str]()
        self._hashes = [sha256(Path(each).read_bytes()).hexdigest() for each in inputs]
        if resume:
            try:
                kept = json.loads(file.read_text(encoding="utf-8"))
                hashes, self.done = kept["files"], [str(name) for name in kept["done"]]
            except (OSError, ValueError, KeyError, TypeError):
                raise terminal.refuse("rollout-nothing-begun", "--continue", file=file) from None
            if hashes != self._hashes:
                raise terminal.refuse("rollout-other-edit", "--continue", file=file)

    def add(self, stack: str) -> None:
        """A stack is done."""
        self.done.append(stack)
        text = json.dumps({"version": 1, "files": self._hashes, "done": self.done}, indent=1)
        terminal.replace_file(self.file, [text.encode()])
