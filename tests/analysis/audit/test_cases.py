"""Titled cases: an installation and a hand-made firewall in, the whole answer of `swyx audit` out.

A file of `cases/` is a list of cases. The keys of a case:

- `title`: a sentence, unique over all files;
- `aws` or `azure`: the firewall in the short form of `shapes.py`;
- `installation`: what is merged into `small.yaml`, key by key (`~` takes a key out);
- `machines`: words for `--machine`;  `fix`: whether `--fix` is given;
- `answer`: every line that is printed. The headline's counts and the exit code must agree with it.

The installation is so small that every expected line can be worked out by hand from the article: one
server, one office of SwyxIt!. Its machine needs C1 (in tcp 135 and 40000-40199), C2 (out, the same), and
M2 both ways (udp 51000-51499 at the server, 50000-50099 at the office).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.analysis.audit.shapes import write_aws, write_azure
from tests.tools.command import swyx, write_file

FOLDER = Path(__file__).parent / "cases"
KEYS = {"title", "aws", "azure", "installation", "machines", "fix", "answer"}
SMALL = yaml.safe_load((FOLDER.parent / "small.yaml").read_text(encoding="utf-8"))
CASES: list[dict[str, Any]] = [
    {"file": path.stem, **case}
    for path in sorted(FOLDER.glob("*.yaml"))
    for case in yaml.safe_load(path.read_text(encoding="utf-8"))
]


def merge(under: Any, over: Any) -> Any:
    if not (isinstance(under, dict) and isinstance(over, dict)):
        return over
    merged = {**under, **{key: merge(under.get(key), value) for key, value in over.items()}}
    return {key: value for key, value in merged.items() if value is not None}


def ask(case: Mapping[str, Any], folder: Path, *words: str) -> Any:
    """`swyx audit` on the case's files."""
    file = write_file(folder, yaml.safe_dump(merge(SMALL, case.get("installation", {}))))
    written = write_aws(case["aws"]) if "aws" in case else write_azure(case["azure"])
    options = [word for each in case.get("machines", ()) for word in ("--machine", each)]
    for place, document in enumerate(written):
        path = folder / f"{place}.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        options += ["--saved", str(path)]
    return swyx(
        "audit", file, "--site", "acme", *options, *(["--fix"] if case.get("fix") else []), *words
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['file']}: {case['title']}")
def test_case(case: Mapping[str, Any], tmp_path: Path) -> None:
    outcome = ask(case, tmp_path)
    assert outcome.err == ""
    assert outcome.out.splitlines() == case["answer"]
    clean = "0 requirements not met, 0 rules open" in case["answer"][0]
    unsure = any(
        re.match("undecidable|not checked: .*(no file|whose rules)", line)
        for line in case["answer"]
    )
    assert outcome.code == (0 if clean and not unsure else 1)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['file']}: {case['title']}")
def test_json_has_the_same_findings(case: Mapping[str, Any], tmp_path: Path) -> None:
    outcome = ask(case, tmp_path, "--json")
    document = outcome.json()
    headline = case["answer"][0]
    assert f"; {len(document['missing'])} requirement" in headline
    assert f", {len(document['open'])} rule" in headline
    assert document["clean"] is (outcome.code == 0)
    assert ("changes" in document) is bool(case.get("fix"))


def test_cases_are_well_formed() -> None:
    titles = Counter(case["title"] for case in CASES)
    assert [title for title, count in titles.items() if count > 1] == []
    for case in CASES:
        assert case.keys() - {"file"} <= KEYS, case["title"]
        assert len({"aws", "azure"} & case.keys()) == 1
        assert len(case["title"].split()) > 3
        assert case["answer"]
    assert {path.suffix for path in FOLDER.iterdir()} == {".yaml"}


FAR = {
    "sites": {
        "acme": {"machines": {"link": {"addresses": ["10.1.0.11"], "roles": ["LinkManager"]}}},
        "far": {
            "machines": {"other": {"addresses": ["10.2.0.10"], "roles": ["SwyxServer"]}},
            "summary": ["10.2.0.0/24"],
        },
    },
    "links": {"one": {"sites": ["acme", "far"], "link_manager": "link"}},
}


def test_a_rule_for_the_summary_of_another_site_is_needed(tmp_path: Path) -> None:
    """Rules name a linked site by its summary; what the flows need is its one server."""
    for peer, stopped in (("10.2.0.0/24", False), ("10.2.0.10/32", False), ("10.2.0.128/25", True)):
        firewall = {
            "groups": {"sg-link": [f"in tcp 65001 from {peer}"]},
            "interfaces": {"10.1.0.11": ["sg-link"]},
        }
        case = {"aws": firewall, "installation": FAR}
        outcome = ask(case, tmp_path, "--json")
        assert outcome.err == ""
        found = json.loads(outcome.out)
        assert found["open"] == []
        assert ("K4" in {each["flow"] for each in found["missing"]}) is stopped
