"""Limits of clouds, read from the `limits.yaml` of their packages, and texts within them."""

import textwrap
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib.resources import files

from swyx_components.planner.describe import clean_text
from swyx_components.planner.platform import Limits


@cache
def read_limits(cloud: str) -> Limits:
    """The rows of a cloud's file."""
    import yaml

    text = files(__package__).joinpath(cloud, "limits.yaml").read_text(encoding="utf-8")
    rows: Limits = yaml.load(text, Loader=yaml.CSafeLoader)
    return rows


class Texts:
    """Descriptions and tags of one cloud, whose file is read with the first of them."""

    def __init__(self, limits: Callable[[], Limits]) -> None:
        self._limits = limits

    def clean_description(self, text: str) -> str:
        """The text with everything that a rule's description can't hold replaced, and cut to length."""
        rows = self._limits()["texts"]
        return clean_text(text, rows["description_characters"], rows["description"])

    def clean_tag(self, text: str) -> str:
        """The text with everything that a tag's value can't hold replaced, and cut to length."""
        rows = self._limits()["texts"]
        return clean_text(text, rows["tag_characters"], rows["tag_value"])

    def spread_tag(self, key: str, words: Iterable[str], most: int = 10) -> Mapping[str, str]:
        """Words under one tag, or under `key`, `key-2`, ... where they are longer than a tag's value.

        At most `most` tags; the last one counts what is left out.
        """
        longest, given = self._limits()["texts"]["tag_value"], [*map(self.clean_tag, words)]
        text = " ".join(given)
        texts = textwrap.wrap(text, longest, break_on_hyphens=False)
        if len(texts) > most:
            texts = textwrap.wrap(text, longest - len(" +00000"), break_on_hyphens=False)[:most]
            kept = sum(len(text.split(" ")) for text in texts)
            texts[-1] += f" +{len(given) - kept}"
        return {
            key if place == 1 else f"{key}-{place}": text for place, text in enumerate(texts, 1)
        }
