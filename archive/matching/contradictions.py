"""Contradictions of two texts: figures, names and words that one text replaces. Pure.

Reports of one agency have the same text with other names and figures, so replaced words are stronger evidence than
similarity. A word that was added, dropped or misspelt is not a contradiction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA, Levenshtein

MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
# a decimal is one figure: as two, half of 4.8 would equal half of 4.9
_TOKEN = re.compile(r"\d+(?:[.,]\d+)*[^\W_]*|[^\W\d_]+(?:['-][^\W\d_]+)*|[.!?]")
_FIGURE = re.compile(rf"\d.*|(?:{MONTHS})")
_ENDS = frozenset(".!?")
# words that have a capital at the start of a sentence and are not names
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
# least similarity of a word and its misspelt or inflected form
_SAME_WORD = 0.6
# most edits by which a misspelt name differs: Hangzhou and Changzhou are two cities
_TYPO = 1
_SHORTEST_CONTENT = 4


@dataclass(frozen=True, slots=True)
class Replacements:
    """How many different figures, names and other words were replaced."""

    figures: int = 0
    names: int = 0
    words: int = 0

    @property
    def facts(self) -> int:
        """The number of figures and names."""
        return self.figures + self.names

    @property
    def total(self) -> int:
        """The number of figures, names and words."""
        return self.facts + self.words


@dataclass(frozen=True, slots=True)
class Tokens:
    """The words and figures of a text, in order, and which of them are names and figures."""

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


def find_replacements(one: Tokens, other: Tokens) -> Replacements:
    """Count the words that differ in the same place of two texts.

    A pair of words counts once, even if it recurs.
    """
    figures: set[tuple[str, ...]] = set()
    names: set[tuple[str, ...]] = set()
    words: set[tuple[str, ...]] = set()
    for here, there in _replaced(one, other):
        if _is_same(here, there, one, other):
            continue
        new_figures = set(zip(_figures(here, there, one, other), _figures(there, here, other, one), strict=False))
        new_names = set(zip(_names(here, one, other), _names(there, other, one), strict=False))
        figures |= new_figures
        names |= new_names
        if not new_figures and not new_names:
            content = _content(here, there, other), _content(there, here, one)
            words |= {(*content[0], "", *content[1])} if all(content) else set()
    return Replacements(len(figures), len(names), len(words))


def _replaced(one: Tokens, other: Tokens) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
    """Yield the passages of one text that differ in the other, in pairs."""
    start, other_start = 0, 0
    for block in Levenshtein.editops(one.plain, other.plain).as_matching_blocks():
        here, there = one.words[start : block.a], other.words[other_start : block.b]
        if here and there:
            yield here, there
        start, other_start = block.a + block.size, block.b + block.size


def _is_name(token: str, *, at_start: bool) -> bool:
    return token[0].isupper() and not (at_start and token.casefold() in _STARTERS)


def _is_same(here: Sequence[str], there: Sequence[str], one: Tokens, other: Tokens) -> bool:
    """Return whether two passages differ only in word boundaries or a typo."""
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
    """Return the figures `here` that are not `there`, unless the other text only moved them."""
    gone = [word for word in here if word in one.figures and word not in there]
    return gone if not other.figures.issuperset(gone) or not one.figures.issuperset(there) else []


def _names(here: Sequence[str], one: Tokens, other: Tokens) -> list[str]:
    """Return the names `here` that the other text does not have, even misspelt."""
    plain = frozenset(other.plain)
    return [
        name
        for name in dict.fromkeys(here)
        if name in one.names and name.casefold() not in plain and not any(_is_typo(name, word) for word in other.names)
    ]


def _content(here: Sequence[str], there: Sequence[str], other: Tokens) -> list[str]:
    """Return the content words `here` that the other text lacks and does not misspell `there`."""
    return [
        word
        for word in here
        if len(word) >= _SHORTEST_CONTENT
        and word.casefold() not in other.plain
        and not any(_similar(word, other_word) for other_word in there)
    ]
