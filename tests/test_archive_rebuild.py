"""Deriving an archive again from its truth."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils import Database
from support.settling import DAY, SEARCH, START, A, B, C, Column, LineParser, entry, listing

from foreign_eyes.archive.captures import record_capture
from foreign_eyes.archive.database import open_archive, read_archive
from foreign_eyes.archive.errors import ArchiveOutdated, CannotDecide, CannotRebuild
from foreign_eyes.archive.feed_state.current_entries import newest_entries
from foreign_eyes.archive.rebuilding.merge_and_split import merge, split
from foreign_eyes.archive.rebuilding.rebuild import Rebuilt, derived_by, rebuild, rebuild_if_outdated
from foreign_eyes.archive.schema import migrations
from foreign_eyes.archive.search_indexes import SEARCH_INDEXES, check_search
from foreign_eyes.archive.settling.operator_decisions import surviving_id
from foreign_eyes.archive.settling.settle import settle
from foreign_eyes.archive.values import Fetched, Traffic
from foreign_eyes.listing.values import ListingPage, Outcome, Verdict

LATER = START + 400 * DAY
RIVAL = entry(
    "Apples", publication="The Herald", excerpt="Other words about other apples, at some length and by others."
)
LONG = "A passage that is long enough to be known again whatever else is written around it."
LONG_A, LONG_B, LONG_C = (
    entry(f"Long {name}", excerpt=f"{LONG} It is about {about} and nothing else.", commentary=f"Aye to {about}.")
    for name, about in (("A", "apricots in April"), ("B", "bicycles in Beijing"), ("C", "canals in Canton"))
)


@pytest.fixture
def column(tmp_path: Path) -> Iterable[Column]:
    with open_archive(tmp_path / "archive.db") as db:
        yield Column(db)


@contextmanager
def archive_in_memory() -> Iterator[Database]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        db = Database(connection)
        migrations.apply(db)
        yield db


def again(column: Column, parser: LineParser | None = None, **options: Any) -> Rebuilt:
    return rebuild(column.db, parser or LineParser(), at=LATER, authority="example.org,2026", **options)


def an_eventful_year(column: Column) -> None:
    """Crawl a history with every kind of change, passes that differ, and a link that changes."""
    column.answers = {"http://search.example/": 200, "http://other.example/": 412}
    column.crawl(listing(A, B), listing(C, SEARCH))
    column.crawl(listing(A, entry("Bears", commentary="Anew.")), listing(C, SEARCH))
    column.crawl(listing(A, entry("Bears", commentary="Anew.")), listing(C, SEARCH), outcome="unchanged")
    column.crawl(listing(RIVAL, A, B), listing("link|Patent Search|http://other.example/"))
    column.crawl(listing(RIVAL, A, B), listing("link|Patent Search|http://other.example/"), outcome="unchanged")
    column.crawl(listing(entry("Dogs")), outcome="suspect")
    column.crawl(listing(entry("Dogs")), mode="quick")
    column.crawl(listing(C), outcome="partial")
    column.crawl(passes=[[listing(A, B, C)], [listing(entry("Eels"), A, B)], [listing(entry("Eels"), A, B)]])


def test_the_same_parser_derives_the_same_archive_and_writes_nothing(column: Column, tmp_path: Path) -> None:
    an_eventful_year(column)
    assert {"new", "revised", "withdrawn", "returned", "link changed"} <= set(column.kinds())
    again(column)  # stores the parser version of the archive
    before = (tmp_path / "archive.db").read_bytes()
    found = again(column)
    assert (found.differences, found.minted, found.crawls) == ((), 0, 8)
    assert (tmp_path / "archive.db").read_bytes() == before


def test_damaged_derived_rows_are_derived_again_from_the_truth(column: Column) -> None:
    an_eventful_year(column)
    truth = column.truth()
    column.db.execute("PRAGMA foreign_keys=OFF")
    for table in ("links", "publication_aliases"):
        column.db.execute(f"DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM {table} LIMIT 1)")
    column.db.execute("UPDATE readings SET shown = json_remove(shown, '$[0]')")
    column.db.execute("DELETE FROM placements WHERE to_crawl IS NULL")
    column.db.execute("UPDATE entries SET title = 'Vandals', first_seen = '1999', missed = 1")
    checked = again(column, apply=False)
    assert {difference.table for difference in checked.differences} == {
        "readings", "placements", "links", "publication_aliases", "entries"
    }  # fmt: skip
    assert column.truth() != truth
    again(column)
    assert column.truth() == truth
    for index in SEARCH_INDEXES:
        check_search(column.db.conn, index)


def test_a_damaged_capture_fails_the_rebuild_and_changes_nothing(column: Column) -> None:
    an_eventful_year(column)
    first = column.rows("SELECT body_sha256 FROM captures WHERE capture_id = 1")[0][0]
    column.db.execute("UPDATE bodies SET zlib = x'00' WHERE body_sha256 = ?", [first])
    truth = column.truth()
    with pytest.raises(CannotRebuild, match=r"crawl 1: body .*nothing was changed"):
        again(column)
    assert column.truth() == truth


def test_a_reader_that_does_not_end_prevents_the_rebuild(column: Column, tmp_path: Path) -> None:
    an_eventful_year(column)
    column.db.execute("UPDATE entries SET title = 'Vandals'")
    column.db.execute("PRAGMA busy_timeout=50")
    truth = column.truth()
    with read_archive(tmp_path / "archive.db") as reader:
        assert reader.execute("SELECT count(*) FROM entries").fetchone()
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            again(column)
    assert column.truth() == truth
    again(column)
    assert column.truth() != truth


def test_files_published_during_a_rebuild_stay_recorded(column: Column) -> None:
    an_eventful_year(column)
    column.db.execute("UPDATE entries SET title = 'Vandals'")

    def publish(_scratch: Database) -> tuple[()]:
        column.db.execute("INSERT INTO published_files VALUES ('public', 'atom.xml', 'abc', 1)")
        return ()

    again(column, prepare=publish)
    assert column.rows("SELECT path FROM published_files") == [("atom.xml",)]
    assert column.rows("SELECT count(*) FROM entries WHERE title = 'Vandals'") == [(0,)]


def test_a_crawl_that_runs_during_a_rebuild_is_not_a_difference(column: Column) -> None:
    an_eventful_year(column)

    def crawl(_scratch: Database) -> tuple[()]:
        column.crawl(listing(A, B, C))
        return ()

    assert again(column, prepare=crawl, apply=False).differences == ()


def test_an_entry_that_no_capture_shows_fails_the_rebuild(column: Column) -> None:
    column.crawl(listing(A, B))

    class Forgetful(LineParser):
        def parse_listing(self, body: bytes, url: str, content_type: str | None = None) -> ListingPage:
            page = super().parse_listing(body, url, content_type)
            return replace(page, entries=page.entries[:1])

    with pytest.raises(CannotRebuild, match=rf"no capture shows entry {column.ids()['Bears']} \(of crawl 1\) any more"):
        again(column, Forgetful())


class Shouting(LineParser):
    """A newer parser: it reads titles in capitals."""

    PARSER_VERSION = 2

    def parse_listing(self, body: bytes, url: str, content_type: str | None = None) -> ListingPage:
        page = super().parse_listing(body, url, content_type)
        return replace(page, entries=tuple(replace(e, title=(e.title or "").upper()) for e in page.entries))


def history(column: Column, title: str) -> list[tuple[Any, ...]]:
    """Return an entry's revisions: number, technical or not, title, commentary, parser."""
    return column.rows(
        "SELECT number, technical, title, commentary, parser_version FROM revisions WHERE entry_id ="
        f" (SELECT entry_id FROM revisions WHERE title = '{title}' LIMIT 1) ORDER BY revision_id"
    )


