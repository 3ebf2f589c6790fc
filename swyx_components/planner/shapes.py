"""Sites of one shape are planned once: names and addresses are put into the finished text.

What a site needs depends on its role sets, decisions and overrides, not on what its machines are
called or where its networks lie. So a site is made anonymous; equal anonymous sites share one plan,
and writing it for a real site is a substitution. A hub, whose shape no other site shares, is planned
as it is.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import NamedTuple, Self

from swyx_components.installation.model import Installation
from swyx_components.planner.anonymous import Anonymous, anonymise
from swyx_components.planner.model import SitePlan
from swyx_components.planner.plan import plan_site
from swyx_components.planner.templates import Cutter, Template, Tokens, look_up
from swyx_components.planner.view import Survey

_FEW = 100
"""Sites whose templates are made at once: so few cost little where no other site has the shape. Of more
sites, one of each shape is planned twice, so that no template is kept that nobody fills."""


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
    """A sheet of which all sites of a shape are made: its main text, and its notes and warnings.

    They have tokens of their own, since only in the main text names are escaped.
    """

    text: Template
    text_tokens: Tokens
    notes: tuple[Template, ...]
    warnings: tuple[Template, ...]
    message_tokens: Tokens

    @classmethod
    def of(cls, sheet: Sheet, site: Anonymous) -> Self:
        in_text, in_messages = Cutter(site), Cutter(site)
        return cls(
            in_text.cut(sheet.text),
            in_text.tokens,
            tuple(map(in_messages.cut, sheet.notes)),
            tuple(map(in_messages.cut, sheet.warnings)),
            in_messages.tokens,
        )

    def fill(self, site: Anonymous, escape: Callable[[str], str]) -> Sheet:
        values = look_up(self.message_tokens, site)
        notes, warnings = (
            tuple(sorted([template.fill(values) for template in part]))
            for part in (self.notes, self.warnings)
        )
        return Sheet(self.text.fill(look_up(self.text_tokens, site, escape)), notes, warnings)


@dataclass(slots=True)
class _Shape:
    """How many sites of a shape came so far, and what they are filled from once it is written."""

    sites: int = 0
    is_written: bool = False
    templates: _Templates | None = None


class ShapedSites:
    """Sheets of the sites of one installation; of each shape one or two are written, the others filled in.

    `write` turns a plan, of a site of the installation that it is given, into a sheet; it must not look at
    anything else. `escape` is what it does to every name and free text in the main text, like that of HTML.
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
        self._shapes: dict[Hashable, _Shape] = {}

    def sheet(self, name: str) -> Sheet:
        """The sheet of one site, the same text as writing `plan_site(survey, name)` gives."""
        anonymous = anonymise(self._survey, name)
        templates = self._templates_of(anonymous) if anonymous else None
        if anonymous is None or templates is None:
            return self._write(plan_site(self._survey, name), self._survey.installation)
        return templates.fill(anonymous, self._escape)

    def _templates_of(self, site: Anonymous) -> _Templates | None:
        """The templates of its shape, None for a sheet with errors and one that is never shared.

        Of many sites not for the first of a shape either: it may be the only one.
        """
        shape = self._shapes.setdefault(site.shape, _Shape())  # looked up once: to hash one is slow
        shape.sites += 1
        if shape.sites == 1 and len(self._survey.installation.sites) > _FEW:
            return None
        if not shape.is_written:
            installation = site.make_installation()
            sheet = self._write(plan_site(installation, site.site), installation)
            if not (sheet.errors or sheet.lone):
                shape.templates = _Templates.of(sheet, site)
            shape.is_written = True
        return shape.templates
