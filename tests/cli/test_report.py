"""`swyx report`: what it writes, where, and what it says when it can't."""

from __future__ import annotations

import hashlib
import io
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from swyx_components.analysis.deployed.verify import (
    CloudError,
    Deployed,
    DeployedGroup,
    DeployedInterface,
)
from swyx_components.cli import report
from swyx_components.clouds.aws import Aws
from swyx_components.messages import Message
from swyx_components.planner.model import RenderedSite
from tests.tools.bench.estates import write_estate
from tests.tools.command import SMALL, swyx, write_file

ROOT = Path(__file__).parents[2]


def test_the_example_s_report_is_one_file_with_every_site_and_section(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    clouds = ("--cloud", "aachen=aws", "--cloud", "bochum=azure")
    outcome = swyx("report", "stacks/installation.yaml", "--output", page, *clouds)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == (
        f"{page}, 0.2 MB: 2 sites, 9 machines, 250 flows, 182 rules; no errors, 4 warnings, 8 notes.\n"
    )
    text = page.read_text(encoding="utf-8")
    for section in (
        "picture",
        "rules",
        "flows",
        "decisions",
        "collisions",
        "quotas",
        "uncovered",
        "sites",
    ):
        assert f'<section id="{section}"' in text
    assert "Proven both ways on the rendered rules: nothing missing, nothing in excess." in text
    quotas = text.partition('<section id="quotas">')[2].partition("</section>")[0]
    assert "<table>" not in quotas  # no quota is half used
    assert "groups_per_interface</code> of aws at aachen/linkmanager: 2 of 5" in quotas
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html"]


def test_the_page_names_date_file_hash_and_version(tmp_path: Path) -> None:
    file, page = write_file(tmp_path), tmp_path / "report.html"
    swyx("report", file, "--output", page, "--date", "1 March 2031")
    head = page.read_text(encoding="utf-8").partition("<header")[2].partition("</header>")[0]
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    for words in ("1 March 2031", str(file), digest, "SwyxWare 6.01 (kb2308)", "swyx 0."):
        assert words in head, words


def test_the_hash_of_standard_input_is_that_of_what_was_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(SMALL.encode())))
    page = tmp_path / "report.html"
    assert swyx("report", "-", "--output", page).code == 0
    head = page.read_text(encoding="utf-8").partition("<header")[2].partition("</header>")[0]
    assert "<dt>File<dd><bdi>standard input</bdi>" in head
    assert f"<dt>SHA-256<dd><code>{hashlib.sha256(SMALL.encode()).hexdigest()}</code>" in head


def test_the_same_file_gives_the_same_page(tmp_path: Path) -> None:
    pages = [tmp_path / "one.html", tmp_path / "two.html"]
    for page in pages:
        swyx("report", write_file(tmp_path), "--output", page, "--date", "2031-03-01")
    assert pages[0].read_bytes() == pages[1].read_bytes()


