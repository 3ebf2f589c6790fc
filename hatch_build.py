"""What of the package's metadata depends on where it is published: its addresses, and the README's links.

`SWYX_PROJECT_URL` is the page of the repository. The links of the README lead there, to the files of this
version. Without it, links to files are plain text: an index page would lead them nowhere.
"""

import os
import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_LINK = re.compile(r"\[([^\]]+)\]\((?!https?:|#)([^)]+)\)")


class CustomMetadataHook(MetadataHookInterface):
    """Found by hatchling under this name."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add the readme and the addresses; a source distribution has them already."""
        if "readme" not in metadata:
            text = Path(self.root, "README.md").read_text(encoding="utf-8")
            url = os.environ.get("SWYX_PROJECT_URL", "").rstrip("/")
            files = f"{url}/blob/v{metadata['version']}"
            linked = _LINK.sub(rf"[\1]({files}/\2)" if url else r"\1", text)
            metadata["readme"] = {"content-type": "text/markdown", "text": linked}
            pages = {
                "Repository": url,
                "Documentation": f"{files}/docs/index.md",
                "Changelog": f"{files}/CHANGELOG.md",
                "Issues": f"{url}/issues",
            }
            metadata["urls"] = pages if url else {}
