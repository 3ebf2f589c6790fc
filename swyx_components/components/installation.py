"""An installation in a Pulumi program: built by typed calls, bound to clouds, created as `SwyxSite`s."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, Self, Unpack, cast, overload

import pulumi

from swyx_components.catalogue.yaml_source import compose, read_file
from swyx_components.components.args import MachineArgs, SwyxSiteArgs
from swyx_components.components.check import InvalidInput, find_outputs, plain_errors
from swyx_components.components.networks import CloudNetwork, HasId, T, name_of
from swyx_components.components.roles import HostGroup
from swyx_components.components.site import SwyxSite, assess
from swyx_components.installation import load_installation, read_installation
from swyx_components.installation.builder import (
    InstallationBuilder,
    MachineRef,
    NetworkRole,
    Overrides,
    Role,
    SiteBuilder,
    SiteSettings,
)
from swyx_components.messages import Diagnostics, SwyxError, errors_of, suggest
from swyx_components.planner.assess import SiteResult


class SiteOptions(SiteSettings, total=False):
    """Options of `site` besides name and network."""

    opts: pulumi.ResourceOptions
    """Options of the site's component: providers, protect, aliases and so on."""
    resource_name: str
    """The name of the component; default: the name of the site."""
    attach: bool
    """False attaches nothing to machines: the program uses the ids itself."""
    tags: Mapping[str, str]
    """Tags of all created resources."""


_OPTIONS = SiteOptions.__annotations__.keys() - SiteSettings.__annotations__.keys()


class _Made:
    """A machine or network of a site, by name, and what was created for it."""

    def __init__(self, site: "Site[Any]", name: str) -> None:
        self.site, self.name = site, name

    @property
    def component(self) -> HostGroup:
        """Its firewall's component: of the class of its role, or a `HostGroup` for several roles."""
        return self.site.component.host_group(self.name)

    @property
    def security_group_ids(self) -> pulumi.Output[list[str]]:
        """The groups for its interfaces: security groups (AWS), the NSG (Azure)."""
        return self.site.component.security_group_ids.apply(lambda ids: ids[self.name])


class Network(_Made):
    """A network of a site, by name; a managed one has outputs once its site is created."""


class Machine(_Made, MachineRef):
    """A machine of a site, by name; it has outputs once its site is created."""

    site: "Site[Any]"

    def attach(
        self, to: HasId | pulumi.Input[str] | None = None, **binding: Unpack[MachineArgs]
    ) -> None:
        """Bind the machine to its site's cloud, if the topology did not."""
        self.site.bind(self.name, to, binding)

    @property
    def interface_ids(self) -> pulumi.Output[list[str]]:
        """The interfaces attached to (AWS) or created (Azure)."""
        return self.site.component.interface_ids.apply(lambda ids: ids[self.name])


class Site(SiteBuilder, Generic[T]):
    """A site of an `Installation`: its machines and networks, and its cloud, if any."""

    _builder: "Installation"

    def __init__(self, builder: "Installation", name: str) -> None:
        super().__init__(builder, name)
        self.cloud: CloudNetwork[T] | None = None
        self.options: Mapping[str, Any] = {}
        self._made: SwyxSite | None = None
        self._bindings: dict[str, tuple[Any, dict[str, Any]]] = {}

    def attach(
        self,
        *roles: type[Role],
        address: str | Sequence[str],
        to: T | pulumi.Input[str] | None = None,
        name: str = "",
        ports: Overrides | None = None,
        **binding: Unpack[MachineArgs],
    ) -> Machine:
        """Declare a machine in the cloud and attach its firewall.

        `to` is its instance or network interface, or the id of one; by default the interface with the
        address is looked up. The default name is that of the resource in the program, the name or Name
        tag of what was looked up, the last part of an ARM id, or else `SITE-ROLE` by its first role.
        """
        name = self._declare("machines", name or name_of(to), roles, address, ports=ports)
        self.bind(name, to, binding)
        return self[name]

    def machine(
        self,
        name: str,
        *roles: type[Role],
        address: str | Sequence[str],
        ports: Overrides | None = None,
    ) -> Machine:
        """Declare a machine outside the cloud: a peer by address, without its own group."""
        more = {"outside": True, "ports": ports}
        return Machine(self, self._declare("machines", name, roles, address, **more))

    def network(
        self,
        name: str,
        cidrs: str | Sequence[str],
        *roles: type[NetworkRole],
        managed: bool = False,
    ) -> Network:
        """Declare a network of many hosts with the same roles: an office LAN, a phone VLAN.

        A `managed` one is in the site's cloud and has its own group, for subnets and scale sets.
        """
        return Network(self, self._declare("networks", name, roles, cidrs, managed=managed))

    def bind(self, name: str, to: Any, binding: Mapping[str, Any]) -> None:
        """Remember the binding of a machine; `to` is read once the cloud is known."""
        place = f"sites.{self.name}.machines.{name}"
        known = {"address", "name", "ports", "to"} | MachineArgs.__optional_keys__
        for key in sorted(binding.keys() - known):
            self._builder.refuse("args-unknown", place, key=key, known=sorted(known))
        self._builder.mark(place)
        self._bindings[name] = to, {**binding}

    def __getitem__(self, name: str) -> Machine:
        known = self._own.get("machines", {})
        if name not in known:
            values = {"site": self.name, "machine": name, "known": [*known] or "none"}
            self._builder.refuse("machine-unknown", "", **values)
        return Machine(self, name)

    @property
    def component(self) -> SwyxSite:
        """The component that was created for the site.

        Raises:
            InvalidInput: the site is not made yet, or is in no cloud.
        """
        if self._made is None:
            self._builder.refuse("builder-early" if self.cloud else "builder-nowhere", self._place)
        return self._made

    def args(self) -> SwyxSiteArgs:
        """The arguments of the site's component.

        Raises:
            SwyxError: a machine is bound to what its cloud does not have.
        """
        assert self.cloud is not None, "only sites of a cloud are made"
        machines = {}
        for name, (to, binding) in self._bindings.items():
            found = {} if to is None else self.cloud.binding(to)
            if found is None:
                values = {"type": type(to).__name__, "cloud": self.cloud.cloud}
                raise SwyxError.about("builder-target", f"machines.{name}", **values)
            machines[name] = {**found, **binding}
        given = {
            "installation": self._builder.document,
            "site": self.name,
            "cloud": self.cloud.cloud,
            "network": self.cloud.network(),
            "machines": {name: own for name, own in machines.items() if own},
            **{key: value for key, value in self.options.items() if key in ("attach", "tags")},
        }
        return cast(SwyxSiteArgs, given)

    def make(self, args: SwyxSiteArgs, assessed: SiteResult) -> None:
        """Create the site's component, as planned."""
        name = self.options.get("resource_name", self.name)
        self._made = SwyxSite(name, args, self.options.get("opts"), assessed)


