"""How redacted words are recognised without being stored: by keyed digests of a wording and of its parts. Pure.

Digests are HMAC-SHA-256 cut to 16 bytes, keyed with a secret of the archive: who has only the digests cannot test a guess.
Texts are compared by their letters and digits alone, in lower case, so that no change of style hides a redacted text.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from archive.identity.keys import publication_key
from archive.values import ListedEntry

Kind = Literal["wording", "other", "title", "excerpt", "commentary", "title word", "figure", "phrase"]

# In letters and digits: shorter texts stand in many entries
SHORTEST_TEXT = 40
PHRASE = 4  # words
FEWEST_PHRASES = 6
# shares of phrases, or of title words, that both have
_SOME, _MOST, _NEARLY_ALL, _HALF_A_TITLE = 0.3, 0.6, 0.85, 0.5

_WORD = re.compile(r"\w+")
_FIGURE = re.compile(r"\d[\d.,]*")


@dataclass(frozen=True, slots=True)
class Marks:
    """Keyed digests of one wording: of all of it, and of its parts. A part that is missing or too short is None or empty."""

    wording: str
    title: str | None = None
    excerpt: str | None = None
    commentary: str | None = None
    title_words: frozenset[str] = frozenset()
    figures: frozenset[str] = frozenset()
    phrases: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class HiddenEntry:
    """A redacted entry by the marks of its wordings, numbered from 1; `others` are wordings of other entries like it.

    The reason is as told to readers.
    """

    entry_id: int
    reason: str | None
    wordings: tuple[Marks, ...]
    others: frozenset[str] = field(default_factory=frozenset)
    purged: bool = False


def letters(text: str | None) -> str:
    """Return the letters and digits of a text, in lower case and in compatibility form."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", text or "").casefold() if sign.isalnum())


@lru_cache(maxsize=4096)  # a rebuild asks it of the same rows in every crawl
def marks_of(secret: bytes, entry: ListedEntry) -> Marks:
    """Return the marks of a wording."""
    return _marks(secret, parts_of(entry))


def own_marks(secret: bytes, entry: ListedEntry, shared: Collection[tuple[Kind, str]]) -> Marks:
    """Return the marks of a wording, without parts that other entries share: they would hide those."""
    return _marks(secret, [part for part in parts_of(entry) if part not in shared])


def parts_of(entry: ListedEntry) -> list[tuple[Kind, str]]:
    """Return what a wording is recognised by, before it is keyed; parts that are missing or too short are left out."""
    texts = (entry.title, publication_key(entry.publication), entry.attribution, entry.excerpt, entry.commentary)
    title, publication, attribution, excerpt, commentary = map(letters, texts)
    whole = "\x1f".join((title, publication, "" if title else attribution, excerpt, commentary))
    found: list[tuple[Kind, str]] = [("wording", whole)]
    if title:
        found.append(("title", f"{title}\x1f{publication}"))
    if len(excerpt) >= SHORTEST_TEXT:
        found.append(("excerpt", excerpt))
    if len(commentary) >= SHORTEST_TEXT:
        found.append(("commentary", commentary))
    found += [("title word", word) for word in _words(entry.title)]
    found += [("figure", figure) for figure in _FIGURE.findall(entry.excerpt)]
    return found + [("phrase", phrase) for phrase in _phrases(entry)]


def _marks(secret: bytes, parts: Iterable[tuple[Kind, str]]) -> Marks:
    digests: dict[Kind, set[str]] = {}
    for kind, text in parts:
        digests.setdefault(kind, set()).add(_digest(secret, kind, text))

    def single(kind: Kind) -> str | None:
        return next(iter(digests.get(kind, ())), None)

    return Marks(
        wording=single("wording") or "",
        title=single("title"),
        excerpt=single("excerpt"),
        commentary=single("commentary"),
        title_words=frozenset(digests.get("title word", ())),
        figures=frozenset(digests.get("figure", ())),
        phrases=frozenset(digests.get("phrase", ())),
    )


def _phrases(entry: ListedEntry) -> Iterator[str]:
    """Yield each run of four words of the excerpt, and of the commentary."""
    for text in (entry.excerpt, entry.commentary):
        words = list(_words(text))
        yield from (" ".join(words[at : at + PHRASE]) for at in range(len(words) - PHRASE + 1))


def recognise(hidden: HiddenEntry, marks: Marks, *, is_listed: bool) -> int | None:
    """Return the number of the hidden wording that a row is, or comes nearest to; None where it is not that entry.

    `is_listed` tells whether the entry was listed until then: one that was withdrawn is not recognised by its title alone,
    because reports recur under one title.
    """
    for number, wording in enumerate(hidden.wordings, start=1):
        if wording.wording == marks.wording:
            return number
    if marks.wording in hidden.others:
        return None
    best = max(
        ((_score(wording, marks, is_listed=is_listed), number) for number, wording in enumerate(hidden.wordings, 1)),
        default=(0, 0),
    )
    return best[1] if best[0] else None


def is_near(hidden: HiddenEntry, marks: Marks) -> bool:
    """Tell whether a wording would be taken for the hidden entry at its loosest."""
    return recognise(hidden, marks, is_listed=True) is not None


def _score(wording: Marks, row: Marks, *, is_listed: bool) -> int:
    """Return how many parts a row shares with a hidden wording, or 0 where that is not enough to recognise it."""
    title, excerpt, commentary = (
        ours is not None and ours == theirs
        for ours, theirs in (
            (wording.title, row.title),
            (wording.excerpt, row.excerpt),
            (wording.commentary, row.commentary),
        )
    )
    share, agree = _share(wording.phrases, row.phrases), _agree(wording.figures, row.figures)
    near_title = _jaccard(wording.title_words, row.title_words) >= _HALF_A_TITLE
    is_it = (
        excerpt
        or (title and (is_listed or share >= _MOST or (commentary and agree and share >= _SOME)))
        or (agree and share >= _MOST and (commentary or near_title))
        or (agree and share >= _NEARLY_ALL)
    )
    return 1 + title + excerpt + commentary + round(4 * share) if is_it else 0


def _share(ours: frozenset[str], theirs: frozenset[str]) -> float:
    """Return the larger of the shares that the common phrases have in either text: a later wording may be cut or extended."""
    common = len(ours & theirs)
    return max((common / len(one) for one in (ours, theirs) if len(one) >= FEWEST_PHRASES), default=0.0)


def _agree(ours: frozenset[str], theirs: frozenset[str]) -> bool:
    return not ours or not theirs or _jaccard(ours, theirs) >= 0.5


def _jaccard(ours: frozenset[str], theirs: frozenset[str]) -> float:
    return len(ours & theirs) / len(ours | theirs) if ours and theirs else 0.0


def _words(text: str | None) -> Iterator[str]:
    return (word for word in map(letters, _WORD.findall(text or "")) if word)


def _digest(secret: bytes, kind: Kind, text: str) -> str:
    return hmac.digest(secret, f"{kind}\x1f{text}".encode(), "sha256").hex()[:32]
