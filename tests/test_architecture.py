"""What ARCHITECTURE.md says of sizes and terms, read from the code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "swyx_components"
MODULES = sorted(PACKAGE.rglob("*.py"))
SANDBOX = sorted(
    path for path in (ROOT / "sandbox").rglob("*.py") if "tests" not in path.relative_to(ROOT).parts
)
TERM = re.compile(r"^\| [a-z, ]+ \| .* \| (`\w+`(?:, `\w+`)*) \|$", re.M)


def lines_of(paths: list[Path]) -> int:
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in paths)


def test_the_package_and_the_sandbox_do_not_grow() -> None:
    """The design wants 22,000 lines of the package: this is where it stands, to be lowered with it."""
    assert lines_of(MODULES) <= 20_990
    assert len(MODULES) < 175
    assert lines_of(SANDBOX) < 8_000


@pytest.mark.parametrize("path", [*MODULES, *SANDBOX], ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_has_at_most_350_lines_and_its_functions_40(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 350
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 40, node.name


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported_by(path: Path) -> Iterator[str]:
    """Every module and name that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield f"{node.module}"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_few_modules_have_a_single_reader() -> None:
    """A small module with one reader belongs into that reader; 35 are wanted."""
    readers: dict[str, set[str]] = {
        name_of(path): set() for path in MODULES if path.stem != "__init__"
    }
    for path in MODULES:
        for name in imported_by(path):
            readers.get(name, set()).add(name_of(path))
    assert len([name for name, found in readers.items() if len(found) == 1]) <= 35


def test_every_term_of_the_glossary_stands_in_the_code() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    terms = {term for row in TERM.findall(page) for term in re.findall(r"\w+", row)}
    classes = {
        node.name
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    }
    assert len(terms) > 25
    assert terms - classes == set()


@pytest.mark.parametrize("page", ["ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_every_module_that_a_page_names_exists(page: str) -> None:
    named = re.findall(
        r"`([a-z_]+(?:/[a-z_0-9]+)+\.(?:py|yaml))`", (ROOT / page).read_text("utf-8")
    )
    missing = [
        path for path in named if not (ROOT / path).exists() and not (PACKAGE / path).exists()
    ]
    assert len(named) > 8
    assert missing == []
