"""The ports that a role really listens on at one place: the catalogue's, as overridden."""

from collections.abc import Mapping
from functools import lru_cache

from swyx_components.catalogue import Catalogue
from swyx_components.installation.model import PortOverrides
from swyx_components.planner.port_references import CatalogueKey
from swyx_components.sets.ports import PortSet


def effective_ports(
    catalogue: Catalogue, roles: tuple[str, ...], of_site: PortOverrides, of_machine: PortOverrides
) -> Mapping[tuple[str, str], PortSet]:
    """Ports by (role, listener key); a machine's override replaces its site's, key by key."""
    return _effective_ports(CatalogueKey(catalogue), roles, of_site, of_machine)


@lru_cache(maxsize=4096)
def _effective_ports(
    key: CatalogueKey, roles: tuple[str, ...], of_site: PortOverrides, of_machine: PortOverrides
) -> Mapping[tuple[str, str], PortSet]:
    overrides = {**dict(of_site), **dict(of_machine)}
    return {
        (role, listener.key): (
            PortSet((overrides[role, listener.key],))
            if (role, listener.key) in overrides
            else listener.ports
        )
        for role in roles
        for listener in key.catalogue.roles[role].listeners.values()
    }
