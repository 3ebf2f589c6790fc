"""What Windows calls the settings that a plan relies on, as typed values."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from swyx_components.catalogue.rows import read_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsSettings:
    """Keys below HKEY_LOCAL_MACHINE and value names.

    `old_ephemeral` and `new_ephemeral` are the presets of a catalogue that hold the ephemeral ranges.
    """

    rpc_key: str
    rpc_ports: str
    rpc_available: str
    rpc_use: str
    rpc_least: int
    reserved_key: str
    reserved_value: str
    old_ephemeral: str
    new_ephemeral: str


@cache
def load_windows() -> WindowsSettings:
    """The bundled settings; they are the same for every version of SwyxWare."""
    text = files(__package__).joinpath("windows.yaml").read_text(encoding="utf-8")
    return read_rows(text).record(WindowsSettings)
