"""How alike two wordings are, part by part. Pure.

Likeness is 1 minus the Levenshtein distance over the longer length, of the texts without white space, style and letter
case. Measured on a whole real page, 780 pairs of its 40 entries (near-twins on one subject among them), and on
800 copies of each part with random typos:

    part        two different entries, most alike   20 typos in one entry, least alike
    excerpt     0.32 (second 0.29, median 0.23)     0.91; one sentence dropped: median 0.75, half of it dropped: 0.50
    commentary  0.40, the near-twins                0.88
    title       0.47, two landings on the Moon      0.35, for 20 typos are half a title; 5 typos: 0.81

So the excerpt tells entries apart by a wide margin, and title or commentary alone do not. (rapidfuzz's `ratio`, which
counts a changed letter twice, puts the most alike at 0.45, 0.60 and 0.60: less room.)
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from archive.identity.keys import SHORTEST_EXCERPT, publication_key
from archive.text import folded
from archive.values import ListedEntry

# Decimals are one number: of 4.8 and 4.9 half would be the same. A month is a figure too, as reports that recur go by it
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_FIGURE = re.compile(rf"\d+(?:[.,]\d+)*|\b(?:{_MONTHS})\b")


@dataclass(frozen=True, slots=True)
class Forms:
    """The parts of a wording in the form in which they are compared; `numbers` are those in the excerpt, months too."""

    title: str
    attribution: str
    publication: str
    excerpt: str
    commentary: str
    title_numbers: tuple[str, ...]
    numbers: tuple[str, ...]

    @classmethod
    def of(cls, texts: ListedEntry) -> Forms:
        """Make the forms of a wording."""
        title, attribution, excerpt, commentary = (
            folded(text).casefold() for text in (texts.title, texts.attribution, texts.excerpt, texts.commentary)
        )
        # with white space: "in 2018, 4 of them" has two numbers
        numbers = (tuple(_FIGURE.findall(text)) for text in (texts.title or texts.attribution, texts.excerpt))
        return cls(title, attribution, publication_key(texts.publication), excerpt, commentary, *numbers)

    @property
    def excerpt_tells(self) -> bool:
        """Whether the excerpt is long enough to be known by."""
        return len(self.excerpt) >= SHORTEST_EXCERPT

    @property
    def commentary_tells(self) -> bool:
        """Whether the commentary is."""
        return len(self.commentary) >= SHORTEST_EXCERPT


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two wordings are, each part from 0 to 1; parts that both lack are equal.

    Where either has no title, the whole attribution lines are compared; `title_edits` are the letters by which they differ.
    `same_publication`, `same_excerpt` and `same_commentary` are False where there is none. `excerpts_tell` and
    `commentary_tells` say whether those of both are long enough to go by. Numbers agree where at least half of the fewer
    are among the others, and no month stands for another. They are the same where none stands for another.
    """

    title: float
    excerpt: float
    commentary: float
    same_publication: bool
    same_excerpt: bool
    same_commentary: bool
    excerpts_tell: bool
    commentary_tells: bool
    title_edits: int
    title_numbers_agree: bool
    numbers_agree: bool
    same_numbers: bool

    @property
    def score(self) -> int:
        """How near the two wordings are as wholes, from 0 to 100; the excerpt weighs as much as all else."""
        return round(25 * (self.title + 2 * self.excerpt + self.commentary))

    def excerpt_tells(self, least: float) -> bool:
        """Tell whether the excerpts are so much alike, and long enough for that to mean anything."""
        return self.excerpts_tell and self.excerpt >= least


def compare(one: Forms, other: Forms) -> Likeness:
    """Compare two wordings."""
    titles = (one.title, other.title) if one.title and other.title else (one.attribution, other.attribution)
    return Likeness(
        title=_likeness(*titles),
        excerpt=_likeness(one.excerpt, other.excerpt),
        commentary=_likeness(one.commentary, other.commentary),
        same_publication=one.publication == other.publication != "",
        same_excerpt=one.excerpt == other.excerpt != "",
        same_commentary=one.commentary == other.commentary != "",
        excerpts_tell=one.excerpt_tells and other.excerpt_tells,
        commentary_tells=one.commentary_tells and other.commentary_tells,
        title_edits=Levenshtein.distance(*titles),
        title_numbers_agree=_agree(one.title_numbers, other.title_numbers),
        numbers_agree=_agree(one.numbers, other.numbers),
        same_numbers=not _contradict(one.numbers, other.numbers),
    )


def near(ones: Mapping[int, str], others: Mapping[int, str], least: float, most: int) -> Iterator[tuple[int, int]]:
    """Yield the keys of all pairs of texts that are at least so much alike; a text with more than `most` such has none."""
    scorer = Levenshtein.normalized_similarity
    for one, text in ones.items():
        found = process.extract(text, others, scorer=scorer, score_cutoff=least, limit=None)
        if len(found) <= most:
            for _, _, other in found:
                yield one, other


def _likeness(one: str, other: str) -> float:
    return float(Levenshtein.normalized_similarity(one, other))


def _agree(ones: Sequence[str], others: Sequence[str]) -> bool:
    (months, numbers), (other_months, other_numbers) = _parted(ones), _parted(others)
    shared = len(numbers & other_numbers)
    return 2 * shared >= min(len(numbers), len(other_numbers)) and not _contradict(months, other_months)


def _parted(figures: Iterable[str]) -> tuple[set[str], set[str]]:
    months = {figure for figure in figures if figure.isalpha()}
    return months, set(figures) - months


def _contradict(ones: Iterable[str], others: Iterable[str]) -> bool:
    """Tell whether each has a figure that the other lacks; where only one does, it was added, dropped or misspelt."""
    here, there = Counter(ones), Counter(others)
    return bool(here - there and there - here)
