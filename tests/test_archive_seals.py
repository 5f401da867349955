"""The chain of seals: the rows that each covers, and that every change of a sealed row is found."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database
from support.settling import DAY, START, A, B, C, Column, LineParser, entry, listing

from foreign_eyes.archive.crawls import begin_crawl
from foreign_eyes.archive.database import open_archive, writing
from foreign_eyes.archive.dump import DUMP_TABLES
from foreign_eyes.archive.forgotten_sources import forget_source, resume_source
from foreign_eyes.archive.problems import Problem
from foreign_eyes.archive.rebuilding.merge_and_split import merge
from foreign_eyes.archive.rebuilding.rebuild import rebuild, rebuild_if_outdated
from foreign_eyes.archive.rebuilding.redaction_decisions import purge, redact
from foreign_eyes.archive.rebuilding.redatings import redate
from foreign_eyes.archive.schema import APPLICATION_ID, migrations
from foreign_eyes.archive.schema.m025_readings import m025_readings
from foreign_eyes.archive.seal_check import verify_seals
from foreign_eyes.archive.sealed_form import BODIES, FORMS, SEAL_VERSION, TOLD_TEXTS, SealedTable, encode
from foreign_eyes.archive.seals import has_seal, newest_seal, seal
from foreign_eyes.archive.settling.link_rows import close_links
from foreign_eyes.archive.settling.settle import settle
from foreign_eyes.archive.source_extraction import keep_sources
from foreign_eyes.archive.values import Traffic
from foreign_eyes.listing.values import Outcome, Verdict

AUTHORITY = "example.org,2026"
LATER = START + 99 * DAY
FORM = {table.name: table for table in FORMS[SEAL_VERSION]}


class NewerParser(LineParser):
    """A parser that reads another text from the same bytes."""

    PARSER_VERSION = 2

    def parse_listing(self, body: bytes, url: str, content_type: str | None = None) -> Any:
        """Read what the older one read, more carefully."""
        return super().parse_listing(body.replace(b"As before", b"As ever before"), url, content_type)


@pytest.fixture
def column(tmp_path: Path) -> Iterator[Column]:
    with open_archive(tmp_path / "archive.db") as db:
        yield Column(db)


def problems(db: Database) -> list[Problem]:
    return list(verify_seals(db))


def fill(db: Database) -> None:
    """Fill every sealed table: two sources, edits, a merge, a redating, confirmations, a purge, an older parser's rows."""
    town = Column(db)
    town.answers = {"http://search.example/": 200}
    town.crawl(listing(A, B, "link|Patent Search|http://search.example/"), C)
    town.crawl(listing(entry("Apples", commentary="Edited."), B), C)
    Column(db, name="village", day=3).crawl(listing(A, C), outcome="suspect")
    Column(db, name="village", day=4).crawl(listing(A, C))
    for source in ("village", "town"):
        rows = db.execute("SELECT title, entry_id FROM current_entries WHERE source = ?", (source,))
        ids = dict(rows.fetchall())
        rebuild(
            *(db, LineParser()),
            at=LATER, authority=AUTHORITY, prepare=lambda copy: merge(copy, ids["Apples"], ids["Cranes"], LATER),  # noqa: B023
        )  # fmt: skip
    db.execute(
        "INSERT INTO confirmations (at, entry_id, revision, wording, capture_id)"
        " SELECT '2026', entry_id, number, wording, capture_id FROM revisions LIMIT 2"
    )
    for forget in (forget_source, resume_source):
        forget(db, "village", LATER)
    for former, name in (("town", "city"), ("city", "town")):
        db.execute(
            "INSERT INTO renames (at, source_id, former_name, name) SELECT '2026', source_id, ?, ? FROM sources"
            " WHERE name = 'town'",
            (former, name),
        )
    for crawl_id in (1, 2):
        close_links(db, crawl_id, LineParser(), Traffic(crawl_id, 1, 99), LATER)

    def redated(copy: Database) -> tuple[()]:
        for day in (1, 2):
            redate(copy, 4, START + day * DAY, LATER)
        return ()

    rebuild(db, LineParser(), at=LATER, authority=AUTHORITY, prepare=redated)
    [(bears,)] = db.execute("SELECT entry_id FROM entries WHERE title = 'Bears'").fetchall()
    redacted = partial(redact, entry_id=bears, reason="asked for", at=LATER)
    purged = partial(purge, entry_id=bears, parser=LineParser(), at=LATER)
    for prepare in (redacted, purged):
        rebuild(db, LineParser(), at=LATER, authority=AUTHORITY, prepare=prepare)
    rebuild_if_outdated(db, NewerParser(), at=LATER, authority=AUTHORITY)
    with writing(db):
        seal(db, LATER)


