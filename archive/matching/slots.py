"""Slots: the places at which entries were listed. Pure.

An article that was listed twice has two.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from foreign_eyes.archive.matching.keys import excerpt_key, title_key
from foreign_eyes.archive.matching.match_values import Candidate, ListingRow, Method
from foreign_eyes.listing.text_digests import identity_digest, wording_digest
from foreign_eyes.listing.values import ListedEntry


@dataclass(frozen=True, slots=True, eq=False)
class Slot:
    """A place of an entry, with its texts there, to which one row can be matched.

    An entry that was not listed has one slot, too. `number` is the rank among all slots, in listing order.
    """

    number: int
    entry: Candidate
    texts: ListedEntry
    wording_digest: str
    title_key: str | None
    excerpt_key: str | None
    is_second: bool = False

    @property
    def entry_id(self) -> int:
        """The entry's id."""
        return self.entry.entry_id

    @property
    def rank(self) -> int | None:
        """The rank in the previous listing; None for a second place, whose neighbours are unknown."""
        return None if self.is_second else self.entry.rank

    @property
    def listed(self) -> bool:
        """Whether the entry was in the previous listing."""
        return self.is_second or self.entry.rank is not None


def make_slots(candidates: Iterable[Candidate]) -> list[Slot]:
    """Return the slots of all candidates in listing order; those not listed come last."""
    entries = sorted(candidates, key=lambda entry: (entry.rank is None, entry.rank or 0, entry.entry_id))
    return [Slot(number, *values) for number, values in enumerate(_slot_values(entries))]


def method_at(slot: Slot, method: Method, *, is_first: bool) -> Method:
    """Return the method of a match, given whether its row is the first of its entry."""
    if is_first and not slot.is_second:
        return method
    if slot.entry.merged:
        return "earlier wording" if is_first and method == "second place" else "merged by an operator"
    if not is_first:
        return "second place"
    return "earlier wording" if method == "second place" else method


def pick_same_style(row: ListingRow, slots: Sequence[Slot]) -> Slot:
    """Return the slot with the same dashes and letter forms as the row, else the first slot."""
    style = identity_digest(row.texts)
    return next((slot for slot in slots if identity_digest(slot.texts) == style), slots[0])


def _slot_values(
    entries: Iterable[Candidate],
) -> Iterator[tuple[Candidate, ListedEntry, str, str | None, str | None, bool]]:
    for entry in entries:
        yield entry, entry.texts, entry.wording_digest, entry.title_key, entry.excerpt_key, False
        for texts in entry.elsewhere:
            yield entry, texts, wording_digest(texts), title_key(texts), excerpt_key(texts.excerpt), True
