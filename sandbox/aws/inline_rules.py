"""The blocks ``ingress`` and ``egress`` of a security group: between Pulumi's spelling and EC2's
permissions.
"""

from __future__ import annotations

import json
from typing import Any

from sandbox.provider import Props

DIRECTIONS = ("ingress", "egress")
PROTOCOLS = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": "-1"}
LISTS = ("cidrBlocks", "ipv6CidrBlocks", "prefixListIds", "securityGroups")


def read_blocks(group_id: str, permissions: list[dict[str, Any]]) -> list[Props]:
    """Permissions as blocks: one for each protocol, port range and description."""
    blocks: dict[str, Props] = {}
    for permission in permissions:
        for field, peer, description in _list_peers(group_id, permission):
            ports = permission.get("FromPort", 0), permission.get("ToPort", 0)
            block = _new_block(permission["IpProtocol"], ports, description)
            block = blocks.setdefault(json.dumps(block, sort_keys=True), block)
            if field == "self":
                block["self"] = True
            else:
                block.setdefault(field, []).append(peer)
    return list(canonical_blocks(list(blocks.values())))


def write_blocks(client: Any, group: dict[str, Any], direction: str, wanted: list[Props]) -> None:
    """Make one direction of the group what the blocks say: new rules first, so that nothing is cut
    in between.
    """
    group_id, suffix = group["GroupId"], "" if direction == "ingress" else "Egress"
    present = _split(group_id, read_blocks(group_id, group["IpPermissions" + suffix]))
    target = _split(group_id, wanted)
    missing = [target[key] for key in target.keys() - present.keys()]
    excess = [present[key] for key in present.keys() - target.keys()]
    if missing:
        getattr(client, f"authorize_security_group_{direction}")(
            GroupId=group_id, IpPermissions=missing
        )
    if excess:
        getattr(client, f"revoke_security_group_{direction}")(
            GroupId=group_id, IpPermissions=excess
        )


def canonical_blocks(blocks: Any) -> Any:
    """Blocks as they are compared: they are a set, and so are their lists; unknown values stay as
    they are.
    """
    if not isinstance(blocks, list) or not all(isinstance(each, dict) for each in blocks):
        return blocks
    return sorted(
        (_canonical_block(each) for each in blocks),
        key=lambda each: json.dumps(each, sort_keys=True),
    )


def _canonical_block(block: Props) -> Props:
    protocol = str(block.get("protocol", "")).lower()
    lists: Props = {
        name: sorted(block[name])
        for name in LISTS
        if isinstance(block.get(name), list) and block[name]
    }
    plain: Props = {name: block[name] for name in ("fromPort", "toPort") if name in block}
    flags = {name: block[name] for name in ("self", "description") if block.get(name)}
    return {"protocol": PROTOCOLS.get(protocol, protocol), **plain, **lists, **flags}


def _new_block(protocol: str, ports: tuple[int, int], description: str) -> Props:
    described = {"description": description} if description else {}
    return {"protocol": protocol, "fromPort": ports[0], "toPort": ports[1], **described}


def _list_peers(group_id: str, permission: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Each peer of a permission with the field that names it and its description."""
    peers = [("cidrBlocks", each["CidrIp"], each) for each in permission.get("IpRanges", [])]
    peers += [
        ("ipv6CidrBlocks", each["CidrIpv6"], each) for each in permission.get("Ipv6Ranges", [])
    ]
    peers += [
        ("prefixListIds", each["PrefixListId"], each)
        for each in permission.get("PrefixListIds", [])
    ]
    for each in permission.get("UserIdGroupPairs", []):
        peers.append(
            ("self" if each["GroupId"] == group_id else "securityGroups", each["GroupId"], each)
        )
    return [(field, peer, str(each.get("Description") or "")) for field, peer, each in peers]


def _split(group_id: str, blocks: list[Props]) -> dict[str, dict[str, Any]]:
    """The permissions that blocks stand for, one a peer, by their content."""
    permissions = {}
    for block in canonical_blocks(blocks):
        described = {"Description": block["description"]} if block.get("description") else {}
        base: dict[str, Any] = {"IpProtocol": block["protocol"]}
        if block["protocol"] != "-1":
            base |= {"FromPort": block.get("fromPort"), "ToPort": block.get("toPort")}
        for field, peer in _list_block_peers(group_id, block):
            permission = {**base, field[0]: [{field[1]: peer, **described}]}
            permissions[json.dumps(permission, sort_keys=True)] = permission
    return permissions


def _list_block_peers(group_id: str, block: Props) -> list[tuple[tuple[str, str], str]]:
    fields = {
        "cidrBlocks": ("IpRanges", "CidrIp"),
        "ipv6CidrBlocks": ("Ipv6Ranges", "CidrIpv6"),
        "prefixListIds": ("PrefixListIds", "PrefixListId"),
        "securityGroups": ("UserIdGroupPairs", "GroupId"),
    }
    peers = [(field, peer) for name, field in fields.items() for peer in block.get(name, [])]
    return peers + ([(fields["securityGroups"], group_id)] if block.get("self") else [])