def chain(db: Database) -> list[str]:
    return [digest for (digest,) in db.execute("SELECT digest FROM seals ORDER BY seal_id")]


@pytest.mark.parametrize("outcome", ["complete", "unchanged", "partial", "suspect", "blocked", "unreachable", "failed"])
def test_a_crawl_with_any_outcome_ends_with_one_seal(column: Column, outcome: Outcome) -> None:
    column.crawl(listing(A, B))
    first = chain(column.db)
    column.crawl(listing(A, B), outcome=outcome)
    assert len(first) == 1
    assert chain(column.db)[:-1] == first
    assert newest_seal(column.db) == chain(column.db)[-1]
    assert has_seal(column.db, first[0])
    assert problems(column.db) == []
    [unsealed] = column.rows(
        "SELECT (SELECT count(*) FROM captures) + (SELECT count(*) FROM crawls) + (SELECT count(*) FROM identities)"
        " - (SELECT count(*) FROM sealed_rows WHERE table_name IN ('captures', 'crawls', 'identities'))"
    )
    assert unsealed == (0,)


def test_the_next_seal_covers_the_rows_of_a_killed_crawl(column: Column) -> None:
    column.crawl(listing(A))
    column.capture([[listing(A, B)]])
    assert problems(column.db) == []  # it may still run
    begin_crawl(column.db, column.source, "full", column.today + DAY / 2)
    assert problems(column.db) == []  # the next one has closed its row
    column.day += 1
    column.crawl(listing(A, B))
    assert problems(column.db) == []
    assert len(chain(column.db)) == 2
    sealed = "SELECT row_key FROM sealed_rows WHERE table_name = 'crawls' AND seal_id = 2"
    assert column.rows(sealed) == [(2,), (3,), (4,)]


def test_a_failed_settling_writes_no_seal(column: Column) -> None:
    column.crawl(listing(A))
    crawl_id = column.capture([["a fault of the parser"]])
    before = chain(column.db)
    with pytest.raises(RuntimeError):
        settle(
            *(column.db, crawl_id, Verdict("complete"), LineParser(), Traffic()),
            at=column.today, authority=AUTHORITY,
        )  # fmt: skip
    assert chain(column.db) == before


def test_a_crawl_that_is_stopped_before_its_seal_is_not_settled(
    column: Column, monkeypatch: pytest.MonkeyPatch
) -> None:
    column.crawl(listing(A))
    settled = column.truth()

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(sys.modules["foreign_eyes.archive.settling.settle"], "seal", killed)
        with pytest.raises(KeyboardInterrupt):
            column.crawl(listing(A, B))
    assert column.truth() == settled
    assert column.rows("SELECT outcome FROM crawls WHERE crawl_id = 2") == [(None,)]
    assert problems(column.db) == []
    column.crawl(listing(A, B))
    assert (len(chain(column.db)), problems(column.db)) == (2, [])


def test_a_decision_ends_with_one_seal_and_changes_no_sealed_row(column: Column) -> None:
    column.crawl(listing(A, B))
    column.crawl(listing(A, C))
    rebuild_if_outdated(column.db, NewerParser(), at=LATER, authority=AUTHORITY)
    with writing(column.db):
        seal(column.db, LATER)
    ids, before = column.ids(), chain(column.db)
    rebuild(
        *(column.db, NewerParser()),
        at=LATER, authority=AUTHORITY, prepare=lambda copy: merge(copy, ids["Apples"], ids["Bears"], LATER),
    )  # fmt: skip
    assert (chain(column.db)[:-1], problems(column.db)) == (before, [])
    assert column.rows("SELECT DISTINCT seal_id FROM sealed_rows WHERE table_name = 'decisions'") == [
        (len(before) + 1,)
    ]
    assert column.rows("SELECT count(*) FROM sealed_rows GROUP BY table_name, row_key HAVING count(*) > 1") == []


class FindingParser(LineParser):
    """A parser that reads an entry on every page that the older parser missed."""

    PARSER_VERSION = 2

    def parse_listing(self, body: bytes, url: str, content_type: str | None = None) -> Any:
        """Read one line more."""
        return super().parse_listing(body + f"\n{C}".encode(), url, content_type)