def test_a_different_reading_of_a_newer_parser_is_a_technical_revision_without_a_change(column: Column) -> None:
    column.crawl(listing(A, B))
    column.crawl(listing(A, entry("Bears", commentary="Anew.")))
    ids, changes = column.ids(), column.rows("SELECT change_id, at, kind, entry_id, announced FROM changes")
    found = again(column, Shouting())
    assert found.minted == 0
    assert {title.upper(): entry_id for title, entry_id in ids.items()} == column.ids()
    assert column.rows("SELECT change_id, at, kind, entry_id, announced FROM changes") == changes
    assert history(column, "Bears") == [
        (1, 0, "Bears", "As before.", 1), (2, 0, "Bears", "Anew.", 1),
        (1, 1, "BEARS", "As before.", 2), (2, 1, "BEARS", "Anew.", 2),
    ]  # fmt: skip
    assert column.rows("SELECT title, revision FROM current_entries ORDER BY title") == [("APPLES", 1), ("BEARS", 2)]
    assert derived_by(column.db) == 2


def test_an_archive_read_by_two_parsers_is_rebuilt_equally_and_can_be_continued(column: Column) -> None:
    an_eventful_year(column)
    again(column, Shouting())
    assert again(column, Shouting()).differences == ()
    crawl_with(column, Shouting(), listing(A, entry("Bears", commentary="Once more.")))
    assert column.rows("SELECT revision FROM current_entries WHERE title = 'BEARS'") == [(4,)]
    assert again(column, Shouting()).differences == ()


