"""How alike two wordings are, part by part. Pure.

Likeness is 1 minus the Levenshtein distance over the longer length, of the texts without white space, style and
letter case. Measured on a whole real page, 780 pairs of its 40 entries (near-twins on one subject among them), and on
800 copies of each part with random typos:

    part        two different entries, most alike   20 typos in one entry, least alike
    excerpt     0.32 (second 0.29, median 0.23)     0.91; one sentence dropped: median 0.75, half of it dropped: 0.50
    commentary  0.40, the near-twins                0.88
    title       0.47, two landings on the Moon      0.35, for 20 typos are half a title; 5 typos: 0.81

So the excerpt tells entries apart by a wide margin, and title or commentary alone do not. (rapidfuzz's `ratio`, which
counts a changed letter twice, puts the most alike at 0.45, 0.60 and 0.60: less room.)

Reports of one agency reach 0.95: these are told apart by what they state differently (`archive.matching.contradictions`) and by
how rare the words are that they share (`archive.matching.rarity`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from foreign_eyes.archive.matching.contradictions import MONTHS, Swaps, Tokens, find_swaps
from foreign_eyes.archive.matching.keys import SHORTEST_EXCERPT
from foreign_eyes.archive.matching.rarity import share_kept, telling_words
from foreign_eyes.listing.text import folded, unstyled
from foreign_eyes.listing.text_digests import publication_key
from foreign_eyes.listing.values import ListedEntry

# Decimals are one number: of 4.8 and 4.9 half would be the same. A month is a figure too, as reports that recur go by it
_FIGURE = re.compile(rf"\d+(?:[.,]\d+)*|\b(?:{MONTHS})\b")


class ComparableTexts:
    """The parts of a wording in the forms in which they are compared; each is made when it is asked for."""

    def __init__(self, texts: ListedEntry):
        """Keep a wording."""
        self._texts = texts

    @classmethod
    def of(cls, texts: ListedEntry) -> ComparableTexts:
        """Make the forms of a wording."""
        return cls(texts)

    @cached_property
    def title(self) -> str:
        """The title, without case and white space."""
        return folded(self._texts.title).casefold()

    @cached_property
    def attribution(self) -> str:
        """The attribution line, alike."""
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
        """The commentary, alike."""
        return folded(self._texts.commentary).casefold()

    # with white space: "in 2018, 4 of them" has two numbers
    @cached_property
    def title_numbers(self) -> tuple[str, ...]:
        """The figures in the title, months too."""
        return tuple(_FIGURE.findall(unstyled(self._texts.title or self._texts.attribution)))

    @cached_property
    def numbers(self) -> tuple[str, ...]:
        """The figures in the excerpt, months too."""
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
    def telling_words(self) -> frozenset[str]:
        """The excerpt's words by which it can be told from others."""
        return telling_words(self._texts.excerpt)

    @property
    def excerpt_tells(self) -> bool:
        """Whether the excerpt is long enough to be known by."""
        return len(self.excerpt) >= SHORTEST_EXCERPT

    @property
    def commentary_tells(self) -> bool:
        """Whether the commentary is."""
        return len(self.commentary) >= SHORTEST_EXCERPT


