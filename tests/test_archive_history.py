"""Finding an entry, and its history."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.settling import START, A, B, C, Column, entry, listing

from foreign_eyes.archive.database import open_archive, writing
from foreign_eyes.archive.entry_lookup import find_entries
from foreign_eyes.archive.history import Event, History, Revision, changed_parts, entry_history
from foreign_eyes.archive.settling.operator_decisions import Decision, record_decision
from foreign_eyes.archive.times import to_text
from foreign_eyes.archive.word_diff import Piece

LONG = "About apples, of which there are many more kinds than anybody would think at first sight."


@pytest.fixture
def column(tmp_path: Path) -> Iterator[Column]:
    with open_archive(tmp_path / "archive.db") as db:
        yield Column(db)


def history_of(column: Column, title: str) -> History:
    return entry_history(column.db, column.ids()[title])


def found(column: Column, wanted: str) -> list[str]:
    return [one.title for one in find_entries(column.db, wanted)]


def merge(column: Column, survivor: int, other: int) -> None:
    with writing(column.db):
        record_decision(column.db, Decision("merge", survivor, other), column.today)


def test_an_entry_is_found_by_id_and_by_tag_uri(column: Column) -> None:
    column.crawl(listing(A, B))
    for entry_id, tag_uri in column.rows("SELECT entry_id, tag_uri FROM current_entries"):
        for wanted in (str(entry_id), tag_uri, f" {entry_id} "):
            assert [one.entry_id for one in find_entries(column.db, wanted)] == [entry_id]


@pytest.mark.parametrize(
    "wanted", ["big", "BIG “Apple”", "big'' apple ''", "the\u00a0big", "  Big ", 'the big "apple" don\'t', "\x1bbig"]
)
def test_an_entry_is_found_by_part_of_its_title_in_any_case_spacing_and_quotes(column: Column, wanted: str) -> None:
    column.crawl(listing(entry("The Big “Apple” don’t"), B))
    assert found(column, wanted) == ["The Big “Apple” don’t"]


def test_all_matching_entries_are_found_newest_first(column: Column) -> None:
    column.crawl(listing(entry("Apples one"), B))
    column.crawl(listing(entry("Apples two"), entry("Apples one"), B))
    assert found(column, "apples") == ["Apples two", "Apples one"]


def test_an_exact_title_is_preferred_to_a_partial_match(column: Column) -> None:
    column.crawl(listing(A, entry("Apples and pears"), entry("More apples")))
    assert found(column, "apples") == ["Apples"]


def test_an_entry_is_found_by_a_former_title(column: Column) -> None:
    column.crawl(listing(entry("Aples", excerpt=LONG), B))
    column.crawl(listing(entry("Apples", excerpt=LONG), B))
    [one] = find_entries(column.db, "aples")
    assert (one.title, one.former_title) == ("Apples", "Aples")
    [one] = find_entries(column.db, "apples")
    assert one.former_title is None


def test_an_untitled_entry_is_found_by_its_attribution_line(column: Column) -> None:
    column.crawl(listing(entry("", publication="The Hague Gazette"), B))
    assert found(column, "hague gazette") == ["——, by The Hague Gazette"]


def test_nine_digits_that_are_not_an_id_are_searched_in_titles(column: Column) -> None:
    column.crawl(listing(entry("Patent 123456789 granted"), B))
    assert found(column, "123456789") == ["Patent 123456789 granted"]


@pytest.mark.parametrize(
    "wanted", ["", " ", "\u200b", "Zebras", "tag:example.org,2026:town/1", "\udcff", "1" * 5_000, "%"]
)
def test_a_text_that_matches_no_entry_finds_none(column: Column, wanted: str) -> None:
    column.crawl(listing(A, B))
    assert find_entries(column.db, wanted) == []


def test_a_merged_id_finds_the_entry_it_was_merged_into(column: Column) -> None:
    column.crawl(listing(A, B, C))
    ids = column.ids()
    merge(column, ids["Bears"], ids["Cranes"])
    merge(column, ids["Apples"], ids["Bears"])
    [one] = find_entries(column.db, str(ids["Cranes"]))
    assert (one.entry_id, one.merged_id) == (ids["Apples"], ids["Cranes"])
    [one] = find_entries(column.db, str(ids["Apples"]))
    assert one.merged_id is None
    told = history_of(column, "Apples")
    assert told.answers_for == tuple(sorted([ids["Bears"], ids["Cranes"]]))
    assert [(made.kind, made.entry_id, made.other_id) for made in told.decisions] == [
        ("merge", ids["Bears"], ids["Cranes"]),
        ("merge", ids["Apples"], ids["Bears"]),
    ]


def test_the_history_has_the_changes_of_a_merged_entry(column: Column) -> None:
    column.crawl(listing(A))
    column.crawl(listing(A, B))
    ids = column.ids()
    merge(column, ids["Apples"], ids["Bears"])
    changes = history_of(column, "Apples").changes
    assert [(change.kind, change.entry_id) for change in changes] == [("new", ids["Apples"]), ("new", ids["Bears"])]


def test_a_split_is_in_the_history_of_both_entries(column: Column) -> None:
    column.crawl(listing(A, B, C))
    ids = column.ids()
    with writing(column.db):
        record_decision(column.db, Decision("split", ids["Apples"], ids["Bears"], 2), column.today)
    for title in ("Apples", "Bears"):
        assert [(made.kind, made.revision) for made in history_of(column, title).decisions] == [("split", 2)]
    assert history_of(column, "Cranes").decisions == ()


def test_a_revision_has_the_capture_and_the_place_that_first_showed_it(column: Column) -> None:
    column.crawl(listing(A, B))
    column.crawl(listing(C), listing(B, entry("Apples", commentary="Anew.")))
    [_, second] = history_of(column, "Apples").revisions
    assert (second.number, second.technical, second.page, second.position) == (2, False, 2, 2)
    assert second.first_seen == column.rows("SELECT max(fetched_at) FROM captures")[0][0]
    assert (second.url, second.body_sha256) == column.rows(
        f"SELECT url, body_sha256 FROM captures WHERE capture_id = {second.capture_id}"
    )[0]
    assert second.match_method == "title and publication"
    assert second.texts["commentary"] == "Anew."


def test_only_parts_that_differ_are_compared(column: Column) -> None:
    column.crawl(listing(A, B))
    column.crawl(listing(entry("Apples", commentary="As ever."), B))
    told = history_of(column, "Apples")
    [first, second] = told.revisions
    assert changed_parts(told.before(first), first) == {}
    assert changed_parts(told.before(second), second) == {
        "commentary": (
            Piece("kept", "As "), Piece("removed", "before"), Piece("added", "ever"), Piece("kept", "."),
        )
    }  # fmt: skip


def test_withdrawals_and_returns_are_between_the_revisions_in_order_of_time(column: Column) -> None:
    column.crawl(listing(A, B))
    column.crawl(listing(entry("Apples", commentary="Two."), B))
    for _ in range(3):
        column.crawl(listing(B))
    column.crawl(listing(entry("Apples", commentary="Three."), B))
    assert timeline(history_of(column, "Apples")) == ["1", "2", "withdrawn", "returned", "3"]


def test_changes_from_old_captures_are_at_the_time_of_the_captures(column: Column) -> None:
    column.crawl(listing(A, B))
    for _ in range(3):
        column.crawl(listing(B))
    column.crawl(listing(entry("Apples", commentary="Back."), B))
    column.db.execute("UPDATE changes SET announced = 0, at = '2027' || substr(at, 5) WHERE kind = 'withdrawn'")
    assert timeline(history_of(column, "Apples")) == ["1", "withdrawn", "returned", "2"]


def test_missed_counts_the_complete_crawls_that_lacked_an_entry(column: Column) -> None:
    column.crawl(listing(A, B))
    column.crawl(listing(B))
    told = history_of(column, "Apples")
    assert (told.missed, told.entry["withdrawn_at"]) == (1, None)


def test_the_entry_is_its_row_of_the_view(column: Column) -> None:
    column.crawl(listing(A, B))
    told = history_of(column, "Apples")
    assert told.entry["first_seen"] > to_text(START)
    assert [tuple(told.entry.values())] == column.rows("SELECT * FROM current_entries WHERE title = 'Apples'")


def test_a_technical_revision_is_compared_with_the_restated_one_and_an_edit_with_the_same_parsers(
    column: Column,
) -> None:
    column.crawl(listing(A, B))
    column.crawl(listing(entry("Apples", commentary="Anew."), B))
    restate(column, "Apples", 1, parser_version=2, commentary="AS BEFORE.")
    restate(column, "Apples", 2, parser_version=2, commentary="ANEW.")
    told = history_of(column, "Apples")
    assert [(one.number, one.technical) for one in told.revisions] == [(1, False), (1, True), (2, False), (2, True)]
    one, anew, two, two_anew = told.revisions
    assert [told.before(revision) for revision in told.revisions] == [None, one, one, two]
    assert timeline(told) == ["1", "1 technical", "2", "2 technical"]
    assert [list(changed_parts(told.before(which), which)) for which in (anew, two_anew)] == [["commentary"]] * 2


def test_an_edit_read_by_the_newer_parser_is_compared_with_its_restatement(column: Column) -> None:
    column.crawl(listing(A, B))
    column.crawl(listing(entry("Apples", commentary="Anew."), B))
    restate(column, "Apples", 1, parser_version=2, commentary="AS BEFORE.")
    column.db.execute("UPDATE revisions SET parser_version = 2 WHERE number = 2")
    told = history_of(column, "Apples")
    _, anew, two = told.revisions
    assert told.before(two) == anew


def restate(column: Column, title: str, number: int, *, parser_version: int, commentary: str) -> None:
    """Store a technical revision, as a newer parser makes it."""
    column.db.execute(
        "INSERT INTO revisions (entry_id, number, technical, title, publication, attribution, excerpt, commentary,"
        " first_seen, capture_id, page, position, wording, flags, parser_version, match_method)"
        " SELECT entry_id, number, 1, title, publication, attribution, excerpt, ?, first_seen, capture_id, page, position,"
        " wording, flags, ?, match_method FROM revisions WHERE entry_id = ? AND number = ? AND technical = 0",
        (commentary, parser_version, column.ids()[title], number),
    )


def timeline(told: History) -> list[str]:
    def name(one: Revision | Event) -> str:
        return one.kind if isinstance(one, Event) else f"{one.number}{' technical' * one.technical}"

    return [name(one) for one in told.timeline()]
