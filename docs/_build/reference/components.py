"""The page of the Pulumi components: their docstrings, read from the source without importing it."""

from swyx_components.catalogue.load import load_catalogue

_LEAD = """# Components

`from swyx_components import SwyxSite` and so on; `swyx-components[aws]` or `[azure]` installs the cloud's SDK.
[The guide](../how-to/use-in-your-own-pulumi-program.md) shows how to use them.
"""
_ROLES = """A `SwyxSite` creates one component per set of roles, the parent of its resources. Its type is `HostGroup` for
several roles, otherwise the role's own: """
_CLASSES = (
    (
        "An installation in a program",
        ("installation.Installation", "installation.Site", "installation.Machine"),
    ),
    ("Where a site is", ("networks.Vpc", "networks.VirtualNetwork", "installation.SiteOptions")),
    ("A site of an installation", ("site.SwyxSite", "args.SwyxSiteArgs", "args.SiteSummary")),
    ("Parts of the arguments", ("args.NetworkArgs", "args.MachineArgs", "args.TopologyArgs")),
    (
        "Parts of a topology",
        (
            "args.TopologySiteArgs",
            "args.TopologyMachineArgs",
            "args.TopologyNetworkArgs",
            "args.DecisionsArgs",
            "args.FlowsArgs",
            "args.ExtraRuleArgs",
            "args.LinkArgs",
            "args.ProviderArgs",
        ),
    ),
)


def write_components() -> str:
    """The page: directives that mkdocstrings fills."""
    roles = ", ".join(f"`{name}`" for name in load_catalogue().roles)
    sections = "".join(
        f"\n## {title}\n\n{''.join(map(_directive, names))}" for title, names in _CLASSES
    )
    group = _directive("roles.HostGroup")
    return f"{_LEAD}{sections}\n## Components in the state\n\n{_ROLES}{roles}\n\n{group}"


def _directive(name: str) -> str:
    return f"::: swyx_components.components.{name}\n\n"
