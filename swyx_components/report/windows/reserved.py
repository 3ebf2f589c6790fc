"""Ports that Windows must not hand out at random, since SwyxWare listens there."""

from collections.abc import Iterable, Iterator

from swyx_components.analysis.host_settings import HostSettings, Reservation
from swyx_components.catalogue.windows import WindowsSettings
from swyx_components.report.windows.quoting import plain_words
from swyx_components.report.windows.story import Story
from swyx_components.sets.ports import PortSet


def write_exclusions(
    host: HostSettings,
    reservations: Iterable[Reservation],
    story: Story,
    _windows: WindowsSettings,
) -> Iterator[str]:
    """netsh for Windows Vista, Server 2008 and later."""
    yield "@echo off"
    for line in story.head(host, "Keeps ports on which SwyxWare listens from other programs"):
        yield f"rem {plain_words(line)}"
    yield from _HEAD
    for reservation in reservations:
        yield f"rem {_described(reservation)}"
        first, last = reservation.ports
        for family in ("ipv4", "ipv6"):
            yield (
                f"netsh interface {family} add excludedportrange protocol={reservation.transport.value} "
                f"startport={first} numberofports={last - first + 1} store=persistent || set failed=1"
            )
    yield "if defined failed echo Some ranges were not excluded, see above."
    yield "if defined failed exit /b 1"


_HEAD = """\
rem For Windows Vista, Server 2008 and later. Run it as administrator, best before the services start.
rem Windows takes ports for outgoing connections from a range of its own. A program that asks for one of
rem these ports still gets it, but none gets it by chance. What DCOM and H.245 take is not excluded.
rem A range that is excluded already is refused as in use:
rem netsh interface ipv4 show excludedportrange lists them.
setlocal DisableDelayedExpansion
set failed=
""".splitlines()


def write_reserved_ports(
    host: HostSettings,
    reservations: Iterable[Reservation],
    story: Story,
    windows: WindowsSettings,
) -> Iterator[str]:
    """reg for Windows 2000, XP and Server 2003: one list for TCP and UDP, never replaced unseen."""
    own = list(reservations)
    ranges = [f"{part[0]}-{part[1]}" for part in PortSet.union_of(r.ports for r in own)]
    key, value = f"HKLM\\{windows.reserved_key}", windows.reserved_value
    yield "@echo off"
    for line in story.head(host, "Keeps ports on which SwyxWare listens from other programs"):
        yield f"rem {plain_words(line)}"
    yield "rem For Windows 2000, XP and Server 2003. Run it as administrator, then restart Windows."
    for reservation in own:
        yield f"rem {_described(reservation)}"
    yield "rem A list that is there already is left as it is: it may hold the ports of other programs."
    yield f'reg query "{key}" /v {value} >nul 2>&1'
    yield "if errorlevel 1 goto write"
    yield f"echo {value} is there already. Add these lines with regedit: {' '.join(ranges)}"
    yield "exit /b 1"
    yield ":write"
    yield f'reg add "{key}" /v {value} /t REG_MULTI_SZ /s , /d "{",".join(ranges)}"'


def _described(reservation: Reservation) -> str:
    words = f"{reservation.transport.value} {reservation.ports}: {', '.join(reservation.keys)}"
    return plain_words(words)
