"""A journal of EC2's calls in words that are the same in every run.

Ids and the random ends of names become names, a rule becomes what it lets pass, and a new list of an
interface's groups becomes the group that it gains or loses. Each call stands under the one thing that
it is about, for only there has the order of calls a meaning: the engine makes rules side by side.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.tools.engine.replay import numbered, rules_of

Plain = dict[str, Any]
Calls = dict[str, list[str]]  # by what they are about, in order

ADDING = ("Authorize", "CreateSecurityGroup", "attach")
TAKING = ("Revoke", "DeleteSecurityGroup", "detach")
_ID = re.compile(r"\b(?:sg|sgr|eni|vpc)-[0-9a-f]{8,}\b")
_RANDOM = re.compile(r"-[0-9a-f]{7}$")
_SUBJECTS = (  # the first of these that a call names is what it is about
    "SecurityGroupRuleId.1",
    "SecurityGroupRule.1.SecurityGroupRuleId",
    "ResourceId.1",
    "GroupId",
    "GroupName",
)
_FORGOTTEN = ("ClientToken", "DryRun")
_ONLY = re.compile(r"^(IpPermissions|TagSpecification|SecurityGroupRule)\.1\.")  # there is one
_TAG = re.compile(r"(.*Tag)\.\d+\.(Key|Value)")


class Reader:
    """Knows what each id stands for: from what EC2 holds at first, and from each answer since."""

    def __init__(self, ec2: Any) -> None:
        self._names: dict[str, str] = {}
        self._groups: dict[str, list[str]] = {}  # of each interface, in order
        for group in ec2.describe_security_groups()["SecurityGroups"]:
            self._names[group["GroupId"]] = _RANDOM.sub("", group["GroupName"])
        for each in ec2.describe_network_interfaces()["NetworkInterfaces"]:
            self._names[each["NetworkInterfaceId"]] = each["PrivateIpAddress"]
            groups = [group["GroupId"] for group in each["Groups"]]
            self._groups[each["NetworkInterfaceId"]] = groups
        for vpc in ec2.describe_vpcs()["Vpcs"]:
            self._names[vpc["VpcId"]] = "the VPC"
        pages = ec2.get_paginator("describe_security_group_rules").paginate()
        self._learn(rule for page in pages for rule in page["SecurityGroupRules"])

    def read(self, journal: Iterable[Plain]) -> tuple[Calls, list[str]]:
        """The calls by what they are about, and which of them added after something was taken away."""
        calls: defaultdict[str, list[str]] = defaultdict(list)
        taken, late = "", []
        for call in journal:
            subject, text = self._one(call)
            if calls[subject][-1:] != [text] or call["status"] == 200:
                calls[subject].append(text)  # a refused call that is tried again stands there once
            by_id = "SecurityGroupRuleId" in text or not text.startswith(
                "Revoke"
            )  # else it revokes what every group is born with
            if text.startswith(TAKING) and by_id and call["status"] == 200:
                taken = taken or f"{text.split()[0]} ({subject})"
            elif text.startswith(ADDING) and taken:
                late.append(f"{text.split()[0]} ({subject}) after {taken}")
        return dict(sorted(calls.items())), late

    def _one(self, call: Plain) -> tuple[str, str]:
        given = {k: v for k, v in call["parameters"].items() if k not in _FORGOTTEN}
        done, subject = call["action"], next(filter(None, map(given.get, _SUBJECTS)), "")
        if call["status"] == 200:
            if done == "ModifyNetworkInterfaceAttribute":
                return self._change_groups(given)
            if done == "CreateSecurityGroup":
                (id,) = set(re.findall(r"<groupId>(.*?)</groupId>", call["response"]))
                self._names[id] = _RANDOM.sub("", subject)
            if done.startswith("Authorize"):
                made = list(rules_of(call["response"]))
                self._learn(made)
                subject = made[0]["SecurityGroupRuleId"]
        failed = re.search(r"<Code>(.*?)</Code>", call["response"])
        refused = f" REFUSED {failed[1]}" if failed else ""
        words = " ".join([done, *self._words(given)])
        return _RANDOM.sub("", self.say(subject)), words + refused

    def _change_groups(self, given: Mapping[str, str]) -> tuple[str, str]:
        interface = given["NetworkInterfaceId"]
        was, now = self._groups[interface], numbered(given, "SecurityGroupId")
        self._groups[interface] = now
        gained, lost = ([g for g in a if g not in b] for a, b in ((now, was), (was, now)))
        subject = self.say(interface)
        if len(gained) == 1 and not lost:
            place = {0: "first", len(was): "last"}.get(now.index(gained[0]), "in between")
            return f"{subject} and {self.say(gained[0])}", f"attach as the {place}"
        if len(lost) == 1 and not gained:
            return f"{subject} and {self.say(lost[0])}", "detach"
        return subject, "set groups to " + ", ".join(map(self.say, now))

    def _words(self, given: Mapping[str, str]) -> Iterator[str]:
        """Parameters as `name=value`, sorted; tags by their keys."""
        tags: defaultdict[str, dict[str, str]] = defaultdict(dict)
        words = []
        for name, value in given.items():
            tag = _TAG.fullmatch(name)
            if tag:
                tags[name.rpartition(".")[0]][tag[2]] = value
            else:
                words.append(f"{_ONLY.sub('', name)}={_RANDOM.sub('', self.say(value))}")
        words += [f"Tag {tag['Key']}={tag.get('Value', '')}" for tag in tags.values()]
        return iter(sorted(words))

    def say(self, text: str) -> str:
        """A text with names in place of ids."""
        return _ID.sub(lambda found: self._names.get(found[0], found[0]), text)

    def _learn(self, rules: Iterable[Mapping[str, Any]]) -> None:
        for rule in rules:
            peer = rule.get("CidrIpv4") or rule.get("CidrIpv6") or ""
            if not peer and rule.get("ReferencedGroupInfo"):
                peer = self.say(rule["ReferencedGroupInfo"]["GroupId"])
            way = "out to" if rule["IsEgress"] else "in from"
            ports = f"{rule['IpProtocol']}/{rule['FromPort']}-{rule['ToPort']}"
            text = f"{self.say(rule['GroupId'])} {ports} {way} {peer}"
            self._names[rule["SecurityGroupRuleId"]] = text
