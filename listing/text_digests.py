"""Digests of what an entry says: by these a crawl tells known wordings from new ones. Pure."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256

from foreign_eyes.listing.text import comparable, folded, unstyled
from foreign_eyes.listing.values import ListedEntry


def publication_key(name: str | None) -> str:
    """Return the form under which spellings of one press title meet: no case, style, white space or leading "the"."""
    return folded(_publication_words(name))


@lru_cache(maxsize=4096)  # a crawl asks it of each entry in every pass, and again when it settles
def wording_digest(entry: ListedEntry) -> str:
    """Return the digest (16 bytes of SHA-256, hexadecimal) of an entry's wording: what tells one revision from another.

    Style (see `listing.text.unstyled`) and the spelling of the publication's name do not count, word boundaries do. The
    attribution line counts only where it was not split: else `, by CNN` turned to `,CNN` would be an edit.
    """
    source = "" if entry.title else unstyled(entry.attribution)
    texts = (unstyled(entry.title), publication_key(entry.publication), source, unstyled(entry.excerpt))
    return text_digest(*texts, unstyled(entry.commentary))


@lru_cache(maxsize=4096)
def identity_digest(entry: ListedEntry) -> str:
    """Return the digest (16 bytes of SHA-256, hexadecimal) by which ids are tied to a row of a crawl, for ever.

    It is stored in the truth, in records of output folders and in exports, so its value for a text must never change.
    White space, the style of quotes and the spelling of the publication's name do not count.
    """
    source = "" if entry.title else comparable(entry.attribution)
    publication = comparable(_publication_words(entry.publication))
    return text_digest(
        comparable(entry.title), publication, source, comparable(entry.excerpt), comparable(entry.commentary)
    )


@lru_cache(maxsize=4096)
def folded_digest(entry: ListedEntry) -> str:
    """Return the digest (16 bytes of SHA-256, hexadecimal) of an entry's text without style and word boundaries.

    Entries with equal wording digests, or equal identity digests, have equal ones.
    """
    source = "" if entry.title else folded(entry.attribution)
    texts = (folded(entry.title), publication_key(entry.publication), source, folded(entry.excerpt))
    return text_digest(*texts, folded(entry.commentary))


def _publication_words(name: str | None) -> str:
    words = (name or "").casefold().split()
    return "".join(words[1:] if words[:1] == ["the"] and len(words) > 1 else words)


def text_digest(*parts: str) -> str:
    """Return the digest (16 bytes of SHA-256, hexadecimal) of several texts in their order."""
    return sha256("\x1f".join(parts).encode()).hexdigest()[:32]
