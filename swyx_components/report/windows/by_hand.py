"""What no script can set on a host: the gatekeeper's address, and ports without a known setting."""

from collections.abc import Iterator

from swyx_components.analysis.host_settings import HostSettings, PortSetting
from swyx_components.report.windows.quoting import one_line
from swyx_components.report.windows.story import (
    Story,
    cite,
    describe_gatekeeper,
    describe_setting,
    how_to_set,
)


def write_by_hand(host: HostSettings, story: Story) -> Iterator[str]:
    """Lines of a text file; none where nothing is left to do by hand."""
    steps = [*_gatekeepers(host), *_settings(host)]
    if steps:
        for line in story.head(host, "What must be set by hand"):
            yield one_line(line)
        yield ""
        yield from map(one_line, steps)


def _gatekeepers(host: HostSettings) -> Iterator[str]:
    if host.gatekeepers:
        discovery = host.gatekeepers[0].discovery
        yield (
            f"Gatekeeper address, to be set statically: {discovery.purpose} (UDP {discovery.ports}, kb2308 "
            f"{cite(discovery.lines)}) does not cross cloud networks."
        )
        yield "The article names no setting for the address; set it where the product asks for it."
        for gatekeeper in host.gatekeepers:
            yield f"- {describe_gatekeeper(gatekeeper)}"


def _settings(host: HostSettings) -> Iterator[str]:
    unscripted = list(without_registry(host))
    if unscripted:
        yield "Ports that differ from the article's and have no registry value:"
    for setting in unscripted:
        yield f"- {describe_setting(setting)}: {how_to_set(setting)}"


def without_registry(host: HostSettings) -> Iterator[PortSetting]:
    """The settings that no script of ours can make."""
    return (setting for setting in host.settings if not setting.listener.registry)