def crawl_with(column: Column, parser: LineParser, *pages: str) -> None:
    crawl_id = column.capture([pages])
    at = column.today + timedelta(minutes=1)
    settle(column.db, crawl_id, Verdict("complete"), parser, Traffic(), at=at, authority="example.org,2026")


def test_an_entry_that_only_the_newer_parser_reads_is_new_and_not_announced(column: Column) -> None:
    column.crawl(listing(A, "link|Odd|Strange fruit"))
    column.db.execute("DELETE FROM links")
    column.crawl(A)

    class Odd(LineParser):
        PARSER_VERSION = 2

        def parse_listing(self, body: bytes, url: str, content_type: str | None = None) -> ListingPage:
            return super().parse_listing(
                body.replace(b"link|Odd|Strange fruit", b"Odd|Le Monde|Strange fruit|No."), url, content_type
            )

    found = again(column, Odd())
    assert found.minted == 1
    assert column.rows("SELECT kind, announced FROM changes ORDER BY at") == [("new", 1), ("new", 0)]
    assert column.rows("SELECT number, technical FROM revisions WHERE title = 'Odd'") == [(1, 0)]
    assert again(column, Odd()).differences == ()


def test_an_entry_that_the_newer_parser_does_not_read_keeps_its_history(column: Column) -> None:
    column.crawl(listing(A, B))
    column.crawl(listing(A, entry("Bears", commentary="Anew.")))
    column.crawl(listing(A, entry("Bears", commentary="Anew.")), outcome="unchanged")
    bears = column.ids()["Bears"]

    class Blind(LineParser):
        PARSER_VERSION = 2

        def parse_listing(self, body: bytes, url: str, content_type: str | None = None) -> ListingPage:
            page = super().parse_listing(body, url, content_type)
            return replace(page, entries=page.entries[:1])

    again(column, Blind())
    assert history(column, "Bears") == [(1, 0, "Bears", "As before.", 1), (2, 0, "Bears", "Anew.", 1)]
    assert column.ids()["Bears"] == bears
    assert again(column, Blind()).differences == ()


def backfill(column: Column, day: int, *pages: str, parser: LineParser | None = None) -> Rebuilt:
    """Import a partial crawl of that day."""

    def prepare(db: Database) -> list[int]:
        at = START + day * DAY + timedelta(hours=1)
        text = at.isoformat().replace("+00:00", ".000000Z")
        cursor = db.execute(
            "INSERT INTO crawls (source_id, mode, started_at, ordered_at, finished_at, outcome, settled, imported)"
            " VALUES (1, 'full', ?, ?, ?, 'partial', 1, 1)",
            (text, text, text),
        )
        for page, body in enumerate(pages, start=1):
            fetched = Fetched("listing", f"u{page}", f"u{page}", at, 200, (), body.encode(), pass_number=1, page=page)
            record_capture(db, int(cursor.lastrowid or 0), fetched)
        return [int(cursor.lastrowid or 0)]

    return again(column, parser, prepare=prepare)


def test_an_older_capture_moves_first_seen_and_leaves_id_date_and_journal(column: Column) -> None:
    column.crawl(A)
    column.crawl(listing(A, B))
    before = column.rows("SELECT entry_id, tag_uri, feed_date FROM current_entries ORDER BY title")
    updated = [one.updated for one in newest_entries(column.db, "town")]
    changes = column.rows("SELECT change_id, at, kind, entry_id, announced, revision_id FROM changes")
    found = backfill(column, -30, listing(entry("Bears", commentary="In the beginning."), A))
    assert found.minted == 0
    assert column.rows("SELECT entry_id, tag_uri, feed_date FROM current_entries ORDER BY title") == before
    assert [one.updated for one in newest_entries(column.db, "town")] == updated, "readers would see an edit"
    assert column.rows("SELECT DISTINCT substr(first_seen, 1, 10) FROM current_entries") == [("2026-01-30",)]
    assert history(column, "Bears") == [
        (1, 0, "Bears", "In the beginning.", 1), (2, 0, "Bears", "As before.", 1)
    ]  # fmt: skip
    told = column.rows("SELECT change_id, at, kind, entry_id, announced FROM changes")
    assert told[: len(changes)] == [row[:5] for row in changes]
    assert [(kind, announced) for _, _, kind, _, announced in told[len(changes) :]] == [("revised", 0)]
    assert again(column).differences == ()


