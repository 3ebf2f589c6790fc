"""Finding a rule and its reason on the report's page: search, filters, links, keys, paper, no script."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser.conftest import write
from tests.tools.bench.estates import write_estate
from tests.tools.browser.pages import Page
from tests.tools.command import swyx, write_file

# One server and one office: C1 and C2 over TCP 135 and 40000-40199, M2 both ways over UDP. So the server has
# in: 135, 40000-40199, 51000-51499; out: 135, 40000-40199, 50000-50099; and one rule of its own.
OFFICE = """\
swyxware: "6.01"
decisions: {dcom: restricted, h245: tunnelled, fax_transport: udp}
sites:
  aachen:
    machines: {ac-server: {addresses: [10.1.0.10], roles: [SwyxServer]}}
    networks: {ac-office: {cidrs: [10.1.20.0/24], roles: [SwyxIt]}}
    extra_rules:
      - {direction: in, to: ac-server, from: [10.1.99.0/24],
         protocol: tcp, ports: 3389, reason: remote desktop}
"""
FROM_OFFICE = "#rule-aachen/swyxserver/in/udp/51000-51499/from/50000-50099/10.1.20.0/24"


@pytest.fixture(scope="module")
def office(reports: Path) -> Path:
    return write(reports, "office", write_file(reports, OFFICE, "office.yaml"))


@pytest.fixture(scope="module")
def estate(reports: Path) -> Path:
    """250 sites of four machines."""
    return write(reports, "estate", write_estate(reports, 250))


# ---- search and filters


def test_all_rules_of_a_small_site_are_there_at_once(page: Page, office: Path) -> None:
    page.open(office)
    assert page.told("rules") == "7 of 7 rules"
    rows = {(row["direction"], row["protocol"], row["ports"]) for row in page.shown("rules")}
    assert rows == {
        ("in", "tcp", "135"),
        ("in", "tcp", "40000-40199"),
        ("in", "tcp", "3389"),
        ("in", "udp", "51000-51499 from source 50000-50099"),
        ("out", "tcp", "135"),
        ("out", "tcp", "40000-40199"),
        ("out", "udp", "50000-50099 from source 51000-51499"),
    }
    assert page.complaints() == []


def test_search_finds_rules_by_any_word_of_them(page: Page, office: Path) -> None:
    page.open(office)
    page.search("rules", "3389 Desktop")
    page.await_told("rules", "1 of 7 rules")
    (row,) = page.shown("rules")
    assert row["peer"] == "10.1.99.0/24"


def test_search_finds_rules_by_each_machine_of_a_group(page: Page, reports: Path) -> None:
    """A row names two of them and counts the rest."""
    gates = "".join(
        f"\n      ac-gate{n}: {{addresses: [10.1.0.2{n}], roles: [SwyxGate]}}" for n in range(4)
    )
    text = OFFICE.replace("machines: {ac-server", "machines:\n      ac-server")
    text = text.replace("roles: [SwyxServer]}}", f"roles: [SwyxServer]}}{gates}")
    page.open(write(reports, "gates", write_file(reports, text, "gates.yaml"), "--cloud", "aws"))
    page.search("rules", "ac-gate3 tcp 2000")
    page.wait(lambda: len(page.shown("rules")) == 2, "the rules of both ends are left")
    assert [row["group"] for row in page.shown("rules")] == [
        "ac-gate0, ac-gate1, and 2 more",
        "ac-server",
    ]


def test_search_finds_flows_by_their_purpose(page: Page, office: Path) -> None:
    page.open(office)
    page.search("flows", "contacts the called SwyxIt!")
    page.await_told("flows", "1 of 5 flows")
    (row,) = page.shown("flows")
    assert (row["flow"], row["from"], row["to"]) == (
        "C2",
        "ac-server SwyxServer",
        "ac-office SwyxIt",
    )


def test_flows_outside_the_cloud_are_a_direction_of_their_own(page: Page, office: Path) -> None:
    """Audio within the office: no rule of a cloud is made for it."""
    page.open(office)
    page.choose("flows", "way", "outside the cloud")
    page.await_told("flows", "1 of 5 flows")
    (row,) = page.shown("flows")
    assert (row["flow"], row["from"], row["to"]) == ("M1", "ac-office SwyxIt", "ac-office SwyxIt")
    assert "audio goes directly between caller and callee" in row["why"]


@pytest.mark.parametrize(
    ("field", "value", "found"),
    [
        ("protocol", "udp", {"50000-50099", "51000-51499"}),
        ("way", "out", {"135", "40000-40199", "50000-50099"}),
        ("evidence", "own", {"3389"}),
        ("evidence", "inferred", {"50000-50099", "51000-51499"}),
        ("role", "SwyxServer", {"135", "3389", "40000-40199", "50000-50099", "51000-51499"}),
    ],
)
def test_a_filter_leaves_the_rules_that_it_names(
    page: Page, office: Path, field: str, value: str, found: set[str]
) -> None:
    page.open(office)
    page.choose("rules", field, value)
    page.await_told("rules", f"{len(page.shown('rules'))} of 7 rules")
    assert {row["ports"].split()[0] for row in page.shown("rules")} == found


def test_filters_narrow_the_flow_matrix(page: Page, example: Path) -> None:
    """K4 and its H.245 alone: what Bochum's server sends to Aachen's LinkManager over TCP."""
    page.open(example)
    for field, value in (("site", "bochum"), ("protocol", "tcp"), ("way", "out")):
        page.choose("flows", field, value)
    page.await_told("flows", "2 of 250 flows")
    assert [(row["flow"], row["from"], row["to"], row["ports"]) for row in page.shown("flows")] == [
        ("K4", "bo-server SwyxServer", "aachen/ac-link LinkManager", "65001"),
        ("K6", "bo-server SwyxServer", "aachen/ac-link LinkManager", "41000-41099"),
    ]


def test_clear_shows_everything_again(page: Page, office: Path) -> None:
    page.open(office)
    page.search("rules", "nothing has this")
    page.await_told("rules", "0 of 7 rules")
    page.find("[data-explorer=rules] button[type=reset]").click()
    page.await_told("rules", "7 of 7 rules")


def test_more_rows_come_when_asked_for(page: Page, example: Path) -> None:
    page.open(example)
    assert len(page.shown("rules")) == 30
    page.find("[data-explorer=rules] .more button").click()
    assert len(page.shown("rules")) == 130
    page.find("[data-explorer=rules] .more button").click()
    assert len(page.shown("rules")) == 182
    assert not page.find("[data-explorer=rules] .more").is_displayed()


# ---- one rule


def test_a_rule_opens_and_tells_flow_evidence_line_and_purpose(page: Page, office: Path) -> None:
    page.open(office)
    summary = page.find("#rules summary")
    summary.click()
    opened = page.find("#rules details[open]").text
    assert "C1 stated L115 L72: SwyxIt! contacts its SwyxServer over DCOM" in opened


def test_a_link_to_a_rule_opens_it_in_sight(page: Page, office: Path) -> None:
    page.open(office, FROM_OFFICE)
    page.wait(lambda: page.all("tr.marked"), "the rule of the link is shown")
    row = page.find("tr.marked")
    assert row.get_attribute("id") == FROM_OFFICE[1:]
    assert "M2 inferred L111: announcements, voicemail and conferences" in row.text
    assert page.focused().tag_name == "summary"
    top, bottom = page.ask(
        "const b = arguments[0].getBoundingClientRect(); return [b.top, b.bottom]", row
    )
    bar = page.ask(
        "return document.querySelector('#rules .filters').getBoundingClientRect().bottom"
    )
    assert bar <= top and bottom <= 1000


def test_the_link_that_a_rule_offers_leads_to_it(page: Page, office: Path) -> None:
    page.open(office)
    page.find("#rules summary").click()
    page.follow("#rules details[open] a[href^='#rule-']")
    assert page.find("tr.marked").is_displayed()
    assert page.browser.current_url.endswith("#rule-aachen/swyxserver/in/tcp/135/10.1.20.0/24")


def test_a_link_finds_its_rule_among_many_and_behind_a_filter(page: Page, estate: Path) -> None:
    page.open(estate)
    page.choose("rules", "site", "s1")
    page.wait(lambda: {row["site"] for row in page.shown("rules")} == {"s1"}, "only s1 is shown")
    page.ask(
        "location.hash = '#rule-s249/swyxfaxserver/in/tcp/61000/swyxserver-phonemanager-itspmanager'"
    )
    page.wait(lambda: page.all("tr.marked"), "the rule of the link is shown")
    assert "s249 s249-fax in tcp 61000 s249-server" in page.find("tr.marked").text
    assert page.find("tr.marked").is_displayed()
    assert page.find("#rules-site").get_attribute("value") == "s249"


# ---- ways of reading


def test_everything_is_reached_and_used_by_keys_alone(page: Page, office: Path) -> None:
    page.open(office)
    page.press(Keys.TAB)
    assert page.focused().text == "Skip to the content"
    page.press(Keys.ENTER)
    assert page.focused().get_attribute("id") == "main"
    for _ in range(12):
        page.press(Keys.TAB)
        if page.focused().get_attribute("id") == "rules-text":
            break
    page.press("udp")
    page.await_told("rules", "2 of 7 rules")
    for _ in range(6):
        page.press(Keys.TAB)
    assert page.focused().text == "Clear"
    page.press(Keys.TAB)
    assert page.focused().get_attribute("role") == "region"  # the table scrolls by arrow keys
    page.press(Keys.TAB)
    assert page.focused().tag_name == "summary"
    page.press(Keys.ENTER)
    assert page.find("#rules details[open]").is_displayed()
    assert page.ask("return getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_without_script_every_rule_and_flow_is_there_to_read(page: Page, office: Path) -> None:
    page.open(office, scripts=False)
    text = page.find("body").text
    for words in ("51000-51499 from source 50000-50099", "remote desktop", "C2 stated L117 L72"):
        assert words in text, words
    assert len(page.all("tbody.rules tr")) == 7
    assert len(page.all("tbody.flow td:first-child")) == 5
    assert not page.find("[data-explorer=rules]").is_displayed()


def test_without_script_a_rule_opens_and_a_link_leads_to_it(page: Page, office: Path) -> None:
    page.open(office, FROM_OFFICE, scripts=False)
    row = page.find("tr:target")
    assert row.is_displayed()
    row.find_element("css selector", "summary").click()
    assert "announcements, voicemail and conferences" in row.text


def test_on_paper_every_rule_that_matches_is_a_line_with_its_flows(
    page: Page, example: Path
) -> None:
    page.open(example)
    page.choose("rules", "site", "bochum")
    page.await_told("rules", "72 of 182 rules")
    page.ask("dispatchEvent(new Event('beforeprint'))")
    page.media("light", "print")
    lines = [line.text for line in page.all("#rules .paper li")]
    assert len(lines) == 72  # no two rules of a machine on Azure have the same ports and flows
    assert "in udp 2000-8000 from source 51000-51499: bo-server 10.2.0.10/32 M3 inferred" in lines
    assert "in deny any: 0.0.0.0/0 ::/0 denies everything else" in lines
    assert not page.find("#rules table").is_displayed()
    assert not page.find("#rules .filters").is_displayed()
    assert not page.find("#flows").is_displayed()  # each rule names its flows
    page.media("light")
    page.ask("dispatchEvent(new Event('afterprint'))")
    assert len(page.shown("rules")) == 30


def test_a_narrow_window_scrolls_tables_and_nothing_else(page: Page, example: Path) -> None:
    page.resize(360, 740)
    page.open(example)
    width = "const page = document.documentElement; return page.scrollWidth - page.clientWidth"
    assert page.ask(width) == 0


def told_total(page: Page, kind: str) -> int:
    """The second figure of `30 of 28,000 rules`."""
    return int(page.told(kind).split()[2].replace(",", ""))


def test_a_thousand_machines_make_few_elements_and_answer_at_once(page: Page, estate: Path) -> None:
    """The bench has the time; here, that nothing grows with the rules."""
    page.open(estate)
    rules, flows = (told_total(page, kind) for kind in ("rules", "flows"))
    assert rules > 20_000 and flows > 20_000
    assert page.ask("return document.querySelectorAll('tr.rule, #flows tbody tr').length") == 60
    page.search("flows", "s137-fax SwyxGate")
    page.await_told("flows", f"2 of {flows:,} flows")  # M3, both ways


def test_the_pages_of_a_folder_lead_to_each_other(page: Page, tmp_path: Path) -> None:
    assert swyx("report", "stacks/installation.yaml", "--output", tmp_path).code == 0
    page.open(tmp_path / "index.html")
    page.find("#picture a[href='sites/bochum.html']").click()
    assert page.find("h1").text == "Firewall rules for SwyxWare 6.01: bochum"
    assert {row["site"] for row in page.shown("rules")} == {"bochum"}
    page.find("main a[href='../index.html']").click()
    assert page.find("#decisions").is_displayed()


# ---- what a change-review board asks first

THREE = (
    OFFICE
    + """\
  bochum:
    machines:
      bo-server: {addresses: [10.2.0.10], roles: [SwyxServer]}
      bo-link: {addresses: [10.2.0.11], roles: [LinkManager]}
    networks: {bo-office: {cidrs: [10.2.20.0/24], roles: [SwyxIt]}}
  essen:
    egress: open
    machines:
      es-server: {addresses: [10.3.0.10], roles: [SwyxServer]}
    extra_rules:
      - {direction: in, to: es-server, from: [203.0.113.0/24], protocol: tcp, ports: 443, reason: supplier,
         acknowledge_public: true}