class Installation(InstallationBuilder):
    """Sites, machines, networks and links of a program, and the decisions for all of them.

    At the end of its `with` block each site with a cloud becomes one `SwyxSite`; a site without one is
    only planned. If an exception leaves the block, nothing is created.
    """

    sites: dict[str, Site[Any]]
    error = InvalidInput

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """The installation of a file, as if a program had built it; `site` binds its sites to clouds.

        Raises:
            InvalidInput: the file has errors; all of them.
        """
        with plain_errors():
            load_installation(path)
        loaded, document = cls(), compose(read_file(path), Diagnostics(str(path)))
        if isinstance(document.get("catalogue"), str):
            document["catalogue"] = str(Path(path).parent / document["catalogue"])
        loaded.document, loaded.lines = document, {"": str(path)}
        for name in document["sites"]:
            Site(loaded, name)
        return loaded

    @overload
    def site(
        self, name: str, cloud: CloudNetwork[T], **options: Unpack[SiteOptions]
    ) -> Site[T]: ...
    @overload
    def site(
        self, name: str, cloud: None = None, **options: Unpack[SiteOptions]
    ) -> Site[HasId]: ...
    def site(
        self, name: str, cloud: CloudNetwork[Any] | None = None, **options: Unpack[SiteOptions]
    ) -> Site[Any]:
        """Declare a site, or bind a declared one to a `Vpc` or a `VirtualNetwork`."""
        place = f"sites.{name}"
        if not isinstance(cloud, CloudNetwork | None):
            self.refuse("builder-cloud", place, cloud=repr(cloud))
        site = self.sites.get(name) or Site(self, name)
        site.settle({key: value for key, value in options.items() if key not in _OPTIONS})
        if cloud is not None and site.cloud is not None:
            self.refuse("builder-taken", place, name=name, line=self.lines.get(place, ""))
        if cloud is not None:
            site.cloud, site.options = cloud, {**options}
        self.mark(place)
        return site

    def __getitem__(self, name: str) -> Site[HasId]:
        if name not in self.sites:
            near, known = suggest(name, self.sites), [*self.sites] or "none"
            self.refuse("site-unknown", "", word=name, near=near, known=known)
        return self.sites[name]

    def deploy(self) -> None:
        """Plan every site with a cloud, then create each; once, at the end of the `with` block.

        Raises:
            InvalidInput: with every error of the installation, or else of the sites' plans.
        """
        if self.deployed:
            return
        outputs = (*find_outputs(self.document["sites"], "sites"),)
        read = (None, outputs) if outputs else read_installation(self.document)
        problems = {self.locate(each) for each in errors_of(read[1])}
        bound = [each for each in self.sites.values() if each.cloud is not None and not problems]
        planned: list[tuple[Site[Any], SwyxSiteArgs, SiteResult]] = []
        for site in bound:
            try:
                args = site.args()
                planned.append((site, args, assess({**args}, read)))
            except SwyxError as error:
                problems |= {self.locate(each, f"sites.{site.name}") for each in error.messages}
        if problems:
            raise InvalidInput(sorted(problems))
        self.deployed = True
        for site, args, result in planned:
            try:
                site.make(args, result)
            except InvalidInput as error:
                where = f"sites.{site.name}"
                raise InvalidInput([self.locate(m, where) for m in error.messages]) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.deploy()
