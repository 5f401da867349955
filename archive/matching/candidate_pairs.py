"""Blocking: finding the pairs of rows and slots that are worth comparing. Pure.

These share a key, or have similar titles or excerpts.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence

from foreign_eyes.archive.matching.keys import commentary_key
from foreign_eyes.archive.matching.match_values import ListingRow
from foreign_eyes.archive.matching.similarity import ComparableTexts, near_pairs
from foreign_eyes.archive.matching.slots import Slot
from foreign_eyes.archive.matching.thresholds import NEAR_EXCERPT, NEARER_PART, SHORTEST_NEAR_TITLE

# A key that more unmatched slots share is ignored: it is a recurring series, or an error of the parser
MOST_ALIKE = 20
# The most similar slots of each row: the reports of one agency are all similar
MOST_NEAR = 8


def possible_pairs(
    rows: Sequence[ListingRow],
    slots: Sequence[Slot],
    row_form: Callable[[ListingRow], ComparableTexts],
    slot_form: Callable[[Slot], ComparableTexts],
) -> set[tuple[int, int]]:
    """Return (place, slot number) of the pairs that share a key or have similar texts."""
    row_forms = {row.place: row_form(row) for row in rows}
    slot_forms = {slot.number: slot_form(slot) for slot in slots}
    return {
        *joined(rows, slots, lambda row: row.excerpt_key, lambda slot: slot.excerpt_key),
        *joined(rows, slots, lambda row: row.title_key, lambda slot: slot.title_key),
        *joined(rows, slots, _title_and_commentary, _title_and_commentary),
        *near_pairs(_excerpts(row_forms), _excerpts(slot_forms), NEAR_EXCERPT, MOST_NEAR),
        *near_pairs(_titles(row_forms), _titles(slot_forms), NEARER_PART, MOST_NEAR),
    }


def joined(
    rows: Iterable[ListingRow],
    slots: Iterable[Slot],
    row_key: Callable[[ListingRow], Hashable],
    slot_key: Callable[[Slot], Hashable],
) -> Iterator[tuple[int, int]]:
    """Yield (place, slot number) of all rows and slots that have the same key.

    None never matches; keys that too many slots share are ignored.
    """
    by_key: dict[Hashable, list[int]] = {}
    for slot in slots:
        by_key.setdefault(slot_key(slot), []).append(slot.number)
    rare = {key: numbers for key, numbers in by_key.items() if key is not None and len(numbers) <= MOST_ALIKE}
    return ((row.place, number) for row in rows if rare for number in rare.get(row_key(row), ()))


def _title_and_commentary(item: ListingRow | Slot) -> tuple[str, str] | None:
    commentary = commentary_key(item.texts.commentary)
    return (item.title_key, commentary) if item.title_key and commentary else None


def _excerpts(forms: Mapping[int, ComparableTexts]) -> dict[int, str]:
    return {key: form.excerpt for key, form in forms.items() if form.has_long_excerpt}


def _titles(forms: Mapping[int, ComparableTexts]) -> dict[int, str]:
    return {key: form.title for key, form in forms.items() if len(form.title) >= SHORTEST_NEAR_TITLE}
