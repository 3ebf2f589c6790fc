"""`python -m tests.tools.faults`: break the example at every call, and see it recover.

Each call number of each operation once, the kinds of fault taking turns. On two cores about 30 s a case
on AWS, of which there are some 580, and 12 s on Azure, of which there are some 25: `--step` samples.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from sandbox import commands
from sandbox.paths import locate_sandbox
from sandbox.sites import committed_sites
from tests.tools.faults.cases import KINDS, Case, count_writes, list_cases, run_case
from tests.tools.faults.site import BrokenSite


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.tools.faults", description=__doc__)
    parser.add_argument("--step", type=int, default=1, help="only every STEPth call")
    parser.add_argument("--site", choices=sorted(committed_sites()), help="only this site")
    parser.add_argument(
        "--part", type=share, default=(1, 1), help="2/3: the second third of the cases"
    )
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS, help="only these kinds")
    parser.add_argument("--minutes", type=float, default=240, help="begin no case after that")
    return parser.parse_args()


def share(text: str) -> tuple[int, int]:
    """Which of how many equal parts, so that machines or terminals can share the cases."""
    part, _, parts = text.partition("/")
    if not (part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts)):
        raise argparse.ArgumentTypeError(f"{text!r}: write it as 2/3, the second third")
    return int(part), int(parts)


def main() -> int:
    options = parse()
    deadline = time.monotonic() + options.minutes * 60
    failed: list[Case] = []
    tried = planned = 0
    with tempfile.TemporaryDirectory(prefix="swyx-faults-") as folder:
        sandbox = locate_sandbox({**os.environ, "SWYX_SANDBOX": f"{folder}/sandbox"})
        engine = commands.start(sandbox)
        try:
            for name, cloud in sorted(committed_sites().items(), key=lambda each: each[1] == "aws"):
                if options.site not in (None, name):
                    continue
                site = BrokenSite.open(sandbox, engine, name, cloud, Path(folder))
                cases = list_cases(name, count_writes(site), tuple(options.kinds), options.step)
                part, parts = options.part
                cases = cases[len(cases) * (part - 1) // parts : len(cases) * part // parts]
                planned += len(cases)
                for number, case in enumerate(cases, 1):
                    if time.monotonic() > deadline:
                        break
                    begun = time.monotonic()
                    problems = run_case(site, case)
                    tried += 1
                    took = time.monotonic() - begun
                    verdict = "NOT recovered" if problems else "recovered"
                    print(f"{number} of {len(cases)}  {case}: {verdict}, {took:.0f} s", flush=True)
                    if problems:
                        failed.append(case)
                        print("\n".join(f"    {line}" for line in problems), flush=True)
                        site.reset()
        finally:
            commands.stop(sandbox)
    print("".join(f"NOT recovered: {case}\n" for case in failed), end="")
    untried = f" ({planned - tried} not tried: --minutes)" if tried < planned else ""
    print(f"{tried - len(failed)} of {planned} recovered{untried}")
    return 1 if failed or tried < planned else 0


if __name__ == "__main__":
    sys.exit(main())
