"""The similarity of two wordings, part by part. Pure.

Similarity is 1 minus the Levenshtein distance divided by the longer length, of the texts without white space, style and
letter case. It was measured on 780 pairs of the 40 entries of a real page, which has near-duplicates on one subject, and
on 800 copies of each part with random typos:

    part        highest, two different entries      lowest, 20 typos in one entry
    excerpt     0.32 (second 0.29, median 0.23)     0.91; one sentence dropped: median 0.75, half of it dropped: 0.50
    commentary  0.40, the near-duplicates           0.88
    title       0.47, two landings on the Moon      0.35, as 20 typos are half a title; 5 typos: 0.81

So the excerpt distinguishes entries by a wide margin; the title or the commentary alone does not. (rapidfuzz's `ratio`,
which counts a changed letter twice, gives different entries up to 0.45, 0.60 and 0.60: a smaller margin.)

Reports of one agency reach 0.95. They are distinguished by contradictions (`archive.matching.contradictions`) and by the
rarity of the words that they share (`archive.matching.rarity`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from foreign_eyes.archive.matching.contradictions import MONTHS, Replacements, Tokens, find_replacements
from foreign_eyes.archive.matching.keys import SHORTEST_EXCERPT
from foreign_eyes.archive.matching.rarity import distinctive_words, word_overlap
from foreign_eyes.listing.text import folded, unstyled
from foreign_eyes.listing.text_digests import publication_key
from foreign_eyes.listing.values import ListedEntry

# A decimal is one figure: as two, half of 4.8 would equal half of 4.9. Months are figures, as recurring reports differ in them.
_FIGURE = re.compile(rf"\d+(?:[.,]\d+)*|\b(?:{MONTHS})\b")


class ComparableTexts:
    """The parts of a wording, normalised for comparison on demand."""

    def __init__(self, texts: ListedEntry):
        self._texts = texts

    @classmethod
    def of(cls, texts: ListedEntry) -> ComparableTexts:
        """Return the comparable form of a wording."""
        return cls(texts)

    @cached_property
    def title(self) -> str:
        """The title, without case and white space."""
        return folded(self._texts.title).casefold()

    @cached_property
    def attribution(self) -> str:
        """The attribution line, without case and white space."""
        return folded(self._texts.attribution).casefold()

    @cached_property
    def publication(self) -> str:
        """The key of the publication."""
        return publication_key(self._texts.publication)

    @cached_property
    def excerpt(self) -> str:
        """The excerpt, without case and white space."""
        return folded(self._texts.excerpt).casefold()

    @cached_property
    def commentary(self) -> str:
        """The commentary, without case and white space."""
        return folded(self._texts.commentary).casefold()

    # white space is kept for figures: "in 2018, 4 of them" has two
    @cached_property
    def title_numbers(self) -> tuple[str, ...]:
        """The figures in the title, including months."""
        return tuple(_FIGURE.findall(unstyled(self._texts.title or self._texts.attribution)))

    @cached_property
    def numbers(self) -> tuple[str, ...]:
        """The figures in the excerpt, including months."""
        return tuple(_FIGURE.findall(unstyled(self._texts.excerpt)))

    @cached_property
    def title_tokens(self) -> Tokens:
        """The title's words and figures."""
        return Tokens.of(unstyled(self._texts.title or self._texts.attribution))

    @cached_property
    def tokens(self) -> Tokens:
        """The excerpt's words and figures."""
        return Tokens.of(unstyled(self._texts.excerpt))

    @cached_property
    def commentary_tokens(self) -> Tokens:
        """The commentary's words and figures."""
        return Tokens.of(unstyled(self._texts.commentary))

    @cached_property
    def distinctive_words(self) -> frozenset[str]:
        """The words of the excerpt that distinguish it from others."""
        return distinctive_words(self._texts.excerpt)

    @property
    def has_long_excerpt(self) -> bool:
        """Whether the excerpt is long enough to identify an entry."""
        return len(self.excerpt) >= SHORTEST_EXCERPT

    @property
    def has_long_commentary(self) -> bool:
        """Whether the commentary is long enough to identify an entry."""
        return len(self.commentary) >= SHORTEST_EXCERPT


