"""Random valid installations, as plain data: the rules of the port model are kept by construction.

Kept: one SwyxServer a site; a manager for every phone that needs one; no fixed port twice on a
machine (at most one phone with TCP 1720, none beside the SwyxServer); H.245 tunnelled everywhere or
nowhere; no DCOM range over UDP 1718; no M3c beside networks; extra rules away from the DCOM ports;
providers outside every site.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.oracle.listeners import (
    CLIENTS,
    CONFERENCE,
    FAX,
    GATE,
    H323_PHONES,
    ITSP,
    L100,
    L400,
    L440,
    LINK,
    PHONES,
    PRINTED,
    SERVER,
    SWYXIT,
)

Plain = dict[str, Any]
SITES = ("aachen", "bochum", "celle", "dortmund")
OUTSIDE = 28  # the subnet of what is not in the cloud, apart from all that is
OPTIONAL = ["C11r", "M1g", "M2c"]
INFERRED = [
    "C3b",
    *(f"C{n}" for n in (4, 6, 7, 8, 9, 10, 11, 12, 13, 15)),
    "K2",
    "K3",
    "K4",
    "K5",
    "K6",
    "M2",
    "M3",
    "M4b",
    "M5",
]
FIXED_KEYS = {(SERVER, "h225"), (SERVER, "sip"), (GATE, "ras"), (GATE, "h225")}
FIXED_KEYS |= {(LINK, "local"), (LINK, "remote"), (LINK, "sip")}
RANGE_KEYS = [
    (SERVER, "media"),
    (GATE, "media"),
    (LINK, "media"),
    (CONFERENCE, "media"),
    (SWYXIT, "media"),
]
RANGE_KEYS += [(LINK, "media_udp"), (LINK, "media_tcp"), (FAX, "session")]
MOVABLE = [*sorted(FIXED_KEYS), *RANGE_KEYS]


@st.composite
def installations(draw: st.DrawFn, most_sites: int = 4, quiet: bool = False) -> Plain:
    """A valid installation file as plain data. `quiet`: no extra rules, open egress or turned-off flows."""
    names = SITES[: draw(st.integers(2, most_sites))]
    families = draw(st.sampled_from(["4", "4", "6", "46", "mixed", "apart"]))
    tunnelled = draw(st.booleans())
    sites = {name: draw(_site(i, name, families)) for i, name in enumerate(names)}
    plain: Plain = {
        "swyxware": "6.01",
        "decisions": draw(_decisions(tunnelled, whole=True)),
        "sites": sites,
    }
    plain["links"] = draw(_links(sites, families))
    plain["sip_providers"] = draw(_providers(sites, families))
    for index, (name, site) in enumerate(sites.items()):
        site.update(
            draw(_settings(index, name, site, plain["decisions"], tunnelled, families, quiet))
        )
    return {key: value for key, value in plain.items() if value}


def one_in(count: int) -> st.SearchStrategy[bool]:
    """True once in `count` draws; shrinks to False."""
    return st.integers(1, count).map(lambda x: x == count and count > 1)


def addresses(families: str, site: int, host: int, subnet: int = 0) -> list[str]:
    """Addresses of one host; "mixed": IPv6 too for every second host; "apart": IPv6 alone for every third."""
    v4, v6 = f"10.{site + 1}.{subnet}.{host}", f"fd00:{site + 1}:{subnet}::{host:x}"
    both = families == "46" or (families == "mixed" and host % 2 == 0)
    alone = families == "6" or (families == "apart" and host % 3 == 0)
    return [v4, v6] if both else [v6] if alone else [v4]


# --- machines and networks -----------------------------------------------------------------------


@st.composite
def _site(draw: st.DrawFn, index: int, name: str, families: str) -> Plain:
    count = draw(st.integers(1, 4))
    roles: list[list[str]] = [[SERVER], *([] for _ in range(count - 1))]
    for role in (GATE, LINK, CONFERENCE, PHONES, ITSP, FAX, SWYXIT):
        for place in draw(st.sets(st.integers(0, count - 1), max_size=2)):
            roles[place].append(role)
    roles += draw(st.lists(_desk(), max_size=4))
    networks = draw(_networks(index, name, families))
    _add_managers(roles, {role for carried in roles for role in carried} | _carried(networks))
    machines: Plain = {}
    for host, carried in enumerate((r for r in roles if r), start=10):
        place = 0 if SERVER in carried else draw(st.sampled_from([*[0] * 8, 20, OUTSIDE]))
        also = OUTSIDE if place == OUTSIDE else 0
        machines[f"{name}-m{host}"] = {
            "addresses": addresses(families, index, host, place)
            + (addresses(families, index, host + 100, also) if draw(one_in(10)) else []),
            "roles": carried,
        } | ({"outside": True} if place == OUTSIDE else {})
    return {"machines": machines} | ({"networks": networks} if networks else {})


@st.composite
def _desk(draw: st.DrawFn) -> list[str]:
    """A client machine: SwyxIt!, an L100, and at most one phone that takes TCP 1720."""
    roles = draw(st.lists(st.sampled_from([SWYXIT, L100]), max_size=2, unique=True))
    return roles + draw(
        st.lists(st.sampled_from(H323_PHONES), min_size=0 if roles else 1, max_size=1)
    )


def _add_managers(roles: list[list[str]], carried: set[str]) -> None:
    if L100 in carried and ITSP not in carried:
        roles[0].append(ITSP)
    if carried & set(H323_PHONES) and PHONES not in carried:
        roles[0].append(PHONES)


def _carried(places: Plain) -> set[str]:
    return {role for place in places.values() for role in place["roles"]}


@st.composite
def _networks(draw: st.DrawFn, index: int, name: str, families: str) -> Plain:
    found: Plain = {}
    nested = False
    for number in range(draw(st.integers(0, 3))):
        third = 20 + number
        tails = draw(
            st.sampled_from(
                [
                    ["0/24"],
                    ["0/25", "128/25"],
                    ["0/25", "128/26"],
                    ["64/26"],
                    ["9/32"],
                    ["0/24", "8/29"],
                ]
            )
        )
        if number and draw(one_in(5)):
            nested = True
            third, tails = (
                20,
                ["64/27"],
            )  # a network inside the site's first one, where that is wide enough
        v4 = [f"10.{index + 1}.{third}.{tail}" for tail in tails]
        v6 = [f"fd00:{index + 1}:{third:x}00::/{64 if number else 60}"]
        roles = draw(st.lists(st.sampled_from(CLIENTS), min_size=1, max_size=4, unique=True))
        both = families == "46" or (families == "mixed" and draw(st.booleans()))
        found[f"{name}-n{number}"] = {
            "cidrs": v4 + v6 if both else v6 if families == "6" else v4,
            "roles": roles,
        }
    for own in found.values():
        if not nested and draw(one_in(3)):  # no host is in a managed network and another one
            own["managed"] = True
    return found


# --- decisions and settings of a site ------------------------------------------------------------


@st.composite
def _decisions(draw: st.DrawFn, tunnelled: bool, whole: bool) -> Plain:
    h245 = ["41000-41099", "42000-42049", "windows-2003", "windows-2008"]
    choices: Plain = {
        "dcom": [
            "restricted",
            "windows-2008",
            "windows-2003",
            "43000-43099",
            {"server": "40000-40099", "client": "40100-40199"},
        ],
        "dcom_transport": ["tcp", "tcp", "both"],
        "h245": ["tunnelled"] if tunnelled else h245,
        "fax_transport": ["udp", "tcp", "both"],
        "cornet": [[4060, 4061], [4061], [4060]],
    }
    needed = {"dcom", "h245"} if whole else set()
    taken = {
        k: draw(st.sampled_from(v)) for k, v in choices.items() if k in needed or draw(one_in(4))
    }
    if taken.get("dcom_transport") == "both" or not whole:
        taken["dcom"] = draw(st.sampled_from([d for d in choices["dcom"] if d != "windows-2003"]))
    return taken


@st.composite
def _settings(
    draw: st.DrawFn,
    index: int,
    name: str,
    site: Plain,
    common: Plain,
    tunnelled: bool,
    families: str,
    quiet: bool,
) -> Plain:
    found: Plain = {}
    if draw(one_in(3)):
        found["decisions"] = draw(_decisions(tunnelled, whole=False))
    carried = _carried(site["machines"]) | _carried(site.get("networks", {}))
    if draw(st.booleans()):
        found["ports"] = draw(_ports(carried, 62000, 30000))
    for number, machine in enumerate(site["machines"].values()):
        if draw(one_in(5)):
            machine["ports"] = draw(
                _ports(set(machine["roles"]), 62100 + 20 * number, 33000 + 300 * number)
            )
    found["control_path"] = {
        phone: draw(st.sampled_from(["h323", "phone_manager"]))
        for phone in (L400, L440)
        if phone in carried
    }
    if draw(one_in(4)):
        found["sip_devices"] = (
            [f"fd00:{index + 1}:3000::/64"] if families == "6" else [f"10.{index + 1}.30.0/28"]
        )
    if draw(one_in(3)):
        found["summary"] = draw(_summary(index))
    enable = OPTIONAL + ([] if site.get("networks") else ["M3c"])
    found["flows"] = {"enable": draw(st.lists(st.sampled_from(enable), unique=True, max_size=3))}
    if not quiet:
        found["flows"]["disable"] = draw(
            st.lists(st.sampled_from(INFERRED), unique=True, max_size=5)
        )
        if draw(one_in(6)):
            found["egress"] = "open"
        found["extra_rules"] = draw(_extra_rules(index, site, found.get("egress") == "open"))
    return {key: value for key, value in found.items() if value}


@st.composite
def _summary(draw: st.DrawFn, index: int) -> list[str]:
    """CIDRs that hold the whole site: of IPv4, of IPv6 or of both, whatever the site has."""
    net = f"10.{index + 1}"
    v4 = draw(
        st.sampled_from([[f"{net}.0.0/16"], [f"{net}.0.0/19"], [f"{net}.0.0/24", f"{net}.16.0/20"]])
    )
    v6 = [f"fd00:{index + 1}::/32"]
    return draw(st.sampled_from([v4, v4, v6, v4 + v6]))


@st.composite
def _ports(draw: st.DrawFn, carried: set[str], fixed: int, ranges: int) -> Plain:
    """Overrides of carried roles; every fixed port is another one, so that none meets another."""
    found: Plain = {}
    for number, (role, key) in enumerate(MOVABLE):
        if role not in carried or not draw(one_in(4)):
            continue
        if key.startswith("media_") and "media" in found.get(role, {}):
            continue
        found.setdefault(role, {})[key] = (
            fixed + number if (role, key) in FIXED_KEYS else draw(_range(role, key, ranges))
        )
    return found


@st.composite
def _range(draw: st.DrawFn, role: str, key: str, base: int) -> str:
    low, high = PRINTED[role]["media_udp" if (role, key) == (LINK, "media") else key]
    if role == FAX or draw(st.booleans()):
        low = draw(st.integers(low, high - 10))
        return f"{low}-{draw(st.integers(low + 1, high))}"
    low = draw(st.integers(base, base + 150))
    return f"{low}-{low + draw(st.integers(9, 120))}"


@st.composite
def _extra_rules(draw: st.DrawFn, index: int, site: Plain, egress_open: bool) -> list[Plain]:
    found = []
    for _ in range(draw(st.sampled_from([0, 0, 1, 2, 3]))):
        direction = "in" if egress_open else draw(st.sampled_from(["in", "out"]))
        here, there = ("to", "from") if direction == "in" else ("from", "to")
        inside = [name for name, own in site["machines"].items() if not own.get("outside")]
        machine = draw(st.sampled_from(sorted(inside)))
        families = {6 if ":" in a else 4 for a in site["machines"][machine]["addresses"]}
        v4 = [
            ["10.99.0.0/24"],
            ["10.99.1.7/32", "10.99.2.0/23"],
            ["198.51.100.0/24"],
            [f"10.{(index + 1) % 2 + 1}.77.0/24"],
        ]
        v6 = [["fd99::/64"], ["fd99:1::7/128"]]
        peers = (draw(st.sampled_from(v4)) if 4 in families else []) + (
            draw(st.sampled_from(v6)) if 6 in families else []
        )
        protocol = draw(st.sampled_from(["tcp", "udp", "icmp"]))
        rule = {
            "direction": direction,
            here: machine,
            there: peers,
            "protocol": protocol,
            "reason": "of its own",
        }
        if protocol != "icmp":
            rule["ports"] = draw(
                st.sampled_from([443, "8440-8449", [22, 443], [161, "8440-8449"], 8443])
            )
        found.append(rule)
    return found


# --- links and providers -------------------------------------------------------------------------


def _link_managers(site: Plain) -> list[str]:
    return [name for name, machine in site["machines"].items() if LINK in machine["roles"]]


@st.composite
def _link_manager(draw: st.DrawFn, sites: Plain, name: str, families: str) -> str:
    """A LinkManager of the site, added where it has none."""
    index = SITES.index(name)
    if not _link_managers(sites[name]):
        sites[name]["machines"][f"{name}-link"] = {
            "addresses": addresses(families, index, 9),
            "roles": [LINK],
        }
    return draw(st.sampled_from(_link_managers(sites[name])))


@st.composite
def _links(draw: st.DrawFn, sites: Plain, families: str) -> Plain:
    names = list(sites)
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    found: Plain = {}
    taken = set()  # two sites may have several links, each through LinkManagers of its own
    for one, other in draw(st.lists(st.sampled_from(pairs), min_size=1, max_size=4)):
        ends = draw(st.permutations([one, other]))
        link: Plain = {"sites": list(ends)}
        if draw(one_in(4)):
            link["mode"] = "chained"
            link["link_managers"] = {end: draw(_link_manager(sites, end, families)) for end in ends}
        else:
            link["link_manager"] = draw(_link_manager(sites, draw(st.sampled_from(ends)), families))
        managers = link.get("link_managers", {"": link.get("link_manager")}).values()
        if (content := (one, other, *sorted(managers))) not in taken:
            taken.add(content)
            found[f"{one}-{other}-{len(found)}"] = link
    return found


@st.composite
def _providers(draw: st.DrawFn, sites: Plain, families: str) -> Plain:
    found: Plain = {}
    for number in range(draw(st.sampled_from([0, 1, 1, 2]))):
        manager = draw(_link_manager(sites, draw(st.sampled_from(list(sites))), families))
        v4, v6 = [f"203.0.113.{16 * number}/28"], [f"2001:db8:{number}::/64"]
        cidrs = v6 if families == "6" else v4 + (v6 if families != "4" else [])
        calls, media = [f"192.0.2.{16 * number}/28"], [f"192.0.2.{128 + 16 * number}/28"]
        if families == "6":
            calls, media = [f"2001:db8:{number}:1::/64"], [f"2001:db8:{number}:2::/64"]
        both, alone = {"cidrs": cidrs}, {"signalling_cidrs": calls, "media_cidrs": media}
        found[f"carrier-{number}"] = {
            **draw(
                st.sampled_from([both, both, alone, both | alone, both | {"media_cidrs": media}])
            ),
            "link_manager": manager,
            "media_ports": draw(st.sampled_from(["10000-20000", "16384-32767"])),
        } | draw(st.sampled_from([{}, {"sip_port": 5070}]))
    return found
