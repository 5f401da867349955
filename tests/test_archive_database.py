"""Opening an archive: creation, migrations, transactions, and files that are refused."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

from foreign_eyes.archive.database import open_archive, read_archive, writing
from foreign_eyes.archive.errors import (
    ArchiveError,
    ArchiveOutdated,
    ArchiveUnwritable,
    DamagedArchive,
    NoArchive,
    NotAnArchive,
)
from foreign_eyes.archive.schema import APPLICATION_ID, migrations

pytestmark = pytest.mark.usefixtures("real_births")

Opener = Callable[[Path], object]


def open_it(path: Path) -> None:
    with open_archive(path):
        pass


def read_it(path: Path) -> None:
    with read_archive(path):
        pass


def ask(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def write(path: Path, script: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    open_it(tmp_path / "archive.db")
    return tmp_path / "archive.db"


def test_a_new_archive_has_our_application_id_and_a_rollback_journal(archive: Path) -> None:
    assert ask(archive, "PRAGMA application_id") == [(APPLICATION_ID,)]
    assert ask(archive, "PRAGMA journal_mode") == [("delete",)]
    assert [path.name for path in archive.parent.iterdir()] == ["archive.db"]


def test_all_tables_are_strict(archive: Path) -> None:
    tables = ask(archive, "SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table'")
    ours = {name: strict for name, strict in tables if not str(name).startswith(("sqlite_", "_sqlite_migrations"))}
    assert len(ours) >= 12
    assert set(ours.values()) == {1}, ours


def test_every_foreign_key_is_the_first_column_of_an_index(archive: Path) -> None:
    """Otherwise each foreign key check, and each query for the rows of a parent, scans the table."""
    with closing(sqlite3.connect(archive)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        lacking = []
        for table in tables:
            leading = {row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[5] == 1}
            for _, index, _, _, partial in connection.execute(f"PRAGMA index_list({table})").fetchall():
                first = connection.execute(f"PRAGMA index_info({index})").fetchone()[2]
                # a partial index serves only queries with its condition; every equality implies "not NULL"
                condition = f"%WHERE {first} IS NOT NULL"
                query = "SELECT 1 FROM sqlite_master WHERE name = ? AND sql LIKE ?"
                if not partial or connection.execute(query, (index, condition)).fetchone():
                    leading.add(first)
            keys = {row[3] for row in connection.execute(f"PRAGMA foreign_key_list({table})")}
            lacking += [f"{table}.{column}" for column in keys - leading]
    assert lacking == []


def test_foreign_keys_are_enforced(archive: Path) -> None:
    with open_archive(archive) as db, pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        db.execute("INSERT INTO crawls (source_id, mode, started_at) VALUES (99, 'full', '2026')")


@pytest.mark.parametrize(
    ("table", "values"),
    [
        ("sources", "(1, NULL, 'u', 't', 'en')"),
        ("sources", "('one', 'n', 'u', 't', 'en')"),
        ("crawls (source_id, mode, started_at)", "(1, 'slow', '2026')"),
        ("crawls (source_id, mode, started_at, outcome)", "(1, 'full', '2026', 'fine')"),
        ("bodies", "('ab', 1, x'00')"),
        ("captures (crawl_id, purpose, asked_url, url, fetched_at)", "(1, 'listing', 'u', 'u', '2026')"),
        ("captures (crawl_id, purpose, asked_url, url, fetched_at, status)", "(1, 'other', 'u', 'u', '2026', 200)"),
        ("captures (crawl_id, purpose, asked_url, url, fetched_at, fault)", "(1, 'link', 'u', 'u', '2026', 'odd')"),
        ("links (source_id, label, url, first_seen, outcome)", "(1, 'l', 'u', '2026', 'odd')"),
        ("changes (source_id, crawl_id, at, kind)", "(1, 1, '2026', 'new')"),
        ("changes (source_id, crawl_id, at, kind, link_id)", "(1, 1, '2026', 'odd', 1)"),
    ],
)
def test_constraints_refuse_invalid_rows(archive: Path, table: str, values: str) -> None:
    with open_archive(archive) as db:
        db.execute("PRAGMA foreign_keys=OFF")
        with pytest.raises(sqlite3.IntegrityError, match=r"constraint failed|cannot store|datatype mismatch"):
            db.execute(f"INSERT INTO {table} VALUES {values}")


def test_opening_an_archive_again_applies_no_migration_and_changes_no_byte(archive: Path) -> None:
    before = archive.read_bytes()
    open_it(archive)
    assert archive.read_bytes() == before
    names = [name for (name,) in ask(archive, "SELECT name FROM _sqlite_migrations ORDER BY id")]
    assert names == sorted(set(names))


def test_a_failed_migration_is_rolled_back(tmp_path: Path) -> None:
    """A table that the second migration creates exists already."""
    path = tmp_path / "archive.db"
    write(path, f"PRAGMA application_id={APPLICATION_ID}; CREATE TABLE publications (name)")
    before = ask(path, "SELECT name FROM sqlite_master")
    with pytest.raises(DamagedArchive, match="already exists"):
        open_it(path)
    assert ask(path, "SELECT name FROM sqlite_master") == before


def text_file(path: Path) -> None:
    path.write_text("Dear archive,\n" * 500, encoding="utf-8")


def two_bytes(path: Path) -> None:
    path.write_bytes(b"no")


def another_programs_database(path: Path) -> None:
    write(path, "CREATE TABLE recipes (name TEXT); INSERT INTO recipes VALUES ('tea')")


def cut_in_half(path: Path) -> None:
    open_it(path)
    os.truncate(path, path.stat().st_size // 2)


def cut_in_its_header(path: Path) -> None:
    open_it(path)
    os.truncate(path, 60)


def a_database_without_tables(path: Path) -> None:
    write(path, "VACUUM")


def empty(path: Path) -> None:
    path.touch()


def zeros(path: Path) -> None:
    path.write_bytes(bytes(8192))


def emptied(path: Path) -> None:
    open_it(path)
    os.truncate(path, 0)


def cut_to_its_first_page(path: Path) -> None:
    open_it(path)
    os.truncate(path, 4096)


def overwritten(path: Path, at: int, data: bytes) -> None:
    open_it(path)
    with path.open("r+b") as file:
        file.seek(at)
        file.write(data)


def zeros_at_its_start(path: Path) -> None:
    overwritten(path, 0, bytes(4096))


def noise_at_its_start(path: Path) -> None:
    overwritten(path, 0, b"\x8f\x01" * 50)


def one_bit_of_its_application_id(path: Path) -> None:
    overwritten(path, 68, bytes([0x47]))


def zeros_in_its_middle(path: Path) -> None:
    overwritten(path, 4096 * 5, bytes(4096 * 20))


def nothing_of_it_but_its_lock(path: Path) -> None:
    path.write_bytes(b"\x8f\x01\xfe\x00" * 4096)
    path.with_name(f"{path.name}.lock").touch()


def made_by_a_newer_version(path: Path) -> None:
    open_it(path)
    write(
        path,
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('foreign_eyes', 'm999_dreams', '2036')",
    )


@pytest.mark.parametrize("opener", [open_it, read_it])
@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (text_file, NotAnArchive, "not a Foreign Eyes archive (file is not a database)"),
        (two_bytes, NotAnArchive, "not a Foreign Eyes archive (file is not a database)"),
        (another_programs_database, NotAnArchive, "an SQLite file of another program"),
        (a_database_without_tables, NotAnArchive, "an SQLite file without tables"),
        (made_by_a_newer_version, ArchiveOutdated, "made by a newer version (it has m999_dreams)"),
        (Path.mkdir, NotAnArchive, "a folder"),
        (empty, DamagedArchive, "(the file is empty)"),
        (emptied, DamagedArchive, "(the file is empty)"),
        (zeros, DamagedArchive, "(file is not a database)"),
        (cut_in_half, DamagedArchive, "malformed"),
        (cut_in_its_header, DamagedArchive, "Restore a backup: foreign-eyes restore FILE"),
        (cut_to_its_first_page, DamagedArchive, "malformed"),
        (zeros_at_its_start, DamagedArchive, "(file is not a database)"),
        (noise_at_its_start, DamagedArchive, "(file is not a database)"),
        (one_bit_of_its_application_id, DamagedArchive, "its application id is 0x476f4579"),
        (nothing_of_it_but_its_lock, DamagedArchive, "(file is not a database)"),
    ],
)
def test_damaged_archives_and_other_files_are_refused_in_one_line_and_not_changed(
    tmp_path: Path, make: Callable[[Path], None], error: type[ArchiveError], words: str, opener: Opener
) -> None:
    path = tmp_path / "given.db"
    make(path)
    before, there = path.read_bytes() if path.is_file() else None, set(tmp_path.iterdir())
    changed = path.stat().st_mtime_ns
    with pytest.raises(error) as refusal:
        opener(path)
    assert type(refusal.value) is error
    assert words in str(refusal.value)
    assert str(refusal.value).startswith(f"{path}: ")
    assert "\n" not in str(refusal.value)
    assert (path.read_bytes() if path.is_file() else None, path.stat().st_mtime_ns) == (before, changed)
    assert set(tmp_path.iterdir()) == there


def test_an_archive_with_a_corrupt_structure_is_not_opened_for_writing(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    zeros_in_its_middle(path)
    before = path.read_bytes()
    with pytest.raises(DamagedArchive):
        open_it(path)
    assert path.read_bytes() == before


@given(start=st.integers(0, 400), length=st.integers(1, 4096 * 40), data=st.sampled_from([b"\0", b"\xff", b"z"]))
def test_an_archive_with_overwritten_bytes_is_always_reported_as_damaged(
    tmp_path_factory: pytest.TempPathFactory, start: int, length: int, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "overwritten.db"
    path.unlink(missing_ok=True)
    overwritten(path, start * 256, data * length)
    before = path.read_bytes()
    for opener in (read_it, open_it):
        try:
            opener(path)
        except NotAnArchive as error:  # nothing but text is left of its beginning
            assert before[:4096].strip(data) == b"", error  # noqa: PT017
        except ArchiveError:
            assert path.read_bytes() == before


def test_an_archive_in_a_missing_folder_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(ArchiveUnwritable, match="cannot be written"):
        open_it(tmp_path / "nowhere" / "archive.db")


def test_reading_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(NoArchive, match="make one with: foreign-eyes crawl"):
        read_it(tmp_path / "archive.db")
    assert list(tmp_path.iterdir()) == []


def test_a_reader_cannot_write(archive: Path) -> None:
    before = archive.read_bytes(), archive.stat().st_mtime_ns
    with read_archive(archive) as db:
        assert db.execute("SELECT count(*) FROM entries").fetchone() == (0,)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            db.execute("DELETE FROM entries")
    assert (archive.read_bytes(), archive.stat().st_mtime_ns) == before
    assert list(archive.parent.iterdir()) == [archive]


def test_a_reader_sees_one_snapshot(archive: Path) -> None:
    with read_archive(archive) as db:
        assert db.execute("SELECT count(*) FROM publications").fetchone() == (0,)
        with closing(sqlite3.connect(archive, timeout=0)) as writer:
            writer.execute("INSERT INTO publications (name) VALUES ('Le Monde')")
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                writer.commit()  # it waits until nobody reads
        assert db.execute("SELECT count(*) FROM publications").fetchone() == (0,)


def test_a_transaction_is_committed_as_a_whole(archive: Path) -> None:
    with open_archive(archive) as db, writing(db):
        db.execute("INSERT INTO publications (name) VALUES ('Le Monde')")
        db.execute("INSERT INTO publications (name) VALUES ('Nikkei')")
    assert ask(archive, "SELECT count(*) FROM publications") == [(2,)]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_rolls_a_transaction_back(archive: Path, error: type[BaseException]) -> None:
    with open_archive(archive) as db:
        with pytest.raises(error), writing(db):  # noqa: PT012 - the statement before is what must not stay
            db.execute("INSERT INTO publications (name) VALUES ('Le Monde')")
            raise error
        assert not db.conn.in_transaction
    assert ask(archive, "SELECT count(*) FROM publications") == [(0,)]


def test_a_transaction_takes_the_write_lock_at_once(archive: Path) -> None:
    with open_archive(archive) as db, writing(db), closing(sqlite3.connect(archive, timeout=0)) as other:
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        assert other.execute("SELECT count(*) FROM publications").fetchone() == (0,)  # who reads is not kept waiting


def test_an_error_in_our_own_sql_is_not_reported_as_an_error_of_the_file(archive: Path) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such table"), open_archive(archive) as db:
        db.execute("SELECT * FROM dreams")


def test_crawls_of_an_older_archive_are_ordered_by_start_but_not_before_the_previous_crawl() -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        db = Database(connection)
        migrations.apply(db, stop_before="m006_identities")
        db.execute("INSERT INTO sources VALUES (1, 'town', 'http://town.example/', 'The column', 'en')")
        began = ["2026-03-02", "2026-03-01", "2026-03-05", "2026-03-04", "2026-03-05", "2026-03-06"]
        for crawl_id, at in zip((1, 2, 4, 7, 8, 9), began, strict=True):
            db.execute(
                "INSERT INTO crawls (crawl_id, source_id, mode, started_at) VALUES (?, 1, 'full', ?)", (crawl_id, at)
            )
        migrations.apply(db)
        ordered = [at for (at,) in db.execute("SELECT ordered_at FROM crawls ORDER BY crawl_id")]
    assert ordered == ["2026-03-02", "2026-03-02", "2026-03-05", "2026-03-05", "2026-03-05", "2026-03-06"]


def test_the_crawls_of_an_older_archive_are_ordered_in_one_scan() -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        db = Database(connection)
        migrations.apply(db, stop_before="m006_identities")
        db.execute("INSERT INTO sources VALUES (1, 'town', 'http://town.example/', 'The column', 'en')")
        statements: list[str] = []
        connection.set_trace_callback(statements.append)
        migrations.apply(db)
        ordering = next(text for text in statements if "UPDATE crawls SET ordered_at" in text)
        plan = [row[3] for row in db.execute("EXPLAIN QUERY PLAN " + ordering[ordering.index("UPDATE crawls") :])]
    assert not [step for step in plan if "CORRELATED" in step], plan
