"""`python -m tests.tools.bench`: the figures that the project promises, as ratios, measured side by side.

Nothing here fails: times depend on the machine, ratios much less. Processor time, the least of several runs;
how many times a plain union planning takes is the median of several runs, each with both of them.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping
from operator import truediv
from pathlib import Path
from statistics import median

from tests.tools.bench.engine import engine_figures
from tests.tools.bench.estates import write_estate, write_hubs, write_mixed
from tests.tools.bench.measure import Run, least_of, python, race, take_turns
from tests.tools.bench.report import report_figures

SWYX = [sys.executable, "-m", "swyx_components"]
UNREAD = ["sh", "-c", 'exec "$@" > /dev/null', "sh"]  # this program's memory counts in its children
EXAMPLE = "stacks/installation.yaml"
REPORTED = 1000  # sites
PARSE = """
import sys
from yaml._yaml import CParser
parser = CParser(open(sys.argv[1], encoding="utf-8").read())
while parser.get_event() is not None: pass
"""
# Like `swyx`: without the collector, neither while it plans nor at exit. Beside it the ports of each flow are
# united by group, direction, protocol, source and peer: the least that any planner does for a flow. Timed by
# itself: the time to list the flows, which every planner spends too, and the union.
PLAN = """
import gc, sys
gc.disable()
from time import process_time
from swyx_components.installation import load_installation
from swyx_components.planner import plan_sites
from swyx_components.planner.proof import prove
from swyx_components.planner.render import render_neutral
flows, listing, uniting = 0, 0.0, 0.0
for plan in plan_sites(load_installation(sys.argv[1])):
    assert prove(render_neutral(plan)).holds
    begun = process_time()
    listed = list(plan.flows)
    ended = process_time()
    spaces = {}
    for flow in listed:
        ends = (flow.initiator, flow.responder)
        for own, peer, direction in ((*ends, 1), (*reversed(ends), 0)):
            if own.group is not None and own.site == plan.site:
                key = (own.label, direction, flow.transport, flow.source_ports, peer.label)
                spaces.setdefault(key, []).extend(flow.ports)
    for ranges in spaces.values():
        united = []
        for first, last in sorted(ranges):
            if united and first <= united[-1][1] + 1:
                if last > united[-1][1]: united[-1][1] = last
            else:
                united.append([first, last])
    uniting += process_time() - ended
    listing += ended - begun
    flows += len(listed)
print(flows, listing, uniting)
gc.freeze()
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.tools.bench", description=__doc__)
    parser.add_argument("--sites", type=int, nargs="+", default=[10, 100, 1000, 10_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-engine", action="store_true", help="leave `pulumi up` out")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for sites in arguments.sites:
            rounds = arguments.rounds if sites <= 1000 else 1
            for kind, write in (("unlike", write_mixed), ("alike", write_estate)):
                files = write(place, 1), write(place, sites)
                tell(planning_figures(f"{sites:,} sites that are {kind}", *files, rounds))
        few, many = (write_hubs(place, {"hub": False}, branches) for branches in (1, 1000))
        tell(planning_figures("a hub with 1,000 branches", few, many, arguments.rounds))
        tell(report_figures(place, REPORTED, arguments.rounds))
    tell(start_figures(arguments.rounds))
    if not arguments.no_engine:
        tell(engine_figures())


def tell(figures: Iterator[str]) -> None:
    for figure in figures:
        print(figure, flush=True)


def planning_figures(kind: str, one: Path, every: Path, rounds: int) -> Iterator[str]:
    """Time for a flow over libyaml and a plan of one site, against a plain union of intervals; memory."""
    files = {"one": one, "all": every}
    programs = {"libyaml": PARSE, "plan": PLAN}
    timed, written = dict[str, list[str]](), dict[str, list[str]]()
    for sites, file in files.items():
        timed |= {f"{name} {sites}": python(program, file) for name, program in programs.items()}
        written[f"json {sites}"] = [*UNREAD, *SWYX, "plan", str(file), "--json"]
    turns = [*take_turns(timed, 3 * rounds)]  # of which each may be off by a quarter
    counts = {sites: int(turns[0][f"plan {sites}"].output.split()[0]) for sites in files}
    flows = counts["all"] - counts["one"]

    def each(command: str, runs: Mapping[str, Run]) -> float:
        least, most = (
            runs[f"{command} {sites}"].seconds - runs[f"libyaml {sites}"].seconds for sites in files
        )
        return (most - least) / flows * 1e6

    # Per flow in each round: planning, listing with union, the union alone.
    spent = []
    for turn in turns:
        inside = [float(own) / counts["all"] * 1e6 for own in turn["plan all"].output.split()[1:]]
        spent.append((each("plan", turn) - sum(inside), sum(inside), inside[1]))
    planned, listed, united = zip(*spent, strict=True)
    times = [median(map(truediv, planned, own)) for own in (listed, united)]
    runs = least_of(turns) | race(written, rounds)
    memory = ", ".join(f"{runs[f'{name} all'].megabytes:.0f} MB" for name in ("plan", "json"))
    yield (
        f"planning {kind}, {flows:,} flows: {min(planned):.1f} us a flow over libyaml and start "
        "(at most 20), "
        f"{times[0]:.1f} times listing them and a plain union of intervals ({min(listed):.1f} us), "
        f"{times[1]:.1f} times the union alone ({min(united):.1f} us); "
        f"`swyx plan --json` {each('json', runs):.1f} us; {memory} (at most 300 at 10,000 sites)"
    )


def start_figures(rounds: int) -> Iterator[str]:
    """What loading costs."""
    runs = race(
        {
            "start": python("pass"),
            "pulumi": python("import pulumi"),
            "both": python("import pulumi, swyx_components; swyx_components.SwyxSite"),
            "alone": python("import swyx_components"),
            "help": [*SWYX, "--help"],
            "check": [*SWYX, "check", EXAMPLE],
            "plan": [
                sys.executable,
                "-m",
                "swyx_components",
                "plan",
                "stacks/installation.yaml",
                "--cloud",
                "aws",
            ],
        },
        rounds,
    )
    start, pulumi = runs["start"].seconds, runs["pulumi"].seconds
    both, alone, help = (runs[name].seconds for name in ("both", "alone", "help"))
    yield (
        f"import pulumi: {pulumi - start:.3f} s over start; import swyx_components after it: "
        f"{max(alone - start, 0):.3f} s more (at most 0.050), with SwyxSite loaded {both - pulumi:.3f} s more"
    )
    yield f"swyx --help: {help:.2f} s (at most 0.30), {help / start:.1f} times the interpreter's start"
    checked, rendered = runs["check"].seconds, runs["plan"].seconds
    yield f"swyx check of the example: {checked:.2f} s; plan --cloud aws: {rendered:.2f} s"


if __name__ == "__main__":
    main()
