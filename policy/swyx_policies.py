"""The policies, which `__main__.py` serves.

A policy sees resources that will exist, never those to be deleted; during a preview it does not see
values that the cloud assigns.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase

import pulumi
from pulumi_policy import (
    Policy,
    PolicyConfigSchema,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

SITE = "swyx:index:SwyxSite"
_GROUPS = {  # and how rules name them
    "SecurityGroup": ("id",),
    "NetworkSecurityGroup": ("name", "networkSecurityGroupName"),
}
_RULES = {
    "NetworkSecurityRule",
    "SecurityGroupEgress",
    "SecurityGroupEgressRule",
    "SecurityGroupIngress",
    "SecurityGroupIngressRule",
    "SecurityGroupRule",
    "SecurityGroupRulesExclusive",
    "SecurityRule",
}
_RULE_NAMES = ("securityGroupId", "groupId", "networkSecurityGroupName")
_AWS_PEERS = ("cidrIpv4", "cidrIpv6", "cidrIp", "cidrBlocks", "ipv6CidrBlocks")
_PUBLIC = {"0.0.0.0/0", "::/0", "*", "any", "internet"}


def look_up(values: object, key: str) -> object:
    """The value of a key; None if it is missing, or unknown in a preview."""
    try:
        return values.get(key) if isinstance(values, Mapping) else None
    except UnknownValueError:
        return None


def entries(values: object, key: str) -> list[object]:
    """The known entries of a list; a single value is a list of one."""
    found = look_up(values, key)
    if isinstance(found, str) or not isinstance(found, Sequence):
        return [] if found is None else [found]
    known = []
    for index in range(len(found)):
        with suppress(UnknownValueError):
            known.append(found[index])
    return known


def texts(values: object, *keys: str) -> list[str]:
    """The values of some properties, each a string or a list of strings."""
    return [str(each) for key in keys for each in entries(values, key)]


def kind(resource_type: str) -> str:
    """`SecurityRule` of `azure-native:network:SecurityRule`."""
    return resource_type.rpartition(":")[2]


def is_of_site(urn: str) -> bool:
    """Whether a resource is a child of a `SwyxSite`, however deep."""
    return SITE in urn.split("::")[2].split("$")[:-1]


def swyx_groups(resources: Sequence[PolicyResource]) -> list[PolicyResource]:
    """The security groups and network security groups of sites."""
    return [
        each for each in resources if kind(each.resource_type) in _GROUPS and is_of_site(each.urn)
    ]


def rules_of_groups(
    resources: Sequence[PolicyResource],
) -> Iterator[tuple[PolicyResource, list[PolicyResource]]]:
    """Each resource that is a rule of a Swyx group, and the group: by its id or name or, where these are
    unknown, the groups from which its program took the id.
    """
    groups = {each.urn: each for each in swyx_groups(resources)}
    called = {name: each for each in groups.values() for name in names_of(each)}
    known = {each.urn for each in called.values()}
    for rule in resources:
        if kind(rule.resource_type) in _RULES:
            said = texts(rule.props, *_RULE_NAMES)
            taken = {
                each.urn for key in _RULE_NAMES for each in rule.property_dependencies.get(key, ())
            }
            unknown = taken - known if said else taken
            named = [called[each] for each in said if each in called]
            named = named or [own for urn, own in groups.items() if urn in unknown]
            if named:
                yield rule, named


def names_of(group: PolicyResource) -> list[str]:
    """The known ids and names by which rules refer to a group."""
    return texts(group.props, *_GROUPS[kind(group.resource_type)])


def sites_of(resources: Sequence[PolicyResource]) -> list[PolicyResource]:
    """The sites of a stack."""
    return [each for each in resources if each.resource_type == SITE]


def told(site: PolicyResource, key: str) -> object:
    """A value of a site's summary: `decisions`, the number of `rules`, the `public` ones."""
    return look_up(look_up(site.props, "summary"), key)


# ---- no unplanned rule


def check_planned(args: StackValidationArgs, report: ReportViolation) -> None:
    """Only a site adds rules to its groups, and it has as many as its plan."""
    for rule, groups in rules_of_groups(args.resources):
        if not is_of_site(rule.urn):
            names = " or ".join(sorted(group.name for group in groups))
            report(
                f"{rule.name} is a rule of the Swyx group {names} that no site planned. Remove it, and "
                "declare its purpose under extra_rules of the site.",
                rule.urn,
            )
    for site in sites_of(args.resources):
        made = sum(count_rules(each) for each in args.resources if is_below(each, site))
        planned = told(site, "rules")
        if isinstance(planned, int | float) and made > planned:
            report(
                f"{site.name} has {made} rules, and {int(planned)} are planned. Remove what adds rules to "
                "its groups, such as a transform, and declare their purpose under extra_rules of the site.",
                site.urn,
            )


def is_below(resource: PolicyResource, ancestor: PolicyResource) -> bool:
    """Whether a resource is a child of another, however deep."""
    parent = resource.parent
    return parent is not None and (parent is ancestor or is_below(parent, ancestor))


