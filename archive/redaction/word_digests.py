"""Recognise redacted texts by keyed digests, without storing the texts. Pure.

There are digests of a whole wording and of its parts. Digests are HMAC-SHA-256, truncated to 16 bytes and keyed with a secret
of the archive, so that without the secret nobody can confirm a guessed text. Texts are compared by their letters and digits
in lower case, so that style does not matter.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from foreign_eyes.listing.text_digests import publication_key
from foreign_eyes.listing.values import ListedEntry

DigestKind = Literal["wording", "other", "title", "excerpt", "commentary", "title word", "figure", "phrase"]

# in letters and digits; many entries share shorter texts
SHORTEST_TEXT = 40
PHRASE = 4  # words
FEWEST_PHRASES = 6
# thresholds: shares of phrases, or of title words, that two texts have in common
_SOME, _MOST, _NEARLY_ALL, _HALF_A_TITLE = 0.3, 0.6, 0.85, 0.5

_WORD = re.compile(r"\w+")
_FIGURE = re.compile(r"\d[\d.,]*")


@dataclass(frozen=True, slots=True)
class KeyedDigests:
    """The keyed digests of one wording and of its parts.

    Those of a missing or too short part are None or empty.
    """

    wording: str
    title: str | None = None
    excerpt: str | None = None
    commentary: str | None = None
    title_words: frozenset[str] = frozenset()
    figures: frozenset[str] = frozenset()
    phrases: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class HiddenEntry:
    """A redacted entry, with the digests of its wordings, numbered from 1.

    `others` are the digests of similar wordings of other entries, which stay visible. `reason` is published.
    """

    entry_id: int
    reason: str | None
    wordings: tuple[KeyedDigests, ...]
    others: frozenset[str] = field(default_factory=frozenset)
    purged: bool = False


def letters(text: str | None) -> str:
    """Return the letters and digits of a text, casefolded after NFKC normalization."""
    return "".join(char for char in unicodedata.normalize("NFKC", text or "").casefold() if char.isalnum())


@lru_cache(maxsize=4096)  # a rebuild calls it for the same rows in every crawl
def keyed_digests(secret: bytes, entry: ListedEntry) -> KeyedDigests:
    """Return the digests of a wording."""
    return _make_digests(secret, parts_of(entry))


def own_digests(secret: bytes, entry: ListedEntry, shared: Collection[tuple[DigestKind, str]]) -> KeyedDigests:
    """Return the digests of a wording, without parts that other entries share.

    Such parts would hide the other entries.
    """
    return _make_digests(secret, [part for part in parts_of(entry) if part not in shared])


def parts_of(entry: ListedEntry) -> list[tuple[DigestKind, str]]:
    """Return the texts that identify a wording, without missing and too short parts."""
    texts = (entry.title, publication_key(entry.publication), entry.attribution, entry.excerpt, entry.commentary)
    title, publication, attribution, excerpt, commentary = map(letters, texts)
    whole = "\x1f".join((title, publication, "" if title else attribution, excerpt, commentary))
    found: list[tuple[DigestKind, str]] = [("wording", whole)]
    if title:
        found.append(("title", f"{title}\x1f{publication}"))
    if len(excerpt) >= SHORTEST_TEXT:
        found.append(("excerpt", excerpt))
    if len(commentary) >= SHORTEST_TEXT:
        found.append(("commentary", commentary))
    found += [("title word", word) for word in _words(entry.title)]
    found += [("figure", figure) for figure in _FIGURE.findall(entry.excerpt)]
    return found + [("phrase", phrase) for phrase in _phrases(entry)]


def _make_digests(secret: bytes, parts: Iterable[tuple[DigestKind, str]]) -> KeyedDigests:
    digests: dict[DigestKind, set[str]] = {}
    for kind, text in parts:
        digests.setdefault(kind, set()).add(_digest(secret, kind, text))

    def single(kind: DigestKind) -> str | None:
        return next(iter(digests.get(kind, ())), None)

    return KeyedDigests(
        wording=single("wording") or "",
        title=single("title"),
        excerpt=single("excerpt"),
        commentary=single("commentary"),
        title_words=frozenset(digests.get("title word", ())),
        figures=frozenset(digests.get("figure", ())),
        phrases=frozenset(digests.get("phrase", ())),
    )


def _phrases(entry: ListedEntry) -> Iterator[str]:
    """Yield each sequence of `PHRASE` words of the excerpt and of the commentary."""
    for text in (entry.excerpt, entry.commentary):
        words = list(_words(text))
        yield from (" ".join(words[at : at + PHRASE]) for at in range(len(words) - PHRASE + 1))


def recognise(hidden: HiddenEntry, digests: KeyedDigests, *, is_listed: bool) -> int | None:
    """Return the number of the hidden wording that is equal or most similar to a row.

    Return None if the row is another entry's. `is_listed`: the entry was listed until then. A withdrawn entry is not
    recognised by its title alone, because different reports have the same title.
    """
    for number, wording in enumerate(hidden.wordings, start=1):
        if wording.wording == digests.wording:
            return number
    if digests.wording in hidden.others:
        return None
    best = max(
        ((_score(wording, digests, is_listed=is_listed), number) for number, wording in enumerate(hidden.wordings, 1)),
        default=(0, 0),
    )
    return best[1] if best[0] else None


def is_near(hidden: HiddenEntry, digests: KeyedDigests) -> bool:
    """Return whether the least strict rules match a wording to the hidden entry."""
    return recognise(hidden, digests, is_listed=True) is not None


def _score(wording: KeyedDigests, row: KeyedDigests, *, is_listed: bool) -> int:
    """Return the similarity score of a row and a hidden wording; 0 if it does not match."""
    title, excerpt, commentary = (
        hidden is not None and hidden == listed
        for hidden, listed in (
            (wording.title, row.title),
            (wording.excerpt, row.excerpt),
            (wording.commentary, row.commentary),
        )
    )
    share, agree = _share(wording.phrases, row.phrases), _agree(wording.figures, row.figures)
    near_title = _jaccard(wording.title_words, row.title_words) >= _HALF_A_TITLE
    matches = (
        excerpt
        or (title and (is_listed or share >= _MOST or (commentary and agree and share >= _SOME)))
        or (agree and share >= _MOST and (commentary or near_title))
        or (agree and share >= _NEARLY_ALL)
    )
    return 1 + title + excerpt + commentary + round(4 * share) if matches else 0


def _share(a: frozenset[str], b: frozenset[str]) -> float:
    """Return the share of common phrases, in the text where it is larger.

    An edit can shorten or extend a text.
    """
    common = len(a & b)
    return max((common / len(phrases) for phrases in (a, b) if len(phrases) >= FEWEST_PHRASES), default=0.0)


def _agree(a: frozenset[str], b: frozenset[str]) -> bool:
    return not a or not b or _jaccard(a, b) >= 0.5


def _jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / len(a | b) if a and b else 0.0


def _words(text: str | None) -> Iterator[str]:
    return (word for word in map(letters, _WORD.findall(text or "")) if word)


def _digest(secret: bytes, kind: DigestKind, text: str) -> str:
    return hmac.digest(secret, f"{kind}\x1f{text}".encode(), "sha256").hex()[:32]
