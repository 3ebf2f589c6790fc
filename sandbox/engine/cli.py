"""The `pulumi` CLI: an installed one if it is new enough, else built from the Go module proxy.

The build is pinned by `tool/go.mod` and `tool/go.sum`; it takes about ten minutes, once.
"""

import os
import re
import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sandbox.engine.launcher import write_launcher
from sandbox.processes import holding
from sandbox.talk import SandboxError, say

TOOL = Path(__file__).parent / "tool"
PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
PACKAGES = (PACKAGE, "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml")
SDK = "github.com/pulumi/pulumi/sdk/v3"
HOST, YAML_HOST = "pulumi-language-python", "pulumi-language-yaml"
EXEC = "pulumi-language-python-exec"
LONGEST_BUILD = 3600.0  # seconds
HEARTBEAT = 15.0  # seconds between two lines of progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A usable CLI and where it came from."""

    pulumi: Path
    origin: str


def pinned_version() -> str:
    """The version in `tool/go.mod`, which is also the oldest installed one that is accepted."""
    pin = r"github\.com/pulumi/pulumi/pkg/v3 v(\d+\.\d+\.\d+)"
    found = re.search(pin, (TOOL / "go.mod").read_text())
    if found is None:
        raise SandboxError(f"{TOOL / 'go.mod'} does not pin {PACKAGE}; restore the file from git.")
    return found[1]


def provide_engine(engine_bin: Path, search_path: str | None = None) -> Engine:
    """An installed CLI with its Python host, else our own build in `engine_bin`.

    Raises:
        SandboxError: there is neither a CLI nor a Go toolchain, or the build failed.
    """
    if installed := find_installed(search_path, but_not=engine_bin):
        return installed
    built = engine_bin / "pulumi"
    with holding(engine_bin / ".lock", LONGEST_BUILD):
        if read_version(built) != pinned_version() or not (engine_bin / YAML_HOST).is_file():
            build_cli(engine_bin)
        if not (engine_bin / EXEC).is_file():
            shutil.copy(_exec_script(), engine_bin / EXEC)
        write_launcher(engine_bin / HOST, "sandbox.engine.language.host", str(engine_bin / EXEC))
    return Engine(pulumi=built, origin=f"built here, {pinned_version()}")


def find_installed(search_path: str | None = None, *, but_not: Path) -> Engine | None:
    """The official CLI on PATH, if it is new enough and its own Python host lies beside it."""
    path = os.environ.get("PATH", "") if search_path is None else search_path
    folders = path.split(os.pathsep)
    elsewhere = [folder for folder in folders if folder and Path(folder).absolute() != but_not]
    found = shutil.which("pulumi", path=os.pathsep.join(elsewhere))
    if found is None:
        return None
    beside = Path(found).resolve().with_name(HOST)
    version = read_version(Path(found))
    if not _is_program(beside) or version is None or _ordered(version) < _ordered(pinned_version()):
        return None
    return Engine(pulumi=Path(found), origin=f"installed, {version}")


def _is_program(path: Path) -> bool:
    """Whether this is the official host, a binary, and not a script of ours."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(2) != b"#!"


def read_version(pulumi: Path) -> str | None:
    """`3.274.1` as the CLI says it; None if it is missing or does not run.

    Even this command writes a log into PULUMI_HOME, which is never the user's own here.
    """
    with tempfile.TemporaryDirectory(prefix="swyx-pulumi-home-") as home:
        settings = {"PULUMI_SKIP_UPDATE_CHECK": "true", "PULUMI_HOME": home}
        try:
            answer = subprocess.run(
                [pulumi, "version"],
                capture_output=True,
                text=True,
                timeout=60,
                check=True,
                env={**os.environ, **settings},
            ).stdout
        except (OSError, subprocess.SubprocessError):
            return None
    found = re.search(r"v?(\d+\.\d+\.\d+)", answer)
    return found[1] if found else None


def build_cli(engine_bin: Path) -> None:
    """Compile the pinned CLI into `engine_bin`, telling how far it is."""
    go = shutil.which("go")
    if go is None:
        raise SandboxError(
            f"The sandbox needs the Pulumi CLI {pinned_version()} or newer with its Python host, "
            "or Go to build it, and PATH has neither; install one of them and run this again."
        )
    version = pinned_version()
    say(f"Building the Pulumi CLI {version} from the Go module proxy: about ten minutes, once.")
    started = time.monotonic()
    packages = len(_run_go([go, "list", "-deps", *PACKAGES], started, "modules downloaded"))
    scratch = engine_bin / ".build"
    flags = f"-s -w -X {SDK}/go/common/version.Version=v{version}"
    options = ["-v", "-trimpath", "-tags", "osusergo,grpcnotrace", "-ldflags", flags]
    unit = f"of at most {packages} packages compiled"
    _run_go([go, "install", *options, *PACKAGES], started, unit, gobin=scratch)
    for made in scratch.iterdir():
        made.replace(engine_bin / made.name)
    shutil.rmtree(scratch)
    say(f"  built in {time.monotonic() - started:.0f} s.")


def _run_go(command: list[str], started: float, unit: str, gobin: Path | None = None) -> list[str]:
    """Run one go command in the tool folder with a heartbeat; its stdout, line by line."""
    settings = {"GOFLAGS": "-mod=readonly -buildvcs=false", "CGO_ENABLED": "0", "GOWORK": "off"}
    if gobin is not None:
        gobin.mkdir(parents=True, exist_ok=True)
        settings["GOBIN"] = str(gobin)
    with tempfile.TemporaryDirectory() as folder:
        told, answered = Path(folder, "stderr"), Path(folder, "stdout")
        with told.open("w") as stderr, answered.open("w") as stdout:
            process = subprocess.Popen(
                command, cwd=TOOL, env={**os.environ, **settings}, stdout=stdout, stderr=stderr
            )
            while process.poll() is None:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=HEARTBEAT)
                    break
                elapsed = time.monotonic() - started
                if elapsed > LONGEST_BUILD:
                    process.kill()
                    raise SandboxError(
                        f"Building the Pulumi CLI took over {LONGEST_BUILD / 60:.0f} minutes and "
                        "was stopped; run this again, compiled packages are kept."
                    )
                say(f"  {elapsed:.0f} s: {len(told.read_text().splitlines())} {unit}")
        if process.returncode != 0:
            raise SandboxError(
                f"`{' '.join(command[:2])}` failed while the Pulumi CLI was built. Check that the "
                "Go module proxy is reachable (`go env GOPROXY`) and run this again. It said:\n"
                + "\n".join(told.read_text().splitlines()[-8:])
            )
        return answered.read_text().splitlines()


def _exec_script() -> Path:
    """The script that runs a Python program; it comes with the Go module of the SDK."""
    folder = subprocess.run(
        ["go", "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", SDK],
        cwd=TOOL,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
        env={**os.environ, "GOWORK": "off", "GOFLAGS": "-mod=readonly"},
    ).stdout.strip()
    return Path(folder) / "python" / "cmd" / EXEC


def _ordered(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
