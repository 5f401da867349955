"""Which rows and places are worth comparing: those that share a key, or nearly a title or an excerpt. Pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence

from foreign_eyes.archive.matching import similarity
from foreign_eyes.archive.matching.evidence import NEAR_EXCERPT, NEARER_PART, SHORTEST_NEAR_TITLE
from foreign_eyes.archive.matching.keys import commentary_key
from foreign_eyes.archive.matching.match_values import ListingRow
from foreign_eyes.archive.matching.similarity import ComparableTexts
from foreign_eyes.archive.matching.slots import Slot

# Entries left over that share a title, or an excerpt: more are a column within the column, or a parser's mistake
MOST_ALIKE = 20
# The nearest of many that are near: an agency's reports are all near each other
MOST_NEAR = 8


def possible_pairs(
    rows: Sequence[ListingRow],
    slots: Sequence[Slot],
    row_form: Callable[[ListingRow], ComparableTexts],
    slot_form: Callable[[Slot], ComparableTexts],
) -> set[tuple[int, int]]:
    """Return (place, slot number) of all pairs that share a key or nearly a title or an excerpt."""
    ones = {row.place: row_form(row) for row in rows}
    others = {slot.number: slot_form(slot) for slot in slots}
    return {
        *joined(rows, slots, lambda row: row.excerpt_key, lambda slot: slot.excerpt_key),
        *joined(rows, slots, lambda row: row.title_key, lambda slot: slot.title_key),
        *joined(rows, slots, _title_and_commentary, _title_and_commentary),
        *similarity.near(_excerpts(ones), _excerpts(others), NEAR_EXCERPT, MOST_NEAR),
        *similarity.near(_titles(ones), _titles(others), NEARER_PART, MOST_NEAR),
    }


def joined(
    rows: Iterable[ListingRow],
    slots: Iterable[Slot],
    row_key: Callable[[ListingRow], Hashable],
    slot_key: Callable[[Slot], Hashable],
) -> Iterator[tuple[int, int]]:
    """Yield (place, slot number) of all rows and places that have the same key.

    None never matches; keys that too many places share are ignored.
    """
    known: dict[Hashable, list[int]] = {}
    for slot in slots:
        known.setdefault(slot_key(slot), []).append(slot.number)
    telling = {key: numbers for key, numbers in known.items() if key is not None and len(numbers) <= MOST_ALIKE}
    return ((row.place, number) for row in rows if telling for number in telling.get(row_key(row), ()))


def _title_and_commentary(one: ListingRow | Slot) -> tuple[str, str] | None:
    commentary = commentary_key(one.texts.commentary)
    return (one.title_key, commentary) if one.title_key and commentary else None


def _excerpts(forms: Mapping[int, ComparableTexts]) -> dict[int, str]:
    return {key: form.excerpt for key, form in forms.items() if form.excerpt_tells}


def _titles(forms: Mapping[int, ComparableTexts]) -> dict[int, str]:
    return {key: form.title for key, form in forms.items() if len(form.title) >= SHORTEST_NEAR_TITLE}
