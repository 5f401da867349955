"""Which row of a fresh listing is which entry of the archive. Pure.

    rows, candidates | same wording | second place | earlier wording
                     | same excerpt | title and publication | near wording | title and neighbours | else new

Each step takes what the steps before left over, one row to one place of an entry, so that nothing is decided twice, and an
insertion or a swap cannot cascade. Within a step the strongest evidence is taken first, then the nearest pair, neighbours
in the listing counting a little; what is equally near goes by listing order, then by entry id.

An entry is recognised as long as its excerpt, or its title with its publication, survives an edit, unless others share
what survives. What shows that is in `archive.matching.evidence`; docs/identity.md explains it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from foreign_eyes.archive.matching import evidence
from foreign_eyes.archive.matching.candidate_pairs import joined, possible_pairs
from foreign_eyes.archive.matching.doubt_reasons import NEAR_ANOTHER, SAME_EXCERPT
from foreign_eyes.archive.matching.evidence import Evidence, Pair, Rank
from foreign_eyes.archive.matching.match_values import Candidate, Doubt, ListingRow, Match, Method
from foreign_eyes.archive.matching.neighbours import Agreement, Neighbours
from foreign_eyes.archive.matching.rarity import Rarity
from foreign_eyes.archive.matching.shared_texts import Sharing
from foreign_eyes.archive.matching.similarity import ComparableTexts, Likeness
from foreign_eyes.archive.matching.slots import Slot, make_slots
from foreign_eyes.listing.text import folded
from foreign_eyes.listing.text_digests import folded_digest, identity_digest

__all__ = ["BY_WORDING", "Candidate", "Doubt", "ListingRow", "Match", "Method", "match"]

BY_WORDING = {"same wording", "earlier wording", "merged by an operator", "second place"}
# In points of the score, what a neighbour counts for: as much as a typo or two, by which copies of one text can differ
NEIGHBOUR = 2
# In points of the score: another entry that is so much as near makes a match doubtful
NEARLY_AS_NEAR = 5


def match(
    rows: Sequence[ListingRow], candidates: Sequence[Candidate], rarity: Rarity | None = None
) -> dict[int, Match]:
    """Return by `ListingRow.place` what each row is.

    No two rows get the same entry, unless it stood at several places before, or an operator merged entries into it. Rows of
    equal wording are one row: the caller has collapsed them. `rarity` says how many entries of the archive hold what the
    rows hold; without it the candidates are taken for the whole archive.
    """
    rows = sorted(rows, key=lambda row: row.place)
    work = _Matching(rows, make_slots(candidates), Sharing(rows, candidates, rarity))
    work.take_same_wordings()
    work.take_second_places()
    work.take_earlier_wordings()
    for rank in (Rank.TITLE_AND_TEXT, Rank.NEAR, Rank.NEIGHBOURS):
        work.take_by_evidence(rank)
    work.name_second_places()
    work.call_the_rest_new()
    return work.found


@dataclass(frozen=True, slots=True)
class _Claim:
    """A row, a place that it might be, and what speaks for it: None where too little does."""

    row: ListingRow
    slot: Slot
    pair: Pair
    judged: tuple[Rank, Evidence] | None

    @property
    def strength(self) -> int:
        """How near they are, their neighbours counting a little."""
        return self.pair.alike.score + NEIGHBOUR * (self.pair.agreement.entries + self.pair.agreement.ends)

    @property
    def order(self) -> tuple[int, int, int, int]:
        """The strongest first."""
        rank = self.judged[0] if self.judged else len(Rank)
        return rank, -self.strength, self.row.place, self.slot.number


@dataclass(slots=True)
class _Matching:
    """What the steps share: rows and places in listing order, what was found, and what was compared so far."""

    rows: Sequence[ListingRow]
    slots: Sequence[Slot]
    sharing: Sharing
    found: dict[int, Match] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)  # slots, by number
    known: set[int] = field(default_factory=set)  # entries that a row was found to be
    anchors: dict[int, int] = field(default_factory=dict)
    owners: dict[int, int | None] = field(default_factory=dict)
    slot_of: dict[int, Slot] = field(default_factory=dict)
    pairs: set[tuple[int, int]] | None = None
    rejected: list[_Claim] = field(default_factory=list)
    alike: dict[tuple[int, int], Likeness] = field(default_factory=dict)
    row_forms: dict[int, ComparableTexts] = field(default_factory=dict)
    slot_forms: dict[int, ComparableTexts] = field(default_factory=dict)

    def take_same_wordings(self) -> None:
        """Give rows to entries of the very same wording; those still listed come first."""
        self._take_wordings("same wording", lambda slot: () if slot.is_second else [slot.wording], _wording)
        # a changed word boundary makes another wording, and no other entry
        self._take_wordings("same wording", lambda slot: () if slot.is_second else [folded_digest(slot.texts)], _folded)

    def take_second_places(self) -> None:
        """Give rows to the other places of an entry where they are as they were."""
        self._take_wordings("second place", lambda slot: [slot.wording] if slot.is_second else (), _wording)

    def take_earlier_wordings(self) -> None:
        """Give rows to entries that had their wording before; to a merged entry as many as have one of its wordings.

        That two different rows are one entry is an operator's decision there; it comes before all that is only evidence.
        """
        self._take_wordings("earlier wording", _earlier, _wording)
        # what an older parser read keeps the digest that it was stored with
        self._take_wordings("earlier wording", _earlier, lambda row: identity_digest(row.texts))
        merged: dict[str, Slot] = {}
        for slot in self.slots:
            if slot.entry.merged and slot.entry_id in self.known and not slot.is_second:
                for wording in (slot.wording, *slot.entry.earlier):
                    merged.setdefault(wording, slot)
        for row in self._free_rows():
            if row.wording in merged:
                self._find(row, merged[row.wording], "earlier wording")

    def take_by_evidence(self, weakest: Rank) -> None:
        """Give rows to places by what survives of their texts and by neighbours, as far as evidence of that rank."""
        claims = self._claims()
        judged = [claim for claim in claims if claim.judged and claim.judged[0] <= weakest]
        for claim in sorted(judged, key=lambda one: one.order):
            if claim.row.place not in self.found and claim.slot.number not in self.taken and claim.judged:
                doubt = self._doubt(claim, claim.judged[1], claims)
                score = float(claim.pair.alike.score)
                self._take(claim.row, claim.slot, claim.judged[1], score, doubt)
        self.rejected = [claim for claim in claims if not claim.judged]

    def name_second_places(self) -> None:
        """Call all rows of an entry but the one at its main place second places."""
        first: dict[int, int] = {}
        for place, slot in sorted(self.slot_of.items(), key=lambda one: one[1].is_second):
            first.setdefault(slot.entry_id, place)
        for place, slot in self.slot_of.items():
            found = self.found[place]
            method = _method_at(slot, found.method, is_first=first[slot.entry_id] == place)
            self.found[place] = replace(found, method=method)

    def call_the_rest_new(self) -> None:
        """Call the rows new that are left over, with a doubt where an entry that is left over comes near."""
        doubts: dict[int, Doubt] = {}
        for claim in sorted(self.rejected, key=lambda one: one.order):
            recurs = self.sharing.title_recurs(claim.row, claim.slot, self.owners)
            reason = evidence.doubt(claim.pair, most_titles=recurs)
            if reason and claim.slot.entry_id not in self.known:
                doubts.setdefault(claim.row.place, Doubt(reason, claim.slot.entry_id))
        rows = self._free_rows()
        self._doubt_equal_excerpts(rows, doubts)
        for row in rows:
            self.found[row.place] = Match(None, "new", doubt=doubts.get(row.place))

    def _doubt_equal_excerpts(self, rows: Sequence[ListingRow], doubts: dict[int, Doubt]) -> None:
        """Note rows that have the excerpt of one entry; one that several share is nothing to look at."""
        sharers: dict[int, dict[int, Slot]] = {}
        for place, number in joined(rows, self.slots, _quoted, _quoted):
            sharers.setdefault(place, {})[self.slots[number].entry_id] = self.slots[number]
        for row in rows:
            of_row = [*sharers.get(row.place, {}).values()]
            if len(of_row) != 1 or not self.sharing.excerpt_is_rare(row, of_row[0], self.owners):
                continue
            # a few words that another entry still has say nothing
            if row.excerpt_key or of_row[0].entry_id not in self.known:
                doubts[row.place] = Doubt(SAME_EXCERPT, of_row[0].entry_id)

    def _take_wordings(
        self, method: Method, of_slot: Callable[[Slot], Iterable[str]], of_row: Callable[[ListingRow], str]
    ) -> None:
        known: dict[str, list[Slot]] = {}
        for slot in self._free_slots():
            for wording in of_slot(slot):
                known.setdefault(wording, []).append(slot)
        for row in self._free_rows():
            free = [slot for slot in known.get(of_row(row), ()) if slot.number not in self.taken]
            if free:
                self._take(row, free[0] if len(free) == 1 else _of_same_style(row, free), method)

    def _claims(self) -> list[_Claim]:
        """Compare what is left over."""
        rows = {row.place: row for row in self._free_rows()}
        slots = {slot.number: slot for slot in self._free_slots()}
        if self.pairs is None:
            self.pairs = possible_pairs([*rows.values()], [*slots.values()], self._form_of_row, self._form_of_slot)
        ranks = [slot.rank for slot in self.slots if slot.rank is not None]
        neighbours = Neighbours(self.anchors, [row.place for row in self.rows], ranks)
        claims = []
        for place, number in sorted(self.pairs):
            if place in rows and number in slots:
                agreement = neighbours.agreement(place, slots[number].rank)
                pair = self._pair(rows[place], slots[number], agreement)
                claims.append(_Claim(rows[place], slots[number], pair, evidence.judge(pair)))
        return claims

    def _pair(self, row: ListingRow, slot: Slot, agreement: Agreement) -> Pair:
        alike = self.alike.get((row.place, slot.number))
        if alike is None:
            alike = Likeness(self._form_of_row(row), self._form_of_slot(slot), self.sharing.count)
            self.alike[row.place, slot.number] = alike
        return Pair(
            alike,
            same_title=row.title_key is not None and row.title_key == slot.title_key,
            agreement=agreement,
            listed=slot.listed,
            rare_title=self.sharing.title_is_rare(row, slot, self.owners),
            rare_excerpt=self.sharing.excerpt_is_rare(row, slot, self.owners),
            rare_commentary=self.sharing.commentary_is_rare(row, slot, self.owners),
        )

    def _doubt(self, claim: _Claim, why: Evidence, claims: Sequence[_Claim]) -> Doubt | None:
        """Say why an operator should look at a match by evidence."""
        for other in claims:
            if (
                other.row is claim.row
                and other.slot.entry_id != claim.slot.entry_id
                and other.judged
                and other.slot.number not in self.taken
                and other.strength >= claim.strength - NEARLY_AS_NEAR
            ):
                return Doubt(NEAR_ANOTHER, other.slot.entry_id)
        reason = evidence.doubt_of_match(claim.pair, why)
        return Doubt(reason) if reason else None

    def _take(
        self, row: ListingRow, slot: Slot, method: Method, score: float | None = None, doubt: Doubt | None = None
    ) -> None:
        """Give a place to a row."""
        self._find(row, slot, method, score, doubt)
        # a merged entry can have a wording of before at any number of places
        if not (slot.entry.merged and method == "earlier wording"):
            self.taken.add(slot.number)
        if row.count > 1:
            also = [one for one in self._free_slots() if one.entry_id == slot.entry_id and one.wording == slot.wording]
            self.taken.update(one.number for one in also[: row.count - 1])
        if slot.rank is not None:
            self.anchors[row.place] = slot.rank

    def _find(
        self, row: ListingRow, slot: Slot, method: Method, score: float | None = None, doubt: Doubt | None = None
    ) -> None:
        self.found[row.place] = Match(slot.entry_id, method, score, doubt)
        self.owners[row.place], self.slot_of[row.place] = slot.entry_id, slot
        self.known.add(slot.entry_id)

    def _free_rows(self) -> list[ListingRow]:
        return [row for row in self.rows if row.place not in self.found]

    def _free_slots(self) -> list[Slot]:
        """Return the places that no row has; of an entry that stood at one place only, that one."""
        return [slot for slot in self.slots if slot.number not in self.taken]

    def _form_of_row(self, row: ListingRow) -> ComparableTexts:
        if row.place not in self.row_forms:
            self.row_forms[row.place] = ComparableTexts.of(row.texts)
        return self.row_forms[row.place]

    def _form_of_slot(self, slot: Slot) -> ComparableTexts:
        if slot.number not in self.slot_forms:
            self.slot_forms[slot.number] = ComparableTexts.of(slot.texts)
        return self.slot_forms[slot.number]


def _method_at(slot: Slot, method: Method, *, is_first: bool) -> Method:
    """Return the method by which a row was found, where it may be another place of its entry."""
    if is_first and not slot.is_second:
        return method
    if slot.entry.merged:
        return "earlier wording" if is_first and method == "second place" else "merged by an operator"
    if not is_first:
        return "second place"
    return "earlier wording" if method == "second place" else method


def _of_same_style(row: ListingRow, slots: Sequence[Slot]) -> Slot:
    """Return the place whose dashes and letter forms are those of the row too, else the first."""
    style = identity_digest(row.texts)
    return next((slot for slot in slots if identity_digest(slot.texts) == style), slots[0])


def _earlier(slot: Slot) -> Iterable[str]:
    return () if slot.is_second else slot.entry.earlier


def _wording(row: ListingRow) -> str:
    return row.wording


def _folded(row: ListingRow) -> str:
    return folded_digest(row.texts)


def _quoted(one: ListingRow | Slot) -> str | None:
    return folded(one.texts.excerpt) or None