def test_an_entry_that_only_older_captures_show_gets_an_id_and_a_date_of_that_time(column: Column) -> None:
    column.crawl(A)
    found = backfill(column, -30, listing(C, A))
    assert (found.minted, found.counts[0].new) == (1, 2)
    assert column.rows("SELECT substr(feed_date, 1, 10) FROM current_entries WHERE title = 'Cranes'") == [
        ("2026-01-30",)
    ]
    assert column.rows("SELECT kind, announced FROM changes ORDER BY at") == [("new", 1), ("new", 0)]
    assert again(column).differences == ()


def test_a_capture_between_two_crawls_is_settled_between_them(column: Column) -> None:
    column.crawl(A)
    column.crawl(A, outcome="unchanged")
    backfill(column, 0, entry("Apples", commentary="For an hour."))
    assert [row[3] for row in history(column, "Apples")] == ["As before.", "For an hour.", "As before."]
    assert again(column).differences == ()


def test_captures_imported_after_the_last_crawl_are_announced_like_a_crawl(column: Column) -> None:
    column.crawl(A)
    backfill(column, 5, listing(C, A))
    assert column.rows("SELECT kind, announced FROM changes ORDER BY at") == [("new", 1), ("new", 1)]


def test_a_published_id_is_kept_if_older_captures_show_that_two_entries_are_one(column: Column) -> None:
    """An entry was rewritten beyond recognition between two crawls; a capture in between shows the steps."""
    column.crawl(entry("Old title", publication="Le Monde", excerpt="Old words.", commentary=LONG))
    column.crawl(entry("New title", publication="CNN", excerpt=LONG, commentary="New words."))
    ids = column.ids()
    assert len(ids) == 2
    backfill(column, 0, entry("Old title", publication="Le Monde", excerpt=LONG, commentary=LONG))
    assert column.ids() == ids
    assert again(column).differences == ()


# --- before a parser settles its first crawl


def kept_up(column: Column, parser: LineParser) -> Rebuilt | None:
    return rebuild_if_outdated(column.db, parser, at=LATER, authority="example.org,2026")


def test_a_new_archive_stores_its_parser_version_and_an_older_one_is_rebuilt_by_a_newer_parser(column: Column) -> None:
    assert (kept_up(column, LineParser()), derived_by(column.db)) == (None, 1)
    column.crawl(A)
    assert kept_up(column, LineParser()) is None
    rebuilt = kept_up(column, Shouting())
    assert rebuilt is not None
    tables = {difference.table for difference in rebuilt.differences}
    assert tables == {"entries", "revisions", "readings", "placements", "changes", "recognitions"}
    assert kept_up(column, Shouting()) is None


def test_an_archive_that_a_newer_parser_read_is_refused(column: Column) -> None:
    column.crawl(A)
    kept_up(column, Shouting())
    with pytest.raises(
        ArchiveOutdated, match=r"archive\.db: read by a newer parser \(2\) than this one \(1\); upgrade"
    ):
        kept_up(column, LineParser())
    with pytest.raises(ArchiveOutdated, match="read by a newer parser"):
        again(column)


def test_an_archive_that_older_rules_derived_is_derived_again_by_the_same_parser(column: Column) -> None:
    column.crawl(A)
    column.db.execute("UPDATE revisions SET match_method = 'as it was called before'")
    column.db.execute("PRAGMA user_version=100")
    assert kept_up(column, LineParser()) is not None
    assert column.rows("SELECT match_method FROM revisions") == [("new",)]
    assert kept_up(column, LineParser()) is None


def test_an_archive_without_a_parser_version_takes_it_from_its_crawls(column: Column) -> None:
    column.crawl(A)
    assert column.rows("PRAGMA user_version") == [(0,)]
    assert derived_by(column.db) == 1


# --- properties of any history

