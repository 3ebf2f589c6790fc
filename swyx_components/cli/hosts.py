"""`swyx hosts`: how to configure the machines themselves, shown or written as files for Windows.

Files are written into one folder: nothing outside it, and nothing that someone else wrote or changed. A
list in the folder (`swyx-hosts.json`) holds the digest of every file as it was written. What is not in
the list, or is no longer as it says, belongs to someone else.
"""

import json
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any

from swyx_components.analysis.hosts import HostSettings, PortSetting, find_host_settings
from swyx_components.cli.options import Words, command, written
from swyx_components.cli.sites import choose, choose_names, plan_usable
from swyx_components.cli.stacks import files_of
from swyx_components.cli.terminal import print_answer, refuse, refuse_device, replace_file
from swyx_components.messages import Message, raise_errors
from swyx_components.report.plan_json import fields_of, given, texts
from swyx_components.report.templates import render_lines
from swyx_components.report.windows.scripts import file_name, make_files


@command(
    "hosts installation.yaml --machine ac-server",
    "hosts installation.yaml --output hosts",
    output=written("--output DIR", "Write files to this folder."),
    machines=written("--machine NAME", "Only this machine or network"),
    force=written("--force", "Overwrite files that others wrote or changed."),
)
def hosts(
    file: str, output: str, sites: Words, machines: Words, force: bool, as_json: bool
) -> None:
    """Show how to configure the machines.

    DCOM range, ports, Windows Firewall, gatekeeper, reserved ports. With --output, as files for
    Windows, each with its reasons.
    """
    topology, _, names, _ = choose(file, sites)
    known = {owner.name for site in names for owner in topology.view(site).site.owners}
    machines = choose_names("host-unknown", "--machine", machines, known)
    settings = (find_host_settings(topology, plan) for plan in plan_usable(topology, names))
    chosen = [host for own in settings for host in own if not machines or host.name in machines]
    files = dict(chain(*(make_files(host, topology.installation) for host in chosen if output)))
    refuse_device(Path(output))
    changes: dict[str, object] = {}
    if output:
        owners = [(host.site, host.name) for host in chosen] if machines else [(n,) for n in names]
        own = tuple("/".join((*map(file_name, owner), "")) for owner in owners)
        inputs = files_of(topology.installation)
        written, removed = _write_folder(Path(output), files, own, force, inputs)
        changes = {"folder": output, "files": [*files], "written": written, "removed": removed}
    if as_json:
        print_answer({"version": 1, "hosts": [_record(host) for host in chosen], **changes})
    elif output:
        print_answer(render_lines("written.txt.j2", {}, hosts=chosen, **changes))
    else:
        overview = render_lines("hosts.txt.j2", {}, hosts=chosen)
        sys.stdout.writelines(f"{line}\n" for line in overview)


def _record(host: HostSettings) -> dict[str, Any]:
    dcom = host.dcom and {
        "ports": texts(host.dcom.ports),
        **fields_of(host.dcom, "decision", "flows", "lines"),
    }
    return {
        **fields_of(host, "site", "name"),
        "kind": "network" if host.network else "machine",
        "roles": host.roles,
        "addresses": [prefix.short for prefix in host.prefixes],
        **given(dcom=dcom),
        "ports": list(map(_setting_record, host.settings)),
        "gatekeepers": [
            {
                **fields_of(each, "role", "machine"),
                "addresses": [prefix.short for prefix in each.addresses],
                **fields_of(each, "port", "flows"),
            }
            for each in host.gatekeepers
        ],
        "firewall": [
            {
                **fields_of(each, "direction", "protocol"),
                **given(**fields_of(each, "ports", "source_ports")),
                "peers": [prefix.short for prefix in each.prefixes],
                **fields_of(each, "flows", "lines"),
            }
            for each in host.openings
        ],
        "reserve": [
            fields_of(each, "system", "transport", "ports") | {"listeners": each.keys}
            for each in host.reservations
        ],
    }


def _setting_record(setting: PortSetting) -> dict[str, Any]:
    listener = setting.listener
    return {
        "role": listener.role,
        "listener": listener.key,
        "ports": str(setting.ports),
        "article": str(listener.ports),
        "configurable": listener.configurable,
        "registry": setting.registry,
        "lines": listener.lines,
    }


LIST = "swyx-hosts.json"
_PATH = re.compile(r"(?:\+?[A-Za-z0-9_-]+/){0,3}\+?[A-Za-z0-9_-]+\.[a-z0-9]+")


def _write_folder(
    folder: Path,
    files: Mapping[str, bytes],
    own: tuple[str, ...],
    force: bool,
    inputs: Sequence[Path],
) -> tuple[list[str], list[str]]:
    """Write the files, and remove obsolete ones of earlier runs whose paths begin with one of `own`.

    The paths of both, without files that were there already.

    Raises:
        SwyxError: a file there is not ours, or leads out of the folder; then nothing is written.
    """
    known, digests = _read_list(folder), {p: sha256(raw).hexdigest() for p, raw in files.items()}
    there = {path: _digest_of(folder / path) for path in {**known, **files}}
    raise_errors(
        Message.about("file-foreign", str(folder / path), list=LIST)
        for path, digest in digests.items()
        if not force
        and os.path.lexists(folder / path)
        and there[path] not in (known.get(path), digest)
    )
    stale = [
        path
        for path, digest in known.items()
        if path not in files and path.startswith(own) and there[path] == digest
    ]
    _refuse_leading_out(folder, (LIST, *files, *stale))
    changed = [path for path, digest in digests.items() if there[path] != digest]
    for path in changed:
        replace_file(folder / path, [files[path]], inputs, parents=True)
    for path in stale:
        (folder / path).unlink()
    kept = {path: digest for path, digest in known.items() if path not in stale} | digests
    document = {"version": 1, "files": dict(sorted(kept.items()))}
    listed = f"{json.dumps(document, indent=1)}\n".encode()
    replace_file(folder / LIST, [listed], inputs, parents=True)
    return changed, stale


def _refuse_leading_out(folder: Path, paths: Iterable[str]) -> None:
    """Links below the folder might lead anywhere, and a path of the list might be anything."""
    for path in paths:
        place = folder
        for part in path.split("/"):
            place = place / part
            if place.is_symlink():
                raise refuse("file-is-link", str(place))


def _read_list(folder: Path) -> dict[str, str]:
    """Digests by path; a list by someone else counts as none."""
    try:
        files = json.loads((folder / LIST).read_text(encoding="utf-8"))["files"]
        return {path: str(digest) for path, digest in files.items() if _PATH.fullmatch(path)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _digest_of(path: Path) -> str:
    is_own = path.is_file() and not path.is_symlink()
    return sha256(path.read_bytes()).hexdigest() if is_own else ""
