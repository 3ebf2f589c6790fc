"""Which sites of which file go to which cloud: what is understood, and what is refused with a
remedy.
"""

from pathlib import Path

import pytest

from sandbox.sites import choose_sites, find_installation, parse_sites, read_machines
from sandbox.talk import SandboxError

FILE = """
sites:
  berlin:
    machines:
      be-server: {addresses: [10.3.0.10, "fd00::10"], roles: [SwyxServer]}
      be-bare: {roles: [SwyxIt]}
  essen: {machines: {es-server: {addresses: [10.4.0.10], roles: [SwyxServer]}}}
  ulm: {}
"""


@pytest.fixture
def installation(tmp_path: Path) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(FILE)
    return path


def test_the_named_sites_get_their_clouds_in_the_order_given(installation: Path) -> None:
    sites = choose_sites(installation, " essen=azure,berlin=aws ")
    assert [(site.name, site.cloud) for site in sites] == [("essen", "azure"), ("berlin", "aws")]
    assert sites[1].machines == {"be-server": ["10.3.0.10", "fd00::10"], "be-bare": []}


@pytest.mark.parametrize("named", [None, "", "  "])
def test_an_own_file_without_sites_is_refused_with_the_way_to_name_them(
    installation: Path, named: str | None
) -> None:
    with pytest.raises(SandboxError) as refused:
        choose_sites(installation, named)
    assert refused.value.exit_code == 2
    assert 'SITES="berlin=aws essen=azure"' in str(refused.value)
    assert "mine.yaml has berlin, essen, ulm" in str(refused.value)


@pytest.mark.parametrize(
    ("named", "complaint"),
    [
        (
            "bonn=aws",
            'SITES: unknown site "bonn": .* has berlin, essen, ulm',
        ),
        ("berlin", r'unknown cloud in "berlin" \(known: aws, azure\)'),
        ("berlin=gcp", r'unknown cloud in "berlin=gcp" \(known: aws, azure\)'),
        ("=aws", 'expected SITE=CLOUD, found "=aws"'),
        ("../x=aws", 'expected SITE=CLOUD, found "../x=aws"'),
        ("berlin=aws berlin=azure", 'SITES names "berlin" twice'),
    ],
)
def test_wrong_sites_are_refused_with_the_reason(
    installation: Path, named: str, complaint: str
) -> None:
    with pytest.raises(SandboxError, match=complaint) as refused:
        choose_sites(installation, named)
    assert refused.value.exit_code == 2


@pytest.mark.parametrize(
    "text", ["", "[]", "sites: 3", "sites: {a: 1}", "sites: {a: {machines: [x]}}"]
)
def test_a_file_of_another_shape_has_no_machines(tmp_path: Path, text: str) -> None:
    (tmp_path / "odd.yaml").write_text(text)
    assert [
        machines for machines in read_machines(tmp_path / "odd.yaml").values() if machines
    ] == []


@pytest.mark.parametrize(
    "content", [b"sites: [", b"\xff\xfe\x00", b"!!python/object/apply:os.getcwd []"]
)
def test_a_file_that_is_not_plain_yaml_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.yaml").write_bytes(content)
    with pytest.raises(SandboxError, match=r"bad\.yaml can't be read as YAML") as refused:
        read_machines(tmp_path / "bad.yaml")
    assert refused.value.exit_code == 2


def test_a_relative_file_is_seen_from_where_make_was_called(
    installation: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWYX_CALLED_FROM", str(installation.parent))
    assert find_installation("mine.yaml") == installation
    monkeypatch.delenv("SWYX_CALLED_FROM")
    monkeypatch.chdir(installation.parent)
    assert find_installation("mine.yaml") == installation
    with pytest.raises(SandboxError, match=r"Installation file not found: .*/yours.yaml"):
        find_installation("yours.yaml")


def test_sites_may_be_separated_by_spaces_commas_or_lines() -> None:
    assert parse_sites("a=aws\nb=azure, c=aws") == {"a": "aws", "b": "azure", "c": "aws"}
