"""A rebuild changes nothing after any history, imports and decisions; settled rows keep their entries."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from conftest import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils import Database
from support.settling import DAY, START, Column, LineParser, entry, listing

from foreign_eyes.archive.captures import listing_captures, load_body, record_capture
from foreign_eyes.archive.crawls import find_crawl
from foreign_eyes.archive.errors import CannotDecide
from foreign_eyes.archive.matching.doubt_reasons import OTHER_RULES, SAME_EXCERPT
from foreign_eyes.archive.rebuilding.merge_and_split import merge, split
from foreign_eyes.archive.rebuilding.rebuild import Rebuilt, rebuild, rebuild_if_outdated
from foreign_eyes.archive.rebuilding.redatings import redate
from foreign_eyes.archive.schema import migrations
from foreign_eyes.archive.settling.operator_decisions import merged_ids
from foreign_eyes.archive.settling.recognitions import RecognitionKey, load_recognitions
from foreign_eyes.archive.times import from_text, to_text
from foreign_eyes.archive.values import Fetched
from foreign_eyes.listing.text_digests import identity_digest, wording_digest
from foreign_eyes.listing.values import Outcome

LATER = START + 400 * DAY
AUTHORITY = "example.org,2026"
LONG = "A passage that is long enough to be known again whatever else is written around it."
OTHER = "Quite another passage, and just as long as the one that is not this one."
SAID = "Neither good nor bad, and said at a length that leaves no doubt of it."

LINES = st.builds(
    lambda title, excerpt, commentary: entry(title, excerpt=excerpt, commentary=commentary),
    st.sampled_from(["One", "Two", "Three"]),
    st.sampled_from([LONG, LONG.upper(), f"{LONG} It was told again.", OTHER]),
    st.sampled_from(["Good.", "Bad.", SAID]),
)
PAGES = st.lists(LINES, min_size=1, max_size=4).map(lambda lines: listing(*lines))


@dataclass(frozen=True)
class Town:
    """The history of one source: daily crawls, later imports and operators' decisions."""

    days: list[tuple[list[str], Outcome]]
    imports: list[tuple[int, str]]
    decision: tuple[str, int, int]
    redated: int | None
    last_import: tuple[int, str] | None
    last_day: str


IMPORTS = st.tuples(st.integers(-2, 5), PAGES)
TOWNS = st.builds(
    Town,
    days=st.lists(
        st.tuples(
            st.one_of(PAGES.map(lambda page: [page]), st.lists(PAGES, min_size=2, max_size=3)),
            st.sampled_from(["complete", "complete", "partial"]),
        ),
        min_size=1,
        max_size=4,
    ),
    imports=st.lists(IMPORTS, min_size=1, max_size=2),
    decision=st.tuples(st.sampled_from(["merge", "split", ""]), st.integers(0, 9), st.integers(0, 9)),
    redated=st.one_of(st.none(), st.integers(1, 4)),
    last_import=st.one_of(st.none(), IMPORTS),
    last_day=PAGES,
)


@cache
def empty_archive() -> bytes:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrations.apply(Database(connection))
        return connection.serialize()


@contextmanager
def archive_in_memory() -> Iterator[Database]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.deserialize(empty_archive())
        yield Database(connection)


def again(db: Database, prepare: Any = None, **options: Any) -> Rebuilt:
    return rebuild(db, LineParser(), at=LATER, authority=AUTHORITY, prepare=prepare, **options)


def add_captures(db: Database, source: str, day: int, page: str) -> int:
    """Add a partial crawl of one page to a copy; return its id."""
    at = START + day * DAY + timedelta(hours=1)
    cursor = db.execute(
        "INSERT INTO crawls (source_id, mode, started_at, ordered_at, finished_at, outcome, settled, imported)"
        " SELECT source_id, 'full', :at, :at, :at, 'partial', 1, 1 FROM sources WHERE name = :source",
        {"at": to_text(at), "source": source},
    )
    crawl_id = int(cursor.lastrowid or 0)
    record_capture(db, crawl_id, Fetched("listing", "u", "u", at, 200, (), page.encode(), pass_number=1, page=1))
    return crawl_id


