"""Matching the rows of a listing to the entries of the archive, one to one. Pure.

    rows, candidates | same wording | second place | earlier wording
                     | same excerpt | title and publication | near wording | title and neighbours | else new

Each step matches rows and slots (places of entries) that the steps before left over, so an insertion or a swap cannot
cascade. Within a step, pairs are taken by the rank of their evidence, then by similarity, to which shared neighbours
add a little, then by listing order, then by entry id.

An entry is recognised as long as its excerpt, or its title with its publication, survives an edit, unless other entries
share the surviving text. The rules are in `archive.matching.evidence`; docs/identity.md explains them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from foreign_eyes.archive.matching import evidence
from foreign_eyes.archive.matching.candidate_pairs import joined, possible_pairs
from foreign_eyes.archive.matching.doubt_reasons import NEAR_ANOTHER, SAME_EXCERPT
from foreign_eyes.archive.matching.evidence import Evidence, Rank
from foreign_eyes.archive.matching.match_values import Candidate, Doubt, ListingRow, Match, Method
from foreign_eyes.archive.matching.neighbours import Agreement, Neighbours
from foreign_eyes.archive.matching.pair import Pair
from foreign_eyes.archive.matching.rarity import Rarity
from foreign_eyes.archive.matching.shared_texts import SharedTexts
from foreign_eyes.archive.matching.similarity import ComparableTexts, Similarity
from foreign_eyes.archive.matching.slots import Slot, make_slots, method_at, pick_same_style
from foreign_eyes.listing.text import folded
from foreign_eyes.listing.text_digests import folded_digest, identity_digest

__all__ = ["BY_WORDING", "Candidate", "Doubt", "ListingRow", "Match", "Method", "match"]

BY_WORDING = {"same wording", "earlier wording", "merged by an operator", "second place"}
# Points of the score for a shared neighbour: as much as a typo or two, by which copies of one text can differ
NEIGHBOUR = 2
# Points of the score: a match is doubtful if another entry comes this close
CLOSE_SECOND = 5


def match(
    rows: Sequence[ListingRow], candidates: Sequence[Candidate], rarity: Rarity | None = None
) -> dict[int, Match]:
    """Return the match of each row by `ListingRow.place`.

    No two rows get the same entry, unless it had several places before or an operator merged entries into it. The caller
    has collapsed rows of equal wording into one. `rarity` has the counts of the rows' texts in the archive; without it
    the candidates are the whole archive.
    """
    rows = sorted(rows, key=lambda row: row.place)
    work = _Matching(rows, make_slots(candidates), SharedTexts(rows, candidates, rarity))
    work.take_same_wordings()
    work.take_second_places()
    work.take_earlier_wordings()
    for rank in (Rank.TITLE_AND_TEXT, Rank.NEAR, Rank.NEIGHBOURS):
        work.take_by_evidence(rank)
    work.mark_second_places()
    work.mark_rest_new()
    return work.found


@dataclass(frozen=True, slots=True)
class _ScoredPair:
    """A row, a slot that it might be, and the evidence for it.

    `judged` is None if it does not suffice.
    """

    row: ListingRow
    slot: Slot
    pair: Pair
    judged: tuple[Rank, Evidence] | None

    @property
    def strength(self) -> int:
        """The similarity, to which shared neighbours add a little."""
        return self.pair.similarity.score + NEIGHBOUR * (self.pair.agreement.entries + self.pair.agreement.ends)

    @property
    def order(self) -> tuple[int, int, int, int]:
        """The sort key that puts the strongest evidence first."""
        rank = self.judged[0] if self.judged else len(Rank)
        return rank, -self.strength, self.row.place, self.slot.number


@dataclass(slots=True)
class _Matching:
    """The state of the steps: rows and slots in listing order, matches, cached comparisons."""

    rows: Sequence[ListingRow]
    slots: Sequence[Slot]
    shared_texts: SharedTexts
    found: dict[int, Match] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)  # the numbers of matched slots
    known: set[int] = field(default_factory=set)  # the ids of matched entries
    # by place: the rank in the previous listing, the entry, and the slot of matched rows
    anchors: dict[int, int] = field(default_factory=dict)
    owners: dict[int, int | None] = field(default_factory=dict)
    slot_of: dict[int, Slot] = field(default_factory=dict)
    pairs: set[tuple[int, int]] | None = None
    rejected: list[_ScoredPair] = field(default_factory=list)
    similarities: dict[tuple[int, int], Similarity] = field(default_factory=dict)
    row_forms: dict[int, ComparableTexts] = field(default_factory=dict)
    slot_forms: dict[int, ComparableTexts] = field(default_factory=dict)

    def take_same_wordings(self) -> None:
        """Match rows to entries of exactly the same wording, listed entries first."""
        self._take_wordings("same wording", lambda slot: () if slot.is_second else [slot.wording_digest], _wording)
        # a changed word boundary makes another wording, but not another entry
        self._take_wordings("same wording", lambda slot: () if slot.is_second else [folded_digest(slot.texts)], _folded)

    def take_second_places(self) -> None:
        """Match rows to the other places of entries that have their wording."""
        self._take_wordings("second place", lambda slot: [slot.wording_digest] if slot.is_second else (), _wording)

    def take_earlier_wordings(self) -> None:
        """Match rows to entries that had their wording before.

        A merged entry takes all rows with one of its wordings.

        There an operator has decided that two different rows are one entry, which precedes all evidence.
        """
        self._take_wordings("earlier wording", _earlier, _wording)
        # revisions that older parsers read keep the digest that was stored then
        self._take_wordings("earlier wording", _earlier, lambda row: identity_digest(row.texts))
        merged: dict[str, Slot] = {}
        for slot in self.slots:
            if slot.entry.merged and slot.entry_id in self.known and not slot.is_second:
                for wording in (slot.wording_digest, *slot.entry.earlier):
                    merged.setdefault(wording, slot)
        for row in self._free_rows():
            if row.wording_digest in merged:
                self._record(row, merged[row.wording_digest], "earlier wording")

    def take_by_evidence(self, weakest: Rank) -> None:
        """Match rows to slots with evidence of at least that rank."""
        scored = self._score_pairs()
        judged = [each for each in scored if each.judged and each.judged[0] <= weakest]
        for each in sorted(judged, key=lambda each: each.order):
            if each.row.place not in self.found and each.slot.number not in self.taken and each.judged:
                doubt = self._doubt(each, each.judged[1], scored)
                score = float(each.pair.similarity.score)
                self._take(each.row, each.slot, each.judged[1], score, doubt)
        self.rejected = [each for each in scored if not each.judged]

    def mark_second_places(self) -> None:
        """Mark all rows of an entry as second places, except the row at its main place."""
        first: dict[int, int] = {}
        for place, slot in sorted(self.slot_of.items(), key=lambda item: item[1].is_second):
            first.setdefault(slot.entry_id, place)
        for place, slot in self.slot_of.items():
            found = self.found[place]
            method = method_at(slot, found.method, is_first=first[slot.entry_id] == place)
            self.found[place] = replace(found, method=method)

    def mark_rest_new(self) -> None:
        """Mark unmatched rows as new, with a doubt if an unmatched entry is similar."""
        doubts: dict[int, Doubt] = {}
        for each in sorted(self.rejected, key=lambda each: each.order):
            recurs = self.shared_texts.title_recurs(each.row, each.slot, self.owners)
            reason = evidence.doubt_of_new(each.pair, title_recurs=recurs)
            if reason and each.slot.entry_id not in self.known:
                doubts.setdefault(each.row.place, Doubt(reason, each.slot.entry_id))
        rows = self._free_rows()
        self._doubt_equal_excerpts(rows, doubts)
        for row in rows:
            self.found[row.place] = Match(None, "new", doubt=doubts.get(row.place))

    def _doubt_equal_excerpts(self, rows: Sequence[ListingRow], doubts: dict[int, Doubt]) -> None:
        """Add doubts about rows with the excerpt of exactly one entry.

        A shared excerpt raises no doubt.
        """
        sharers: dict[int, dict[int, Slot]] = {}
        for place, number in joined(rows, self.slots, _folded_excerpt, _folded_excerpt):
            sharers.setdefault(place, {})[self.slots[number].entry_id] = self.slots[number]
        for row in rows:
            slots = [*sharers.get(row.place, {}).values()]
            if len(slots) != 1 or not self.shared_texts.excerpt_is_rare(row, slots[0], self.owners):
                continue
            # a short excerpt that a matched entry still has raises no doubt
            if row.excerpt_key or slots[0].entry_id not in self.known:
                doubts[row.place] = Doubt(SAME_EXCERPT, slots[0].entry_id)

    def _take_wordings(
        self, method: Method, of_slot: Callable[[Slot], Iterable[str]], of_row: Callable[[ListingRow], str]
    ) -> None:
        by_wording: dict[str, list[Slot]] = {}
        for slot in self._free_slots():
            for wording in of_slot(slot):
                by_wording.setdefault(wording, []).append(slot)
        for row in self._free_rows():
            free = [slot for slot in by_wording.get(of_row(row), ()) if slot.number not in self.taken]
            if free:
                self._take(row, free[0] if len(free) == 1 else pick_same_style(row, free), method)

    def _score_pairs(self) -> list[_ScoredPair]:
        """Compare unmatched rows and slots."""
        rows = {row.place: row for row in self._free_rows()}
        slots = {slot.number: slot for slot in self._free_slots()}
        if self.pairs is None:
            self.pairs = possible_pairs([*rows.values()], [*slots.values()], self._form_of_row, self._form_of_slot)
        ranks = [slot.rank for slot in self.slots if slot.rank is not None]
        neighbours = Neighbours(self.anchors, [row.place for row in self.rows], ranks)
        scored = []
        for place, number in sorted(self.pairs):
            if place in rows and number in slots:
                agreement = neighbours.agreement(place, slots[number].rank)
                pair = self._pair(rows[place], slots[number], agreement)
                scored.append(_ScoredPair(rows[place], slots[number], pair, evidence.judge(pair)))
        return scored

    def _pair(self, row: ListingRow, slot: Slot, agreement: Agreement) -> Pair:
        similarity = self.similarities.get((row.place, slot.number))
        if similarity is None:
            similarity = Similarity(self._form_of_row(row), self._form_of_slot(slot), self.shared_texts.count)
            self.similarities[row.place, slot.number] = similarity
        return Pair(
            similarity,
            same_title=row.title_key is not None and row.title_key == slot.title_key,
            agreement=agreement,
            listed=slot.listed,
            rare_title=self.shared_texts.title_is_rare(row, slot, self.owners),
            rare_excerpt=self.shared_texts.excerpt_is_rare(row, slot, self.owners),
            rare_commentary=self.shared_texts.commentary_is_rare(row, slot, self.owners),
        )

    def _doubt(self, chosen: _ScoredPair, kind: Evidence, scored: Sequence[_ScoredPair]) -> Doubt | None:
        """Return the doubt about a match by evidence, or None."""
        for other in scored:
            if (
                other.row is chosen.row
                and other.slot.entry_id != chosen.slot.entry_id
                and other.judged
                and other.slot.number not in self.taken
                and other.strength >= chosen.strength - CLOSE_SECOND
            ):
                return Doubt(NEAR_ANOTHER, other.slot.entry_id)
        reason = evidence.doubt_of_match(chosen.pair, kind)
        return Doubt(reason) if reason else None

    def _take(
        self, row: ListingRow, slot: Slot, method: Method, score: float | None = None, doubt: Doubt | None = None
    ) -> None:
        """Match a row to a slot."""
        self._record(row, slot, method, score, doubt)
        # a merged entry can have an earlier wording at any number of places
        if not (slot.entry.merged and method == "earlier wording"):
            self.taken.add(slot.number)
        if row.count > 1:
            equal = [
                other
                for other in self._free_slots()
                if other.entry_id == slot.entry_id and other.wording_digest == slot.wording_digest
            ]
            self.taken.update(other.number for other in equal[: row.count - 1])
        if slot.rank is not None:
            self.anchors[row.place] = slot.rank

    def _record(
        self, row: ListingRow, slot: Slot, method: Method, score: float | None = None, doubt: Doubt | None = None
    ) -> None:
        self.found[row.place] = Match(slot.entry_id, method, score, doubt)
        self.owners[row.place], self.slot_of[row.place] = slot.entry_id, slot
        self.known.add(slot.entry_id)

    def _free_rows(self) -> list[ListingRow]:
        return [row for row in self.rows if row.place not in self.found]

    def _free_slots(self) -> list[Slot]:
        """Return the slots to which no row is matched."""
        return [slot for slot in self.slots if slot.number not in self.taken]

    def _form_of_row(self, row: ListingRow) -> ComparableTexts:
        if row.place not in self.row_forms:
            self.row_forms[row.place] = ComparableTexts.of(row.texts)
        return self.row_forms[row.place]

    def _form_of_slot(self, slot: Slot) -> ComparableTexts:
        if slot.number not in self.slot_forms:
            self.slot_forms[slot.number] = ComparableTexts.of(slot.texts)
        return self.slot_forms[slot.number]


def _earlier(slot: Slot) -> Iterable[str]:
    return () if slot.is_second else slot.entry.earlier


def _wording(row: ListingRow) -> str:
    return row.wording_digest


def _folded(row: ListingRow) -> str:
    return folded_digest(row.texts)


def _folded_excerpt(item: ListingRow | Slot) -> str | None:
    return folded(item.texts.excerpt) or None
