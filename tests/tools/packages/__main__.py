"""`python -m tests.tools.packages`: the pins against what is installed, and known vulnerabilities.

Offline: every pin has its hashes, no line names an address, what is installed equals the lock. With
`--index`, pip asks the configured index for each pin again (yanked or changed files are refused) and
pip-audit, where it is installed, for known vulnerabilities; what could not be asked is said.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.tools.packages.lock import compare, installed_packages, read_lock

LOCK = Path(__file__).parents[3] / "requirements.lock"
_PATIENCE = 900.0  # seconds for one question to the index


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.tools.packages", description=__doc__)
    parser.add_argument("--index", action="store_true", help="ask the package index too")
    options = parser.parse_args()
    pins, faults = read_lock(LOCK.read_text(encoding="utf-8"))
    hashes = sum(pin.hashes for pin in pins.values())
    print(f"lock: {len(pins)} pins, {hashes:,} hashes, {len(faults)} faults", flush=True)
    differences = list(compare(pins, installed_packages()))
    print(f"installed: {len(differences)} differences from the lock", flush=True)
    if options.index:
        differences += _ask_index()
        differences += _ask_vulnerabilities()
    else:
        print("index: not asked (--index asks)")
        print("vulnerabilities: not asked (--index asks)")
    for fault in (*faults, *differences):
        print(f"  {fault}")
    return 1 if faults or differences else 0


def _ask_index() -> list[str]:
    """Let pip find every pin again by its hashes, installing nothing; those that were yanked."""
    with tempfile.TemporaryDirectory(prefix="swyx-audit-") as folder:
        report = Path(folder) / "report.json"
        words = ["install", "--dry-run", "--ignore-installed", "--no-deps", "--require-hashes"]
        try:
            done = subprocess.run(
                [sys.executable, "-m", "pip", *words, "--quiet", "--report", report, "-r", LOCK],
                capture_output=True,
                text=True,
                timeout=_PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired:
            print(f"index: no answer within {_PATIENCE:.0f} s")
            return []
        if done.returncode != 0:
            said = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
            if "hash" in said.lower():
                return [f"index: {said}"]
            print("index: could not be asked, so nothing is known of yanked packages")
            return []
        items = json.loads(report.read_text(encoding="utf-8"))["install"]
    print(f"index: {len(items)} pins found again with their hashes")
    return [
        f"{item['metadata']['name']} {item['metadata']['version']} was yanked"
        for item in items
        if item.get("is_yanked")
    ]


def _ask_vulnerabilities() -> list[str]:
    """What pip-audit knows of the pins; it is a tool of the person's own, not one of the lock's."""
    if importlib.util.find_spec("pip_audit") is None:
        print("vulnerabilities: not asked, for pip-audit is not installed here")
        return []
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes"]
    done = subprocess.run(
        [*command, "--progress-spinner", "off", "-f", "json", "-r", str(LOCK)],
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
        check=False,
    )
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        print("vulnerabilities: could not be asked, so nothing is known of them")
        return []
    found = [
        f"{package['name']} {package['version']}: {each['id']}"
        for package in packages
        for each in package.get("vulns", ())
    ]
    print(f"vulnerabilities: {len(packages)} pins asked, {len(found)} known")
    return found


if __name__ == "__main__":
    sys.exit(main())
