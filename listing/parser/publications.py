"""Publications that the parser knows, and the one name that each is stored under. Pure.

The names are data: `publications.toml` beside this file. An unknown name is judged by its form. Bloomberg, Bloomberg News
and Bloomberg Businessweek are three publications.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Collection, Mapping
from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from foreign_eyes.listing.parser.invisible_characters import without_invisible

_DATA: Mapping[str, Any] = tomllib.loads(resources.files(__package__).joinpath("publications.toml").read_text("utf-8"))
_NEEDS_ARTICLE = frozenset(_DATA["needs_article"])
_ALWAYS_WITH_ARTICLE = frozenset(_DATA["always_with_article"])
# known names that titles begin with, too
ORDINARY_WORDS = frozenset(_DATA["ordinary_words"])

_EDGES = " \t\n\u00a0\u3000.,;:，。；：\"'“”‘’《》«»()（）"
_WHITE = re.compile(r"\s+")


@lru_cache(maxsize=4096)
def name_key(name: str) -> str:
    """Return the form in which publication names are compared."""
    plain = _WHITE.sub(" ", unicodedata.normalize("NFC", name).replace("’", "'")).strip(_EDGES).casefold()
    plain = plain.replace(".", "").replace(" & ", " and ")
    rest = plain.removeprefix("the ")
    return plain if rest in _NEEDS_ARTICLE else rest


def name_keys(names: Collection[str]) -> frozenset[str]:
    """Return the keys of `names`, for looking names up."""
    return frozenset(map(name_key, names)) - {""}


PUBLICATIONS: tuple[str, ...] = tuple(_DATA["publications"])
CANONICAL: Mapping[str, str] = MappingProxyType(
    {name_key(form): name for name, aliases in _DATA["publications"].items() for form in (name, *aliases)}
)
KNOWN_KEYS = frozenset(CANONICAL)


def normalise_publication(name: str) -> str:
    """Return the one name that a publication is stored under: the known name for a known spelling, otherwise `name` tidied.

    Tidying collapses white space, removes quotes and full stops at the ends, and capitalises a leading "the".
    """
    name = without_invisible(name)
    key = name_key(name)
    if (known := CANONICAL.get(key)) is not None:
        bare = known.removeprefix("The ")
        lacks_article = name_key(bare) == key and not name.strip(_EDGES).casefold().startswith("the ")
        return bare if lacks_article and key not in _ALWAYS_WITH_ARTICLE else known
    tidy = _WHITE.sub(" ", name).strip(' ,;:，；："“”《》«»')
    if tidy.endswith(".") and not re.search(r"(?:\b\w\.){2}\Z", tidy):
        tidy = tidy.rstrip(". ")
    tidy = tidy.rstrip("。")
    return f"The {tidy[4:]}" if tidy.startswith("the ") else tidy
