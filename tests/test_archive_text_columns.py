"""The texts of an entry: one list of parts for fields, columns and digests."""

from __future__ import annotations

from dataclasses import asdict, make_dataclass
from pathlib import Path

import pytest

from foreign_eyes.archive.database import open_archive
from foreign_eyes.archive.settling import announced_words
from foreign_eyes.archive.text_columns import by_part, text_columns, text_values
from foreign_eyes.listing import text_digests
from foreign_eyes.listing.values import ENTRY_PARTS, TEXT_PARTS, EntryTexts, ListedEntry

TEA = EntryTexts("Leaves are graded by wire.", "——Tea, by CNN", "Tea", "CNN", "A grade.")
# an entry with a part that a later version might add
WithByline = make_dataclass("WithByline", [("byline", str, None)], bases=(EntryTexts,), frozen=True)


def test_people_are_shown_every_part() -> None:
    assert sorted(ENTRY_PARTS) == sorted(TEXT_PARTS)


def test_each_table_with_texts_has_a_column_for_every_part(tmp_path: Path) -> None:
    with open_archive(tmp_path / "archive.db") as db:
        tables = [table.columns_dict.keys() for table in db.tables]
        with_texts = [columns for columns in tables if {"excerpt", "commentary", "attribution"} <= columns]
    assert len(with_texts) == 4
    assert all(set(TEXT_PARTS) <= columns for columns in with_texts)


def test_columns_values_and_parts_have_one_order() -> None:
    assert text_columns("r").split(", ") == [f"r.{part}" for part in TEXT_PARTS]
    assert text_columns("r", publication="?").split(", ")[3] == "?"
    assert ListedEntry(*text_values(TEA, "CNN International")).publication == "CNN International"  # type: ignore[arg-type]
    assert by_part(text_values(TEA, "CNN")) == {part: getattr(TEA, part) for part in ENTRY_PARTS}


@pytest.mark.parametrize("digest", ["wording_digest", "identity_digest", "folded_digest"])
def test_a_later_part_changes_a_digest_only_if_an_entry_has_it(digest: str, monkeypatch: pytest.MonkeyPatch) -> None:
    digest_of = getattr(text_digests, digest)
    before = digest_of(TEA)
    monkeypatch.setattr(text_digests, "_LATER_PARTS", ("byline",))
    without, with_one = (WithByline(**asdict(TEA), byline=byline) for byline in (None, "By wire"))
    assert (digest_of(without), digest_of(with_one) == before) == (before, False)


def test_a_later_part_is_in_the_digest_of_announced_texts_only_if_an_entry_has_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = announced_words.words_digest(TEA)
    monkeypatch.setattr(announced_words, "ENTRY_PARTS", (*ENTRY_PARTS, "byline"))
    without, with_one = (WithByline(**asdict(TEA), byline=byline) for byline in (None, "By wire"))
    assert announced_words.words_digest(without) == before
    assert announced_words.words_digest(with_one) != before
