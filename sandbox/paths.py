"""Where everything of one sandbox lies on disk.

Two sandboxes may run side by side (tests do): `$SWYX_SANDBOX` names the root of another one. The
built engine is large and the same for all of them, so it is shared: `$SWYX_ENGINE_BIN`, or the
repository's own `.sandbox/bin`.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """One sandbox: a root folder of its own and the engine it shares with the others."""

    root: Path
    engine_bin: Path

    @property
    def home(self) -> Path:
        """PULUMI_HOME: plugins and the selected stack, apart from the user's own."""
        return self.root / "home"

    @property
    def state(self) -> Path:
        """The `file://` backend: the stacks' state."""
        return self.root / "state"

    @property
    def stacks(self) -> Path:
        """The stack files that `up` hands to the engine, and a record of each stack."""
        return self.root / "stacks"

    @property
    def plugins(self) -> Path:
        """The stand-in providers as generated; the engine runs the copies in `home`."""
        return self.root / "plugins"

    @property
    def env_file(self) -> Path:
        """What a person sources to use the sandbox by hand."""
        return self.root / "env"

    @property
    def log(self) -> Path:
        """What the engine and `swyx` said during the last `up` or `down`."""
        return self.root / "engine.log"

    @property
    def lock(self) -> Path:
        """Held while servers start or stop, so that two commands don't start two of them."""
        return self.root / "lock"

    def server(self, cloud: str) -> Path:
        """The folder of one cloud's server: its state, log and process record."""
        return self.root / cloud


def locate_sandbox(environ: Mapping[str, str] = os.environ) -> Sandbox:
    """The sandbox that the environment names, or the repository's own."""
    default = REPOSITORY / ".sandbox"
    return Sandbox(
        root=Path(environ.get("SWYX_SANDBOX") or default).absolute(),
        engine_bin=Path(environ.get("SWYX_ENGINE_BIN") or default / "bin").absolute(),
    )


def shorten(path: Path) -> Path:
    """The path as a person types it in the repository."""
    return path.relative_to(REPOSITORY) if path.is_relative_to(REPOSITORY) else path


def venv_bin() -> Path:
    """The folder of the running interpreter: `swyx` and the Python of every program lie there.

    Not resolved: in a virtual environment the interpreter is a link, and its target knows none of
    the packages.
    """
    return Path(sys.executable).absolute().parent
