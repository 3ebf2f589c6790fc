"""The site holds together, loads nothing from elsewhere, and its reference is complete."""

from __future__ import annotations

import html
import re
from pathlib import Path

import yaml

from sandbox.engine.cli import pinned_version
from swyx_components.cli import main
from tests.docs.conftest import ROOT
from tests.tools.docs_pages import Page, is_outside, place_of, styled

# The port model's own lists: names as in the installation file, and how many listeners each role has.
LISTENERS = {
    "SwyxServer": 5,
    "SwyxGate": 3,
    "LinkManager": 5,
    "ConferenceManager": 1,
    "PhoneManager": 1,
    "ITSPManager": 1,
    "SwyxFaxServer": 2,
    "SwyxIt": 1,
    "SwyxPhoneL100": 1,
    "SwyxPhoneL400": 2,
    "SwyxPhoneL420": 2,
    "SwyxPhoneL420e": 2,
    "SwyxPhoneL420s": 2,
    "SwyxPhoneL440": 2,
}
FLOWS = [
    *("C1", "C2", "C3a", "C3b", "C4", "C5", "C6", "C7", "C8", "C9", "C10", "C11", "C11r"),
    *("C12", "C13", "C15", "C16"),
    *("K1", "K2", "K3", "K4", "K5", "K6", "K7", "K8", "K9", "K10"),
    *("M1", "M1g", "M2", "M2c", "M3", "M3c", "M4a", "M4b", "M5", "M6", "M7"),
]
COMMANDS = {"check", "plan", "explain", "verify", "prune", "flows", "catalogue", "schema"}

# Addresses in the theme's scripts that are no resource of ours: names of XML dialects, what the theme asks
# where a repository is configured (mkdocs.yml has none), and a word of advice in a warning of the search.
KNOWN = (
    "http://www.w3.org/",
    "https://api.github.com/",
    "https://${e}/api/v4/",
    "https://bit.ly/2s3ChXG",
)


def rows_of(page: Page, anchor: str) -> list[str]:
    """The rows of the first table after an anchor, as text."""
    text = page.path.read_text(encoding="utf-8").partition(f'id="{anchor}"')[2]
    body = text.partition("<tbody>")[2].partition("</tbody>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", body, flags=re.DOTALL)
    return [" ".join(html.unescape(re.sub(r"<[^>]+>", " ", row)).split()) for row in rows]


def test_the_docs_ask_for_the_pulumi_cli_that_the_tests_run() -> None:
    for place in ("README.md", "docs/how-to/deploy-with-real-accounts.md"):
        asked = re.findall(r"Pulumi CLI,? \(?([\d.]+) or newer", (ROOT / place).read_text("utf-8"))
        assert asked == [pinned_version()], place


def test_every_link_and_anchor_inside_the_site_resolves(pages: dict[str, Page]) -> None:
    by_path = {page.path.resolve(): page for page in pages.values()}
    broken = []
    for name, page in pages.items():
        if name == "404.html":  # its links are absolute, for whatever serves the site
            continue
        for link in page.links:
            if is_outside(link):
                continue
            target, anchor = place_of(page.path, link)
            known = by_path.get(target)
            if not target.exists() or (anchor and known and anchor not in known.ids):
                broken.append(f"{name}: {link}")
    assert broken == []
    assert len(pages) > 25


def test_no_page_or_style_loads_anything_from_elsewhere(site: Path, pages: dict[str, Page]) -> None:
    loads = {
        f"{name}: {address}"
        for name, page in pages.items()
        for address in page.loads
        if is_outside(address)
    }
    for style in site.rglob("*.css"):
        text = style.read_text(encoding="utf-8")
        loads |= {f"{style.name}: {address}" for address in styled(text) if is_outside(address)}
    assert loads == set()


def test_no_script_knows_an_address_to_load_from(site: Path) -> None:
    found = set()
    for script in site.rglob("*.js"):
        if script.name == "search_index.js" or "lunr" in script.parts:
            continue  # the text of the pages; the search's other languages, which nothing loads
        text = re.sub(r"/\*.*?\*/", "", script.read_text(encoding="utf-8"), flags=re.DOTALL)
        addresses = re.findall(r"""https?://[^\s"'`)]*""", text)
        found |= {
            f"{script.name}: {address}" for address in addresses if not address.startswith(KNOWN)
        }
    assert found == set()


def test_whatever_a_page_loads_is_there(pages: dict[str, Page]) -> None:
    missing = [
        f"{name}: {address}"
        for name, page in pages.items()
        if name != "404.html"
        for address in page.loads
        if not address.startswith("data:") and not place_of(page.path, address)[0].exists()
    ]
    assert missing == []


def test_the_search_needs_no_server(site: Path, pages: dict[str, Page]) -> None:
    assert (
        (site / "search/search_index.js").read_text(encoding="utf-8").startswith("var __index = ")
    )
    assert any(address.endswith("assets/iframe-worker.js") for address in pages["index.html"].loads)


