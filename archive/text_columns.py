"""The columns of an entry's texts in SQL statements.

The tables with such columns name them after `TEXT_PARTS`. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from foreign_eyes.listing.values import ENTRY_PARTS, TEXT_PARTS, EntryTexts

TEXT_COLUMNS = ", ".join(TEXT_PARTS)
# for INSERT and UPDATE
TEXT_MARKS = ", ".join("?" for _ in TEXT_PARTS)
TEXT_ASSIGNMENTS = ", ".join(f"{part} = ?" for part in TEXT_PARTS)


def text_columns(table: str, **instead: str) -> str:
    """Return the columns of the table with this alias.

    `instead` are SQL expressions for columns, by their names.
    """
    return ", ".join(instead.get(part, f"{table}.{part}") for part in TEXT_PARTS)


def text_values(texts: EntryTexts, publication: str | None) -> tuple[str | None, ...]:
    """Return the values of the columns, with the stored name of the publication."""
    stored = replace(texts, publication=publication)
    return tuple(getattr(stored, part) for part in TEXT_PARTS)


def by_part(row: Sequence[str | None]) -> dict[str, str | None]:
    """Return the values of the columns by the names of the parts, in the order of display."""
    texts = dict(zip(TEXT_PARTS, row, strict=True))
    return {part: texts[part] for part in ENTRY_PARTS}
