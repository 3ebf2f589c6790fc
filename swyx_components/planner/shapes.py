"""Sites of one shape are planned once: names and addresses are put into the finished text.

What a site needs depends on its role sets, decisions and overrides, not on what its machines are
called or where its networks lie. So a site is made anonymous; equal anonymous sites share one plan,
and writing it for a real site is a substitution. A hub, whose shape no other site shares, is planned
as it is.
"""

from collections.abc import Callable, Hashable
from typing import NamedTuple

from swyx_components.installation.model import Installation
from swyx_components.planner.anonymous import Anonymous, anonymise
from swyx_components.planner.model import SitePlan
from swyx_components.planner.plan import plan_site
from swyx_components.planner.templates import Cutter, Template
from swyx_components.planner.view import Survey


class Sheet(NamedTuple):
    """What is written about one site: its main text and one text for each of its messages.

    `lone`: some of it follows from more of the site's names than their order, or from how long they are.
    """

    text: str
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    lone: bool = False


class _Templates(NamedTuple):
    """A sheet of which all sites of a shape are made."""

    text: Template
    notes: tuple[Template, ...]
    warnings: tuple[Template, ...]

    def fill(self, site: Anonymous) -> Sheet:
        notes, warnings = (
            tuple(sorted(template.fill(site) for template in part))
            for part in (self.notes, self.warnings)
        )
        return Sheet(self.text.fill(site), notes, warnings)


class ShapedSites:
    """Sheets of the sites of one installation, each shape written once.

    `write` turns a plan, of a site of the installation that it is given, into a sheet; it must not look at
    anything else. `escape` is what it does to every name and free text that it writes, such as that of HTML.
    """

    def __init__(
        self,
        survey: Survey,
        write: Callable[[SitePlan, Installation], Sheet],
        escape: Callable[[str], str] = str,
    ) -> None:
        self._survey = survey
        self._write = write
        self._escape = escape
        self._templates: dict[Hashable, _Templates | None] = {}

    def sheet(self, name: str) -> Sheet:
        """The sheet of one site, the same text as writing `plan_site(survey, name)` gives."""
        anonymous = anonymise(self._survey, name)
        templates = self._templates_of(anonymous) if anonymous else None
        if anonymous is None or templates is None:
            return self._write(plan_site(self._survey, name), self._survey.installation)
        return templates.fill(anonymous.escaped(self._escape))

    def _templates_of(self, site: Anonymous) -> _Templates | None:
        """The templates of its shape; None for a sheet with errors, and one that is never shared."""
        if site.shape not in self._templates:
            sheet = self._write(plan_site(site.installation, site.site), site.installation)
            cut = Cutter(site.escaped(self._escape)).cut
            self._templates[site.shape] = (
                None
                if sheet.errors or sheet.lone
                else _Templates(
                    cut(sheet.text), tuple(map(cut, sheet.notes)), tuple(map(cut, sheet.warnings))
                )
            )
        return self._templates[site.shape]
