"""`integrity.verify`: each kind of damage is reported with its place and its remedy."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from support.settling import DAY, START, A, B, Column, LineParser, entry, listing

from foreign_eyes.archive.backup import copy_archive
from foreign_eyes.archive.database import open_archive, read_archive
from foreign_eyes.archive.integrity import Problem, verify
from foreign_eyes.archive.rebuilding.deep_check import repair_indexes, verify_derived
from foreign_eyes.archive.rebuilding.rebuild import rebuild_if_outdated

LATER = START + 99 * DAY


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Two crawls, the second with a revision."""
    path = tmp_path / "archive.db"
    with open_archive(path) as db:
        column = Column(db, answers={"http://search.example/": 200})
        column.crawl(listing(A, B, "link|Patent Search|http://search.example/"))
        column.crawl(listing(A, entry("Bears", commentary="Rewritten.")))
        rebuild_if_outdated(
            db, LineParser(), at=LATER, authority="example.org,2026"
        )  # notes by which parser it is derived
    return path


@pytest.fixture
def damage(archive: Path) -> Iterator[sqlite3.Connection]:
    """A plain connection, which does not check foreign keys, to damage the archive with."""
    with closing(sqlite3.connect(archive, isolation_level=None)) as connection:
        yield connection


def problems(archive: Path) -> list[Problem]:
    with read_archive(archive) as db:
        return list(verify(db))


def test_an_undamaged_archive_has_no_problems(archive: Path) -> None:
    assert problems(archive) == []


def test_an_archive_without_crawls_has_no_problems(tmp_path: Path) -> None:
    with open_archive(tmp_path / "new.db"):
        pass
    assert problems(tmp_path / "new.db") == []


@pytest.mark.parametrize("place", [0, 1, 10, -1])
def test_a_flipped_bit_in_a_body_is_reported(archive: Path, damage: sqlite3.Connection, place: int) -> None:
    digest, stored = damage.execute("SELECT body_sha256, zlib FROM bodies LIMIT 1").fetchone()
    flipped = bytearray(stored)
    flipped[place] ^= 1
    damage.execute("UPDATE bodies SET zlib = ? WHERE body_sha256 = ?", (bytes(flipped), digest))
    [problem] = problems(archive)
    assert problem.what.startswith(f"body {digest}: ")
    assert problem.where == "table bodies"
    assert problem.remedy


def test_a_replaced_body_is_reported(archive: Path, damage: sqlite3.Connection) -> None:
    digest = damage.execute("SELECT body_sha256 FROM bodies LIMIT 1").fetchone()[0]
    damage.execute("UPDATE bodies SET zlib = ? WHERE body_sha256 = ?", (zlib.compress(b"forged"), digest))
    assert [problem.what for problem in problems(archive)] == [f"body {digest}: its bytes have another digest"]


@pytest.mark.parametrize("column", ["title", "publication", "excerpt", "commentary"])
def test_a_revision_with_a_changed_text_is_reported(archive: Path, damage: sqlite3.Connection, column: str) -> None:
    damage.execute(f"UPDATE revisions SET {column} = 'forged' WHERE revision_id = 2")
    [problem] = problems(archive)
    assert problem == Problem("the text of revision 2 does not match its digest", "table revisions", problem.remedy)


@pytest.mark.parametrize(
    ("table", "parents"),
    [
        ("sources", {"sources"}),
        ("captures", {"captures"}),
        ("bodies", {"bodies"}),
        ("revisions", {"revisions"}),
        ("entries", {"entries"}),
    ],
)
def test_a_reference_to_a_missing_row_is_reported(
    archive: Path, damage: sqlite3.Connection, table: str, parents: set[str]
) -> None:
    damage.execute(f"DELETE FROM {table}")
    found = [problem.what for problem in problems(archive) if "refers to" in problem.what]
    assert found
    assert {what.partition(" refers to a missing row of ")[2] for what in found} == parents