def settled_rows(db: Database) -> dict[tuple[int, int, str], int]:
    """Return the entry of each row of each settled crawl, by crawl, pass and wording, as recognitions have it."""
    found = {}
    recognitions, merged = load_recognitions(db), merged_ids(db)
    for (crawl_id,) in db.execute("SELECT crawl_id FROM crawls WHERE settled = 1").fetchall():
        source_id = find_crawl(db, crawl_id).source_id
        for capture in listing_captures(db, crawl_id):
            for one in LineParser().parse_listing(load_body(db, capture.body_sha256), "u").entries:
                key = RecognitionKey(source_id, 1, identity_digest(one), wording_digest(one))
                holds = recognitions.find(key, crawl_id, capture.pass_number)
                if holds is not None and holds.entry_id is not None:
                    found[crawl_id, capture.pass_number, key.identity_digest] = merged.get(
                        holds.entry_id, holds.entry_id
                    )
    return found


def truth(db: Database) -> dict[str, Any]:
    """Return what must not change: ids with tags and dates, and what was announced."""
    return {
        "minted": set(db.execute("SELECT entry_id, tag_uri, feed_date, crawl_id, wording FROM identities").fetchall()),
        "told": db.execute(
            "SELECT change_id, at, kind, entry_id FROM changes WHERE announced = 1 ORDER BY 1"
        ).fetchall(),
    }


@dataclass
class Archive:
    """An archive of several sources, with the checks after each step."""

    db: Database
    towns: dict[str, Town]
    columns: dict[str, Column] = field(default_factory=dict)

    def live(self) -> None:
        for name, town in self.towns.items():
            self.columns[name] = Column(self.db, name=name)
            for passes, outcome in town.days:
                self.columns[name].crawl(passes=[[page] for page in passes], outcome=outcome)

    def step(self, prepare: Callable[[Database], Collection[int]], moved: Collection[int] = ()) -> None:
        """Rebuild with added truth, which changes only rows of the entries that an operator `moved`."""
        before, rows = truth(self.db), settled_rows(self.db)
        again(self.db, prepare)
        after, found = truth(self.db), settled_rows(self.db)
        assert before["minted"] <= after["minted"]
        assert after["told"][: len(before["told"])] == before["told"]
        merged = merged_ids(self.db)
        assert {row: entry_id for row, entry_id in found.items() if row in rows and entry_id not in moved} == {
            row: merged.get(entry_id, entry_id) for row, entry_id in rows.items() if found[row] not in moved
        }
        self.check()

    def check(self) -> None:
        """Check that a rebuild changes nothing and that listing rows agree with recognitions."""
        found = again(self.db, apply=False)
        assert found.differences == ()
        assert found.minted == 0

    def imports(self, which: Callable[[Town], Collection[tuple[int, str]]]) -> None:
        def prepare(db: Database) -> list[int]:
            return [add_captures(db, name, *one) for name, town in self.towns.items() for one in which(town)]

        if any(which(town) for town in self.towns.values()):
            self.step(prepare)

    def decide(self) -> None:
        moved: set[int] = set()

        def prepare(db: Database) -> tuple[()]:
            for name, town in self.towns.items():
                with suppress(CannotDecide):
                    moved.update(decide(db, name, *town.decision))
            return ()

        self.step(prepare, moved)

    def redate(self) -> None:
        def prepare(db: Database) -> tuple[()]:
            for name, town in self.towns.items():
                if town.redated is not None:
                    first = db.execute(
                        "SELECT crawl_id, started_at FROM crawls JOIN sources USING (source_id) WHERE name = ?"
                        " AND imported = 0 ORDER BY crawl_id DESC LIMIT 1",
                        (name,),
                    ).fetchone()
                    redate(db, first[0], from_text(first[1]) - town.redated * DAY, LATER)
            return ()

        if any(town.redated for town in self.towns.values()):
            rows = settled_rows(self.db)
            again(self.db, prepare)
            assert settled_rows(self.db) == rows
            self.check()


def decide(db: Database, source: str, kind: str, one: int, other: int) -> set[int]:
    """Merge or split an entry of a source; return the ids whose rows this may change."""
    ids = [
        entry_id
        for (entry_id,) in db.execute(
            "SELECT entry_id FROM entries JOIN sources USING (source_id) WHERE name = ? ORDER BY first_seen, entry_id",
            (source,),
        )
    ]
    if kind == "merge":
        merge(db, ids[one % len(ids)], ids[other % len(ids)], LATER)
        return {ids[one % len(ids)]}
    if kind == "split":
        parted = [
            row
            for entry_id in ids
            for row in db.execute(
                "SELECT entry_id, number FROM revisions WHERE entry_id = ? AND number > 1", (entry_id,)
            )
        ]
        if parted:
            entry_id, number = parted[one % len(parted)]
            return {entry_id, split(db, entry_id, number, LATER, AUTHORITY).other_id}
    return set()