class Likeness:
    """How alike a row and an entry are, each part from 0 to 1; parts that both lack are equal.

    Everything is computed when it is asked for: most pairs are judged by little. Where either has no title, the whole
    attribution lines are compared.
    """

    def __init__(self, row: ComparableTexts, entry: ComparableTexts, count: Callable[[str], int] = lambda word: 1):
        """Compare two wordings; `count` says how many entries hold a telling word."""
        self._row, self._entry, self._count = row, entry, count

    @cached_property
    def _titles(self) -> tuple[str, str]:
        one, other = self._row, self._entry
        return (one.title, other.title) if one.title and other.title else (one.attribution, other.attribution)

    @cached_property
    def title(self) -> float:
        """How alike the titles are."""
        return _likeness(*self._titles)

    @cached_property
    def excerpt(self) -> float:
        """How alike the excerpts are."""
        return _likeness(self._row.excerpt, self._entry.excerpt)

    @cached_property
    def commentary(self) -> float:
        """How alike the commentaries are."""
        return _likeness(self._row.commentary, self._entry.commentary)

    @property
    def same_publication(self) -> bool:
        """Whether both have one, and it is the same."""
        return self._row.publication == self._entry.publication != ""

    @property
    def same_excerpt(self) -> bool:
        """Whether both have one, and it is the same."""
        return self._row.excerpt == self._entry.excerpt != ""

    @property
    def same_commentary(self) -> bool:
        """Whether both have one, and it is the same."""
        return self._row.commentary == self._entry.commentary != ""

    @property
    def excerpts_tell(self) -> bool:
        """Whether both excerpts are long enough to go by."""
        return self._row.excerpt_tells and self._entry.excerpt_tells

    @property
    def commentary_tells(self) -> bool:
        """Whether both commentaries are long enough to go by."""
        return self._row.commentary_tells and self._entry.commentary_tells

    @property
    def one_excerpt_lacks(self) -> bool:
        """Whether one of them has no excerpt at all."""
        return not (self._row.excerpt and self._entry.excerpt)

    @property
    def one_commentary_lacks(self) -> bool:
        """Whether one of them has no commentary at all."""
        return not (self._row.commentary and self._entry.commentary)

    @cached_property
    def contains_excerpt(self) -> bool:
        """Whether one excerpt stands whole in the other: text was appended, or an entry was split."""
        short, long = sorted((self._row.excerpt, self._entry.excerpt), key=len)
        return len(short) >= SHORTEST_EXCERPT // 2 and short in long

    @cached_property
    def title_edits(self) -> int:
        """The letters by which the titles differ."""
        return Levenshtein.distance(*self._titles)

    @property
    def excerpt_length(self) -> int:
        """The letters of the shorter excerpt, white space not counted."""
        return min(len(self._row.excerpt), len(self._entry.excerpt))

    @property
    def title_length(self) -> int:
        """The letters of the shorter title."""
        return min(map(len, self._titles))

    @cached_property
    def title_swaps(self) -> Swaps:
        """What the titles state differently."""
        return find_swaps(self._row.title_tokens, self._entry.title_tokens)

    @cached_property
    def swaps(self) -> Swaps:
        """What the excerpts state differently."""
        return find_swaps(self._row.tokens, self._entry.tokens)

    @cached_property
    def commentary_swaps(self) -> Swaps:
        """What the commentaries state differently."""
        return find_swaps(self._row.commentary_tokens, self._entry.commentary_tokens)

    @cached_property
    def title_numbers_agree(self) -> bool:
        """Whether the figures in the titles agree, as `numbers_agree` says."""
        return _agree(self._row.title_numbers, self._entry.title_numbers)

    @cached_property
    def numbers_agree(self) -> bool:
        """Whether at least half of the fewer figures in the excerpts are among the others, and no month is another."""
        return _agree(self._row.numbers, self._entry.numbers)

    @cached_property
    def same_numbers(self) -> bool:
        """Whether no figure in the excerpts has another in its place."""
        return not _contradict(self._row.numbers, self._entry.numbers)

    @cached_property
    def shared_names(self) -> int:
        """How many names stand in both excerpts."""
        return len(self._row.tokens.names & self._entry.tokens.names)

    @cached_property
    def kept(self) -> float:
        """The share of the row's excerpt, by words that few entries hold, that is the entry's."""
        return share_kept(self._row.telling_words, self._entry.telling_words, self._count)

    @property
    def score(self) -> int:
        """How near the two wordings are as wholes, from 0 to 100; the excerpt weighs as much as all else."""
        return round(25 * (self.title + 2 * self.excerpt + self.commentary))

    def excerpt_tells(self, least: float) -> bool:
        """Tell whether the excerpts are so much alike, and long enough for that to mean anything."""
        return self.excerpts_tell and self.excerpt >= least


def near(ones: Mapping[int, str], others: Mapping[int, str], least: float, most: int) -> Iterator[tuple[int, int]]:
    """Yield the keys of all pairs of texts that are at least so much alike; for each of `ones` the `most` that are most."""
    scorer = Levenshtein.normalized_similarity
    for one, text in ones.items():
        for _, _, other in process.extract(text, others, scorer=scorer, score_cutoff=least, limit=most):
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
