"""The flow rows against the port model's tables: ids, evidence, lines, and that no role is left out."""

import pytest

from swyx_components.catalogue.load import load_catalogue
from swyx_components.catalogue.model import Catalogue, Evidence
from tests.tools import article


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue("6.01")


def test_the_flows_are_the_port_models_with_its_evidence_and_lines(catalogue: Catalogue) -> None:
    assert {
        id_: (flow.evidence.value, sorted(flow.lines)) for id_, flow in catalogue.flows.items()
    } == article.FLOWS
    assert all(id_ == flow.id for id_, flow in catalogue.flows.items())


def test_the_lines_that_the_port_model_prints_are_among_them() -> None:
    for id_, printed in article.PRINTED_LINES.items():
        assert printed <= set(article.FLOWS[id_][1]), id_
    assert all(lines for _, lines in article.FLOWS.values())


def test_only_inferred_flows_can_be_disabled(catalogue: Catalogue) -> None:
    may_be = [id_ for id_, flow in catalogue.flows.items() if flow.may_be_disabled]
    assert " ".join(may_be) == (
        "C3b C4 C6 C7 C8 C9 C10 C11 C12 C13 C15 K2 K3 K4 K5 K6 M2 M3 M4b M5"
    )


def test_four_optional_flows_can_be_enabled_the_others_wait_for_a_declaration(
    catalogue: Catalogue,
) -> None:
    assert [id_ for id_, flow in catalogue.flows.items() if flow.may_be_enabled] == (
        ["C11r", "M1g", "M2c", "M3c"]
    )
    declared = {
        id_: {leg.scope for leg in flow.legs}
        for id_, flow in catalogue.flows.items()
        if flow.evidence is Evidence.OPTIONAL and not flow.may_be_enabled
    }
    assert declared == {
        "C16": {"devices"},
        "K7": {"provider"},
        "K8": {"provider"},
        "K9": {"chained"},
        "K10": {"chained"},
        "M6": {"provider"},
        "M7": {"chained"},
    }


def test_media_flows_are_media_and_all_others_call_control(catalogue: Catalogue) -> None:
    for id_, flow in catalogue.flows.items():
        assert flow.phase.value == ("media" if id_.startswith("M") else "control")
        assert all(bool(leg.media) is id_.startswith("M") for leg in flow.legs)


def test_every_role_is_reached_by_a_flow_and_starts_one(catalogue: Catalogue) -> None:
    both = {role for flow in catalogue.flows.values() for leg in flow.legs for role in leg.among}
    reached = {r for flow in catalogue.flows.values() for leg in flow.legs for r in leg.responders}
    starts = {r for flow in catalogue.flows.values() for leg in flow.legs for r in leg.initiators}
    assert reached | both == set(catalogue.roles)
    assert starts | both == set(catalogue.roles)


def test_every_flow_has_a_purpose_in_words(catalogue: Catalogue) -> None:
    purposes = [flow.purpose for flow in catalogue.flows.values()]
    assert all(len(purpose.split()) >= 3 for purpose in purposes)
    assert len(set(purposes)) == len(purposes)