def check_rebuilds_of(towns: list[Town]) -> None:
    """Play the histories in one archive; check before and after that a rebuild changes nothing."""
    with archive_in_memory() as db:
        archive = Archive(db, {f"town{number}": town for number, town in enumerate(towns)})
        archive.live()
        archive.check()
        archive.imports(lambda town: town.imports)
        archive.decide()
        archive.imports(lambda town: [town.last_import] if town.last_import else [])
        archive.redate()
        for name, town in archive.towns.items():
            archive.columns[name].day = 9  # after all imports
            archive.columns[name].crawl(town.last_day)
        archive.check()


@settings(max_examples=examples(10, in_ci=20))  # each with up to six histories
@given(st.lists(TOWNS, min_size=1, max_size=6))
def test_a_rebuild_changes_nothing_after_any_imports_and_decisions(towns: list[Town]) -> None:
    check_rebuilds_of(towns)


def line(title: str, commentary: str, excerpt: str = LONG) -> str:
    return entry(title, excerpt=excerpt, commentary=commentary)


def test_a_change_of_a_provisional_entry_follows_it_if_a_later_pass_of_the_crawl_ends_the_id() -> None:
    again_told = f"{LONG} It was told again."
    quiet = Town([([line("One", "Good.")], "complete")] * 3, [], ("", 0, 0), None, None, line("One", "Good."))
    days: list[tuple[list[str], Outcome]] = [
        ([line("One", "Good.")], "complete"),
        (
            [
                listing(
                    line("One", "Good.", LONG.upper()),
                    line("Two", SAID),
                    line("Three", "Good.", LONG.upper()),
                    line("Three", "Bad."),
                )
            ],
            "complete",
        ),
        (
            [
                listing(line("Three", SAID, again_told), line("One", "Bad.", again_told)),
                line("Three", "Good.", again_told),
            ],
            "complete",
        ),
    ]
    imported = listing(
        line("Three", "Good.", OTHER),
        line("Three", SAID, again_told),
        line("Three", "Bad."),
        line("One", "Bad.", LONG.upper()),
    )
    check_rebuilds_of([quiet, Town(days, [(1, imported)], ("", 8, 0), None, None, line("Two", SAID, again_told))])


@pytest.mark.parametrize("day", [-1, 0, 1, 2])
@pytest.mark.parametrize("rest", [[], [line("Three", "Bad.")], [line("Three", "Bad."), line("Two", SAID)]])
def test_an_import_gives_the_result_of_every_later_rebuild(day: int, rest: list[str]) -> None:
    with archive_in_memory() as db:
        column = Column(db)
        column.crawl(line("One", "Good."))
        column.crawl(line("One", "Bad."))
        column.crawl(listing(line("One", SAID), line("Two", "Good."), *rest))
        rows = settled_rows(db)
        older = listing(line("One", SAID), line("One", "Good.", LONG.upper()), line("Three", SAID))
        again(db, lambda copy: [add_captures(copy, "town", day, older)])
        assert rows.items() <= settled_rows(db).items()
        found = again(db)
        assert (found.differences, found.minted) == ((), 0)


def test_an_older_capture_of_a_wording_that_a_later_crawl_found_new_has_that_entry() -> None:
    with archive_in_memory() as db:
        column = Column(db)
        column.crawl(line("One", "Good."))
        column.crawl(listing(line("One", "Good."), line("Two", SAID, OTHER)))
        two = column.ids()["Two"]
        again(db, lambda copy: [add_captures(copy, "town", -5, line("Two", SAID, OTHER))])
        assert column.ids()["Two"] == two
        assert column.rows("SELECT count(*) FROM identities") == [(2,)]
        assert column.rows(f"SELECT substr(first_seen, 1, 10) FROM entries WHERE entry_id = {two}") == [("2026-02-24",)]