def test_the_reference_has_every_role_with_every_listener(pages: dict[str, Page]) -> None:
    page = pages["reference/roles.html"]
    assert {name: len(rows_of(page, name.lower())) for name in LISTENERS} == LISTENERS
    assert len(LISTENERS) == 14 and sum(LISTENERS.values()) == 30


def test_a_listener_has_ports_purpose_evidence_settings_and_lines(pages: dict[str, Page]) -> None:
    page = pages["reference/roles.html"]
    assert rows_of(page, "swyxserver")[2] == (
        "media UDP 51000-51499 RTP audio and fax media stated registry: RTPFirstPort , RTPLastPort L88 L47"
    )
    assert rows_of(page, "phonemanager") == [
        "cornet TCP 4060-4061 CorNet TC control stated the decision cornet pins one L99 L73"
    ]


def test_the_reference_has_the_collisions_and_the_presets(pages: dict[str, Page]) -> None:
    page = pages["reference/roles.html"]
    collisions = rows_of(page, "collisions")
    assert "LinkManager ConferenceManager UDP 56000" in collisions
    assert "SwyxGate SwyxFaxServer UDP 2001; TCP 2000" in collisions
    assert "PhoneManager SwyxFaxServer TCP 4060-4061" in collisions
    assert rows_of(page, "presets") == [
        "restricted 40000-40199",
        "windows-2003 1025-5000",
        "windows-2008 49152-65535",
    ]


def test_the_reference_has_every_flow(pages: dict[str, Page]) -> None:
    page = pages["reference/flows.html"]
    assert {flow.lower() for flow in FLOWS} <= page.ids
    assert len(FLOWS) == 38
    rows = [
        row
        for chapter in ("call-control", "across", "media")
        for row in rows_of(page, chapter_id(page, chapter))
    ]
    assert [row.split()[0] for row in rows if re.match(r"[CKM]\d", row)] == FLOWS
    assert rows[0] == (
        "C1 SwyxIt → SwyxServer TCP 135 and the DCOM range of the server inside a site stated, L115 L72 "
        "SwyxIt! contacts its SwyxServer over DCOM"
    )


def chapter_id(page: Page, beginning: str) -> str:
    return next(id for id in sorted(page.ids) if id.startswith(beginning))


def test_every_message_has_an_anchor_of_its_own(pages: dict[str, Page]) -> None:
    text = (ROOT / "swyx_components/messages/catalogue.yaml").read_text(encoding="utf-8")
    assert set(yaml.safe_load(text)) - pages["reference/messages.html"].ids == set()


def test_a_message_has_its_severity_sentence_and_remedy(pages: dict[str, Page]) -> None:
    shown = " ".join(pages["reference/messages.html"].text.split())
    assert (
        "Error: the article does not specify ports for parties. "
        "What to do: set decisions.decision, for example decision: example or a port range, "
        "for all sites or for this site."
    ) in shown


def test_every_command_and_option_is_in_the_reference(pages: dict[str, Page]) -> None:
    page = pages["reference/command.html"]
    assert set(main.COMMANDS) >= COMMANDS
    assert set(main.COMMANDS) - page.ids == set()
    for name in main.COMMANDS:
        command = main.load_command(name)
        rows = " ".join(rows_of(page, name)) if command.params else ""
        words = {
            word for parameter in command.params for word in parameter.opts if word.startswith("-")
        }
        assert {word for word in words if word not in rows} == set(), name


def test_the_reference_shows_what_to_type(pages: dict[str, Page]) -> None:
    text = pages["reference/command.html"].text
    assert "Examples: swyx check installation.yaml swyx check - < installation.yaml" in " ".join(
        text.split()
    )
    assert text.count("Examples:") == len(main.COMMANDS)


def test_the_components_and_their_arguments_are_in_the_reference(pages: dict[str, Page]) -> None:
    ids = pages["reference/components.html"].ids
    package = "swyx_components.components"
    assert {
        f"{package}.site.SwyxSite.group_ids",
        f"{package}.args.SwyxSiteArgs.installation",
    } <= ids
    assert f"{package}.args.MachineArgs.interface_ids" in ids


def test_the_keys_of_the_installation_file_are_in_the_reference(pages: dict[str, Page]) -> None:
    page = pages["reference/schema.html"]
    keys = {row.split()[0] for row in rows_of(page, "site")}
    assert keys >= {
        *("machines", "networks", "decisions", "ports", "flows", "control_path"),
        *("sip_devices", "egress", "extra_rules"),
    }


def test_every_guide_is_in_the_navigation_and_in_the_list_of_guides(pages: dict[str, Page]) -> None:
    page = pages["how-to/index.html"]
    written = {path.with_suffix(".html").name for path in (ROOT / "docs/how-to").glob("*.md")}
    navigation, _, article = page.path.read_text(encoding="utf-8").partition("<article")
    for part in (navigation, article):
        links = re.findall(r'href="([^"]+)"', part)
        assert written <= {place_of(page.path, link)[0].name for link in links}


def test_the_reference_tells_what_a_cited_line_says(pages: dict[str, Page]) -> None:
    assert {"line-21", "line-94", "line-118"} <= pages["reference/roles.html"].ids
    assert "line-85" not in pages["reference/roles.html"].ids