def test_json_says_what_was_written_and_how_much_it_is(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    document = swyx("report", write_file(tmp_path), "--output", page, "--json").json()
    size = page.stat().st_size
    assert document == {
        "version": 1,
        "written": [{"path": str(page), "bytes": size}],
        "sites": 2,
        "machines": 4,
        "flows": document["flows"],
        "rules": document["rules"],
        "warnings": 2,
        "notes": document["notes"],
    }
    text = page.read_text(encoding="utf-8")
    assert text.count('<tr id="rule-') == document["rules"]


def test_hostile_text_in_every_free_field_stays_text(tmp_path: Path) -> None:
    text = SMALL.replace("reason: desktop", "reason: '</noscript><script>alert(1)</script>'")
    file = write_file(tmp_path, text, "<script>alert(2)<&.yaml")
    page = tmp_path / "report.html"
    assert swyx("report", file, "--output", page, "--against", file).code == 0
    written = page.read_text(encoding="utf-8")
    assert written.count("<script") == 1
    # Among the own rules, as the rule's reason, and in the note that AWS shows `_` for `<`.
    assert written.count("&lt;script&gt;alert(1)") == 3
    assert "&lt;script&gt;alert(2)&lt;&amp;.yaml" in written


def test_a_name_that_turns_the_direction_of_text_is_shown_escaped(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    assert swyx("report", write_file(tmp_path, name="a\u202elmay.b"), "--output", page).code == 0
    written = page.read_text(encoding="utf-8")
    assert "a\\u202elmay.b" in written and "\u202e" not in written


def test_one_site_alone(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    document = swyx(
        "report", write_file(tmp_path), "--output", page, "--site", "bochum", "--json"
    ).json()
    assert document["sites"] == 1
    assert 'id="site-aachen"' not in page.read_text(encoding="utf-8")


# ---- differences


def test_against_another_file_says_what_each_side_has_alone(tmp_path: Path) -> None:
    old = write_file(tmp_path, SMALL.replace("ports: 3389", "ports: 3390"), "old.yaml")
    page = tmp_path / "report.html"
    words = ("--output", page, "--against", old, "--json")
    document = swyx("report", write_file(tmp_path), *words).json()
    assert document["differences"] == 6  # the edits, the packets and the rule of each side
    text = page.read_text(encoding="utf-8")
    flows = "1 flow newly allowed, 1 flow no longer allowed"
    assert f"</b>: {flows}, 2 edits of the file, 1 rule added, 1 rule removed." in text
    rule = "ac-server in tcp 3390 from 10.1.99.0/24"
    old_rule = text.partition("<code>in tcp 3390 from 10.1.99.0/24")[2].partition("<tr")[0]
    assert "since sites.aachen.extra_rules.(" in old_rule and rule in old_rule


def new_rules(folder: Path, *words: str) -> set[tuple[str, str]]:
    """Place and content of the rules that bochum has once its office has moved."""
    old = write_file(folder, SMALL.replace("10.2.20.0/24", "10.3.20.0/24"), "old.yaml")
    page = folder / "report.html"
    against = ("--against", old, "--site", "bochum", *words)
    assert swyx("report", write_file(folder), "--output", page, *against).code == 0
    text = page.read_text(encoding="utf-8")
    part = text.partition('id="differences-1-rules"')[2].partition("</section>")[0]
    assert part.count("side-plan") == part.count("side-other")
    return set(re.findall(r'"side-plan"><td>.*?<td>(.*?)<td><code>(.*?)</code>', part))


def test_rules_that_differ_are_those_that_the_cloud_stores(tmp_path: Path) -> None:
    """EC2 stores one range of ports per rule and no source ports; an NSG's rules have priorities."""
    on_aws = {
        ("bochum/bo-server", f"{rule}]")
        for rule in (
            "in tcp 135 from 10.2.20.0/24 [C1 L72 L115",
            "in tcp 40000-40199 from 10.2.20.0/24 [C1 L72 L115",
            "in udp 51000-51499 from 10.2.20.0/24 [M2 L111",
            "out tcp 135 to 10.2.20.0/24 [C2 L72 L117",
            "out tcp 40000-40199 to 10.2.20.0/24 [C2 L72 L117",
            "out udp 50000-50099 to 10.2.20.0/24 [M2 L111",
        )
    }
    assert new_rules(tmp_path, "--cloud", "aws") == on_aws
    on_azure = {rule.partition(" ")[2] for _, rule in new_rules(tmp_path, "--cloud", "azure")}
    assert on_azure == {
        "in tcp 135, 40000-40199 from 10.2.20.0/24 [C1 L72 L115]",
        "in udp 51000-51499 source 50000-50099 from 10.2.20.0/24 [M2 L111]",
        "out tcp 135, 40000-40199 to 10.2.20.0/24 [C2 L72 L117]",
        "out udp 50000-50099 source 51000-51499 to 10.2.20.0/24 [M2 L111]",
    }


def test_acknowledged_ids_are_listed_in_the_summary(tmp_path: Path) -> None:
    text = f"acknowledge: [uncovered-egress, cornet-both]\n{SMALL}"
    page = tmp_path / "report.html"
    assert swyx("report", write_file(tmp_path, text), "--output", page).code == 0
    summary = (
        page.read_text(encoding="utf-8").partition('id="summary"')[2].partition("</section>")[0]
    )
    listed = "<code>cornet-both</code>, <code>uncovered-egress</code>."
    assert f"<b>Acknowledged in the file</b>, therefore not shown: {listed}" in summary


def test_machines_outside_the_cloud_count_as_in_check(tmp_path: Path) -> None:
    text = SMALL.replace("roles: [SwyxGate]}", "roles: [SwyxGate], outside: true}")
    file, page = write_file(tmp_path, text), tmp_path / "report.html"
    assert "2 sites, 4 machines, " in swyx("check", file).out
    assert swyx("report", file, "--output", page, "--json").json()["machines"] == 4
    assert '<td class="n">3 <small>1 outside the cloud</small>' in page.read_text(encoding="utf-8")


def test_public_addresses_are_named_with_whose_they_are(tmp_path: Path) -> None:
    """The provider's block of the trunk; the supplier's of an extra rule, which is nobody's in the file."""
    text = SMALL.replace("from: [10.1.99.0/24]", "from: [203.0.113.0/28], acknowledge_public: true")
    telko = "cidrs: [198.51.100.0/28], link_manager: ac-link, media_ports: 20000-20999"
    text += f"sip_providers: {{telko: {{{telko}}}}}"
    page = tmp_path / "report.html"
    assert swyx("report", write_file(tmp_path, text), "--output", page).code == 0
    summary = (
        page.read_text(encoding="utf-8").partition('id="summary"')[2].partition("</section>")[0]
    )
    telko, desktop = "198.51.100.0/28 (provider telko)", "203.0.113.0/28 (extra rule: desktop)"
    assert f"<b>Open to public addresses</b>: {telko}, {desktop}." in summary
    assert f"<b>Outbound to public addresses</b>: {telko}." in summary


def test_decisions_that_no_flow_uses_are_a_line_below_the_table(tmp_path: Path) -> None:
    """Neither site has a PhoneManager (CorNet) or a SwyxFax Server."""
    page = tmp_path / "report.html"
    assert swyx("report", write_file(tmp_path), "--output", page).code == 0
    section = (
        page.read_text(encoding="utf-8").partition('id="decisions"')[2].partition("</section>")[0]
    )
    rows = set(re.findall(r'<th scope="row">(.*?)<', section))
    assert rows == {"dcom (server)", "dcom (client)", "h245", "egress"}
    unused = "<code>fax_transport: udp</code>, <code>cornet: 4061</code>."
    assert f'<p class="idle">No flow uses {unused}' in section


def test_the_page_of_a_site_has_its_verdict_warnings_and_decisions(tmp_path: Path) -> None:
    text = SMALL.replace("  bochum:\n", "  bochum:\n    egress: open\n")
    assert swyx("report", write_file(tmp_path, text), "--output", f"{tmp_path}/out/").code == 0
    pages = {
        site: (tmp_path / "out" / "sites" / f"{site}.html").read_text(encoding="utf-8")
        for site in ("aachen", "bochum")
    }
    for site, page in pages.items():
        assert f"<h1>Firewall rules for SwyxWare 6.01: {site}</h1>" in page
        assert "of 1 site allow every required flow at both ends" in page
        assert '<a href="../index.html">All sites</a>' in page
        assert '<th scope="row">h245<td><code>41000-41099</code>' in page
    opened = "outbound traffic of bochum is neither planned nor verified"
    assert opened in pages["bochum"] and opened not in pages["aachen"]
    places = {
        site: set(re.findall(r"<code>sites\.(\w+)\.egress</code>", page))
        for site, page in pages.items()
    }
    assert places == {"aachen": {"aachen"}, "bochum": {"bochum"}}  # of warnings about egress
    assert "<td>desktop" not in pages["bochum"] and "<bdi>desktop</bdi>" in pages["aachen"]


def test_against_another_file_a_site_asked_for_shows_its_own_changes_only(tmp_path: Path) -> None:
    old = write_file(tmp_path, SMALL.replace("ports: 3389", "ports: 3390"), "old.yaml")
    page = tmp_path / "report.html"
    words = ("--output", page, "--against", old, "--site", "bochum")
    assert swyx("report", write_file(tmp_path), *words).code == 0
    assert "<p>None.</p>" in page.read_text(encoding="utf-8")


def deploy(rendered: RenderedSite) -> Deployed:
    """The site as planned, but for one rule of its first group."""
    groups = {
        entry.group.name: DeployedGroup(ids={0: (f"sg-{place}",)}, rules=entry.rules[place == 0 :])
        for place, entry in enumerate(rendered.groups)
    }
    interfaces = tuple(
        DeployedInterface(
            id=f"eni-{machine.name}", machine=machine.name, groups=(entry.group.name,)
        )
        for entry in rendered.groups
        for machine in entry.group.machines
    )
    return Deployed(groups=groups, interfaces=interfaces)


def test_the_deployed_state_is_compared_rule_by_rule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Aws, "read_deployed", staticmethod(deploy))
    page = tmp_path / "report.html"
    words = ("--output", page, "--cloud", "bochum=aws", "--deployed", "bochum")
    assert swyx("report", write_file(tmp_path), *words).code == 0
    text = page.read_text(encoding="utf-8")
    assert "Differences from <bdi>bochum as deployed on aws</bdi>" in text
    assert "</b>: 1 planned rule missing in the cloud." in text
    assert "Proof of the deployed rules: 1 missing, 0 excess" in text


def test_a_cloud_that_does_not_answer_is_exit_code_3_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_words: Any) -> Deployed:
        values = {"cloud": "aws", "problem": "no route", "remedy": "try again"}
        raise CloudError([Message.about("cloud-failed", "", **values)])

    monkeypatch.setattr(Aws, "read_deployed", fail)
    page = tmp_path / "report.html"
    words = ("--output", page, "--cloud", "bochum=aws", "--deployed", "bochum")
    outcome = swyx("report", write_file(tmp_path), *words)
    assert (outcome.code, outcome.out, page.exists()) == (3, "", False)


def test_a_deployed_site_needs_its_cloud(tmp_path: Path) -> None:
    outcome = swyx("report", write_file(tmp_path), "--deployed", "bochum")
    assert outcome.code == 2
    assert "--cloud bochum=aws" in outcome.err


# ---- the how-to page


HOW_TO = ROOT / "docs/how-to/defend-every-port-in-a-change-review.md"
COMMANDS = [
    line
    for line in HOW_TO.read_text(encoding="utf-8").splitlines()
    if line.startswith("swyx report ") and "--deployed" not in line  # which asks a cloud
]


def test_the_commands_of_the_page_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(COMMANDS) == 3
    (tmp_path / "stacks").mkdir()
    for name in ("stacks/installation.yaml", "before.yaml"):
        shutil.copy(ROOT / "stacks/installation.yaml", tmp_path / name)
    monkeypatch.chdir(tmp_path)
    for command in COMMANDS:
        outcome = swyx(*shlex.split(command)[1:])
        assert (outcome.code, outcome.err) == (0, ""), command


# ---- files


def test_a_folder_gets_a_page_for_each_site(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "report"
    outcome = swyx("report", write_file(tmp_path), "--output", f"{folder}/")
    assert outcome.code == 0
    assert f"{folder}/index.html and 2 pages beside it" in outcome.out
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*.html")) == [
        "index.html",
        "sites/aachen.html",
        "sites/bochum.html",
    ]


def test_what_is_too_large_for_one_page_is_refused_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "_LARGEST", 200_000)
    file, page = write_estate(tmp_path, 10), tmp_path / "report.html"
    outcome = swyx("report", file, "--output", page)
    assert outcome.code == 2
    assert outcome.err == (
        "swyx: --output: the report of 10 sites exceeds 200,000 bytes, the limit for one page; name a folder "
        "(`--output report/`) for one page per site, or choose sites with `--site`.\n"
    )
    assert not page.exists()
    assert swyx("report", file, "--output", f"{tmp_path}/pages/").code == 0


