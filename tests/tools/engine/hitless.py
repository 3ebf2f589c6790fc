"""`python -m tests.tools.engine.hitless`: random edits of a small site in both clouds, each call judged.

No packet that both plans allow is denied after any call. On AWS all that is new is there before anything
goes; on Azure each security group is written once, and no interface that keeps its group is written.
About 10 s an edit on two cores.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from copy import deepcopy
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from sandbox import commands
from sandbox.paths import locate_sandbox
from tests.tools.engine.replay import (
    MODELS,
    AwsModel,
    AzureModel,
    Regions,
    enforced,
    find_faults,
    find_needless_writes,
    keep_both,
)
from tests.tools.engine.trial import CLOUDS, IN_PROCESS, Trial
from tests.tools.pairs import ADDRESSES, SITE, Plain, pairs


class Watched(NamedTuple):
    """An update by cloud: `models` as it began, its calls, what had to be kept, what went wrong."""

    models: dict[str, AwsModel | AzureModel]
    calls: dict[str, list[Plain]]
    kept: dict[str, Regions]
    faults: dict[str, list[str]]


def watch(trial: Trial, after: Plain) -> Watched:
    """Update the site to an installation, and check every call.

    Kept must be what is allowed before the first call and after the last.
    """
    models = {cloud: MODELS[cloud](trial.endpoints[cloud], SITE) for cloud in CLOUDS}
    was = {cloud: enforced(model.cloud()) for cloud, model in models.items()}
    trial.plan(after)
    calls = trial.up()
    kept, faults = {}, {}
    for cloud, model in deepcopy(models).items():
        ended = MODELS[cloud](trial.endpoints[cloud], SITE)
        now = enforced(ended.cloud())
        kept[cloud] = keep_both(was[cloud], now)
        faults[cloud] = find_faults(model, calls[cloud], kept[cloud])
        if isinstance(ended, AzureModel):
            faults[cloud] += find_needless_writes(models[cloud], ended, calls[cloud])
        assert differing(enforced(model.cloud()), now) == [], "the model ended elsewhere"
    return Watched(models, calls, kept, faults)


def differing(one: Regions, other: Regions) -> list[Any]:
    """Where two states of a cloud let different packets pass."""
    return [
        key
        for key in {*one, *other}
        if not (key in one and key in other)
        or not one[key].minus(other[key]).empty()
        or not other[key].minus(one[key]).empty()
    ]


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.tools.engine.hitless", description=__doc__
    )
    parser.add_argument("--pairs", type=int, default=50, help="how many edits")
    parser.add_argument("--seed", type=int, default=0, help="which ones")
    options = parser.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="swyx-hitless-") as folder:
        sandbox = locate_sandbox({**os.environ, "SWYX_SANDBOX": f"{folder}/sandbox"})
        engine = commands.start(sandbox)
        os.environ |= {name: engine.environment[name] for name in IN_PROCESS}
        try:
            trial = Trial.open(sandbox, engine, SITE, ADDRESSES, Path(folder))
            for number, (before, after) in enumerate(islice(pairs(options.seed), options.pairs), 1):
                trial.deploy(before)
                faults = [line for lines in watch(trial, after).faults.values() for line in lines]
                wrong += bool(faults)
                verdict = "WRONG" if faults else "nothing cut"
                print(f"{number} of {options.pairs}: {verdict}", flush=True)
                print("".join(f"    {line}\n" for line in faults), end="", flush=True)
        finally:
            commands.stop(sandbox)
    print(f"{options.pairs - wrong} of {options.pairs} cut nothing")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