LINES = st.builds(
    lambda title, excerpt, commentary: entry(title, excerpt=excerpt, commentary=commentary),
    st.sampled_from(["One", "Two", "Three"]),
    st.sampled_from([LONG, LONG.upper(), "Quite another passage, and just as long as the one that is not this one."]),
    st.sampled_from(["Good.", "Bad.", "Neither good nor bad, and said at a length that leaves no doubt of it."]),
)
LISTINGS = st.lists(LINES, min_size=1, max_size=4)
OUTCOMES: st.SearchStrategy[Outcome] = st.sampled_from(["complete", "complete", "partial", "suspect"])
HISTORIES = st.lists(st.tuples(LISTINGS, OUTCOMES), min_size=1, max_size=6)


def lived_through(db: Database, days: list[tuple[list[str], Outcome]]) -> Column:
    column = Column(db)
    for lines, outcome in days:
        column.crawl(listing(*lines), outcome=outcome)
    return column


def minted(column: Column) -> set[tuple[Any, ...]]:
    return set(column.rows("SELECT entry_id, tag_uri, feed_date, source_id, crawl_id, wording FROM identities"))


def announced(column: Column) -> list[tuple[Any, ...]]:
    return column.rows("SELECT change_id, at, kind, entry_id FROM changes WHERE announced = 1 ORDER BY at")


def test_a_listing_that_a_later_crawl_shows_again_does_not_change_earlier_crawls() -> None:
    other = "Quite another passage, and just as long as the one that is not this one."
    neither = "Neither good nor bad, and said at a length that leaves no doubt of it."
    first = [entry("Two", excerpt=other, commentary=neither), entry("Two", excerpt=LONG, commentary="Bad.")]
    first += [first[1], entry("Three", excerpt=LONG.upper(), commentary=neither)]
    good = entry("One", excerpt=LONG, commentary="Good.")
    partly = [good, entry("Three", excerpt=other, commentary="Good.")]
    second = [
        good,
        entry("Three", excerpt=LONG, commentary="Bad."),
        entry("One", excerpt=LONG.upper(), commentary="Good."),
    ]
    with archive_in_memory() as db:
        column = lived_through(
            db, [(first, "complete"), (partly, "partial"), (second, "complete"), (first, "complete")]
        )
        assert again(column).differences == ()


@settings(max_examples=examples(20, in_ci=30))
@given(HISTORIES)
def test_any_history_is_rebuilt_equally(days: list[tuple[list[str], Outcome]]) -> None:
    with archive_in_memory() as db:
        assert again(lived_through(db, days)).differences == ()


@settings(max_examples=examples(15, in_ci=25))
@given(HISTORIES, st.integers(-3, 6), LISTINGS)
def test_no_later_import_changes_an_id_a_date_or_an_announcement(
    days: list[tuple[list[str], Outcome]], day: int, lines: list[str]
) -> None:
    with archive_in_memory() as db:
        column = lived_through(db, days)
        before, told = minted(column), announced(column)
        backfill(column, day, listing(*lines))
        assert before <= minted(column)
        assert set(column.rows("SELECT entry_id, tag_uri, feed_date FROM current_entries")) == {
            row[:3] for row in minted(column)
        }
        assert announced(column)[: len(told)] == told
        assert again(column).differences == ()


@settings(max_examples=examples(20, in_ci=30))
@given(HISTORIES)
def test_no_newer_parser_changes_an_id_a_date_or_an_announcement(days: list[tuple[list[str], Outcome]]) -> None:
    with archive_in_memory() as db:
        column = lived_through(db, days)
        revisions = column.rows("SELECT * FROM revisions")
        before, told = minted(column), column.rows("SELECT change_id, at, kind, entry_id, announced FROM changes")
        again(column, Shouting())
        assert minted(column) == before
        assert column.rows("SELECT change_id, at, kind, entry_id, announced FROM changes") == told
        assert set(revisions) <= set(column.rows("SELECT * FROM revisions"))
        assert again(column, Shouting()).differences == ()


@settings(max_examples=examples(10, in_ci=20))
@given(HISTORIES, *[st.integers(0, 99)] * 3)
def test_any_two_entries_can_be_merged_and_split_again(
    days: list[tuple[list[str], Outcome]], one: int, another: int, number: int
) -> None:
    with archive_in_memory() as db:
        column = lived_through(db, days)
        ids = [entry_id for (entry_id,) in column.rows("SELECT entry_id FROM identities ORDER BY crawl_id, wording")]
        keep, other = ids[one % len(ids)] if ids else 0, ids[another % len(ids)] if ids else 0
        if keep == other:
            return
        before = minted(column)
        merged(column, keep, other)
        assert column.rows(f"SELECT 1 FROM current_entries WHERE entry_id = {other}") == []
        assert again(column).differences == ()
        numbers = column.rows(f"SELECT number FROM revisions WHERE entry_id = {keep} AND number > 1 AND technical = 0")
        if numbers:
            splitted(column, keep, numbers[number % len(numbers)][0])
            assert before <= minted(column)
            assert again(column).differences == ()


