"""The lock: every package pinned with hashes, from no address, and nothing else installed."""

from __future__ import annotations

from packaging.version import Version

from tests.tools.packages.__main__ import LOCK
from tests.tools.packages.declared import PROJECT, floors, group
from tests.tools.packages.lock import Pin, compare, installed_packages, read_lock

HASH = "--hash=sha256:" + "0" * 64


def test_the_lock_is_whole() -> None:
    pins, faults = read_lock(LOCK.read_text(encoding="utf-8"))
    assert faults == []
    assert {"pulumi", "pyyaml", "boto3", "hypothesis"} <= pins.keys()


def test_what_is_installed_is_what_is_pinned() -> None:
    pins, _ = read_lock(LOCK.read_text(encoding="utf-8"))
    assert list(compare(pins, installed_packages())) == []


def test_a_pin_without_hash_an_address_and_a_second_pin_are_seen() -> None:
    text = (
        f"a==1.0 \\\n    {HASH}\n    # via b\nb==2.0\n--index-url https://127.0.0.1/simple\n"
        f"c @ file:///c.whl\nd>=1\na==1.1 \\\n    {HASH}\n"
    )
    assert read_lock(text)[1] == [
        "line 5: neither a pin nor a sha256 hash: '--index-url https://127.0.0.1/simple'",
        "line 6: neither a pin nor a sha256 hash: 'c @ file:///c.whl'",
        "line 7: neither a pin nor a sha256 hash: 'd>=1'",
        "line 8: a is pinned twice",
        "b 2.0 has no hash",
    ]


def test_the_component_tests_run_with_the_oldest_versions_that_are_accepted() -> None:
    pins, faults = read_lock(
        PROJECT.with_name("tests").joinpath("tools/packages/floors.lock").read_text()
    )
    assert faults == []
    oldest = {name: Version(version) for name, version in floors().items()}
    assert {name: Version(pins[name].version) for name in oldest} == oldest
    assert {"pulumi", "pulumi-aws", "pulumi-azure-native", "pulumi-azure"} <= floors().keys()


def test_a_group_holds_those_that_it_includes() -> None:
    assert any(row.startswith("mkdocs-material") for row in group("dev"))
    assert any(row.startswith("pytest>") for row in group("dev"))


def test_each_difference_is_a_sentence() -> None:
    pins = {name: Pin(name=name, version="1", hashes=1) for name in ("a", "b", "c")}
    assert list(compare(pins, {"a": "1", "b": "2", "x": "3", "swyx-components": "0"})) == [
        "b 2 is installed, the lock has 1",
        "x 3 is installed and not in the lock",
        "c 1 is in the lock and not installed",
    ]
