"""Which row of a fresh listing is which entry of the archive. Pure.

    rows, candidates | same wording | earlier wording | second place of a merged entry
                     | same excerpt | title and publication, or near wording | else new

Each step takes what the steps before left over, one row to one entry, so that nothing is decided twice, and an insertion or
a swap cannot cascade. Within a step the nearest pair is taken first, neighbours in the listing counting a little; what is
equally near goes by listing order, then by entry id.

An entry is recognised as long as its excerpt, or its title with its
publication, survives an edit. What shows that is in `archive.identity.evidence`; what tells entries apart is measured in
`archive.identity.likeness`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from archive.identity import evidence, likeness
from archive.identity.doubts import SAME_EXCERPT
from archive.identity.evidence import NEAR_EXCERPT, NEARER_PART
from archive.identity.keys import excerpt_key, folded_digest, identity_digest, title_key, wording_digest
from archive.identity.likeness import Forms, Likeness
from archive.identity.neighbours import Neighbours
from archive.text import folded
from archive.values import ListedEntry

Method = Literal[
    "same wording",
    "earlier wording",
    "merged by an operator",
    "as settled before",
    "same excerpt",
    "title and publication",
    "title and neighbours",
    "near wording",
    "new",
]

BY_WORDING = {"same wording", "earlier wording", "merged by an operator"}
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
    operator merged another entry into it, so that two different rows can be two places of it; `elsewhere` are its texts
    at the other places at which it was last listed.
    """

    entry_id: int
    rank: int | None
    wording: str
    earlier: frozenset[str]
    title_key: str | None
    excerpt_key: str | None
    texts: ListedEntry
    merged: bool = False
    elsewhere: tuple[ListedEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why an operator should look at a match: one of the reasons in `archive.identity.doubts`.

    `other_entry_id` is the entry that the row may be instead, if there is one.
    """

    reason: str
    other_entry_id: int | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """What a row turned out to be. `entry_id` is None for a new entry.

    `score`, from 0 to 100, is how near the row is to the entry's wording before; None where whole wordings are equal, or
    none was compared. `doubt` says why an operator should look at the match; None for a plain one.
    """

    entry_id: int | None
    method: Method
    score: float | None = None
    doubt: Doubt | None = None


def match(rows: Sequence[Row], candidates: Sequence[Candidate]) -> dict[int, Match]:
    """Return by `Row.place` what each row is; no two rows get the same entry, unless an operator merged entries into it.

    Rows of equal wording are one row: the caller has collapsed them.
    """
    work = _Matching(sorted(rows, key=lambda row: row.place), sorted(candidates, key=_in_listing_order))
    work.pair_wordings("same wording", lambda entry: [entry.wording], lambda row: row.wording)
    # a changed word boundary makes another wording, and no other entry
    work.pair_wordings("same wording", lambda entry: [folded_digest(entry.texts)], lambda row: folded_digest(row.texts))
    work.pair_wordings("earlier wording", lambda entry: entry.earlier, lambda row: row.wording)
    # what an older parser read keeps the digest that it was stored with
    work.pair_wordings("earlier wording", lambda entry: entry.earlier, lambda row: identity_digest(row.texts))
    work.pair_second_places()
    work.pair_excerpts()
    work.pair_by_evidence()
    work.pair_edited_second_places()
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

    @property
    def same_title(self) -> bool:
        """Whether they have one, with the same publication."""
        return self.row.title_key is not None and self.row.title_key == self.entry.title_key

    def judge(self) -> Method | None:
        """Say why row and entry are one, or None."""
        return evidence.judge(
            self.likeness, same_title=self.same_title, agreement=self.agreement, listed=self.entry.rank is not None
        )

    def doubt(self) -> Doubt | None:
        """Say why an operator should look, if they are not."""
        reason = evidence.doubt(self.likeness, same_title=self.same_title)
        return Doubt(reason, self.entry.entry_id) if reason else None


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
    rejected: list[tuple[_Pair, Doubt | None]] = field(default_factory=list)

    def pair_wordings(
        self, method: Method, of_entry: Callable[[Candidate], Iterable[str]], of_row: Callable[[Row], str]
    ) -> None:
        """Pair rows with entries of the very same wording; those still listed come first."""
        known: dict[str, list[Candidate]] = {}
        for entry in self._free_entries():
            for wording in of_entry(entry):
                known.setdefault(wording, []).append(entry)
        for row in self._free_rows():
            free = [entry for entry in known.get(of_row(row), ()) if entry.entry_id not in self.taken]
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
        judged = [(pair, pair.judge()) for pair in pairs]
        self._take_strongest((pair, method) for pair, method in judged if method)
        self.rejected = [(pair, pair.doubt()) for pair, method in judged if not method]

    def pair_edited_second_places(self) -> None:
        """Give a row that comes near a place of a merged entry to it, though it was found: that place was edited."""
        shown = {row.wording for row in self.rows}
        by_wording = {one.entry_id for one in self.found.values() if one.method in BY_WORDING}
        for entry in self.entries:
            current = (entry.texts,) if entry.merged and entry.entry_id in by_wording else ()
            for texts in (*current, *entry.elsewhere):
                if wording_digest(texts) not in shown:
                    self._pair_place(replace(entry, rank=None, title_key=title_key(texts), texts=texts))

    def call_the_rest_new(self) -> None:
        """Call the rows new that are left over, with a doubt where an entry that is left over comes near."""
        doubts: dict[int, Doubt] = {}
        for pair, doubt in sorted(self.rejected, key=lambda one: one[0].order):
            if doubt and pair.entry.entry_id not in self.taken:
                doubts.setdefault(pair.row.place, doubt)
        rows = self._free_rows()
        for place, entry_id in _joined(
            rows, self._free_entries(), lambda row: _quoted(row.texts), lambda one: _quoted(one.texts)
        ):
            doubts.setdefault(place, Doubt(SAME_EXCERPT, entry_id))
        for place, entry_id in _joined(
            rows, self.entries, lambda row: row.excerpt_key, lambda entry: entry.excerpt_key
        ):
            doubts[place] = Doubt(SAME_EXCERPT, entry_id)
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

    def _pair_place(self, place: Candidate) -> None:
        """Give the row that comes nearest to a place of a merged entry to it, if any is near."""
        forms, key = Forms.of(place.texts), excerpt_key(place.texts.excerpt)
        pairs = [_Pair(row, place, likeness.compare(self._form_of_row(row), forms), 0) for row in self._free_rows()]
        near = [pair for pair in pairs if (key and key == pair.row.excerpt_key) or pair.judge()]
        if near:
            nearest = min(near, key=lambda pair: pair.order)
            score = float(nearest.likeness.score)
            self._take(nearest.row, place, Match(place.entry_id, "merged by an operator", score))

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


def _quoted(texts: ListedEntry) -> str | None:
    return folded(texts.excerpt) or None


def _excerpts(forms: Mapping[int, Forms]) -> dict[int, str]:
    return {key: form.excerpt for key, form in forms.items() if form.excerpt_tells}


def _titles(forms: Mapping[int, Forms]) -> dict[int, str]:
    return {key: form.title for key, form in forms.items() if len(form.title) >= SHORTEST_NEAR_TITLE}
