"""The user's installation file: read, checked and converted to frozen values."""

from swyx_components.installation.model import Installation
from swyx_components.installation.read import about_sites, load_installation, read_installation
from swyx_components.installation.schema import load_schema

__all__ = ["Installation", "about_sites", "load_installation", "load_schema", "read_installation"]
