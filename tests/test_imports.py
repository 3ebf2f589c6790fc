"""Which package may import which: the table of ARCHITECTURE.md, read from every module's syntax tree."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "swyx_components"
CLOUD_SDKS = {"boto3", "botocore", "azure", "pulumi_aws", "pulumi_azure", "pulumi_azure_native"}
OUR_THIRD_PARTIES = {
    "yaml",
    "click",
    "openpyxl",
    "jinja2",
    "markupsafe",
    "pulumi",
    *CLOUD_SDKS,
}

# Packages below each package: what it may import of ours, itself apart.
DOMAIN = {"sets", "messages", "catalogue", "installation", "planner"}
BELOW = {
    "sets": set(),
    "messages": set(),
    "catalogue": {"sets", "messages"},
    "installation": {"sets", "messages", "catalogue"},
    "planner": {"sets", "messages", "catalogue", "installation"},
    "analysis": DOMAIN,
    "clouds": {*DOMAIN, "analysis"},
    "report": {*DOMAIN, "analysis"},
    "cli": {*DOMAIN, "analysis", "report", "clouds", ""},
    "components": {*DOMAIN, "analysis", "clouds"},
    "testing": {"sets"},
    "__main__": {"cli"},
}
# Third parties of each package; of a single module where only that one may.
OUTSIDE = {
    "messages": {"yaml"},
    "catalogue": {"yaml"},
    "installation": {"yaml"},
    "clouds": {"yaml"},
    "cli": {"click"},
    "cli.rollout": {"pulumi"},
    "cli.stacks": {"yaml"},
    "report.flows": {"openpyxl"},
    "report.templates": {"jinja2"},
    "components": {"pulumi"},
    "testing": {"pulumi"},
    "report.html.pages": {"jinja2", "markupsafe"},
    "clouds.aws.lookups": {"pulumi"},
    "clouds.aws.resources": {"pulumi", "pulumi_aws"},
    "clouds.azure.lookups": {"pulumi", "pulumi_azure_native"},
    "clouds.azure.existing": {"pulumi"},
    "clouds.azure.resources": {"pulumi", "pulumi_azure", "pulumi_azure_native"},
    "clouds.deployment": {"pulumi"},
    "clouds.aws.__init__": {"pulumi"},
    "clouds.azure.__init__": {"pulumi"},
    "clouds.aws.client": {"boto3", "botocore"},
    "clouds.azure.client": {"azure"},
}
WRITERS = {
    "clouds.aws.resources",
    "clouds.azure.resources",
}
MODULES = sorted(path for path in PACKAGE.rglob("*.py"))


def imports_of(path: Path) -> Iterator[tuple[str, bool]]:
    """Every module that a file imports, and whether at its top level."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    top = set(map(id, tree.body))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) in top) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield f"{node.module}", id(node) in top