def test_a_plan_with_errors_leaves_the_report_of_before(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text("before", encoding="utf-8")
    wrong = write_file(tmp_path, SMALL.replace("dcom: restricted, ", ""))
    outcome = swyx("report", wrong, "--output", page)
    assert outcome.code == 2
    assert "dcom" in outcome.err
    assert page.read_text(encoding="utf-8") == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plan.yaml", "report.html"]


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    page = tmp_path / "no" / "report.html"
    outcome = swyx("report", write_file(tmp_path), "--output", page)
    assert outcome.code == 2
    assert outcome.err == (
        f"swyx: {page} can't be written (No such file or directory); name another file, in an "
        "existing folder that you may write to.\n"
    )


def test_two_reports_of_one_plan_are_equal_byte_by_byte(tmp_path: Path) -> None:
    pages = [tmp_path / "one.html", tmp_path / "two.html"]
    for page in pages:
        assert swyx("report", "stacks/installation.yaml", "--output", page).code == 0
    one, two = (page.read_bytes() for page in pages)
    assert one == two


def test_no_other_command_loads_what_the_pages_need() -> None:
    program = (
        "import sys\n"
        "from swyx_components.cli.main import run\n"
        "try: run(['plan', 'stacks/installation.yaml'])\n"
        "except SystemExit: pass\n"
        "print('jinja2' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "False"
