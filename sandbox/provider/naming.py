"""Names that the provider invents for resources that the program left unnamed."""

from __future__ import annotations

import hashlib
import os

SUFFIX_LENGTH = 7


def propose_name(logical_name: str, seed: bytes, *, limit: int, separator: str = "-") -> str:
    """The logical name and seven hexadecimal digits that follow from the engine's seed.

    >>> propose_name("web", b"seed", limit=255)
    'web-2dbc26b'
    """
    digest = hashlib.sha256(logical_name.encode() + b"\0" + (seed or os.urandom(16))).hexdigest()
    suffix = separator + digest[:SUFFIX_LENGTH]
    return logical_name[: limit - len(suffix)] + suffix