def test_a_reparse_writes_no_seal_and_the_next_seal_covers_its_rows(column: Column) -> None:
    column.crawl(listing(A, B))
    before = chain(column.db)
    rebuild(column.db, FindingParser(), at=LATER, authority=AUTHORITY)
    unsealed = "SELECT count(*) FROM {0} WHERE {1} NOT IN (SELECT row_key FROM sealed_rows WHERE table_name = '{0}')"
    found = [column.rows(unsealed.format(*names)) for names in (("changes", "change_id"), ("identities", "entry_id"))]
    assert found == [[(1,)], [(1,)]]
    assert (chain(column.db), problems(column.db)) == (before, [])
    crawl_id = column.capture([[listing(A, B)]])
    settle(
        *(column.db, crawl_id, Verdict("complete"), FindingParser(), Traffic()),
        at=LATER, authority=AUTHORITY,
    )  # fmt: skip
    assert column.rows(unsealed.format("changes", "change_id")) == [(0,)]
    assert column.rows(unsealed.format("identities", "entry_id")) == [(0,)]
    assert (len(chain(column.db)), problems(column.db)) == (2, [])


def test_a_parser_upgrade_seals_the_rows_of_the_older_parser(column: Column) -> None:
    column.crawl(listing(A, B))
    before = chain(column.db)
    rebuild_if_outdated(column.db, NewerParser(), at=LATER, authority=AUTHORITY)
    assert (chain(column.db), problems(column.db)) == (before, [])
    with writing(column.db):
        seal(column.db, LATER)
    assert problems(column.db) == []
    count = "SELECT count(*) FROM sealed_rows WHERE table_name = "
    assert column.rows(f"{count}'revisions'") == [(2,)]
    assert column.rows(f"{count}'listing_rows'") == [(1,)]


def test_no_seal_is_written_without_new_rows(column: Column) -> None:
    column.crawl(listing(A, B))
    with writing(column.db):
        assert seal(column.db, LATER) is None


def test_the_migration_of_an_older_archive_writes_its_first_seal(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        db = Database(connection)
        migrations.apply(db, stop_before="m008_archive_id")
        db.execute("INSERT INTO sources VALUES (1, 'town', 'http://town.example/', 'The column', 'en')")
        db.execute(
            "INSERT INTO crawls (source_id, mode, started_at, ordered_at, finished_at, outcome) VALUES"
            " (1, 'full', '2026-03-01T09:00:00.000000Z', '2026-03-01T09:00:00.000000Z', '2026-03-01T09:00:09.000000Z', 'failed')"
        )
    with open_archive(path) as db:
        [(reason,)] = db.execute("SELECT reason FROM seals").fetchall()
        assert reason == "the archive was made by a version without seals"
        assert problems(db) == []


def test_a_new_archive_has_no_seal(tmp_path: Path) -> None:
    with open_archive(tmp_path / "archive.db") as db:
        assert newest_seal(db) is None
        assert problems(db) == []


def test_a_source_with_a_changed_configuration_is_sealed_again(column: Column) -> None:
    column.crawl(listing(A))
    column.db.execute("UPDATE sources SET title = 'Another'")  # as a crawl of another configuration begins
    column.crawl(listing(A))
    assert problems(column.db) == []
    column.db.execute("UPDATE sources SET title = 'Forged'")
    assert [one.where for one in problems(column.db)] == ["table sources"]
    Column(column.db, name="village", day=5).crawl(listing(A))
    assert [one.where for one in problems(column.db)] == ["table sources"]  # no later seal hides it


def test_removing_sources_keeps_the_chain_of_seals_valid(tmp_path: Path) -> None:
    with open_archive(tmp_path / "archive.db") as db:
        fill(db)
        before = chain(db)
        keep_sources(db, ["town"], LATER)
        assert problems(db) == []
        assert chain(db)[:-1] == before
        assert db.execute("SELECT reason FROM seals ORDER BY seal_id DESC").fetchone() == (
            "only these sources were kept: town",
        )
        rebuild(db, NewerParser(), at=LATER, authority=AUTHORITY)
        town = Column(db, day=50)  # a crawl whose captures get ids that removed ones had
        town.crawl(listing(A, B))
        assert problems(db) == []
        db.execute("PRAGMA foreign_keys=OFF")
        db.execute("DELETE FROM captures WHERE capture_id = (SELECT max(capture_id) FROM captures)")
        assert [one.where for one in problems(db)] == ["table captures"]


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sealed") / "archive.db"
    with open_archive(path) as db:
        fill(db)
        assert problems(db) == []
        empty = [name for name in FORM if not db.execute(f"SELECT count(*) FROM {name}").fetchone()[0]]
        assert empty == []
    return path


def as_table(db: Database, name: str) -> None:
    """Make the view `listing_rows` a table, so that its rows can be changed like those of other sealed tables."""
    if name == "listing_rows":
        db.execute("CREATE TABLE kept AS SELECT * FROM listing_rows")
        db.execute("DROP VIEW listing_rows")
        db.execute("ALTER TABLE kept RENAME TO listing_rows")


def columns_of(table: SealedTable) -> list[str]:
    return [*table.key, *table.columns, *table.by_digest, *table.later]


def ours(db: Database, table: SealedTable) -> list[tuple[Any, ...]]:
    return db.execute(
        f"SELECT {', '.join(columns_of(table))} FROM {table.name} t WHERE {table.only}", {"derived_by": 2}
    ).fetchall()


@pytest.mark.parametrize("name", FORM)
@given(data=st.data())
def test_every_changed_value_of_a_sealed_row_is_found(sealed: Path, name: str, data: st.DataObject) -> None:
    table = FORM[name]
    with changing(sealed) as db:
        as_table(db, name)
        rows = ours(db, table)
        row = data.draw(st.sampled_from(rows))
        place = data.draw(st.integers(0, len(row) - 1))
        value = data.draw(
            st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), st.text(), st.binary())
        )
        where = " AND ".join(f"{column} IS ?" for column in columns_of(table))
        column = columns_of(table)[place]
        with suppress(sqlite3.IntegrityError):
            db.execute(f"UPDATE {name} SET {column} = ? WHERE {where}", (value, *row))
        after = ours(db, table)
        assert (problems(db) == []) == (list(map(repr, after)) == list(map(repr, rows)))


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE readings SET shown = json_remove(shown, '$[0]') WHERE parser_version = 1",
        "UPDATE readings SET shown = json_insert(shown, '$[#]', 1) WHERE parser_version = 1",
        "UPDATE readings SET shown = '[' WHERE parser_version = 1",
        "UPDATE readings SET parser_version = -1 WHERE parser_version = 1",
        "DELETE FROM readings WHERE parser_version = 1",
    ],
)
def test_a_changed_reading_of_an_older_parser_is_found(sealed: Path, change: str) -> None:
    with changing(sealed) as db:
        db.execute(change)
        assert {one.where for one in problems(db)} == {"table listing_rows"}


