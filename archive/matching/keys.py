"""The keys by which rows and entries are compared. Pure."""

from __future__ import annotations

import re

from foreign_eyes.listing.text import folded, unstyled
from foreign_eyes.listing.text_digests import publication_key, text_digest
from foreign_eyes.listing.values import ListedEntry

# In characters without white space. Shorter texts ("He said it will.") occur in many articles.
SHORTEST_EXCERPT = 40
RARE_WORDS = 4
SHORTEST_RARE_WORD = 6
_WORD = re.compile(r"[^\W\d_]+")


def title_key(entry: ListedEntry) -> str | None:
    """Return the key of a title with its publication, or None without a title."""
    title = folded(entry.title).casefold()
    return f"{title}\x1f{publication_key(entry.publication)}" if title else None


def excerpt_key(excerpt: str) -> str | None:
    """Return the digest of an excerpt (16 bytes of SHA-256, hexadecimal).

    Return None if the excerpt is too short to distinguish two articles.
    """
    text = folded(excerpt)
    return text_digest(text) if len(text) >= SHORTEST_EXCERPT else None


def commentary_key(commentary: str) -> str | None:
    """Return the digest of a commentary, or None without one.

    The digest has 16 bytes of SHA-256, in hexadecimal.
    """
    text = folded(commentary).casefold()
    return text_digest(text) if text else None


def rare_words(excerpt: str) -> str | None:
    """Return an excerpt's longest words in alphabetical order, or None if there are too few.

    Only the migration that stored these words calls it.
    """
    words = {word.casefold() for word in _WORD.findall(unstyled(excerpt)) if len(word) >= SHORTEST_RARE_WORD}
    longest = sorted(words, key=lambda word: (-len(word), word))[:RARE_WORDS]
    return " ".join(sorted(longest)) if len(longest) == RARE_WORDS else None
