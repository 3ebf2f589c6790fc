"""`python -m tests.tools.bench`: the figures that the project promises, as ratios, measured side by side.

Nothing here fails: times depend on the machine, ratios much less. Processor time, the least of several runs.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.tools.bench.engine import engine_figures
from tests.tools.bench.estates import write_estate, write_hubs, write_mixed
from tests.tools.bench.measure import python, race
from tests.tools.bench.report import report_figures

SWYX = [sys.executable, "-m", "swyx_components"]
EXAMPLE = "stacks/installation.yaml"
REPORTED = 1000  # sites
PARSE = """
import sys
from yaml._yaml import CParser
parser = CParser(open(sys.argv[1], encoding="utf-8").read())
while parser.get_event() is not None: pass
"""
# Like `swyx`: without the collector, neither while it plans nor at exit.
PLAN = """
import gc, sys
gc.disable()
from swyx_components.installation import load_installation
from swyx_components.planner import plan_sites
from swyx_components.planner.proof import prove
from swyx_components.planner.render import render_neutral
flows = 0
for plan in plan_sites(load_installation(sys.argv[1])):
    assert prove(render_neutral(plan)).holds
    flows += len(plan.flows)
print(flows)
gc.freeze()
"""
# The same plan, then each flow's ports united by group, direction, protocol, source and peer: the least
# that any planner does for a flow. Timed inside, since it needs the flows first: with the time to list
# them, which every planner spends too, and without.
UNITE = """
import sys, time
from swyx_components.installation import load_installation
from swyx_components.planner import plan_sites
flows, spent, listing = 0, 0.0, 0.0
for plan in plan_sites(load_installation(sys.argv[1])):
    begun = time.process_time()
    listed = list(plan.flows)
    listing += time.process_time() - begun
    begun = time.process_time()
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
    spent += time.process_time() - begun
    flows += len(listed)
print((spent + listing) / flows * 1e6, spent / flows * 1e6)
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
            rounds = arguments.rounds if sites <= 100 else 3 if sites <= 1000 else 1
            for kind, write in (("unlike", write_mixed), ("alike", write_estate)):
                files = write(place, 1), write(place, sites)
                tell(planning_figures(f"{sites:,} sites that are {kind}", *files, rounds))
        few, many = (write_hubs(place, {"hub": False}, branches) for branches in (1, 1000))
        rounds = min(arguments.rounds, 3)
        tell(planning_figures("a hub with 1,000 branches", few, many, rounds))
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
    commands = {"union": python(UNITE, every)}
    for name, file in files.items():
        commands |= {
            f"libyaml {name}": python(PARSE, file),
            f"plan {name}": python(PLAN, file),
            f"json {name}": [*SWYX, "plan", str(file), "--json"],
        }
    runs = race(commands, rounds)
    flows = int(runs["plan all"].output) - int(runs["plan one"].output)
    listed, united = map(float, runs["union"].output.split())

    def each(command: str) -> float:
        least, most = (
            runs[f"{command} {name}"].seconds - runs[f"libyaml {name}"].seconds for name in files
        )
        return (most - least) / flows * 1e6

    memory = ", ".join(f"{runs[f'{command} all'].megabytes:.0f} MB" for command in ("plan", "json"))
    planned = each("plan")
    yield (
        f"planning {kind}, {flows:,} flows: {planned:.1f} us a flow over libyaml and start (at most 20), "
        f"{planned / listed:.1f} times listing them and a plain union of intervals ({listed:.1f} us), "
        f"{planned / united:.1f} times the union alone ({united:.1f} us); "
        f"`swyx plan --json` {each('json'):.1f} us; {memory} (at most 300 at 10,000 sites)"
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
