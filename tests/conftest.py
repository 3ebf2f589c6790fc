"""What all tests share."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--refresh", action="store_true", help="write golden files and snapshots anew")


def pytest_configure(config: pytest.Config) -> None:
    """Property tests show the same failure twice; `--hypothesis-profile default` tries others."""
    if config.pluginmanager.hasplugin("hypothesispytest"):  # `make floors` does without
        from hypothesis import settings

        settings.register_profile("reproducible", deadline=None, derandomize=True, database=None)
        settings.load_profile("reproducible")


# Files that take minutes, or most of one: they come first, so that no core is idle at the end.
SLOW = (
    "tests/engine",
    "tests/tools/acceptance",
    "sandbox/tests",
    "tests/typing",
    "tests/test_both_ways",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(SLOW))


@pytest.fixture
def refresh(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be written instead of compared."""
    return bool(request.config.getoption("--refresh"))