def test_an_upgrade_turns_listing_rows_into_readings_with_the_same_rows_and_seals(sealed: Path) -> None:
    ordered = "SELECT * FROM listing_rows ORDER BY 1, 2, 3, 4"
    with changing(sealed) as db:
        as_table(db, "listing_rows")
        db.execute("DROP TABLE readings")
        # rows that no older parser read: one has another digest than its revision, one was not settled
        db.execute("UPDATE listing_rows SET wording = 'another' WHERE parser_version = 2 AND position = 2")
        db.execute("DELETE FROM listing_rows WHERE parser_version = 2 AND position = 1")
        before = db.execute(ordered).fetchall()
        m025_readings(db)
        assert db.execute(ordered).fetchall() == before
        assert "another" in {row[4] for row in before}
        assert problems(db) == []


@pytest.mark.parametrize("name", FORM)
def test_every_missing_row_is_found(sealed: Path, name: str) -> None:
    with changing(sealed) as db:
        as_table(db, name)
        table = FORM[name]
        for row in ours(db, table):
            where = " AND ".join(f"{column} IS ?" for column in columns_of(table))
            db.execute("SAVEPOINT one")
            db.execute(f"DELETE FROM {name} WHERE {where}", row)
            assert {one.where for one in problems(db)} >= {f"table {name}"}
            db.execute("ROLLBACK TO one")


@pytest.mark.parametrize("name", [name for name in FORM if name not in ("archive", "redaction_secret")])
def test_every_added_row_is_found(sealed: Path, name: str) -> None:
    with changing(sealed) as db:
        as_table(db, name)
        keys = FORM[name].key
        columns = [column for _, column, *_ in db.execute(f"PRAGMA table_info({name})")]
        unique = [column for column in ("name", "tag_uri", "feed_date", "at") if column in columns]
        values = ", ".join(
            f"max({column}) + 1"
            if column in keys[-1:]
            else f"{column} || 'x'"
            if column in unique
            else "1"
            if column == "parser_version" and name == "revisions"
            else column
            for column in columns
        )
        if name == "listing_rows":
            values = ", ".join("position + 99" if column == "position" else column for column in columns)
        db.execute(f"INSERT INTO {name} SELECT {values} FROM {name} LIMIT 1")
        assert {one.where for one in problems(db)} == {f"table {name}"}


