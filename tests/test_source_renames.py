"""Renames of sources: ids, dates and announcements stay, also if the new name was crawled before."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database
from support.settling import DAY, START, A, B, C, Column, LineParser, entry, listing

from foreign_eyes.archive.database import open_archive
from foreign_eyes.archive.errors import ArchiveError
from foreign_eyes.archive.feed_state.changes import tag_of_source
from foreign_eyes.archive.rebuilding.rebuild import Rebuilt, rebuild
from foreign_eyes.archive.rebuilding.source_renames import join_sources, joins, rename_source
from foreign_eyes.archive.seal_check import verify_seals
from foreign_eyes.archive.source_names import former_names, present_name

AUTHORITY = "example.org,2026"
LATER = START + 99 * DAY


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with open_archive(tmp_path / "archive.db") as archive:
        yield archive


def join(db: Database, name: str, new_name: str) -> dict[int, int]:
    merged: dict[int, int] = {}

    def prepare(copy: Database) -> Collection[int]:
        added, pairs = join_sources(copy, name, new_name, LineParser(), LATER, AUTHORITY)
        merged.update(pairs)
        return added

    rebuild(db, LineParser(), at=LATER, authority=AUTHORITY, prepare=prepare)
    return merged


def again(db: Database) -> Rebuilt:
    return rebuild(db, LineParser(), at=LATER, authority=AUTHORITY, apply=False)


def ids(db: Database, source: str) -> dict[str, int]:
    rows = db.execute("SELECT title, entry_id FROM current_entries WHERE source = ?", (source,))
    return dict(rows.fetchall())


def announced(db: Database, since: int = 0) -> list[tuple[Any, ...]]:
    rows = db.execute(
        "SELECT kind, entry_id FROM changes WHERE announced = 1 AND change_id > ? ORDER BY change_id", (since,)
    )
    return rows.fetchall()


def last_change(db: Database) -> int:
    return int(db.execute("SELECT max(change_id) FROM changes").fetchone()[0])


def test_a_renamed_source_keeps_its_entries_and_goes_on_under_the_new_name(db: Database) -> None:
    town = Column(db)
    town.crawl(listing(A, B))
    before = ids(db, "town")
    rename_source(db, "town", "city", LATER)
    Column(db, "city", day=town.day).crawl(listing(A, B, C))
    assert {title: ids(db, "city")[title] for title in before} == before
    assert db.execute("SELECT name FROM sources").fetchall() == [("city",)]
    assert again(db).differences == ()
    assert list(verify_seals(db)) == []


def test_a_crawl_under_the_new_name_is_joined_with_the_old_ids(db: Database) -> None:
    town = Column(db)
    town.crawl(listing(A, B))
    old = ids(db, "town")
    city = Column(db, "city", day=1)
    city.crawl(listing(A, entry("Bears", commentary="Edited."), C))
    new = ids(db, "city")
    merged = join(db, "town", "city")
    assert merged == {new["Apples"]: old["Apples"], new["Bears"]: old["Bears"]}
    assert ids(db, "city") == {**old, "Cranes": new["Cranes"]}
    assert again(db).differences == ()
    assert list(verify_seals(db)) == []
    city.day = 5
    city.crawl(listing(A, entry("Bears", commentary="Edited."), C))
    assert ids(db, "city") == {**old, "Cranes": new["Cranes"]}


def test_a_join_is_announced_as_merges_and_as_the_edits_that_it_shows(db: Database) -> None:
    Column(db).crawl(listing(A, B))
    old, city = ids(db, "town"), Column(db, "city", day=1)
    city.crawl(listing(A, entry("Bears", commentary="Edited.")))
    new, until = ids(db, "city"), last_change(db)
    join(db, "town", "city")
    assert announced(db, until) == [
        ("merged", new["Apples"]),
        ("merged", new["Bears"]),
        ("revised", old["Bears"]),
    ]


def test_an_entry_that_the_joined_crawls_lack_is_announced_as_withdrawn(db: Database) -> None:
    Column(db).crawl(listing(A, B))
    city = Column(db, "city", day=1)
    city.crawl(listing(A))
    city.crawl(listing(A))
    old, until = ids(db, "town"), last_change(db)
    join(db, "town", "city")
    assert ("withdrawn", old["Bears"]) in announced(db, until)
    assert again(db).differences == ()
    assert list(verify_seals(db)) == []


def test_sources_that_were_crawled_in_turns_are_joined(db: Database) -> None:
    pages = [listing(A, B), listing(A, B), listing(A, B, C), listing(A, B, C), listing(B, C), listing(B, C)]
    for day, page in enumerate(pages):
        Column(db, ("town", "city")[day % 2], day=day).crawl(page)
    old, new = ids(db, "town"), ids(db, "city")
    assert join(db, "town", "city") == {new[title]: old[title] for title in old}
    assert ids(db, "city") == old
    assert again(db).differences == ()
    assert list(verify_seals(db)) == []


def test_a_feed_keeps_its_id_if_the_joined_source_is_the_older_one(db: Database) -> None:
    Column(db, "city").crawl(listing(A))
    Column(db, "town", day=0).crawl(listing(A, B))
    before = tag_of_source(db, "town")
    join(db, "town", "city")
    assert tag_of_source(db, "city") == before


def test_names_of_before_lead_to_the_source(db: Database) -> None:
    Column(db).crawl(listing(A))
    rename_source(db, "town", "city", LATER)
    rename_source(db, "city", "metropolis", LATER)
    assert present_name(db, "town") == present_name(db, "city") == "metropolis"
    assert present_name(db, "unknown") == "unknown"
    assert former_names(db, "metropolis") == ["town", "city"]


@pytest.mark.parametrize(
    ("name", "new_name", "message"),
    [
        ("village", "city", "no source village (it has: town)"),
        ("town", "town", "already named town"),
        ("hamlet", "city", "renamed to town"),
    ],
)
def test_a_rename_that_cannot_be_made_is_refused(db: Database, name: str, new_name: str, message: str) -> None:
    Column(db, "hamlet").crawl(listing(A))
    rename_source(db, "hamlet", "town", LATER)
    with pytest.raises(ArchiveError, match=message.replace("(", r"\(").replace(")", r"\)")):
        joins(db, name, new_name)


def test_what_a_crawl_under_one_name_would_have_doubted_is_a_doubt_after_a_join(db: Database) -> None:
    town = Column(db)
    town.crawl(listing(entry("The Labs", excerpt="Engineers in the labs of Hefei file most patents."), A))
    town.crawl(listing(A))
    town.crawl(listing(A))
    namesake = entry("The Labs", excerpt="Barges on the river carry looms.", commentary="Trade goes on.")
    Column(db, "city", day=town.day).crawl(listing(namesake, A))
    old, new = ids(db, "town")["The Labs"], ids(db, "city")["The Labs"]
    join(db, "town", "city")
    assert db.execute("SELECT entry_id, reason, other_entry_id FROM doubts").fetchall() == [
        (new, "recurring title", old)
    ]
    assert again(db).differences == ()
    assert list(verify_seals(db)) == []


def test_a_second_row_of_a_joined_entry_is_matched_as_without_the_join(db: Database, tmp_path: Path) -> None:
    edited = entry("Apples", commentary="Edited.")
    with open_archive(tmp_path / "one.db") as one:
        for archive in (db, one):
            Column(archive).crawl(listing(A, B))
            Column(archive, day=0).crawl(listing(edited, B))
        Column(one, day=1).crawl(listing(edited, B))
        Column(db, "city", day=1).crawl(listing(edited, B))
        join(db, "town", "city")
        Column(one, day=2).crawl(listing(edited, A, B))
        Column(db, "city", day=2).crawl(listing(edited, A, B))
        methods = "SELECT match_method FROM recognitions WHERE crawl_id = 4 ORDER BY 1"
        assert db.execute(methods).fetchall() == one.execute(methods).fetchall()
        titles = "SELECT title FROM current_entries ORDER BY 1"
        assert db.execute(titles).fetchall() == one.execute(titles).fetchall()
    assert again(db).differences == ()


@pytest.mark.parametrize("joined", [False, True])
def test_ids_that_a_restore_has_lost_follow_the_new_name(db: Database, joined: bool) -> None:
    Column(db).crawl(listing(A))
    db.execute(
        "INSERT INTO lost_ids (entry_id, wording, source, tag_uri, feed_date) VALUES (7, 'w', 'town', 't', '2026')"
    )
    if joined:
        Column(db, "city", day=1).crawl(listing(A))
        join(db, "town", "city")
    else:
        rename_source(db, "town", "city", LATER)
    assert db.execute("SELECT source FROM lost_ids").fetchall() == [("city",)]
