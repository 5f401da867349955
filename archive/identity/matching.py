"""Which row of a fresh listing is which entry of the archive. Pure.

    rows, candidates | same wording | earlier wording | second place of a merged entry
                     | same excerpt | title and publication, or near wording | else new

Each step takes what the steps before left over, one row to one entry, so that nothing is decided twice, and an insertion or
a swap cannot cascade. Within a step the nearest pair is taken first, neighbours in the listing counting a little; what is
equally near goes by listing order, then by entry id.

What is asked of it (issue 3, "Identity"): an entry is recognised as long as its excerpt, or its title with its
publication, survives an edit. What tells entries apart is measured in `archive.identity.likeness`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from archive.identity import likeness
from archive.identity.keys import excerpt_key
from archive.identity.likeness import Forms, Likeness
from archive.identity.neighbours import BOTH, Neighbours
from archive.values import ListedEntry

Method = Literal[
    "same wording",
    "earlier wording",
    "merged by an operator",
    "same excerpt",
    "title and publication",
    "title and neighbours",
    "near wording",
    "new",
]

# Least likeness of excerpts; those of different entries reach 0.32.
WORN_EXCERPT = 0.6  # beside the same title and publication
NEAR_EXCERPT = 0.8  # beside a title that is nearly the same, or a neighbour
NEARER_EXCERPT = 0.9  # beside the same publication, or a commentary that is nearly the same
NEAREST_EXCERPT = 0.95  # by itself, as the same excerpt counts by itself
# Least likeness of titles and commentaries, which reach 0.47 and 0.40: beside an excerpt, and where they must do without
NEAR_PART = 0.6
NEARER_PART = 0.85
# In characters without white space: "City A" and "City B" are not one title with a typo
SHORTEST_NEAR_TITLE = 16
# In points of the score, what a neighbour counts for: as much as a typo or two, by which copies of one text can differ
NEIGHBOUR = 2
# Entries left over that share a title, or an excerpt: more are a column within the column, or a parser's mistake
MOST_ALIKE = 20


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a listing, by what it is compared with; `place` is its rank in listing order, from 0."""

    place: int
    wording: str
    title_key: str | None
    texts: ListedEntry

    @property
    def excerpt_key(self) -> str | None:
        """The key of its excerpt, made when it is asked for: most rows are known by their wording."""
        return excerpt_key(self.texts.excerpt)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry that a row might be, with its current texts.

    `rank` is its place in the listing as it was last settled, from 0; None if it was not in it. `merged` tells that an
    operator merged another entry into it, so that two different rows can be two places of it.
    """

    entry_id: int
    rank: int | None
    wording: str
    earlier: frozenset[str]
    title_key: str | None
    excerpt_key: str | None
    texts: ListedEntry
    merged: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """What a row turned out to be. `entry_id` is None for a new entry.

    `score`, from 0 to 100, is how near the row is to the entry's wording before; None where whole wordings are equal, or
    none was compared. `doubt` says why an operator should look at a new entry.
    """

    entry_id: int | None
    method: Method
    score: float | None = None
    doubt: str | None = None


def match(rows: Sequence[Row], candidates: Sequence[Candidate]) -> dict[int, Match]:
    """Return by `Row.place` what each row is; no two rows get the same entry, unless an operator merged entries into it.

    Rows of equal wording are one row: the caller has collapsed them.
    """
    work = _Matching(sorted(rows, key=lambda row: row.place), sorted(candidates, key=_in_listing_order))
    work.pair_wordings("same wording", lambda entry: [entry.wording])
    work.pair_wordings("earlier wording", lambda entry: entry.earlier)
    work.pair_second_places()
    work.pair_excerpts()
    work.pair_by_evidence()
    work.call_the_rest_new()
    return work.found


@dataclass(frozen=True, slots=True)
class _Pair:
    """A row and an entry that it might be; `agreement` is on how many sides they have the same neighbour."""

    row: Row
    entry: Candidate
    likeness: Likeness
    agreement: int

    @property
    def order(self) -> tuple[object, ...]:
        """The strongest first."""
        strength = self.likeness.score + NEIGHBOUR * self.agreement
        return -strength, self.row.place, _in_listing_order(self.entry)


@dataclass(slots=True)
class _Matching:
    """What the steps share: rows and entries in listing order, what was found, and the forms compared so far."""

    rows: Sequence[Row]
    entries: Sequence[Candidate]
    found: dict[int, Match] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)
    anchors: dict[int, int] = field(default_factory=dict)
    row_forms: dict[int, Forms] = field(default_factory=dict)
    entry_forms: dict[int, Forms] = field(default_factory=dict)
    rejected: list[tuple[_Pair, str]] = field(default_factory=list)

    def pair_wordings(self, method: Method, wordings: Callable[[Candidate], Iterable[str]]) -> None:
        """Pair rows with entries of the very same wording; those still listed come first."""
        known: dict[str, list[Candidate]] = {}
        for entry in self._free_entries():
            for wording in wordings(entry):
                known.setdefault(wording, []).append(entry)
        for row in self._free_rows():
            free = [entry for entry in known.get(row.wording, ()) if entry.entry_id not in self.taken]
            if free:
                self._take(row, free[0], Match(free[0].entry_id, method))

    def pair_second_places(self) -> None:
        """Give a row that has a wording of a merged entry to it, though another row has taken it: they are two places.

        An operator's decision; it comes before all that is only evidence.
        """
        merged: dict[str, int] = {}
        for entry in self.entries:
            if entry.merged and entry.entry_id in self.taken:
                for wording in (entry.wording, *entry.earlier):
                    merged.setdefault(wording, entry.entry_id)
        for row in self._free_rows():
            if row.wording in merged:
                self.found[row.place] = Match(merged[row.wording], "merged by an operator")

    def pair_excerpts(self) -> None:
        """Pair rows with entries of the same excerpt: it survives a new title, publication and commentary at once."""
        keys = _joined(
            self._free_rows(), self._free_entries(), lambda row: row.excerpt_key, lambda one: one.excerpt_key
        )
        self._take_strongest((pair, "same excerpt") for pair in self._compared(keys))

    def pair_by_evidence(self) -> None:
        """Pair what is left over by what survives of title, publication and excerpt, and by neighbours."""
        pairs = self._compared(self._possible_pairs())
        judged = [(pair, self._judge(pair)) for pair in pairs]
        self._take_strongest((pair, method) for pair, method in judged if method)
        self.rejected = [
            (
                pair,
                "same title and publication as another entry"
                if _same_title(pair)
                else "nearly the excerpt of another entry",
            )
            for pair, method in judged
            if not method and (_same_title(pair) or pair.likeness.excerpt >= NEAR_EXCERPT)
        ]

    def call_the_rest_new(self) -> None:
        """Call the rows new that are left over, with a doubt where an entry that is left over comes near."""
        doubts: dict[int, str] = {}
        for pair, doubt in sorted(self.rejected, key=lambda one: one[0].order):
            if pair.entry.entry_id not in self.taken:
                doubts.setdefault(pair.row.place, doubt)
        rows = self._free_rows()
        for place, _ in _joined(rows, self.entries, lambda row: row.excerpt_key, lambda entry: entry.excerpt_key):
            doubts[place] = "same excerpt as another entry"
        for row in rows:
            self.found[row.place] = Match(None, "new", doubt=doubts.get(row.place))

    def _possible_pairs(self) -> set[tuple[int, int]]:
        """Return (place, entry id) of all pairs that share title and publication, or nearly a title or an excerpt."""
        rows, entries = self._free_rows(), self._free_entries()
        ones = {row.place: self._form_of_row(row) for row in rows}
        others = {entry.entry_id: self._form_of_entry(entry) for entry in entries}
        return {
            *_joined(rows, entries, lambda row: row.title_key, lambda entry: entry.title_key),
            *likeness.near(_excerpts(ones), _excerpts(others), NEAR_EXCERPT, MOST_ALIKE),
            *likeness.near(_titles(ones), _titles(others), NEARER_PART, MOST_ALIKE),
        }

    def _judge(self, pair: _Pair) -> Method | None:
        """Say why row and entry are one, or None."""
        if _same_title(pair):
            if pair.likeness.same_text or (pair.likeness.excerpt_tells(WORN_EXCERPT) and pair.likeness.numbers_agree):
                return "title and publication"
            if pair.agreement == BOTH:
                return "title and neighbours"
        return "near wording" if _near_by_excerpt(pair) or _near_by_title(pair) else None

    def _compared(self, keys: Iterable[tuple[int, int]]) -> list[_Pair]:
        rows, entries = {row.place: row for row in self.rows}, {entry.entry_id: entry for entry in self.entries}
        neighbours = Neighbours(self.anchors)
        pairs = []
        for place, entry_id in keys:
            row, entry = rows[place], entries[entry_id]
            alike = likeness.compare(self._form_of_row(row), self._form_of_entry(entry))
            pairs.append(_Pair(row, entry, alike, neighbours.agreement(place, entry.rank)))
        return pairs

    def _take_strongest(self, pairs: Iterable[tuple[_Pair, Method]]) -> None:
        for pair, method in sorted(pairs, key=lambda one: one[0].order):
            if pair.row.place not in self.found and pair.entry.entry_id not in self.taken:
                self._take(pair.row, pair.entry, Match(pair.entry.entry_id, method, float(pair.likeness.score)))

    def _take(self, row: Row, entry: Candidate, found: Match) -> None:
        self.found[row.place] = found
        self.taken.add(entry.entry_id)
        if entry.rank is not None:
            self.anchors[row.place] = entry.rank

    def _free_rows(self) -> list[Row]:
        return [row for row in self.rows if row.place not in self.found]

    def _free_entries(self) -> list[Candidate]:
        return [entry for entry in self.entries if entry.entry_id not in self.taken]

    def _form_of_row(self, row: Row) -> Forms:
        if row.place not in self.row_forms:
            self.row_forms[row.place] = Forms.of(row.texts)
        return self.row_forms[row.place]

    def _form_of_entry(self, entry: Candidate) -> Forms:
        if entry.entry_id not in self.entry_forms:
            self.entry_forms[entry.entry_id] = Forms.of(entry.texts)
        return self.entry_forms[entry.entry_id]


def _in_listing_order(entry: Candidate) -> tuple[bool, int, int]:
    return entry.rank is None, entry.rank or 0, entry.entry_id


def _joined(
    rows: Iterable[Row],
    entries: Iterable[Candidate],
    row_key: Callable[[Row], Hashable],
    entry_key: Callable[[Candidate], Hashable],
) -> Iterator[tuple[int, int]]:
    """Yield (place, entry id) of all rows and entries that have the same key.

    None is no key; nor does one tell anything that too many entries share.
    """
    known: dict[Hashable, list[int]] = {}
    for entry in entries:
        known.setdefault(entry_key(entry), []).append(entry.entry_id)
    telling = {key: ids for key, ids in known.items() if key is not None and len(ids) <= MOST_ALIKE}
    return ((row.place, entry_id) for row in rows if telling for entry_id in telling.get(row_key(row), ()))


def _same_title(pair: _Pair) -> bool:
    return pair.row.title_key is not None and pair.row.title_key == pair.entry.title_key


def _near_by_excerpt(pair: _Pair) -> bool:
    """Tell whether most of the excerpt survives, and something beside it unless it is all but the same.

    Numbers are what reports that recur differ by, so they must agree, or the commentary must be the same.
    """
    alike = pair.likeness
    if not (alike.numbers_agree or alike.same_commentary):
        return False
    return (
        alike.excerpt_tells(NEAREST_EXCERPT)
        or (alike.excerpt_tells(NEARER_EXCERPT) and (alike.same_publication or alike.commentary >= NEAR_PART))
        or (alike.excerpt_tells(NEAR_EXCERPT) and (alike.title >= NEAR_PART or pair.agreement > 0))
    )


def _near_by_title(pair: _Pair) -> bool:
    """Tell whether all but the excerpt survives nearly, beside a neighbour.

    Near-twins share most of a commentary, but no title with its publication. Where the excerpts are too short to tell
    anything, they must be nearly the same too, and both neighbours agree.
    """
    alike = pair.likeness
    near = alike.same_publication and alike.title_numbers_agree and min(alike.title, alike.commentary) >= NEARER_PART
    if not near:
        return False
    if alike.excerpts_tell:
        return alike.commentary_tells and pair.agreement > 0
    return alike.excerpt >= NEARER_PART and pair.agreement == BOTH


def _excerpts(forms: Mapping[int, Forms]) -> dict[int, str]:
    return {key: form.excerpt for key, form in forms.items() if form.excerpt_tells}


def _titles(forms: Mapping[int, Forms]) -> dict[int, str]:
    return {key: form.title for key, form in forms.items() if len(form.title) >= SHORTEST_NEAR_TITLE}
