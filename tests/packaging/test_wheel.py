"""What a customer installs: built twice alike, from the tree and from the sdist, and enough by itself."""

from __future__ import annotations

import hashlib
import re
import shutil
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.packages.wheel import ROOT, install_wheel, run

CUSTOMER = ROOT / "examples" / "unit-tests"
PUBLISHED = {"SWYX_PROJECT_URL": "https://example.org/swyx"}


def build(source: Path, target: Path, **settings: str) -> dict[str, str]:
    """Both distributions of a tree in `target`; the hash of each by name."""
    run(sys.executable, "-m", "hatchling", "build", "-d", target, cwd=source, **settings)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in target.iterdir()}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("dist")
    build(ROOT, target, **PUBLISHED)
    return target


@pytest.fixture(scope="module")
def unpacked(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution's folder."""
    folder = tmp_path_factory.mktemp("sdist")
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        archive.extractall(folder, filter="data")
    return next(folder.iterdir())


def test_two_builds_are_alike_and_so_is_the_wheel_of_the_source_distribution(
    built: Path, unpacked: Path, tmp_path: Path
) -> None:
    first = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in built.iterdir()}
    assert {name.partition("-")[2] for name in first} == {
        "0.1.0.tar.gz",
        "0.1.0-py3-none-any.whl",
    }
    assert build(ROOT, tmp_path / "again", **PUBLISHED) == first
    assert build(unpacked, tmp_path / "unpacked") == first


def test_a_release_links_its_page_to_the_files_of_its_version(built: Path) -> None:
    metadata = metadata_of(built)
    assert "[docs/backends.md](https://example.org/swyx/blob/v0.1.0/docs/backends.md)" in metadata
    assert "Project-URL: Repository, https://example.org/swyx" in metadata


def test_without_an_address_no_link_of_the_page_leads_nowhere(tmp_path: Path) -> None:
    build(ROOT, tmp_path)
    metadata = metadata_of(tmp_path)
    assert "(https://www.pulumi.com)" in metadata
    assert re.findall(r"\]\((?!https?:|#)", metadata) == []


def metadata_of(folder: Path) -> str:
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        (name,) = (each for each in wheel.namelist() if each.endswith("/METADATA"))
        assert "swyx_components/py.typed" in wheel.namelist()
        return wheel.read(name).decode()


@pytest.fixture(scope="module")
def environment(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A Python with the wheel and the packages of this environment, but nothing of this repository."""
    folder = tmp_path_factory.mktemp("customer")
    yield install_wheel(next(built.glob("*.whl")), folder / "venv")
    shutil.rmtree(folder)


def test_a_customers_own_tests_pass_with_the_wheel_alone(environment: Path, tmp_path: Path) -> None:
    folder = tmp_path / "telephony"
    shutil.copytree(CUSTOMER, folder)
    place = run(environment, "-c", "import swyx_components as s; print(s.__file__)", cwd=folder)
    assert Path(place).is_relative_to(environment.parents[1])
    said = run(environment, "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=folder)
    assert "3 passed" in said


def test_the_command_of_the_wheel_plans_a_file(environment: Path) -> None:
    script = environment.with_name("swyx")
    said = run(script, "check", ROOT / "stacks" / "installation.yaml", cwd=environment.parent)
    assert "0 errors" in said or "no errors" in said