def test_a_crawl_stores_only_recognitions_that_are_not_implied() -> None:
    with archive_in_memory() as db:
        column = Column(db)
        pages = [line("One", "Good."), line("Two", SAID, OTHER)]
        for _ in range(3):
            column.crawl(*pages)
            pages.reverse()
        assert column.rows("SELECT crawl_id, match_method FROM recognitions") == [(1, "new"), (1, "new")]
        column.crawl(line("One", "Bad."), line("Two", SAID, OTHER))
        column.crawl(line("One", "Good."), line("Two", SAID, OTHER))
        methods = column.rows("SELECT crawl_id, match_method, match_score > 80 FROM recognitions WHERE crawl_id > 1")
        assert methods == [(4, "same excerpt", 1)]


def made_by_older_rules(db: Database) -> Column:
    """Return an archive of older rules, which matched "Two" as an edit of "One" and stored no recognitions."""
    column = Column(db)
    column.crawl(line("One", "Good."))
    column.crawl(line("One", "Bad."))
    column.crawl(line("Two", SAID, OTHER))
    one, two = column.ids()["One"], column.ids()["Two"]
    db.execute("UPDATE recognitions SET entry_id = ?, match_method = 'near wording', match_score = 85"
               " WHERE entry_id = ?", (one, two))  # fmt: skip
    db.execute("DELETE FROM changes WHERE entry_id = ?", (two,))
    for table in ("placements", "entries", "identities", "revisions"):
        db.execute("PRAGMA foreign_keys=OFF")
        db.execute(f"DELETE FROM {table} WHERE entry_id = ?", (two,))
    again(db)
    db.execute("DELETE FROM recognitions")
    db.execute("DELETE FROM sealed_rows WHERE table_name = 'recognitions'")
    db.execute("PRAGMA user_version=102")
    return column


def test_newer_rules_keep_the_entries_of_settled_rows_and_store_doubts() -> None:
    with archive_in_memory() as db:
        column = made_by_older_rules(db)
        ids = column.rows("SELECT entry_id, tag_uri, feed_date, crawl_id, wording FROM identities")
        revisions = column.rows("SELECT revision_id, entry_id, number, title, match_method, match_score FROM revisions")
        told = column.rows("SELECT change_id, at, kind, announced, entry_id, revision_id FROM changes")
        assert [title for _, _, _, title, *_ in revisions] == ["One", "One", "Two"]
        assert rebuild_if_outdated(db, LineParser(), at=LATER, authority=AUTHORITY) is not None
        assert column.rows("SELECT entry_id, tag_uri, feed_date, crawl_id, wording FROM identities") == ids
        assert (
            column.rows("SELECT revision_id, entry_id, number, title, match_method, match_score FROM revisions")
            == revisions
        )
        assert column.rows("SELECT change_id, at, kind, announced, entry_id, revision_id FROM changes") == told
        doubted = column.rows(
            "SELECT crawl_id, entry_id, doubt, other_entry_id FROM recognitions WHERE doubt IS NOT NULL"
        )
        assert doubted == [(3, ids[0][0], OTHER_RULES, None)]
        assert again(db).differences == ()


def test_a_doubt_of_older_rules_gets_the_other_entry() -> None:
    with archive_in_memory() as db:
        column = Column(db)
        column.crawl(line("One", "Good.", LONG))
        column.crawl(listing(line("Two", SAID, LONG), line("One", "Good.", LONG)))
        ids = column.ids()
        db.execute("DELETE FROM recognitions")
        db.execute(
            "UPDATE revisions SET flags = ? WHERE entry_id = ?",
            (json.dumps(["same excerpt as another entry"]), ids["Two"]),
        )
        db.execute("PRAGMA user_version=102")
        again(db)
        doubted = column.rows(
            "SELECT entry_id, doubt, other_entry_id FROM recognitions WHERE doubt NOTNULL ORDER BY recognition_id"
        )
        assert doubted[-1] == (ids["Two"], SAME_EXCERPT, ids["One"])
        assert again(db).differences == ()


def test_an_archive_that_agrees_with_the_newer_rules_gets_no_doubt() -> None:
    with archive_in_memory() as db:
        column = Column(db)
        column.crawl(listing(line("One", "Good."), line("Two", SAID, OTHER)))
        column.crawl(listing(line("One", "Bad."), line("Two", SAID, OTHER)))
        stored = (
            "SELECT crawl_id, pass, wording, entry_id, match_method, match_score, doubt FROM recognitions ORDER BY 1, 3"
        )
        recognitions = column.rows(stored)
        db.execute("DELETE FROM recognitions")
        db.execute("PRAGMA user_version=102")
        again(db)
        assert column.rows(stored) == recognitions
