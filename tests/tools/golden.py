"""Files of expected output, reviewed as diffs: `pytest --refresh` writes them anew."""

from collections.abc import Iterable
from pathlib import Path

from swyx_components.installation import load_installation
from swyx_components.installation.model import Installation
from swyx_components.planner import plan_site
from swyx_components.planner.model import RenderedSite, Rule, SitePlan

ROOT = Path(__file__).parents[2]


def compare(path: Path, lines: Iterable[str], refresh: bool) -> None:
    """Assert that a golden file holds these lines, or write it."""
    text = "".join(f"{line}\n" for line in lines)
    if refresh:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    found = path.read_text(encoding="utf-8") if path.exists() else ""
    assert text.splitlines() == found.splitlines(), f"see {path}; pytest --refresh writes it anew"


def planned(file: str, site: str) -> tuple[SitePlan, Installation]:
    """One site of a file of the project's, with the installation that it is of."""
    installation = load_installation(ROOT / file, file=file)
    return plan_site(installation, site), installation


def spec_lines(rendered: RenderedSite) -> list[str]:
    """A rendered site, every field of every rule, two lines each."""
    return [
        line
        for entry in rendered.groups
        for line in (
            f"{entry.group.name}: {' '.join(machine.name for machine in entry.group.machines)}",
            *(line for spec in entry.rules for line in _lines(spec)),
        )
    ]


def _lines(spec: Rule) -> tuple[str, str]:
    ports = "any" if spec.ports is None else str(spec.ports)
    source = "" if spec.source_ports is None else f" source {spec.source_ports}"
    peers = [*spec.groups, *map(str, spec.prefixes)]
    verdict = "" if spec.allow else " DENY"
    priority = f" #{spec.priority}" if spec.priority else ""
    towards = "from" if spec.direction.value == "in" else "to"
    return (
        f"  {spec.name}{priority}{verdict}",
        f"    {spec.direction.value} {spec.protocol.value} {ports}{source} {towards} "
        f"{', '.join(peers)}  [{' '.join(spec.flows)}] {spec.description}",
    )
