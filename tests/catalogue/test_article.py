"""The bundled catalogue against the article: each figure is there, and nothing else is."""

import re
from collections.abc import Iterator
from importlib.resources import files

import pytest
import yaml

from swyx_components.catalogue.load import load_catalogue
from swyx_components.catalogue.model import Catalogue, Listener
from swyx_components.sets.ports import PortSet
from tests.tools import article
from tests.tools.article import ports_of


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue("6.01")


def listeners(catalogue: Catalogue) -> Iterator[Listener]:
    for role in catalogue.roles.values():
        yield from role.listeners.values()


def opened(listener: Listener) -> set[tuple[str, int]]:
    """Every single (transport, port) of a listener."""
    return {
        (transport.value, port)
        for transport in listener.transports
        for first, last in listener.ports
        for port in range(first, last + 1)
    }


def test_the_roles_are_the_articles_products(catalogue: Catalogue) -> None:
    assert set(catalogue.roles) == set(article.PRODUCTS)
    assert catalogue.version == "6.01"


def test_every_port_of_the_product_table_is_listened_on_and_no_other(
    catalogue: Catalogue,
) -> None:
    """4060 (L73) comes on top: the protocol table's figure for CorNet, where L99 prints 4061."""
    printed = {
        (role, transport, port)
        for _, role, transport, text in (
            *article.PRODUCT_PORTS,
            (73, "PhoneManager", "tcp", "4060"),
        )
        for port in ports_of(text)
    }
    assert {
        (one.role, transport, port)
        for one in listeners(catalogue)
        for transport, port in opened(one)
    } == printed


def test_every_port_of_the_protocol_table_and_its_footnotes_is_listened_on(
    catalogue: Catalogue,
) -> None:
    for line, role, transport, text in article.PROTOCOL_PORTS:
        expected = {(transport, port) for port in ports_of(text)}
        assert any(
            expected <= opened(one) and line in one.lines
            for one in catalogue.roles[role].listeners.values()
        ), f"L{line}: {role} {transport} {text}"


def test_the_data_ports_of_the_first_table_are_those_of_the_second(catalogue: Catalogue) -> None:
    data: dict[str, set[int]] = {}
    for _, role, text in article.DATA_PORTS:
        data.setdefault(role, set()).update(ports_of(text))
    media: dict[str, set[int]] = {}
    for role_ in catalogue.roles.values():
        for key in set(role_.media.values()):
            own = {port for _, port in opened(role_.listeners[key])}
            media.setdefault(role_.name, set()).update(own)
    media["SwyxFaxServer"].add(61000)  # L53 counts the registration port among the data ports
    assert data == media
    for role in article.NO_DATA_PORTS:
        assert catalogue.roles[role].media == {}


def test_a_listener_cites_the_lines_that_print_it_and_no_other(catalogue: Catalogue) -> None:
    facts = [
        *article.PRODUCT_PORTS,
        *article.PROTOCOL_PORTS,
        *((line, role, None, text) for line, role, text in article.DATA_PORTS),
    ]
    for one in listeners(catalogue):
        own = opened(one)
        citing = {
            line
            for line, role, transport, text in facts
            if role == one.role
            and {p for t, p in own if transport in (None, t)} >= set(ports_of(text))
        }
        assert set(one.lines) == citing, f"{one.role} {one.key}"


def test_what_configures_a_port_is_what_its_row_prints(catalogue: Catalogue) -> None:
    rows = {
        (role, transport, first): article.CONFIGURABLE.get(
            (line, transport), article.CONFIGURABLE.get(line, ("", []))
        )
        for line, role, transport, text in article.PRODUCT_PORTS
        for first in ports_of(text)[:1]
    }
    for one in listeners(catalogue):
        for transport in one.transports:
            first = 4061 if one.key == "cornet" else one.ports[0].first
            configurable, registry = rows[one.role, transport.value, first]
            assert (one.configurable, list(one.registry)) == (configurable, registry), one
            assert one.overridable is bool(configurable) or one.key == "session"


def test_the_phase_of_a_port_is_that_of_its_row(catalogue: Catalogue) -> None:
    for one in listeners(catalogue):
        lines = set(one.lines)
        expected = (
            "media"
            if lines & article.DATA_LINES
            else "control and media"
            if lines & article.BOTH_PHASES
            else "control"
        )
        assert one.phase.value == expected, f"{one.role} {one.key}"
        assert one.allocated is (expected != "control")


def test_only_the_fax_session_range_may_be_narrowed_without_a_setting(
    catalogue: Catalogue,
) -> None:
    assert [(one.role, one.key) for one in listeners(catalogue) if one.narrow_only] == [
        ("SwyxFaxServer", "session")
    ]
    assert [(one.role, one.key) for one in listeners(catalogue) if one.never_a_rule] == [
        ("SwyxServer", "ras_multicast")
    ]


