"""SwyxWare firewall components for Pulumi: roles in, AWS security groups and Azure NSGs out.

The names below load on first use, so that `import swyx_components` neither starts Pulumi's
machinery nor loads a cloud SDK.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"
