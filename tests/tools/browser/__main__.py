"""`python -m tests.tools.browser`: provide what the browser tests need, where it is missing.

Chromium, its driver, Node.js and npm come from the system's packages; the accessibility rules from npm, in
the version and with the hash of package-lock.json.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

from tests.tools.browser.places import AXE, CHROMIUM, DRIVER, FOLDER

PACKAGES = {CHROMIUM: "chromium", DRIVER: "chromium-driver", "node": "nodejs", "npm": "npm"}


def main() -> None:
    missing = [package for program, package in PACKAGES.items() if not shutil.which(program)]
    if missing:
        install(missing)
    wanted = json.loads((FOLDER / "package-lock.json").read_text())["packages"][
        "node_modules/axe-core"
    ]
    if installed_version() != wanted["version"]:
        print(
            f"Installing axe-core {wanted['version']} from npm into {FOLDER.name}/ ...", flush=True
        )
        run("npm", "ci", "--prefix", str(FOLDER), "--no-audit", "--no-fund", "--ignore-scripts")


def install(packages: list[str]) -> None:
    """The system's packages, with apt-get's own progress; or a sentence that says what is missing."""
    words = " ".join(packages)
    if not shutil.which("apt-get") or os.geteuid() != 0:
        sys.exit(
            f"The browser tests need {words}, which are not installed. On Debian: apt-get install {words} "
            f"(as root); elsewhere, Chromium as {CHROMIUM}, its driver as {DRIVER}, Node.js and npm."
        )
    print(f"Installing {words} (once; a minute or so) ...", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run("apt-get", "update", "-q", environment=environment)
    run(
        *("apt-get", "install", "-q", "-y", "--no-install-recommends", *packages),
        environment=environment,
    )


def run(*words: str, environment: dict[str, str] | None = None) -> None:
    code = subprocess.run(words, env=environment).returncode
    if code:
        sys.exit(f"`{' '.join(words)}` ended with {code}; the browser tests can't run without it.")


def installed_version() -> str:
    """The version of axe-core that is there, empty where there is none."""
    manifest = AXE.parent / "package.json"
    return json.loads(manifest.read_text())["version"] if AXE.exists() else ""


if __name__ == "__main__":
    main()