def test_an_entry_that_the_search_index_lacks_is_reported(archive: Path, damage: sqlite3.Connection) -> None:
    damage.execute("DELETE FROM entries_fts_docsize WHERE rowid = (SELECT min(entry_id) FROM entries)")
    assert [problem.what for problem in problems(archive)] == [
        "the number of rows in the search index differs from that of entries by 1"
    ]


def test_a_damaged_page_of_the_file_is_reported(archive: Path) -> None:
    with closing(sqlite3.connect(archive)) as connection:
        query = "SELECT rootpage FROM sqlite_master WHERE name = 'changes_by_entry'"
        page, size = connection.execute(query).fetchone()[0], connection.execute("PRAGMA page_size").fetchone()[0]
    content = bytearray(archive.read_bytes())
    content[(page - 1) * size : page * size] = b"\xff" * size
    archive.write_bytes(content)
    found = problems(archive)
    assert found[0].what.startswith("the file is damaged: ")
    assert found[0].where == "table changes"


def test_a_copy_equals_the_archive_and_has_no_problems(archive: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    with open_archive(archive) as db, closing(sqlite3.connect(copy)) as old:
        old.execute("CREATE TABLE leftovers (a)")
        copy_archive(archive, copy)
        tables = "SELECT name, sql FROM sqlite_master ORDER BY name"
        assert old.execute(tables).fetchall() == db.execute(tables).fetchall()
    assert problems(copy) == []


@pytest.mark.parametrize(
    ("damage_done", "where"),
    [
        ("UPDATE entries SET title = 'forged' WHERE title = 'Apples'", "table entries"),
        ("UPDATE entries SET first_seen = 'no date'", "table entries"),
        ("UPDATE revisions SET flags = 'no JSON'", "table revisions"),
        ("UPDATE placements SET order_key = order_key || 'V'", "table placements"),
        ("UPDATE readings SET shown = json_insert(shown, '$[0]', NULL, '$[#]', 1)", "table readings"),
        ("UPDATE links SET label = 'forged'", "table links"),
        ("UPDATE publications SET name = 'forged'", "table publications"),
        ("UPDATE changes SET revision_id = NULL", "table changes"),
        ("INSERT INTO entries_fts (entries_fts) VALUES ('delete-all')", "table entries_fts"),
        ("INSERT INTO revisions_fts (revisions_fts) VALUES ('delete-all')", "table revisions_fts"),
        ("DROP INDEX entries_by_title", "table sqlite_schema"),
        ("CREATE INDEX mine ON entries (excerpt)", "table sqlite_schema"),
    ],
)
def test_a_deep_check_finds_derived_rows_that_disagree_with_the_truth(
    archive: Path, damage: sqlite3.Connection, damage_done: str, where: str
) -> None:
    with read_archive(archive) as db:
        assert list(verify_derived(db, LineParser(), at=LATER, authority="example.org,2026")) == []
    damage.execute(damage_done)
    with read_archive(archive) as db:
        found = list(verify_derived(db, LineParser(), at=LATER, authority="example.org,2026"))
    assert where in {problem.where for problem in found}
    assert all(problem.remedy for problem in found)


def test_damaged_indexes_are_found_and_rebuilt(archive: Path, damage: sqlite3.Connection) -> None:
    with open_archive(archive) as db:
        assert not repair_indexes(db)
    damage.execute("PRAGMA writable_schema=ON")
    damage.execute("UPDATE sqlite_master SET sql = replace(sql, 'at)', 'kind)') WHERE name = 'changes_by_source'")
    damage.close()
    with closing(sqlite3.connect(archive, isolation_level=None)) as again:
        again.execute("REINDEX changes_by_source")
        again.execute("PRAGMA writable_schema=ON")
        again.execute("UPDATE sqlite_master SET sql = replace(sql, 'kind)', 'at)') WHERE name = 'changes_by_source'")
    with read_archive(archive) as db:
        found = list(verify_derived(db, LineParser(), at=LATER, authority="example.org,2026"))
    assert {(problem.where, problem.remedy) for problem in found} == {("table changes", "foreign-eyes reparse")}
    with open_archive(archive) as db:
        assert repair_indexes(db)
        assert list(verify_derived(db, LineParser(), at=LATER, authority="example.org,2026")) == []
