"""`python -m tests.tools.acceptance`: the official AWS plugin does on the offline EC2 what the stand-in does.

It is downloaded, or is the file that AWS_PLUGIN names. With AWS_ACCOUNT or AZURE_SUBSCRIPTION a small site
is also deployed in that real account, proven and destroyed. Each difference is one line.
Exit code 0: as recorded; 1: differences; 3: not run, which is no success.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from functools import partial
from pathlib import Path

from sandbox import commands
from sandbox.paths import Sandbox, locate_sandbox
from tests.tools.acceptance.accounts import CLOUDS, try_account
from tests.tools.acceptance.compare import differences
from tests.tools.acceptance.offline import NotRun, finding_engine, install_plugin, run_scene, scenes

RECORDED = Path(__file__).parent / "recorded"
DIFFERENT, NOT_RUN = 1, 3


def try_offline(sandbox: Sandbox, *, record: bool) -> list[str]:
    """Every scene through the official plugin; what differs. Or through the stand-in, to record it.

    Raises:
        NotRun: the plugin can't be had.
    """
    engine = commands.start(sandbox)
    environment, found = engine.environment, []
    try:
        if not record:
            environment = {**environment, "PULUMI_HOME": str(sandbox.root / "official")}
            install_plugin("aws", os.environ.get("AWS_PLUGIN", ""), environment)
        with finding_engine(environment):
            for scene in scenes():
                print(f"{scene.site}: up, up again, edit, refresh, destroy ...", flush=True)
                done = run_scene(scene, sandbox, environment)
                path = RECORDED / f"{scene.site}.json"
                if record:
                    path.write_text(json.dumps(done, indent=1) + "\n", encoding="utf-8")
                recorded = json.loads(path.read_text(encoding="utf-8"))
                found += [f"{scene.site}: {line}" for line in differences(recorded, done)]
    finally:
        commands.stop(sandbox)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.tools.acceptance", description=__doc__)
    parser.add_argument("--record", action="store_true", help="write what the stand-in does anew")
    record: bool = parser.parse_args().record
    with tempfile.TemporaryDirectory(prefix="swyx-acceptance-") as folder:
        sandbox = locate_sandbox({**os.environ, "SWYX_SANDBOX": folder})
        tests = {"aws, offline": partial(try_offline, sandbox, record=record)}
        for cloud in CLOUDS:
            if os.environ.get(cloud.variable) and not record:
                tests[f"{cloud.name}, real account"] = partial(try_account, cloud, sandbox)
        codes = [_report(title, test) for title, test in tests.items()]
    return DIFFERENT if DIFFERENT in codes else max(codes)


def _report(title: str, test: partial[list[str]]) -> int:
    try:
        lines = test()
    except NotRun as why:
        print(f"{title}: not run: {why}")
        return NOT_RUN
    print("".join(f"  {line}\n" for line in lines), end="")
    print(f"{title}: {f'{len(lines)} differences' if lines else 'no difference'}")
    return DIFFERENT if lines else 0


if __name__ == "__main__":
    sys.exit(main())