@pytest.mark.parametrize("day", [-30, 0, 1])
def test_a_newer_parser_reads_an_archive_with_imported_captures(column: Column, day: int) -> None:
    column.crawl(listing(LONG_A, LONG_B))
    column.crawl(listing(LONG_A, LONG_B, LONG_C))
    backfill(column, day, listing(LONG_A.replace("Aye", "Nay"), LONG_B))
    ids, told = column.ids(), announced(column)
    numbers = column.rows("SELECT entry_id, revision FROM current_entries ORDER BY 1")
    again(column, Shouting())
    assert {title.upper(): entry_id for title, entry_id in ids.items()} == column.ids()
    assert column.rows("SELECT entry_id, revision FROM current_entries ORDER BY 1") == numbers
    assert announced(column) == told
    assert again(column, Shouting()).differences == ()


def test_a_capture_imported_after_a_parser_upgrade_makes_no_revision_of_an_equal_text(column: Column) -> None:
    column.crawl(listing(LONG_A, LONG_B))
    again(column, Shouting())
    backfill(column, -5, listing(LONG_A.replace("Aye", "Nay"), LONG_B), parser=Shouting())
    assert column.rows("SELECT title, revision FROM current_entries ORDER BY title") == [("LONG A", 2), ("LONG B", 1)]
    assert again(column, Shouting()).differences == ()


def test_a_merge_that_minted_ids_for_known_wordings_does_not_stop_a_newer_parser(column: Column) -> None:
    edited = LONG_B.replace("Aye", "Nay")
    column.crawl(listing(LONG_A, LONG_B))
    column.crawl(listing(LONG_A, edited))
    column.crawl(listing(LONG_A, edited, LONG_B))
    first, second = sorted(column.rows("SELECT feed_date, entry_id FROM entries WHERE title = 'Long B'"))
    merged(column, first[1], second[1])
    again(column, Shouting())
    assert sorted(column.ids()) == ["LONG A", "LONG B"]
    assert again(column, Shouting()).differences == ()


# --- decisions


def merged(column: Column, keep: int, other: int) -> Rebuilt:
    return again(column, prepare=lambda db: merge(db, keep, other, LATER))


def splitted(column: Column, entry_id: int, number: int) -> Rebuilt:
    def prepare(db: Database) -> tuple[()]:
        split(db, entry_id, number, LATER, "example.org,2026")
        return ()

    return again(column, prepare=prepare)


def test_merged_entries_are_one_entry_with_both_histories(column: Column) -> None:
    column.crawl(listing(A, B))
    column.crawl(listing(A, C))
    column.crawl(listing(A, C), outcome="unchanged")
    ids = column.ids()
    merged(column, ids["Bears"], ids["Cranes"])
    assert column.rows("SELECT entry_id, title, revision, withdrawn_at FROM current_entries ORDER BY title DESC") == [
        (ids["Bears"], "Cranes", 2, None), (ids["Apples"], "Apples", 1, None)
    ]  # fmt: skip
    assert surviving_id(column.db, ids["Cranes"]) == ids["Bears"]
    assert again(column).differences == ()
    column.crawl(listing(A, C))
    assert column.kinds().count("new") == 3


def test_the_later_id_can_survive_a_merge(column: Column) -> None:
    column.crawl(listing(A, B))
    column.crawl(listing(A, C))
    ids = column.ids()
    date = column.rows("SELECT feed_date FROM entries WHERE title = 'Cranes'")
    merged(column, ids["Cranes"], ids["Bears"])
    assert column.ids() == {"Apples": ids["Apples"], "Cranes": ids["Cranes"]}
    assert column.rows("SELECT feed_date, first_seen < feed_date FROM entries WHERE title = 'Cranes'") == [
        (*date[0], 1)
    ]
    assert again(column).differences == ()


def test_entries_that_are_both_listed_become_two_places_of_one(column: Column) -> None:
    column.crawl(listing(A, B))
    column.crawl(listing(A, B, C))
    ids = column.ids()
    merged(column, ids["Apples"], ids["Cranes"])
    before = column.rows("SELECT * FROM revisions")
    for _ in range(3):
        column.crawl(listing(A, B, C))
    assert column.rows("SELECT * FROM revisions") == before
    assert len(column.ids()) == 2
    assert again(column).differences == ()