@pytest.mark.parametrize("name", [name for name, table in FORM.items() if name not in ("archive", "redaction_secret")])
def test_swapped_rows_are_found(sealed: Path, name: str) -> None:
    with changing(sealed) as db:
        as_table(db, name)
        key = FORM[name].key[-1] if name != "listing_rows" else "position"
        where = "WHERE parser_version = 1" if name == "listing_rows" else ""
        first, last = db.execute(f"SELECT min({key}), max({key}) FROM {name} {where}").fetchone()
        assert first != last
        for old, new in ((first, -1), (last, first), (-1, last)):
            db.execute(f"UPDATE {name} SET {key} = ? WHERE {key} = ?", (new, old))
        assert {one.where for one in problems(db)} == {f"table {name}"}


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM seals WHERE seal_id = 1",
        "DELETE FROM seals WHERE seal_id = 2",
        "DELETE FROM seals WHERE seal_id = (SELECT max(seal_id) FROM seals)",
        "UPDATE seals SET previous = NULL WHERE seal_id = 2",
        "UPDATE seals SET made_at = '2026' WHERE seal_id = 2",
        "UPDATE seals SET reason = 'x' WHERE seal_id = 2",
        "UPDATE seals SET derivation = 7 WHERE seal_id = 2",
        "UPDATE seals SET covered = '{}' WHERE seal_id = 2",
        "UPDATE seals SET version = 99 WHERE seal_id = 2",
        "UPDATE seals SET seal_id = 99 WHERE seal_id = 2",
        "DELETE FROM sealed_rows WHERE seal_id = 2",
        "DELETE FROM sealed_rows WHERE rowid IN (SELECT rowid FROM sealed_rows LIMIT 1)",
        "UPDATE sealed_rows SET digest = NULL WHERE table_name = 'captures' AND row_key = 1",
        "UPDATE sealed_rows SET seal_id = 1 WHERE seal_id = 2",
    ],
)
def test_a_changed_seal_is_found(sealed: Path, damage: str) -> None:
    with changing(sealed) as db:
        damage = damage.replace("rowid IN (SELECT rowid FROM sealed_rows LIMIT 1)", "table_name = 'archive'")
        db.execute(damage)
        assert problems(db)


class changing:  # noqa: N801 - used as a function
    """A copy of an archive in memory, without foreign keys, to be changed."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        with closing(sqlite3.connect(path)) as original:
            original.backup(self.connection)
        self.connection.execute("PRAGMA ignore_check_constraints=ON")

    def __enter__(self) -> Database:
        return Database(self.connection)

    def __exit__(self, *_: object) -> None:
        self.connection.close()


def test_every_column_is_sealed_or_has_a_reason_why_not() -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        db = Database(connection)
        migrations.apply(db)
        assert {*FORM, "told_texts"} == {*DUMP_TABLES, "archive"}
        for name, table in FORM.items():
            stated = [*columns_of(table), *table.unsealed]
            assert sorted(stated) == sorted(column for _, column, *_ in db.execute(f"PRAGMA table_info({name})"))
            assert all(table.unsealed.values())
        for covered, name in ((BODIES, "bodies"), (TOLD_TEXTS, "told_texts")):
            assert {*covered} == {column for _, column, *_ in db.execute(f"PRAGMA table_info({name})")}


def test_a_later_column_changes_no_earlier_digest() -> None:
    before = SealedTable("t", ("id",), ("a",), by_digest=("b",))
    after = SealedTable("t", ("id",), ("a",), by_digest=("b",), later={"c": 0})
    [(_, old)] = before.digests([(1, "x", "y")])
    [(_, same)] = after.digests([(1, "x", "y", 0)])
    [(_, other)] = after.digests([(1, "x", "y", 7)])
    assert old == same != other


def test_the_form_of_version_1_never_changes() -> None:
    """Existing seals must always verify; a change of the form needs a new version."""
    row = (7, 1, "listing", 1, 2, "http://a/", "http://b/", "2026", 200, "ab" * 32, None, None, "[]", None)
    [(key, digest)] = FORM["captures"].digests([(*row, *FORM["captures"].later.values())])
    assert key == 7
    assert digest.hex() == "5898fc695ef2b3b84dfbf7ce58b05b5a0259eb5185940dee7d28253b431a09e1"


@given(
    st.recursive(
        st.none() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(st.characters()),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_the_hashed_form_is_a_line_of_ascii_json(form: object) -> None:
    line = encode(form)
    assert line == json.dumps(form, ensure_ascii=True, separators=(",", ":")).encode()
    assert b"\n" not in line
