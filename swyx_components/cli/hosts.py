"""`swyx hosts`: what the machines themselves must be set to, shown or written as files for Windows."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from swyx_components.analysis.explain.places import owners_of
from swyx_components.analysis.hosts import HostSettings, find_host_settings
from swyx_components.catalogue.windows import load_windows
from swyx_components.cli.failures import raise_errors
from swyx_components.cli.folder import Written, write_folder
from swyx_components.cli.options import FILE, JSON, SITES, option, option_list
from swyx_components.cli.sites import choose_sites, first_of, open_installation
from swyx_components.cli.terminal import print_json, print_line, report_progress
from swyx_components.installation.model import Installation
from swyx_components.messages import Message
from swyx_components.planner import plan_site
from swyx_components.planner.describe import Provenance
from swyx_components.planner.topology import Topology
from swyx_components.report.hosts import (
    HostFile,
    file_name,
    host_record,
    make_files,
    write_overview,
)
from swyx_components.report.tables import plural
from swyx_components.report.windows.text import Story


@click.command
@FILE
@option("--output", "DIR", "Write files below this folder.")
@SITES
@option_list("--machine", "machines", "NAME", "Only this machine or network")
@click.option("--force", is_flag=True, help="Overwrite what others wrote or changed.")
@JSON
def hosts(
    file: str,
    output: str,
    sites: Sequence[str],
    machines: Sequence[str],
    force: bool,
    as_json: bool,
) -> None:
    """Show what the machines must be set to.

    DCOM range, ports, Windows Firewall, gatekeeper, reserved ports. With --output as files for
    Windows, each with the reasons for what it does.
    """
    installation, _ = open_installation(file)
    names = choose_sites(installation, sites)
    known = {owner.name for site in names for owner in owners_of(installation.sites[site])}
    raise_errors(
        Message.about("host-unknown", f"--machine {name}", machine=name, known=first_of(known))
        for name in machines
        if name not in known
    )
    told = [
        (host, story)
        for host, story in _find_hosts(installation, names)
        if not machines or host.name in machines
    ]
    chosen = [host for host, _ in told]
    files = [each for host, story in told for each in make_files(host, story)] if output else []
    written = _write(output, files, chosen if machines else names, force) if output else None
    if as_json:
        document: dict[str, object] = {"version": 1, "hosts": [host_record(h) for h in chosen]}
        if written is not None:
            document |= {"folder": output, "files": [file.path for file in files]}
            document |= {"written": written.written, "removed": written.removed}
        print_json(document)
    elif written is not None:
        _print_written(output, len(chosen), written)
    else:
        sys.stdout.writelines(write_overview(chosen))


def _find_hosts(
    installation: Installation, names: Sequence[str]
) -> Iterator[tuple[HostSettings, Story]]:
    """What every host of the sites must be set to, and what its files say of the reasons."""
    topology, windows = Topology(installation), load_windows()
    for name in report_progress(names, "sites planned", len(names)):
        plan = plan_site(topology, name)
        raise_errors(plan.messages)
        reasons = Provenance.of(plan, installation.catalogue).reasons
        source = Path(installation.file).name
        story = Story(windows, installation.catalogue, reasons, source=source)
        for host in find_host_settings(topology, plan, windows):
            yield host, story


def _write(
    output: str, files: Sequence[HostFile], made_for: Sequence[HostSettings | str], force: bool
) -> Written:
    """Below the folders of the chosen sites or hosts, files of earlier runs may be removed."""
    owned = [
        file_name(one) if isinstance(one, str) else f"{file_name(one.site)}/{file_name(one.name)}"
        for one in made_for
    ]
    contents = {file.path: file.encode() for file in files}
    return write_folder(Path(output), contents, owned, force)


def _print_written(output: str, hosts: int, written: Written) -> None:
    for path in written.written:
        print_line(f"wrote {output}/{path}")
    for path in written.removed:
        print_line(f"removed {output}/{path}, which is needed no more")
    same = f", {len(written.unchanged)} unchanged" if written.unchanged else ""
    count = plural(len(written.written), "file")
    print_line(f"{count} written for {plural(hosts, 'host')}{same}.")
    print_line("Read each before it runs: what it does and why stands at its top.")