def test_a_split_makes_another_entry_from_that_revision_on(column: Column) -> None:
    column.crawl(listing(A, B))
    column.crawl(listing(A, entry("Bears", commentary="Other bears.")))
    bears = column.ids()["Bears"]
    splitted(column, bears, 2)
    new = {entry_id for (entry_id,) in column.rows("SELECT entry_id FROM current_entries")} - {
        bears,
        column.ids()["Apples"],
    }
    assert len(new) == 1
    assert [row[3] for row in column.rows("SELECT entry_id, number, title, commentary FROM revisions WHERE number = 1")] == [
        "As before.", "As before.", "Other bears."
    ]  # fmt: skip
    column.crawl(listing(A, entry("Bears", commentary="Other bears.")))
    assert column.rows(f"SELECT withdrawn_at IS NULL FROM entries WHERE entry_id = {bears}") == [(0,)]
    assert again(column).differences == ()
    dates = column.rows("SELECT feed_date FROM identities")
    assert len(set(dates)) == 3


def test_splitting_off_a_merged_entry_restores_its_id(column: Column) -> None:
    an_eventful_year(column)
    before = {table: rows for table, rows in column.truth().items() if table != "changes"}
    ids = column.ids()
    merged(column, ids["Bears"], ids["Eels"])
    number = column.rows(f"SELECT number FROM revisions WHERE entry_id = {ids['Bears']} AND title = 'Eels'")[0][0]
    splitted(column, ids["Bears"], number)
    assert {table: rows for table, rows in column.truth().items() if table != "changes"} == before
    merged(column, ids["Bears"], ids["Eels"])
    assert surviving_id(column.db, ids["Eels"]) == ids["Bears"]


@pytest.mark.parametrize("survivor", ["Bears", "Cranes"])
def test_a_split_undoes_a_merge_whichever_id_survived(column: Column, survivor: str) -> None:
    column.crawl(listing(A, B))
    column.crawl(listing(A, C))
    column.crawl(listing(A, C), outcome="unchanged")
    ids, before = column.ids(), column.rows("SELECT * FROM current_entries ORDER BY entry_id")
    other = ({"Bears", "Cranes"} - {survivor}).pop()
    merged(column, ids[survivor], ids[other])
    splitted(column, ids[survivor], 2)
    assert column.rows("SELECT * FROM current_entries ORDER BY entry_id") == before
    assert len(minted(column)) == 3
    assert again(column).differences == ()


@pytest.mark.parametrize("survivor", ["Apples", "Bears"])
def test_a_merge_of_two_listed_entries_can_be_undone(column: Column, survivor: str) -> None:
    column.crawl(listing(A, B))
    ids, before = column.ids(), column.rows("SELECT * FROM current_entries ORDER BY entry_id")
    merged(column, ids[survivor], ids[({"Apples", "Bears"} - {survivor}).pop()])
    assert len(column.ids()) == 1
    splitted(column, ids[survivor], 2)
    assert column.rows("SELECT * FROM current_entries ORDER BY entry_id") == before


def test_a_split_of_three_merged_entries_leaves_each_with_its_part(column: Column) -> None:
    column.crawl(listing(A, B))
    column.crawl(listing(A, C))
    column.crawl(listing(A, entry("Dogs")))
    ids = column.ids()
    merged(column, ids["Cranes"], ids["Bears"])
    merged(column, ids["Dogs"], ids["Cranes"])
    splitted(column, ids["Dogs"], 2)
    assert column.ids() == {"Apples": ids["Apples"], "Bears": ids["Bears"], "Dogs": ids["Dogs"]}
    assert surviving_id(column.db, ids["Cranes"]) == ids["Dogs"]
    assert again(column).differences == ()


def test_an_entry_that_an_import_made_older_can_be_split_at_its_first_crawl(column: Column) -> None:
    column.crawl(listing(A, entry("Bears", commentary="Anew.")))
    backfill(column, -30, B)
    bears = column.ids()["Bears"]
    splitted(column, bears, 2)
    assert column.rows(f"SELECT commentary, revision FROM current_entries WHERE entry_id = {bears}") == [("Anew.", 1)]
    assert column.rows("SELECT count(*) FROM current_entries") == [(3,)]
    assert again(column).differences == ()


