"""The page's example of a catalogue of one's own: a small SIP system."""

import re
from pathlib import Path
from typing import Any

import yaml

PAGE = Path(__file__).parents[2] / "docs/catalogue-file.md"
CATALOGUE, INSTALLATION = re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)[:2]


def inline(**changes: Any) -> dict[str, Any]:
    """The installation with the catalogue inside; a key that is changed to None is left out."""
    catalogue = {**yaml.safe_load(CATALOGUE), **changes}
    own = {key: value for key, value in catalogue.items() if value is not None}
    return {**yaml.safe_load(INSTALLATION), "catalogue": own}
