"""The places at which entries were listed, one row to each: most entries have one, an article listed twice has two. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from foreign_eyes.archive.matching.keys import excerpt_key, title_key
from foreign_eyes.archive.matching.match_values import Candidate
from foreign_eyes.listing.text_digests import wording_digest
from foreign_eyes.listing.values import ListedEntry


@dataclass(frozen=True, slots=True, eq=False)
class Slot:
    """A place of an entry with the texts it had there, to be taken by one row; of an entry that was not listed, the entry.

    `number` is its rank among all slots, which are in listing order.
    """

    number: int
    entry: Candidate
    texts: ListedEntry
    wording: str
    title_key: str | None
    excerpt_key: str | None
    is_second: bool = False

    @property
    def entry_id(self) -> int:
        """The entry's id."""
        return self.entry.entry_id

    @property
    def rank(self) -> int | None:
        """Its rank in the listing before; None for a second place, whose neighbours are not known."""
        return None if self.is_second else self.entry.rank

    @property
    def listed(self) -> bool:
        """Whether it stood in the listing until now."""
        return self.is_second or self.entry.rank is not None


def make_slots(candidates: Iterable[Candidate]) -> list[Slot]:
    """Return the places of all candidates, in listing order; those of entries that were not listed come last."""
    entries = sorted(candidates, key=lambda one: (one.rank is None, one.rank or 0, one.entry_id))
    return [Slot(number, *made) for number, made in enumerate(_places(entries))]


def _places(
    entries: Iterable[Candidate],
) -> Iterator[tuple[Candidate, ListedEntry, str, str | None, str | None, bool]]:
    for one in entries:
        yield one, one.texts, one.wording, one.title_key, one.excerpt_key, False
        for texts in one.elsewhere:
            yield one, texts, wording_digest(texts), title_key(texts), excerpt_key(texts.excerpt), True
