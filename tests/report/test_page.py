"""The page around the chapters: what is escaped, what its policy lets in, where everything stands."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from swyx_components.messages import Message, Severity
from swyx_components.report.html.overview import TOPICS, sort_findings
from swyx_components.report.html.pages import mark_ticks, plain_text, write_report
from tests.messages.test_messages import ROWS
from tests.report.test_chapter import plain
from tests.tools.report_pages import overview_of, page_of


class Reader(HTMLParser):
    """The elements of a page, and the text of its style and script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inline: dict[str, str] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.cdata_elem is not None:  # inside <style> or <script>
            self.inline[self.cdata_elem] = self.inline.get(self.cdata_elem, "") + data


# ---- text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Büro <b>&", "Büro &lt;b&gt;&amp;"),
        ("'\"", "&#39;&#34;"),
        ("a\u202eb\x1b[2J\x00", "a\\u202eb\\x1b[2J\\x00"),
    ],
)
def test_text_is_shown_and_never_acts(text: str, shown: str) -> None:
    assert mark_ticks(text) == shown


def test_what_a_template_made_is_left_alone() -> None:
    assert plain_text(7) == 7


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("write `dcom` <here>", "write <code>dcom</code> &lt;here&gt;"),
        ("`<b>` and `c`", "<code>&lt;b&gt;</code> and <code>c</code>"),
        ("one ` alone <", "one ` alone &lt;"),
    ],
)
def test_backticks_mark_code_and_open_no_way_in(text: str, marked: str) -> None:
    assert mark_ticks(text) == marked


# ---- the page


def test_the_policy_names_the_page_s_own_style_and_script_and_nothing_else() -> None:
    page = Reader(page_of(plain()))
    (policy,) = (
        attributes["content"]
        for tag, attributes in page.tags
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    hashes = {
        kind: b64encode(sha256(text.encode()).digest()).decode()
        for kind, text in page.inline.items()
    }
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{hashes['style']}'; "
        f"script-src 'sha256-{hashes['script']}'; base-uri 'none'; form-action 'none'"
    )


def test_nothing_on_a_page_loads_or_acts_beside_its_one_script() -> None:
    tags = Reader(page_of(plain())).tags
    assert sum(tag == "script" for tag, _ in tags) == 1
    assert not {"img", "link", "iframe", "object", "embed", "base"} & {tag for tag, _ in tags}
    names = {name for _, attributes in tags for name in attributes}
    assert not [name for name in names if name.startswith("on") or name in ("src", "style")]


def test_every_link_inside_a_page_leads_somewhere_and_no_id_stands_twice() -> None:
    tags = Reader(page_of(plain())).tags
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(set(ids)) == len(ids)
    targets = {
        attributes["href"][1:]
        for _, attributes in tags
        if (attributes.get("href") or "").startswith("#")
    }
    assert targets <= set(ids)


def test_what_no_installation_lets_in_would_still_be_shown_escaped() -> None:
    report = overview_of(plain())
    report.installation = replace(report.installation, file="a\u202elmay.b\x1b")
    page = b"".join(write_report(report, paged=True)).decode()
    assert "a\\u202elmay.b\\x1b" in page
    assert "\u202e" not in page and "\x1b" not in page


def test_figures_count_what_the_page_has() -> None:
    figures = overview_of(plain()).figures
    assert figures == {"site": 1, "machine": 1, "flow": 5, "rule": 7, "warning": 1}


def test_one_of_a_kind_is_counted_in_the_singular() -> None:
    assert "<span>1 host group, 7 rules</span>" in page_of(plain())


# ---- findings


def test_every_topic_is_made_of_messages_and_every_message_has_one_of_them() -> None:
    assert {Message("", id).topic for id in ROWS} == {*TOPICS}


def test_findings_are_said_once_for_all_places_the_gravest_first() -> None:
    messages = [
        Message.about("egress-open", "sites.b.egress", services="DNS"),
        Message.about("egress-open", "sites.a.egress", services="DNS"),
        Message.about("multicast-not-routed", "sites.a", role="SwyxServer", ports="1718"),
        Message.about("source-ports-unmatched", "sites.a", cloud="aws", flows="M1"),
    ]
    found = sort_findings(messages)
    assert [[(row.severity, row.id, row.place) for row in same] for same in found["uncovered"]] == [
        [
            (Severity.WARNING, "egress-open", "sites.a.egress"),
            (Severity.WARNING, "egress-open", "sites.b.egress"),
        ],
        [(Severity.NOTE, "multicast-not-routed", "sites.a")],
    ]
    assert [row.id for same in found["other"] for row in same] == ["source-ports-unmatched"]