links:
  one: {sites: [aachen, bochum], link_manager: bo-link}
  two: {sites: [bochum, essen], link_manager: bo-link}
"""
)


@pytest.fixture(scope="module")
def three(reports: Path) -> Path:
    """Three sites against the file before bochum's office grew and a rule of aachen's went."""
    old = THREE.replace("10.2.20.0/24", "10.2.20.0/25").replace("ports: 3389", "ports: 3390")
    clouds = ("--cloud", "aachen=aws", "--cloud", "bochum=azure", "--cloud", "essen=aws")
    words = ("--against", write_file(reports, old, "before.yaml"), *clouds)
    return write(reports, "three", write_file(reports, THREE, "three.yaml"), *words)


def test_the_verdict_stands_first_in_words(page: Page, three: Path, office: Path) -> None:
    page.open(three)
    told = page.find("main section").text
    assert "Proven in both directions" in told and "of 3 sites" in told
    assert "Open to public addresses: 203.0.113.0/24 (extra rule: supplier)." in told
    assert "outbound traffic of essen is neither planned nor verified" in told
    page.open(office)
    told = page.find("main section").text
    assert "Public: nothing. No rule lets a public address in." in told
    assert "bound to no cloud" in told


def test_a_warning_of_the_summary_leads_to_its_remedy(page: Page, three: Path) -> None:
    page.open(three)
    link = page.find("#summary a[href^='#finding-']")
    words = link.text
    link.click()
    assert words in page.find("li.warning:target").text


def test_differences_and_decisions_stand_before_rules(page: Page, three: Path) -> None:
    page.open(three)
    order = page.ask("return [...document.querySelectorAll('main > section')].map((one) => one.id)")
    assert order[:4] == ["summary", "picture", "differences-1", "decisions"]
    assert order.index("decisions") < order.index("rules") < order.index("catalogue")
    parts = [one.text for one in page.all("#differences-1 h3")]
    assert parts == [
        "Newly allowed",
        "No longer allowed",
        "Edits of the file",
        "Rules added and removed",
    ]
    assert order.index("decisions") < order.index("differences-1-rules") < order.index("rules")
    page.follow("#differences-1 a[href='#differences-1-rules']")
    assert page.find("#differences-1-rules").is_displayed()


def test_the_picture_names_the_clouds_and_fits_the_page(page: Page, three: Path) -> None:
    page.open(three)
    assert [one.text for one in page.all(".picture .cloud")] == ["AWS", "Azure", "AWS"]
    fits = "const s = document.querySelector('.drawing'); return s.scrollWidth <= s.clientWidth"
    for width in (1000, 1400):
        page.resize(width, 900)
        assert page.ask(fits), width


def test_the_picture_is_readable_on_a_telephone_and_scrolls_by_itself(
    page: Page, three: Path
) -> None:
    """At 400 px each of its pixels is one of the screen, so that its smallest text has 11.5."""
    page.resize(400, 800)
    page.open(three)
    drawn, width = page.ask(
        "const s = document.querySelector('.picture');"
        "return [s.getBoundingClientRect().width, s.viewBox.baseVal.width]"
    )
    assert drawn == width > 400
    assert (
        page.ask("return getComputedStyle(document.querySelector('.drawing')).overflowX") == "auto"
    )
    assert page.ask("const p = document.documentElement; return p.scrollWidth - p.clientWidth") == 0


def test_stated_and_inferred_look_different(page: Page, three: Path) -> None:
    page.open(three)
    look = "return getComputedStyle(document.querySelector(`#catalogue i.${arguments[0]}`)).borderStyle"
    for media in ("", "print"):
        page.media("light", media)
        assert (page.ask(look, "stated"), page.ask(look, "inferred")) == ("solid", "dashed")


def test_a_line_of_a_flow_leads_to_what_it_says(page: Page, office: Path) -> None:
    page.open(office)
    page.follow("#flow-C1 a[href='#L115']")
    assert page.find("li:target").text.startswith("step 1 of a call from Aachen to Bochum")


def test_three_sites_are_at_most_ten_pages_on_paper(page: Page, three: Path) -> None:
    page.open(three)
    printed = page.command("Page.printToPDF", preferCSSPageSize=True)["data"]
    assert 2 <= len(re.findall(rb"/Type\s*/Page\b", b64decode(printed))) <= 10


ROLES = (
    *("SwyxServer", "LinkManager", "LinkManager", "SwyxGate", "SwyxGate", "SwyxGate", "SwyxGate"),
    *("ConferenceManager", "PhoneManager", "ITSPManager", "SwyxFaxServer", "SwyxFaxServer"),
    *("SwyxIt", "SwyxIt", "SwyxIt", "SwyxIt", "SwyxIt"),
)
DESKS = (
    "SwyxIt",
    *(f"SwyxPhone{phone}" for phone in ("L100", "L400", "L420", "L420e", "L420s", "L440")),
)


def large_site(name: str, number: int) -> dict[str, Any]:
    """Every role, 17 machines and 7 networks."""
    machines = {
        f"{name}-{place}": {"addresses": [f"10.{number}.0.{10 + place}"], "roles": [role]}
        for place, role in enumerate(ROLES)
    }
    networks = {
        f"{name}-net-{place}": {"cidrs": [f"10.{number}.{20 + place}.0/24"], "roles": [role]}
        for place, role in enumerate(DESKS)
    }
    return {"machines": machines, "networks": networks}


def test_three_large_sites_print_uncut_on_ten_pages(page: Page, reports: Path) -> None:
    """Their 800 rules stand in two columns; of a machine, those that differ in the peer alone are joined."""
    sites = {name: large_site(name, number) for number, name in enumerate(("aa", "bb", "cc"), 1)}
    pair = {"aa": "aa-2", "bb": "bb-2"}
    links = {
        "ab": {"sites": ["aa", "bb"], "link_manager": "aa-1"},
        "bc": {"sites": ["bb", "cc"], "link_manager": "bb-1"},
        "ac": {"sites": ["aa", "cc"], "link_manager": "cc-1"},
        "ab2": {"sites": ["aa", "bb"], "mode": "chained", "link_managers": pair},
    }
    decisions = {"dcom": "restricted", "h245": "41000-41099", "fax_transport": "both"}
    document = {"swyxware": "6.01", "decisions": decisions, "sites": sites, "links": links}
    file = write_file(reports, json.dumps(document), "large.yaml")
    clouds = ("--cloud", "aa=aws", "--cloud", "bb=azure", "--cloud", "cc=aws")
    path = write(reports, "large", file, *clouds)
    page.open(path)
    assert int(page.told("rules").split()[0]) > 750
    printed = page.command("Page.printToPDF", preferCSSPageSize=True)["data"]
    assert len(re.findall(rb"/Type\s*/Page\b", b64decode(printed))) <= 10
    page.resize(710, 1030)  # A4 without its margins
    page.media("light", "print")
    page.ask("dispatchEvent(new Event('beforeprint'))")
    wider = "const page = document.documentElement; return page.scrollWidth - page.clientWidth"
    assert page.ask(wider) == 0
