"""Build an installation in a program: typed calls, collected in the form of a file.

Nothing here knows Pulumi; `components/installation.py` binds what is built to clouds.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NoReturn, TypedDict, Unpack

import yaml

from swyx_components.catalogue.load import VERSIONS
from swyx_components.installation.values import is_name
from swyx_components.messages import Message, SwyxError, below

PortRange = tuple[int, int]
"""The first and the last port."""
Ports = int | str | PortRange
"""A port, or a range: (50000, 50199), or "50000-50199" as in a file."""
DcomRanges = Mapping[Literal["server", "client"], PortRange]
Listener = Literal[
    "h225", "local", "media", "media_tcp", "media_udp", "ras", "remote", "session", "sip"
]
_PACKAGE = str(Path(__file__).parents[1]) + os.sep


class Role:
    """What runs on a machine. A subclass has the name of its role in the catalogue."""


class NetworkRole(Role):
    """A role that the hosts of a network may carry too: SwyxIt! and phones."""


Overrides = Mapping[type[Role], Mapping[Listener, Ports]]


class DecisionSettings(TypedDict, total=False):
    """What the article does not specify: for an installation, or for one site, which overrides it."""

    dcom: Literal["restricted", "windows-2003", "windows-2008"] | PortRange | DcomRanges
    dcom_transport: Literal["tcp", "both"]
    h245: Literal["tunnelled", "windows-2003", "windows-2008"] | PortRange
    fax_transport: Literal["udp", "tcp", "both"]
    cornet: Literal[4060, 4061] | list[Literal[4060, 4061]]


class SiteSettings(DecisionSettings, total=False):
    """Settings of a site besides its machines and networks; its decisions apply to it alone."""

    ports: Overrides
    enable: Sequence[str]
    disable: Sequence[str]
    control_path: Mapping[type[NetworkRole], Literal["phone_manager", "h323"]]
    sip_devices: Sequence[str]
    summary: Sequence[str]
    egress: Literal["closed", "open"]


class MachineRef:
    """A machine of a site, by name."""

    def __init__(self, site: "SiteBuilder", name: str) -> None:
        self.site, self.name = site, name


class SiteBuilder:
    """A site of an installation that is being built."""

    def __init__(self, builder: "InstallationBuilder", name: str) -> None:
        if not is_name(name):
            builder.refuse("builder-name", "sites", name=name)
        self.name, self._builder = name, builder
        self._place = f"sites.{name}"
        self._own: dict[str, Any] = builder.document["sites"].setdefault(name, {})
        builder.sites[name] = self

    def settle(self, settings: Mapping[str, Any]) -> None:
        """Override existing settings."""
        parts = dict.fromkeys(DecisionSettings.__annotations__, "decisions")
        parts |= {"enable": "flows", "disable": "flows"}
        for key, value in settings.items():
            part = parts.get(key)
            (self._own.setdefault(part, {}) if part else self._own)[key] = plain(value)

    def _declare(
        self,
        kind: Literal["machines", "networks"],
        name: str,
        roles: Sequence[type[Role]],
        addresses: str | Sequence[str],
        **more: object,
    ) -> str:
        """Add a machine or network, with what of `more` is not empty, and give its name.

        A machine without one is called by its first role at the site.
        """
        is_machine, builder = kind == "machines", self._builder
        needed: type[Role] = Role if is_machine else NetworkRole
        of = "such as SwyxServer" if is_machine else "of a network, such as SwyxIt"
        for role in roles or (None,):
            if not (isinstance(role, type) and issubclass(role, needed)):
                shown = role.__name__ if isinstance(role, type) else repr(role)
                builder.refuse("builder-role", self._place, role=shown, of=of)
        names = [role.__name__ for role in roles]
        if is_machine:
            name = name or f"{self.name}-{names[0].lower()}"
        if not is_name(name):
            builder.refuse("builder-name", below(f"{self._place}.{kind}", name), name=name)
        entry = {"addresses" if is_machine else "cidrs": _listed(addresses), "roles": names}
        entry |= {key: plain(part) for key, part in more.items() if part}
        builder.enter(self._own, f"{self._place}.{kind}", name, entry)
        return name

    def extra_rule(
        self,
        direction: Literal["in", "out"],
        machine: MachineRef,
        peers: str | Sequence[str],
        protocol: Literal["tcp", "udp", "icmp"],
        ports: Ports | list[Ports] | None = None,
        *,
        reason: str,
        acknowledge_public: bool = False,
    ) -> None:
        """Allow what the article does not cover: to a machine (`in`), or from it (`out`).

        `ports` are destination ports: one, a tuple for a range, or a list of these; none for ICMP.
        """
        ends = ("to", "from") if direction == "in" else ("from", "to")
        rules = self._own.setdefault("extra_rules", [])
        rule = {
            "direction": direction,
            ends[0]: self._builder.name_of(machine),
            ends[1]: _listed(peers),
            "protocol": protocol,
            **({} if ports is None else {"ports": plain(ports)}),
            "reason": reason,
            **({"acknowledge_public": True} if acknowledge_public else {}),
        }
        self._builder.mark(f"{self._place}.extra_rules[{len(rules)}]")
        rules.append(rule)


class InstallationBuilder:
    """An installation that is being built; `document` has the form of a file.

    `lines` says where the program declared what, by the place of it in the document.
    """

    error: Callable[[list[Message]], Exception] = SwyxError
    deployed = False  # from then on nothing can be declared

    def __init__(
        self,
        *,
        swyxware: str = "",
        catalogue: str | Mapping[str, Any] = "",
        quotas: Mapping[Literal["aws", "azure"], Mapping[str, int]] | None = None,
        acknowledge: Sequence[str] = (),
        **decisions: Unpack[DecisionSettings],
    ) -> None:
        parts = {
            "swyxware": swyxware or ("" if catalogue else next(iter(VERSIONS))),
            "catalogue": catalogue,
            "decisions": plain(decisions),
            "quotas": plain(quotas),
            "acknowledge": [*acknowledge],
        }
        self.document: dict[str, Any] = {key: part for key, part in parts.items() if part}
        self.document["sites"] = {}
        self.sites: dict[str, Any] = {}
        self.lines: dict[str, str] = {}
        self.mark("")

    def to_yaml(self) -> str:
        """The equivalent file, for every `swyx` command."""
        return yaml.safe_dump(
            self.document, sort_keys=False, allow_unicode=True, default_flow_style=None, width=120
        )

    def link(
        self,
        one: SiteBuilder,
        other: SiteBuilder,
        *,
        through: MachineRef | tuple[MachineRef, MachineRef],
        name: str = "",
    ) -> None:
        """Link two sites through one shared LinkManager, or through one at each.

        The default name consists of the names of both sites.
        """
        entry: dict[str, Any] = {"sites": [one.name, other.name]}
        if isinstance(through, tuple):
            entry["mode"] = "chained"
            entry["link_managers"] = {each.site.name: self.name_of(each) for each in through}
        else:
            entry["link_manager"] = self.name_of(through)
        self.enter(self.document, "links", name or f"{one.name}-{other.name}", entry)

    def provider(
        self,
        name: str,
        cidrs: str | Sequence[str] = (),
        *,
        through: MachineRef,
        media_ports: Ports,
        sip_port: int = 5060,
        signalling_cidrs: str | Sequence[str] = (),
        media_cidrs: str | Sequence[str] = (),
    ) -> None:
        """Declare a SIP provider and the LinkManager that connects to it.

        `cidrs` carry calls and media, `signalling_cidrs` only calls, `media_cidrs` only media.
        """
        parts = {"cidrs": cidrs, "signalling_cidrs": signalling_cidrs, "media_cidrs": media_cidrs}
        entry = {
            **{key: _listed(part) for key, part in parts.items() if part},
            "link_manager": self.name_of(through),
            "media_ports": plain(media_ports),
            "sip_port": sip_port,
        }
        self.enter(self.document, "sip_providers", name, entry)

    def enter(self, own: dict[str, Any], above: str, name: str, entry: dict[str, Any]) -> None:
        """Add a new entry to the mapping at a place: of the document, or of a site's own part of it."""
        place = below(above, name)
        entries = own.setdefault(above.rpartition(".")[2], {})
        if name in entries:
            line = self.lines.get(place, "") or "in the file"
            self.refuse("builder-taken", place, name=name, line=line)
        self.mark(place)
        entries[name] = entry

    # ---- what sites and bindings need

    def mark(self, place: str) -> None:
        """Remember the current line of the program for a place."""
        if self.deployed:
            self.refuse("builder-late", place)
        self.lines[place] = called_from()

    def name_of(self, machine: Any) -> str:
        """The name of a machine that a site returned."""
        if not isinstance(machine, MachineRef):
            self.refuse("builder-machine", "", machine=repr(machine))
        return str(machine.name)

    def locate(self, message: Message, above: str = "") -> Message:
        """The message with the line that declared its place, which may be relative to `above`."""
        for place in (f"{above}.{message.place}", message.place):
            while place not in self.lines:
                place = place.rpartition(".")[0]
            if place not in ("", above):
                return message.of(self.lines[place])
        return message.of(self.lines[above])

    def refuse(self, id: str, place: str, /, **values: object) -> NoReturn:
        """End with a message about the current line of the program.

        Raises:
            SwyxError: always, or what else is the builder's `error`.
        """
        raise self.error([Message.about(id, place, **values).of(called_from())])


def called_from() -> str:
    """The line of the program that calls this package: `__main__.py:12`."""
    frame = sys._getframe(1)
    while frame.f_code.co_filename.startswith(_PACKAGE) and frame.f_back:
        frame = frame.f_back
    path = Path(frame.f_code.co_filename)
    shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    return f"{shown}:{frame.f_lineno}"


def plain(value: Any) -> Any:
    """A program's values as in a file: role classes by name, ranges as text.

    >>> plain({"media": (50000, 50199)}), plain([80, (8000, 8099)])
    ({'media': '50000-50199'}, [80, '8000-8099'])
    """
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, tuple) and len(value) == 2 and all(type(end) is int for end in value):
        return "{}-{}".format(*value)
    if isinstance(value, Mapping):
        return {plain(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value


def _listed(values: str | Sequence[str]) -> list[str]:
    return [values] if isinstance(values, str) or not isinstance(values, Sequence) else [*values]