def test_every_listener_of_the_article_is_stated(catalogue: Catalogue) -> None:
    assert {one.evidence.value for one in listeners(catalogue)} == {"stated"}


def test_every_line_cited_has_text_and_names_the_product(catalogue: Catalogue) -> None:
    cited = {
        f"{owner}": set(lines)
        for owner, lines in (
            *((role.name, role.lines) for role in catalogue.roles.values()),
            *((f"{one.role}.{one.key}", one.lines) for one in listeners(catalogue)),
            *((flow.id, flow.lines) for flow in catalogue.flows.values()),
        )
    }
    nowhere = {owner: lines - article.LINES_WITH_TEXT for owner, lines in cited.items()}
    assert {owner: lines for owner, lines in nowhere.items() if lines} == {}
    listed = {role: [line for line in cited[role] if 18 <= line <= 33] for role in catalogue.roles}
    assert listed == {role: [line] for role, line in article.PRODUCTS.items()}


def test_the_figures_outside_the_tables_are_the_port_models(catalogue: Catalogue) -> None:
    assert catalogue.endpoint_mapper == PortSet.of((135, 135))
    assert str(catalogue.cornet) == "4060-4061"
    assert {name: str(ports) for name, ports in catalogue.presets.items()} == {
        "restricted": "40000-40199",
        "windows-2003": "1025-5000",
        "windows-2008": "49152-65535",
    }
    assert {str(ports) for ports in catalogue.ephemeral.values()} == {"1025-5000", "49152-65535"}
    assert {name: str(ports) for name, ports in catalogue.administration_ports.items()} == {
        "RDP": "3389",
        "WinRM": "5985-5986",
    }
    assert catalogue.uncovered == (
        "DNS",
        "DHCP",
        "Windows logon",
        "databases",
        "administration",
        "ConfigDataStore (6.0x)",
    )


def test_the_restricted_range_is_clear_of_every_catalogue_port(catalogue: Catalogue) -> None:
    restricted = set(ports_of("40000-40199"))
    for one in listeners(catalogue):
        assert not restricted & {port for _, port in opened(one)}, f"{one.role} {one.key}"


def test_no_key_is_written_twice_in_the_file() -> None:
    """A second flow or role of the same id would silently replace the first."""
    text = files("swyx_components.catalogue").joinpath("v6_01.yaml").read_text(encoding="utf-8")

    def keys_of(node: yaml.Node) -> Iterator[list[str]]:
        if isinstance(node, yaml.MappingNode):
            yield [key.value for key, _ in node.value]
            for _, value in node.value:
                yield from keys_of(value)
        elif isinstance(node, yaml.SequenceNode):
            for value in node.value:
                yield from keys_of(value)

    for keys in keys_of(yaml.compose(text, yaml.CSafeLoader)):
        assert len(keys) == len(set(keys)), keys


def test_every_cited_line_has_a_sentence_and_no_other_line_has_one(catalogue: Catalogue) -> None:
    cited = {
        line
        for rows in (catalogue.roles.values(), listeners(catalogue), catalogue.flows.values())
        for row in rows
        for line in row.lines
    }
    assert set(catalogue.cited_lines) == cited
    assert list(catalogue.cited_lines) == sorted(cited)


def test_a_sentence_has_the_ports_of_its_line_and_no_others(catalogue: Catalogue) -> None:
    """A sentence that was put to a neighbouring line, or has another figure, is found."""
    printed: dict[int, set[str]] = {}
    facts = [
        *article.DATA_PORTS,
        *((line, role, ports) for line, role, _, ports in article.PRODUCT_PORTS),
        *((line, role, ports) for line, role, _, ports in article.PROTOCOL_PORTS),
    ]
    for line, _, ports in facts:
        printed.setdefault(line, set()).update(ports.split("-"))
    for line, ports_ in printed.items():
        said = re.sub(r"\(L\d+\)|L\d{3}\w?|H\.\d+", "", catalogue.cited_lines[line])
        assert set(re.findall(r"\d{4,5}", said)) - {"5060"} == ports_ - {"5060"}, f"L{line}"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (38, ("UDP", "TCP", "up to 4.10", "source", "destination")),
        (
            112,
            (
                "at least one LinkManager",
                "one at each site",
                "H.323",
                "audio and fax",
                "transcodes",
            ),
        ),
    ],
)
def test_a_cited_line_keeps_each_condition_of_the_article(
    line: int, words: tuple[str, ...]
) -> None:
    said = load_catalogue().cited_lines[line]
    assert [word for word in words if word not in said] == []