def test_an_edit_at_the_second_place_of_a_merged_entry_makes_no_new_entry(column: Column) -> None:
    column.crawl(listing(LONG_A, LONG_B))
    ids = column.ids()
    merged(column, ids["Long A"], ids["Long B"])
    column.crawl(listing(LONG_A, LONG_B.replace("nothing else", "nothing besides")))
    assert (column.kinds().count("new"), len(column.ids())) == (2, 1)
    assert again(column).differences == ()


def test_a_split_after_two_parser_upgrades_divides_by_time(column: Column) -> None:
    class Whispering(Shouting):
        PARSER_VERSION = 3

        def parse_listing(self, body: bytes, url: str, content_type: str | None = None) -> ListingPage:
            page = super().parse_listing(body, url, content_type)
            return replace(page, entries=tuple(replace(e, title=(e.title or "").lower()) for e in page.entries))

    column.crawl(listing(A, B))
    column.crawl(listing(A, entry("Bears", commentary="Other bears.")))
    bears = column.ids()["Bears"]
    again(column, Shouting())
    again(column, Whispering())
    again(column, Whispering(), prepare=lambda db: [split(db, bears, 2, LATER, "example.org,2026")][:0])
    other = column.rows(f"SELECT entry_id FROM entries WHERE title = 'bears' AND entry_id != {bears}")[0][0]
    for entry_id, commentary in ((bears, "As before."), (other, "Other bears.")):
        rows = column.rows(f"SELECT number, technical, commentary FROM revisions WHERE entry_id = {entry_id}")
        assert set(rows) == {(1, 0, commentary), (1, 1, commentary)}
    assert again(column, Whispering()).differences == ()


def test_a_withdrawal_is_announced_once_if_an_import_shows_the_entry_in_between(column: Column) -> None:
    column.crawl(listing(A, B))
    column.crawl(A)
    column.crawl(A, outcome="unchanged")
    backfill(column, 1, listing(A, B))
    column.crawl(A, outcome="unchanged")
    column.crawl(A, outcome="unchanged")
    assert [kind for _, _, kind, _ in announced(column)].count("withdrawn") == 1


def test_decisions_remain_valid_with_a_newer_parser(column: Column) -> None:
    column.crawl(listing(A, B))
    column.crawl(listing(C, B))
    column.crawl(listing(C, entry("Bears", commentary="Other bears.")))
    ids = column.ids()
    merged(column, ids["Apples"], ids["Cranes"])
    splitted(column, ids["Bears"], 2)
    before = column.rows("SELECT entry_id, revision, lower(title), commentary FROM current_entries ORDER BY entry_id")
    again(column, Shouting())
    assert (
        column.rows("SELECT entry_id, revision, lower(title), commentary FROM current_entries ORDER BY entry_id")
        == before
    )
    assert again(column, Shouting()).differences == ()


@pytest.mark.parametrize(
    ("decide", "why"),
    [
        (lambda db, ids: merge(db, ids["Apples"], 5, LATER), "no entry has the id 5"),
        (lambda db, ids: merge(db, ids["Apples"], ids["Apples"], LATER), "are already the same entry"),
        (lambda db, ids: split(db, ids["Apples"], 2, LATER, "x"), "has no revision 2"),
        (
            lambda db, ids: split(db, ids["Apples"], 1, LATER, "x"),
            "begins with revision 1; split it at a later revision",
        ),
        (lambda db, ids: split(db, 5, 1, LATER, "x"), "no entry has the id 5"),
    ],
)
def test_an_invalid_decision_is_refused_and_changes_nothing(column: Column, decide: Any, why: str) -> None:
    column.crawl(listing(A, B))
    truth, ids = column.truth(), column.ids()
    with pytest.raises(CannotDecide, match=why):
        again(column, prepare=lambda db: decide(db, ids))
    assert column.truth() == truth


def test_entries_of_two_sources_cannot_be_merged(column: Column) -> None:
    column.crawl(A)
    other = Column(column.db, name="city", day=column.day)
    other.crawl(B)
    ids = column.ids()
    with pytest.raises(CannotDecide, match="belong to different sources"):
        merged(column, ids["Apples"], ids["Bears"])


def test_a_clock_that_goes_back_does_not_change_the_order_of_crawls(column: Column) -> None:
    column.crawl(A)
    column.crawl(listing(A, B))
    column.day -= 30
    column.crawl(listing(A, C))
    assert again(column).differences == ()
