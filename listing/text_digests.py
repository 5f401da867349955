"""Digests of the text of entries. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from hashlib import sha256

from foreign_eyes.listing.text import comparable, folded, unstyled
from foreign_eyes.listing.values import TEXT_PARTS, EntryTexts

# parts that were added after the five that every digest holds
_LATER_PARTS = TEXT_PARTS[5:]


def publication_key(name: str | None) -> str:
    """Return the key of a press title: without case, style, white space and a leading "the"."""
    return folded(_publication_words(name))


@lru_cache(maxsize=4096)  # called for each entry in every pass, and again when the crawl settles
def wording_digest(entry: EntryTexts) -> str:
    """Return the digest of an entry's wording, which identifies a revision.

    A digest is 16 bytes of SHA-256 in hexadecimal.

    It ignores style (see `listing.text.unstyled`) and the spelling of the publication, but not word boundaries. The
    attribution line counts only if it was not split; otherwise a change from `, by CNN` to `,CNN` would be an edit.
    """
    source = "" if entry.title else unstyled(entry.attribution)
    texts = (unstyled(entry.title), publication_key(entry.publication), source, unstyled(entry.excerpt))
    return text_digest(*texts, unstyled(entry.commentary), *_later_parts(entry, unstyled))


@lru_cache(maxsize=4096)
def identity_digest(entry: EntryTexts) -> str:
    """Return the digest that ties an entry id to a row of a crawl.

    It is stored in the archive, in records of output folders and in exports, so its value for a text must never change. It
    ignores white space, the style of quotes and the spelling of the publication.
    """
    source = "" if entry.title else comparable(entry.attribution)
    publication = comparable(_publication_words(entry.publication))
    texts = (comparable(entry.title), publication, source, comparable(entry.excerpt), comparable(entry.commentary))
    return text_digest(*texts, *_later_parts(entry, comparable))


@lru_cache(maxsize=4096)
def folded_digest(entry: EntryTexts) -> str:
    """Return the digest of an entry's text without style and white space.

    Entries with equal wording digests or equal identity digests have equal folded digests.
    """
    source = "" if entry.title else folded(entry.attribution)
    texts = (folded(entry.title), publication_key(entry.publication), source, folded(entry.excerpt))
    return text_digest(*texts, folded(entry.commentary), *_later_parts(entry, folded))


def _later_parts(entry: EntryTexts, fold: Callable[[str | None], str]) -> Iterator[str]:
    """Yield the later parts of an entry; without any, its digests are as before."""
    for part in _LATER_PARTS:
        if text := fold(getattr(entry, part)):
            yield f"{part}={text}"


def _publication_words(name: str | None) -> str:
    words = (name or "").casefold().split()
    return "".join(words[1:] if words[:1] == ["the"] and len(words) > 1 else words)


def text_digest(*parts: str) -> str:
    """Return the digest (16 bytes of SHA-256, hexadecimal) of texts in order."""
    return sha256("\x1f".join(parts).encode()).hexdigest()[:32]
