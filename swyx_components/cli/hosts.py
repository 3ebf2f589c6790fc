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

from swyx_components.analysis.hosts import HostSettings, find_host_settings
from swyx_components.cli.options import Words, command
from swyx_components.cli.sites import choose, choose_names, plan_sites
from swyx_components.cli.stacks import files_of
from swyx_components.cli.terminal import print_answer, refuse, refuse_device, replace_file
from swyx_components.messages import Message, raise_errors
from swyx_components.report.hosts import host_record
from swyx_components.report.tables import plural
from swyx_components.report.templates import render_lines
from swyx_components.report.windows.scripts import file_name, make_files


@command
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
    settings = (find_host_settings(topology, plan) for plan in plan_sites(topology, names))
    chosen = [host for own in settings for host in own if not machines or host.name in machines]
    files = dict(chain(*(make_files(host, topology.installation) for host in chosen if output)))
    refuse_device(Path(output))
    written, removed = list[str](), list[str]()
    if output:
        owners, inputs = chosen if machines else names, files_of(topology.installation)
        written, removed = _write_folder(Path(output), files, owners, force, inputs)
    if as_json:
        document: dict[str, object] = {"version": 1, "hosts": [host_record(h) for h in chosen]}
        changes = {"files": list(files), "written": written, "removed": removed}
        print_answer(document | ({"folder": output, **changes} if output else {}))
    elif output:
        print_answer(f"wrote {output}/{path}" for path in written)
        print_answer(f"removed {output}/{path}, which is no longer needed" for path in removed)
        count = f"{plural(len(written), 'file')} written for {plural(len(chosen), 'host')}"
        unchanged = len(files) - len(written)
        count += f", {unchanged} unchanged" if unchanged else ""
        review = "Review each file before you run it; its header says what it does and why."
        print_answer([f"{count}.", review])
    else:
        overview = render_lines("hosts.txt.j2", {}, hosts=chosen)
        sys.stdout.writelines(f"{line}\n" for line in overview)


LIST = "swyx-hosts.json"
_PATH = re.compile(r"(?:\+?[A-Za-z0-9_-]+/){0,3}\+?[A-Za-z0-9_-]+\.[a-z0-9]+")


def _write_folder(
    folder: Path,
    files: Mapping[str, bytes],
    made_for: Sequence[HostSettings | str],
    force: bool,
    inputs: Sequence[Path],
) -> tuple[list[str], list[str]]:
    """Write the files, and remove obsolete ones of earlier runs below the folders of `made_for`.

    The paths of both, without files that were there already.

    Raises:
        SwyxError: a file there is not ours, or leads out of the folder; then nothing is written.
    """
    known, digests = _read_list(folder), {path: _digest(raw) for path, raw in files.items()}
    there = {path: _digest_of(folder / path) for path in {**known, **files}}
    raise_errors(
        Message.about("file-foreign", str(folder / path), list=LIST)
        for path, digest in digests.items()
        if not force
        and os.path.lexists(folder / path)
        and there[path] not in (known.get(path), digest)
    )
    own = tuple(f"{_folder_of(one)}/" for one in made_for)
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


def _folder_of(one: HostSettings | str) -> str:
    """The folder of a site, by its name, or of a host."""
    return "/".join(map(file_name, [one] if isinstance(one, str) else [one.site, one.name]))


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
    return _digest(path.read_bytes()) if path.is_file() and not path.is_symlink() else ""


def _digest(raw: bytes) -> str:
    return sha256(raw).hexdigest()
