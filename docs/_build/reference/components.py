"""The page of the Pulumi components: their docstrings, read from the source without importing it."""

from swyx_components.catalogue import load_catalogue

_LEAD = """# Components

`from swyx_components import SwyxSite` and so on; `swyx-components[aws]` or `[azure]` brings the cloud's SDK.
[The guide](../how-to/use-in-your-own-pulumi-program.md) shows them at work.
"""
_CLASSES = (
    ("A site of an installation", ("site.SwyxSite", "args.SwyxSiteArgs")),
    ("A host group alone", ("host_group.HostGroup", "args.HostGroupArgs")),
    ("Parts of the arguments", ("args.NetworkArgs", "args.MachineArgs", "args.PeerArgs")),
    ("Groups that name each other", ("host_group.declare_groups",)),
)


def write_components() -> str:
    """The page: directives that mkdocstrings fills."""
    roles = "".join(_directive(f"roles.{name}") for name in load_catalogue().roles)
    sections = "".join(
        f"\n## {title}\n\n{''.join(map(_directive, names))}" for title, names in _CLASSES
    )
    lead = "Each is a `HostGroup` that carries just this role and takes the same arguments."
    return f"{_LEAD}{sections}\n## One class a role\n\n{lead}\n\n{roles}"


def _directive(name: str) -> str:
    return f"::: swyx_components.components.{name}\n\n"