def place_of(path: Path) -> tuple[str, str]:
    """The package of a module, and its dotted place in the package."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0], ".".join(parts)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_each_module_imports_only_what_its_package_may(path: Path) -> None:
    package, place = place_of(path)
    if package == "__init__":
        return
    assert package in BELOW, f"the table knows no package {package}"
    for name, _ in imports_of(path):
        first, _, rest = name.partition(".")
        if first == "swyx_components":
            other = rest.partition(".")[0]
            assert other == package or other in BELOW[package], f"{place} imports {name}"
        elif first in OUR_THIRD_PARTIES:
            allowed = OUTSIDE.get(package, set()) | OUTSIDE.get(place, set())
            assert first in allowed, f"{place} imports {name}"
        else:
            assert first in sys.stdlib_module_names, f"{place} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_what_writes_resources_loads_an_sdk_when_it_is_imported(path: Path) -> None:
    _, place = place_of(path)
    if place not in WRITERS:
        at_top = {name.partition(".")[0] for name, top in imports_of(path) if top}
        assert not at_top & CLOUD_SDKS


def test_neither_cloud_imports_the_other() -> None:
    for one, other in (("aws", "azure"), ("azure", "aws")):
        for path in (PACKAGE / "clouds" / one).rglob("*.py"):
            assert not [
                name
                for name, _ in imports_of(path)
                if name.startswith(f"swyx_components.clouds.{other}")
            ]


def reached_from(*places: str) -> set[str]:
    """The modules that some modules load, they and whatever these load in turn; checks make no rules."""
    reached: set[str] = set()
    waiting = list(places)
    while waiting:
        place = waiting.pop()
        path = PACKAGE / f"{place.replace('.', '/')}.py"
        if place not in reached and path.exists() and not place.startswith("planner.checks."):
            reached.add(place)
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom):
                    module = f"{node.module}".removeprefix("swyx_components.")
                    waiting += [module, *(f"{module}.{alias.name}" for alias in node.names)]
    return reached


def test_what_makes_rules_does_not_use_the_sets_that_prove_them() -> None:
    """Else the proof, verify and audit could repeat a mistake of the rules that they judge."""
    cloud_writers = ("clouds.aws.render", "clouds.azure.render")
    makers = reached_from("planner.plan", "planner.render", *cloud_writers)
    passes = {"flows", "requirements", "regions", "minimise", "describe", "render"}
    writers = {"clouds.aws.shard", "clouds.azure.cover"}
    assert {f"planner.{name}" for name in passes} | writers <= makers
    judges = {"planner.proof", "analysis.deployed.reachability", "analysis.diff.reachability"}
    assert not makers & {"sets.packets", *judges}
    assert all("sets.packets" in reached_from(place) for place in judges)


def test_nothing_of_the_product_imports_the_sandbox_or_the_tests() -> None:
    for path in MODULES:
        assert not {name.partition(".")[0] for name, _ in imports_of(path)} & {"sandbox", "tests"}


def loaded_by(program: str) -> set[str]:
    """The top-level packages that a program has loaded when it ends."""
    show = "import sys; print(' '.join({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-c", f"{program}\n{show}"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return set(done.stdout.split())


def test_importing_the_package_loads_no_cloud_sdk_and_no_pulumi() -> None:
    assert not loaded_by("import swyx_components") & {*CLOUD_SDKS, "pulumi", "yaml"}


def test_planning_rendering_and_proving_load_no_cloud_sdk_and_no_pulumi() -> None:
    program = (
        "from swyx_components.cli.main import run\n"
        "words = ['plan', 'tests/fixtures/packed.yaml', '--cloud', 'aachen=aws', '--cloud', 'bochum=azure']\n"
        "try: run(words)\n"
        "except SystemExit as end: assert not end.code, end.code"
    )
    assert not loaded_by(program) & {*CLOUD_SDKS, "pulumi"}


# ---- the tests themselves


def test_every_test_on_disk_is_collected(request: pytest.FixtureRequest) -> None:
    """A test module or folder that pytest does not find would be green for ever."""
    written = {
        "::".join((str(path.relative_to(ROOT)), *names))
        for path in (ROOT / "tests").rglob("*.py")
        for names in functions_of(path)
    }
    collected = {item.nodeid.partition("[")[0] for item in request.session.items}
    if written - collected:  # as where only some were asked for
        collected = collect_all()
    assert written - collected == set()


def collect_all() -> set[str]:
    """What pytest finds in the whole folder."""
    words = ["--collect-only", "-o", "addopts=-q", "-p", "no:cacheprovider", str(ROOT / "tests")]
    command = [sys.executable, "-m", "pytest", *words]
    said = subprocess.run(command, capture_output=True, text=True, cwd=ROOT).stdout
    return {line.partition("[")[0] for line in said.splitlines() if "::" in line}


def functions_of(path: Path) -> Iterator[tuple[str, ...]]:
    """Names of test functions, with their class where they have one."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith(
            "test_"
        ):
            yield (node.name,)
        if isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef) and inner.name.startswith("test_"):
                    yield (node.name, inner.name)
