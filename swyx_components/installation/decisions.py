"""Read the decisions: of the whole file, and of a site over them."""

from dataclasses import replace
from typing import Any

from swyx_components.catalogue import Transport
from swyx_components.installation.context import ReadContext
from swyx_components.installation.model import Decisions
from swyx_components.installation.schema import shape
from swyx_components.installation.values import (
    Written,
    as_text,
    distinct,
    read_list,
    read_range,
    read_word,
    wrong_type,
)
from swyx_components.sets.ports import NO_PORTS, PortRange, PortSet

TCP, UDP = Transport.TCP, Transport.UDP
_DCOM_TRANSPORTS = {"tcp": (TCP,), "both": (TCP, UDP)}
_FAX_TRANSPORTS = {"udp": (UDP,), "tcp": (TCP, UDP), "both": (TCP, UDP)}
_TUNNELLED = "tunnelled"
_DCOM_ONLY = "restricted"  # a range kept clear for DCOM on the hosts, so no preset of H.245

Fields = dict[str, Any]


def read_decisions(
    value: Any, reading: ReadContext, place: str, _: str, *, inherited: Decisions
) -> Decisions:
    """The decisions written at a place, over those it inherits."""
    written = Written(value, reading, place, "decisions", shape("decisions").examples["dcom"])
    fields: Fields = {}
    for key, read in _READERS.items():
        fields |= written.part(key, read, {})
    return replace(inherited, **fields) if fields else inherited


def _dcom(value: Any, reading: ReadContext, place: str, example: str) -> Fields:
    presets = reading.catalogue.presets
    text = as_text(value)
    if type(value) is dict:
        sides = Written(value, reading, place, "dcom_ranges")
        server, client = (sides.read(key, read_range, None) for key in ("server", "client"))
        return {"dcom_server": server, "dcom_client": client, "dcom_preset": ""}
    if text is None:
        wrong_type(value, reading.log, place, "a preset or ports", f"dcom: {_DCOM_ONLY}")
        return {}
    if text in presets:
        return {"dcom_server": presets[text], "dcom_client": presets[text], "dcom_preset": text}
    ports = _preset_or_range(text, reading, place, tuple(presets), "dcom: 40000-40199")
    return {"dcom_server": ports, "dcom_client": ports, "dcom_preset": ""} if ports else {}


def _h245(value: Any, reading: ReadContext, place: str, example: str) -> Fields:
    presets = {
        name: ports for name, ports in reading.catalogue.presets.items() if name != _DCOM_ONLY
    }
    text = as_text(value)
    if text is None:
        wrong_type(value, reading.log, place, "a preset or ports", f"h245: {_TUNNELLED}")
        return {}
    if text == _TUNNELLED:
        return {"h245": NO_PORTS, "h245_preset": ""}
    if text in presets:
        return {"h245": PortSet((presets[text],)), "h245_preset": text}
    ports = _preset_or_range(text, reading, place, (_TUNNELLED, *presets), "h245: 41000-41099")
    return {"h245": PortSet((ports,)), "h245_preset": ""} if ports else {}


def _preset_or_range(
    text: str, reading: ReadContext, place: str, presets: tuple[str, ...], example: str
) -> PortRange | None:
    if text[:1].isdigit():
        return read_range(text, reading.log, place, example)
    reading.log.unknown("preset", place, text, presets)
    return None


def _dcom_transport(value: Any, reading: ReadContext, place: str, example: str) -> Fields:
    word = read_word(value, reading.log, place, _DCOM_TRANSPORTS)
    return {"dcom_transports": _DCOM_TRANSPORTS[word]} if word else {}


def _fax_transport(value: Any, reading: ReadContext, place: str, example: str) -> Fields:
    word = read_word(value, reading.log, place, _FAX_TRANSPORTS)
    return {"fax_transports": _FAX_TRANSPORTS[word], "fax_stated": True} if word else {}


def _cornet(value: Any, reading: ReadContext, place: str, example: str) -> Fields:
    """One of the article's CorNet ports, or a list of them."""
    known = {
        str(port): port for part in reading.catalogue.cornet for port in range(part[0], part[1] + 1)
    }
    if type(value) is list:
        listed = read_list(value, reading.log, place, example)
        texts = list(distinct(listed, reading.log, place, example))
    else:
        word = read_word(value, reading.log, place, known)
        return {"cornet": PortSet.of((known[word],) * 2), "cornet_pinned": True} if word else {}
    ports = []
    for text, at in texts:
        if text in known:
            ports.append((known[text], known[text]))
        else:
            reading.log.unknown("word", at, text, known)
    return {"cornet": PortSet.of(*ports), "cornet_pinned": True} if ports else {}


_READERS = {
    "dcom": _dcom,
    "dcom_transport": _dcom_transport,
    "h245": _h245,
    "fax_transport": _fax_transport,
    "cornet": _cornet,
}