def count_rules(resource: PolicyResource) -> int:
    """How many rules a resource is, or has."""
    if kind(resource.resource_type) in _RULES:
        return 1
    return len(entries(resource.props, "securityRules"))


def check_inline(args: ResourceValidationArgs, report: ReportViolation) -> None:
    """Security groups of AWS have no inline rules: they would remove the planned ones."""
    if kind(args.resource_type) != "SecurityGroup" or not is_of_site(args.urn):
        return
    for key in sorted({"ingress", "egress"}.intersection(args.props.keys())):
        report(
            f"{args.name} has {key} rules that no site planned. Remove the transform that adds them, and "
            "declare their purpose under extra_rules of the site.",
            args.urn,
        )


# ---- no public exposure


def check_public(args: StackValidationArgs, report: ReportViolation) -> None:
    """Public rules are acknowledged in the installation."""
    acknowledged = {
        f"{site.name}.{rule}" for site in sites_of(args.resources) for rule in told_public(site)
    }
    for name, urn, peers in peers_of_rules(args.resources):
        public = sorted(each for each in peers if each.lower() in _PUBLIC)
        if public and name not in acknowledged:
            report(
                f"{name} is open to {', '.join(public)}. Name the required addresses, or write the "
                "rule under extra_rules of the site with acknowledge_public: true.",
                urn,
            )


def told_public(site: PolicyResource) -> list[str]:
    """The planned public rules of a site."""
    return texts(look_up(site.props, "summary"), "public")


def peers_of_rules(
    resources: Sequence[PolicyResource],
) -> Iterator[tuple[str, str, list[str]]]:
    """Each rule of a Swyx group, as sites name it, its resource, and whom it lets in or out."""
    for group in swyx_groups(resources):
        for inline in entries(group.props, "securityRules"):
            name = f"{group.name.removesuffix('-nsg')}/{look_up(inline, 'name')}"
            yield name, group.urn, azure_peers(inline)
    for rule, _ in rules_of_groups(resources):
        name = rule.name
        if rule.parent is not None:
            name = f"{rule.parent.name}/{name.removeprefix(f'{rule.parent.name}-')}"
        yield name, rule.urn, [*texts(rule.props, *_AWS_PEERS), *azure_peers(rule.props)]


def azure_peers(rule: object) -> list[str]:
    """The addresses at the other end of an Azure rule that allows something."""
    if look_up(rule, "access") != "Allow":
        return []
    side = "source" if look_up(rule, "direction") == "Inbound" else "destination"
    return texts(rule, f"{side}AddressPrefix", f"{side}AddressPrefixes")


# ---- what a company configures


def check_decisions(args: StackValidationArgs, report: ReportViolation) -> None:
    """Each site has the decisions that the company requires; an open decision opens nothing."""
    required = args.get_config().get("decisions") or {}
    for site in sites_of(args.resources):
        for key, value in sorted(required.items()):
            found = look_up(told(site, "decisions"), key)
            if found not in (None, value):
                report(
                    f"{site.name} is planned with {key}: {found}, but the company requires {key}: {value}. "
                    "Write that under decisions of the installation.",
                    site.urn,
                )


def check_protected(args: ResourceValidationArgs, report: ReportViolation) -> None:
    """Groups of protected stacks have the option `protect`: then the engine refuses to delete them; policies
    are not asked about deletions.
    """
    if kind(args.resource_type) not in _GROUPS or not is_of_site(args.urn) or args.opts.protect:
        return
    stack = pulumi.get_stack()
    if any(fnmatchcase(stack, pattern) for pattern in texts(args.get_config(), "stacks")):
        report(
            f"{args.name} could be deleted, and {stack} is a protected stack. Give the site "
            "opts=pulumi.ResourceOptions(protect=True).",
            args.urn,
        )


_DECISIONS = {
    "type": "object",
    "description": "Required decisions of sites, as in an installation file.",
    "properties": {
        key: {"type": "string"}
        for key in ("dcom", "dcom_transport", "h245", "fax_transport", "cornet")
    },
    "additionalProperties": False,
}
_STACKS = {
    "type": "array",
    "description": "Names of protected stacks; * matches any text.",
    "items": {"type": "string"},
}
POLICIES: list[Policy] = [
    StackValidationPolicy(
        "swyx-planned-rules", "Only its site creates rules of a Swyx group.", check_planned
    ),
    ResourceValidationPolicy(
        "swyx-inline-rules", "No Swyx security group has inline rules.", check_inline
    ),
    StackValidationPolicy(
        "swyx-public-rules", "No Swyx rule is public without acknowledge_public.", check_public
    ),
    StackValidationPolicy(
        "swyx-decisions",
        "Sites have the decisions that the company requires.",
        check_decisions,
        config_schema=PolicyConfigSchema({"decisions": _DECISIONS}),
    ),
    ResourceValidationPolicy(
        "swyx-protected-groups",
        "Swyx groups of protected stacks can't be deleted.",
        check_protected,
        config_schema=PolicyConfigSchema({"stacks": _STACKS}),
    ),
]
