"""`swyx hosts`: what the machines themselves must be set to, shown or written as files for Windows."""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from swyx_components.analysis.explain.places import owners_of
from swyx_components.analysis.host_settings import HostSettings
from swyx_components.analysis.hosts import find_host_settings
from swyx_components.catalogue.windows import load_windows
from swyx_components.cli.folder import Written, write_folder
from swyx_components.cli.sites import choose_sites, open_installation
from swyx_components.cli.talk import report_progress, say
from swyx_components.installation.model import Installation
from swyx_components.messages import Message, Severity, SwyxError
from swyx_components.planner import plan_site
from swyx_components.planner.describe import Provenance
from swyx_components.planner.model import SitePlan
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


def prepare_hosts(
    file: str,
    sites: Sequence[str],
    machines: Sequence[str],
    output: str,
    force: bool,
    as_json: bool,
) -> int:
    """Show the settings of the chosen hosts, or write their files below `output`; the exit code."""
    installation, _ = open_installation(file)
    names = choose_sites(installation, sites)
    _refuse_unknown(installation, names, machines)
    hosts: list[HostSettings] = []
    files: list[HostFile] = []
    topology, windows = Topology(installation), load_windows()
    for plan in report_progress(_plan(topology, names), "sites planned", len(names)):
        reasons = Provenance.of(plan, installation.catalogue).reasons
        story = Story(catalogue=installation.catalogue, reasons=reasons, source=Path(file).name)
        for host in find_host_settings(topology, plan, windows):
            if not machines or host.name in machines:
                hosts.append(host)
                files += make_files(host, story, windows) if output else ()
    written = _write(output, files, hosts if machines else names, force) if output else None
    if as_json:
        _print_json(hosts, output, files, written)
    elif written is not None:
        _tell(output, hosts, written)
    else:
        sys.stdout.writelines(write_overview(hosts))
    return 0


def _plan(topology: Topology, names: Sequence[str]) -> Iterator[SitePlan]:
    for name in names:
        plan = plan_site(topology, name)
        errors = [m for m in plan.messages if m.severity is Severity.ERROR]
        if errors:
            raise SwyxError(errors)
        yield plan


def _refuse_unknown(
    installation: Installation, sites: Sequence[str], machines: Sequence[str]
) -> None:
    known = sorted(o.name for site in sites for o in owners_of(installation.sites[site]))
    shown = [*known[:10], f"{len(known) - 10} more"] if len(known) > 11 else known
    unknown = [name for name in machines if name not in known]
    if unknown:
        raise SwyxError(
            Message.about("host-unknown", f"--machine {name}", machine=name, known=shown)
            for name in unknown
        )


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


def _tell(output: str, hosts: Sequence[HostSettings], written: Written) -> None:
    for path in written.written:
        say(f"wrote {output}/{path}")
    for path in written.removed:
        say(f"removed {output}/{path}, which is needed no more")
    same = f", {len(written.unchanged)} unchanged" if written.unchanged else ""
    count = plural(len(written.written), "file")
    say(f"{count} written for {plural(len(hosts), 'host')}{same}.")
    say("Read each before it runs: what it does and why stands at its top.")


def _print_json(
    hosts: Sequence[HostSettings], output: str, files: Sequence[HostFile], written: Written | None
) -> None:
    document: dict[str, object] = {"version": 1, "hosts": [host_record(host) for host in hosts]}
    if written is not None:
        document |= {
            "folder": output,
            "files": [file.path for file in files],
            "written": list(written.written),
            "removed": list(written.removed),
        }
    print(json.dumps(document, indent=1))
