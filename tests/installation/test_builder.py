"""An installation as a program builds it: a file becomes an object and a file again without a change."""

from pathlib import Path

import pytest
import yaml

from swyx_components import Installation
from swyx_components.components.check import InvalidInput
from swyx_components.installation import read_installation
from swyx_components.installation.builder import InstallationBuilder, MachineRef, SiteBuilder
from swyx_components.messages import Severity, SwyxError
from tests.tools.case_files import all_cases
from tests.tools.command import swyx

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "stacks/installation.yaml"


def test_the_example_is_planned_the_same_after_the_way_through_an_object(tmp_path: Path) -> None:
    file = tmp_path / "installation.yaml"
    file.write_text(Installation.load(EXAMPLE).to_yaml())
    clouds = ("--cloud", "aachen=aws", "--cloud", "bochum=azure", "--json")
    plans = [swyx("plan", path, *clouds) for path in (EXAMPLE, file)]
    assert plans[0].code == 0
    assert plans[1].out.replace(str(file), str(EXAMPLE)) == plans[0].out
    assert Installation.load(file).to_yaml() == file.read_text()


def test_every_case_that_loads_is_the_same_after_the_way_through_an_object(tmp_path: Path) -> None:
    loaded = 0
    for case in all_cases():
        file = tmp_path / "installation.yaml"
        file.write_text(yaml.safe_dump(case.installation))
        before, messages = read_installation(file)
        if any(message.severity is Severity.ERROR for message in messages):
            continue
        file.write_text(Installation.load(file).to_yaml())
        assert read_installation(file) == (before, messages), case.title
        loaded += 1
    assert loaded > 100


def test_a_file_with_errors_is_not_loaded(tmp_path: Path) -> None:
    file = tmp_path / "installation.yaml"
    file.write_text("swyxware: '6.01'\n")
    with pytest.raises(InvalidInput) as caught:
        Installation.load(file)
    assert [message.id for message in caught.value.messages] == ["key-missing"]


def test_the_catalogue_of_a_file_is_found_from_where_the_program_runs(tmp_path: Path) -> None:
    """Its path is relative to the file, and a program has no file."""
    bundled = ROOT / "swyx_components/catalogue/v6_01.yaml"
    folder = tmp_path / "estate"
    folder.mkdir()
    (folder / "own.yaml").write_text(bundled.read_text())
    machines = {"server": {"addresses": ["10.1.0.10"], "roles": ["SwyxServer"]}}
    whole = {"swyxware": "6.01", "catalogue": "own.yaml", "sites": {"acme": {"machines": machines}}}
    (folder / "installation.yaml").write_text(yaml.safe_dump(whole))
    builder = Installation.load(folder / "installation.yaml")
    assert read_installation(builder.document)[1] == ()


def test_two_sites_have_two_links_where_the_second_has_a_name_of_its_own() -> None:
    builder = InstallationBuilder()
    one, other = (SiteBuilder(builder, name) for name in ("one", "other"))
    here, there = MachineRef(one, "one-link"), MachineRef(other, "other-link")
    builder.link(one, other, through=here)
    builder.link(one, other, through=there, name="second")
    links = builder.document["links"].items()
    assert {name: link["link_manager"] for name, link in links} == {
        "one-other": "one-link",
        "second": "other-link",
    }
    with pytest.raises(SwyxError, match="for a machine or a link, give name="):
        builder.link(one, other, through=there)
