"""What two texts state differently: figures, names and words of the one in whose place the other has others. Pure.

Reports of one agency are one text with other names and figures, so the words that changed places say more than the share
that is equal. A word that was only added or dropped contradicts nothing, nor does a misspelling.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA, Levenshtein

MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
# decimals are one figure: of 4.8 and 4.9 half would be the same
_TOKEN = re.compile(r"\d+(?:[.,]\d+)*[^\W_]*|[^\W\d_]+(?:['-][^\W\d_]+)*|[.!?]")
_FIGURE = re.compile(rf"\d.*|(?:{MONTHS})")
_ENDS = frozenset(".!?")
# words that begin sentences with a capital and name nobody
_STARTERS = frozenset(
    re.findall(
        r"[a-z]+",
        "a after all although an and any are as at because before but by can despite during each even every "
        "few for from had has have he her here his how however if in into is it its last many meanwhile more "
        "most neither no nobody none not now of on once one only or other our over she since so some still "
        "such than that the their then there these they this those though through to today two under until "
        "was we what when where which while who why with within would yet you",
    )
)
# by which a word that was misspelt or inflected is still that word
_SAME_WORD = 0.6
# letters by which a misspelt name may differ: Hangzhou and Changzhou are two cities
_TYPO = 1
_SHORTEST_CONTENT = 4


@dataclass(frozen=True, slots=True)
class Swaps:
    """How many different figures, names and other words each have another in their place."""

    figures: int = 0
    names: int = 0
    words: int = 0

    @property
    def facts(self) -> int:
        """The figures and names among them."""
        return self.figures + self.names

    @property
    def all(self) -> int:
        """All of them."""
        return self.facts + self.words


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text as its words and figures, in order, with the names and figures among them."""

    words: tuple[str, ...]
    plain: tuple[str, ...]
    names: frozenset[str]
    figures: frozenset[str]

    @classmethod
    def of(cls, text: str) -> Tokens:
        """Split a text whose style was removed (see `listing.text.unstyled`)."""
        found = _TOKEN.findall(text)
        words, names = [], set()
        at_start = True
        for token in found:
            if token in _ENDS:
                at_start = True
                continue
            words.append(token)
            if _is_name(token, at_start=at_start):
                names.add(token)
            at_start = False
        figures = frozenset(word for word in words if _FIGURE.fullmatch(word))
        plain = tuple(word.casefold() for word in words)
        return cls(tuple(words), plain, frozenset(names) - figures, figures)


def find_swaps(one: Tokens, other: Tokens) -> Swaps:
    """Return what the texts state differently in the same place; a pair of words counts once, however often it stands."""
    figures: set[tuple[str, ...]] = set()
    names: set[tuple[str, ...]] = set()
    words: set[tuple[str, ...]] = set()
    for here, there in _replaced(one, other):
        if _is_same(here, there, one, other):
            continue
        facts = set(zip(_figures(here, there, one, other), _figures(there, here, other, one), strict=False))
        called = set(zip(_names(here, one, other), _names(there, other, one), strict=False))
        figures |= facts
        names |= called
        if not facts and not called:
            content = _content(here, there, other), _content(there, here, one)
            words |= {(*content[0], "", *content[1])} if all(content) else set()
    return Swaps(len(figures), len(names), len(words))


def _replaced(one: Tokens, other: Tokens) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
    """Yield the passages in whose place the other text has others."""
    start, other_start = 0, 0
    for block in Levenshtein.editops(one.plain, other.plain).as_matching_blocks():
        here, there = one.words[start : block.a], other.words[other_start : block.b]
        if here and there:
            yield here, there
        start, other_start = block.a + block.size, block.b + block.size


def _is_name(token: str, *, at_start: bool) -> bool:
    return token[0].isupper() and not (at_start and token.casefold() in _STARTERS)


def _is_same(here: Sequence[str], there: Sequence[str], one: Tokens, other: Tokens) -> bool:
    """Tell whether words that differ are the same but for a word boundary or a typo."""
    if "".join(here).casefold() == "".join(there).casefold():
        return True
    if not one.figures.isdisjoint(here) or not other.figures.isdisjoint(there):
        return len(here) == len(there) == 1 and here[0].isalpha() and there[0].isalpha() and _is_typo(here[0], there[0])
    if not one.names.isdisjoint(here) and not other.names.isdisjoint(there):
        return len(here) == len(there) == 1 and _is_typo(here[0], there[0])
    return _similar("".join(here), "".join(there))


def _is_typo(one: str, other: str) -> bool:
    return OSA.distance(one, other) <= _TYPO


def _similar(one: str, other: str) -> bool:
    return OSA.normalized_similarity(one.casefold(), other.casefold()) >= _SAME_WORD


def _figures(here: Sequence[str], there: Sequence[str], one: Tokens, other: Tokens) -> list[str]:
    """Return the figures `here` that are not `there`."""
    gone = [word for word in here if word in one.figures and word not in there]
    return gone if not other.figures.issuperset(gone) or not one.figures.issuperset(there) else []


def _names(here: Sequence[str], one: Tokens, other: Tokens) -> list[str]:
    """Return the names `here` that the other text has nowhere, not even misspelt."""
    plain = frozenset(other.plain)
    return [
        name
        for name in dict.fromkeys(here)
        if name in one.names and name.casefold() not in plain and not any(_is_typo(name, word) for word in other.names)
    ]


def _content(here: Sequence[str], there: Sequence[str], other: Tokens) -> list[str]:
    """Return the words of meaning `here` that the other text has nowhere, and no spelling of which is `there`."""
    return [
        word
        for word in here
        if len(word) >= _SHORTEST_CONTENT
        and word.casefold() not in other.plain
        and not any(_similar(word, also) for also in there)
    ]
