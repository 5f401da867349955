"""How alike two wordings are, part by part. Pure.

Likeness is 1 minus the Levenshtein distance over the longer length, of the texts without white space, quote style and
letter case. Measured on a whole real page, 780 pairs of its 40 entries (near-twins on one subject among them), and on
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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from archive.identity.keys import SHORTEST_EXCERPT, publication_key
from archive.text import comparable
from archive.values import ListedEntry

_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Forms:
    """The parts of a wording in the form in which they are compared; `numbers` are those in title and excerpt."""

    title: str
    attribution: str
    publication: str
    excerpt: str
    commentary: str
    title_numbers: frozenset[str]
    numbers: frozenset[str]

    @classmethod
    def of(cls, texts: ListedEntry) -> Forms:
        """Make the forms of a wording."""
        title, attribution, excerpt, commentary = (
            comparable(text).casefold() for text in (texts.title, texts.attribution, texts.excerpt, texts.commentary)
        )
        publication, numbers = publication_key(texts.publication), frozenset(_NUMBER.findall(title))
        all_numbers = numbers | frozenset(_NUMBER.findall(excerpt))
        return cls(title, attribution, publication, excerpt, commentary, numbers, all_numbers)

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

    Where either has no title, the whole attribution lines are compared. `same_publication`, `same_text` (excerpt or
    commentary) and `same_commentary` are False where there is none. `excerpts_tell` and `commentary_tells` say whether
    those of both are long enough to go by. Numbers, in the title alone or in title and excerpt, agree where at least half
    of the fewer are among the others.
    """

    title: float
    excerpt: float
    commentary: float
    same_publication: bool
    same_text: bool
    same_commentary: bool
    excerpts_tell: bool
    commentary_tells: bool
    title_numbers_agree: bool
    numbers_agree: bool

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
    same_commentary = one.commentary == other.commentary != ""
    return Likeness(
        title=_likeness(*titles),
        excerpt=_likeness(one.excerpt, other.excerpt),
        commentary=_likeness(one.commentary, other.commentary),
        same_publication=one.publication == other.publication != "",
        same_text=same_commentary or one.excerpt == other.excerpt != "",
        same_commentary=same_commentary,
        excerpts_tell=one.excerpt_tells and other.excerpt_tells,
        commentary_tells=one.commentary_tells and other.commentary_tells,
        title_numbers_agree=_agree(one.title_numbers, other.title_numbers),
        numbers_agree=_agree(one.numbers, other.numbers),
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


def _agree(ones: frozenset[str], others: frozenset[str]) -> bool:
    return 2 * len(ones & others) >= min(len(ones), len(others))
