"""`python -m tests.tools.fuzz`: mutated installation files, given to `swyx check`, `plan` and `flows`.

For each: no traceback, no command over 2 s, an exit code of 0 or 2, every error with its place and remedy,
and nothing on the terminal that could steer it. 10,000 files take an hour or so on two cores.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.tools.fuzz.answers import Outcome, check_file
from tests.tools.fuzz.mutate import ONE_LARGE_IN, make_mutant

_SILENCE = 10.0  # seconds between two lines of progress


def parse(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.tools.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="how many files")
    parser.add_argument("--seed", type=int, default=601, help="another seed makes other files")
    parser.add_argument("--first", type=int, default=0, help="the number of the first file")
    parser.add_argument(
        "--large", type=int, default=ONE_LARGE_IN, help="one file in so many is big; 0: none"
    )
    parser.add_argument("--minutes", type=float, default=60, help="begin no file after that")
    parser.add_argument("--keep", type=Path, help="a folder for the files that fail")
    return parser.parse_args(words)


class Tally:
    """What was seen so far."""

    def __init__(self) -> None:
        self.files = self.accepted = self.failed = 0
        self.tracebacks = self.late = self.unplaced = 0
        self.slowest = 0.0
        self.slowest_made = "none"

    def add(self, made: str, result: Outcome) -> None:
        self.files += 1
        self.accepted += result.accepted
        self.failed += bool(result.faults)
        self.tracebacks += result.tracebacks
        self.late += result.late
        self.unplaced += result.unplaced
        if result.slowest > self.slowest:
            self.slowest, self.slowest_made = result.slowest, made

    def __str__(self) -> str:
        return (
            f"{self.files:,} files: {self.tracebacks} tracebacks, {self.late} over 2 s, "
            f"{self.unplaced} errors without place or remedy, {self.failed} files that fail; "
            f"slowest {self.slowest:.2f} s ({self.slowest_made}); "
            f"{self.accepted:,} accepted, {self.files - self.accepted:,} refused"
        )


def fuzz(options: argparse.Namespace, folder: Path) -> Tally:
    """Make and judge the files one by one, telling of each that fails."""
    tally = Tally()
    begun = said = time.monotonic()
    path = folder / "plan.yaml"
    for number in range(options.first, options.first + options.count):
        now = time.monotonic()
        if now - begun > options.minutes * 60:
            break
        if now - said > _SILENCE:
            said = now
            print(f"  {tally}", flush=True)
        mutant = make_mutant(options.seed, number, options.large)
        path.write_bytes(mutant.content)
        result = check_file(path)
        tally.add(f"{number}, {mutant.made}", result)
        if result.faults:
            print(f"file {number} ({mutant.made}):", *result.faults[:3], sep="\n    ", flush=True)
            if options.keep:
                options.keep.mkdir(parents=True, exist_ok=True)
                (options.keep / f"{options.seed}-{number}.yaml").write_bytes(mutant.content)
    return tally


def main() -> int:
    options = parse()
    with tempfile.TemporaryDirectory(prefix="swyx-fuzz-") as folder:
        tally = fuzz(options, Path(folder))
    print(tally)
    return 1 if tally.failed or tally.files < options.count else 0


if __name__ == "__main__":
    sys.exit(main())