class Similarity:
    """The similarity of a row and an entry, from 0 to 1 for each part.

    A part that both lack is equal.

    Values are computed on demand, since most pairs are judged by few of them. If either has no title, the attribution
    lines are compared instead.
    """

    def __init__(self, row: ComparableTexts, entry: ComparableTexts, count: Callable[[str], int] = lambda word: 1):
        """Compare two wordings; `count` returns how many entries have a distinctive word."""
        self._row, self._entry, self._count = row, entry, count

    @cached_property
    def _titles(self) -> tuple[str, str]:
        one, other = self._row, self._entry
        return (one.title, other.title) if one.title and other.title else (one.attribution, other.attribution)

    @cached_property
    def title(self) -> float:
        """The similarity of the titles."""
        return _similarity(*self._titles)

    @cached_property
    def excerpt(self) -> float:
        """The similarity of the excerpts."""
        return _similarity(self._row.excerpt, self._entry.excerpt)

    @cached_property
    def commentary(self) -> float:
        """The similarity of the commentaries."""
        return _similarity(self._row.commentary, self._entry.commentary)

    @property
    def same_publication(self) -> bool:
        """Whether both have the same publication."""
        return self._row.publication == self._entry.publication != ""

    @property
    def same_excerpt(self) -> bool:
        """Whether both have the same excerpt, which is not empty."""
        return self._row.excerpt == self._entry.excerpt != ""

    @property
    def same_commentary(self) -> bool:
        """Whether both have the same commentary, which is not empty."""
        return self._row.commentary == self._entry.commentary != ""

    @property
    def excerpts_are_long(self) -> bool:
        """Whether both excerpts are long enough to identify an entry."""
        return self._row.has_long_excerpt and self._entry.has_long_excerpt

    @property
    def commentaries_are_long(self) -> bool:
        """Whether both commentaries are long enough to identify an entry."""
        return self._row.has_long_commentary and self._entry.has_long_commentary

    @property
    def lacks_excerpt(self) -> bool:
        """Whether row or entry has no excerpt."""
        return not (self._row.excerpt and self._entry.excerpt)

    @property
    def lacks_commentary(self) -> bool:
        """Whether row or entry has no commentary."""
        return not (self._row.commentary and self._entry.commentary)

    @cached_property
    def contains_excerpt(self) -> bool:
        """Whether one excerpt contains the other: text was appended, or an entry was split."""
        short, long = sorted((self._row.excerpt, self._entry.excerpt), key=len)
        return len(short) >= SHORTEST_EXCERPT // 2 and short in long

    @cached_property
    def title_edits(self) -> int:
        """The edit distance of the titles."""
        return Levenshtein.distance(*self._titles)

    @property
    def excerpt_length(self) -> int:
        """The length of the shorter excerpt, without white space."""
        return min(len(self._row.excerpt), len(self._entry.excerpt))

    @property
    def title_length(self) -> int:
        """The length of the shorter title, without white space."""
        return min(map(len, self._titles))

    @cached_property
    def title_replacements(self) -> Replacements:
        """The contradictions of the titles."""
        return find_replacements(self._row.title_tokens, self._entry.title_tokens)

    @cached_property
    def replacements(self) -> Replacements:
        """The contradictions of the excerpts."""
        return find_replacements(self._row.tokens, self._entry.tokens)

    @cached_property
    def commentary_replacements(self) -> Replacements:
        """The contradictions of the commentaries."""
        return find_replacements(self._row.commentary_tokens, self._entry.commentary_tokens)

    @cached_property
    def title_numbers_agree(self) -> bool:
        """Whether the figures in the titles agree, by the rule of `numbers_agree`."""
        return _agree(self._row.title_numbers, self._entry.title_numbers)

    @cached_property
    def numbers_agree(self) -> bool:
        """Whether the figures of the excerpts agree.

        They agree if they share at least half of the fewer figures and no month was replaced.
        """
        return _agree(self._row.numbers, self._entry.numbers)

    @cached_property
    def same_numbers(self) -> bool:
        """Whether no figure of the excerpts was replaced."""
        return not _contradict(self._row.numbers, self._entry.numbers)

    @cached_property
    def shared_names(self) -> int:
        """The number of names in both excerpts."""
        return len(self._row.tokens.names & self._entry.tokens.names)

    @cached_property
    def word_overlap(self) -> float:
        """The share of the excerpt's words that the entry has, weighted by rarity."""
        return word_overlap(self._row.distinctive_words, self._entry.distinctive_words, self._count)

    @property
    def score(self) -> int:
        """The similarity of the whole wordings, from 0 to 100.

        The excerpt weighs as much as the other parts together.
        """
        return round(25 * (self.title + 2 * self.excerpt + self.commentary))

    def excerpt_reaches(self, least: float) -> bool:
        """Return whether the excerpts have at least this similarity and are long enough to compare."""
        return self.excerpts_are_long and self.excerpt >= least


def near_pairs(
    texts: Mapping[int, str], other_texts: Mapping[int, str], least: float, most: int
) -> Iterator[tuple[int, int]]:
    """Yield the keys of pairs with at least this similarity.

    Each of `texts` is paired with at most `most` others, the most similar ones.
    """
    scorer = Levenshtein.normalized_similarity
    for key, text in texts.items():
        for _, _, other_key in process.extract(text, other_texts, scorer=scorer, score_cutoff=least, limit=most):
            yield key, other_key


def _similarity(one: str, other: str) -> float:
    return float(Levenshtein.normalized_similarity(one, other))


def _agree(figures: Sequence[str], other_figures: Sequence[str]) -> bool:
    (months, numbers), (other_months, other_numbers) = _split_months(figures), _split_months(other_figures)
    shared = len(numbers & other_numbers)
    return 2 * shared >= min(len(numbers), len(other_numbers)) and not _contradict(months, other_months)


def _split_months(figures: Iterable[str]) -> tuple[set[str], set[str]]:
    months = {figure for figure in figures if figure.isalpha()}
    return months, set(figures) - months


def _contradict(figures: Iterable[str], other_figures: Iterable[str]) -> bool:
    """Return whether each text has a figure that the other lacks.

    Otherwise figures were only added or dropped.
    """
    here, there = Counter(figures), Counter(other_figures)
    return bool(here - there and there - here)
