"""Renames in exports: they are imported, and either archive may have the old name or the new one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database
from support.settling import A, B, C, Column, listing
from test_source_renames import LATER, again, ids, join
from test_warc_archive import exported, imported

from foreign_eyes.archive.database import open_archive
from foreign_eyes.archive.dump import DUMP_TABLES
from foreign_eyes.archive.rebuilding.source_renames import rename_source
from foreign_eyes.archive.seal_check import verify_seals


def truth(db: Database) -> dict[str, list[Any]]:
    tables = [table for table in (*DUMP_TABLES, "entries") if table not in ("changes", "redaction_secret")]
    changes = "SELECT change_id, source_id, kind, announced, entry_id, former_source FROM changes ORDER BY 1"
    return {"changes": db.execute(changes).fetchall()} | {
        table: sorted(db.execute(f"SELECT * FROM {table}").fetchall(), key=repr) for table in tables
    }


def test_an_export_of_joined_sources_is_imported_as_they_are(tmp_path: Path) -> None:
    with open_archive(tmp_path / "archive.db") as db, open_archive(tmp_path / "copy.db") as copy:
        Column(db).crawl(listing(A, B))
        Column(db, "city", day=1).crawl(listing(A, C))
        join(db, "town", "city")
        imported(copy, exported(db))
        assert truth(copy) == truth(db)
        assert again(copy).differences == ()
        assert list(verify_seals(copy)) == []


@pytest.mark.parametrize("renamed", ["here", "there"])
def test_an_import_finds_a_source_by_its_other_name(tmp_path: Path, renamed: str) -> None:
    with open_archive(tmp_path / "here.db") as here, open_archive(tmp_path / "there.db") as there:
        Column(here).crawl(listing(A, B))
        Column(there, day=1).crawl(listing(A, B, C))
        rename_source(here if renamed == "here" else there, "town", "city", LATER)
        before = ids(here, "city" if renamed == "here" else "town")
        imported(here, exported(there))
        [(name,)] = here.execute("SELECT name FROM sources").fetchall()
        assert name == ("city" if renamed == "here" else "town")
        assert {title: ids(here, name)[title] for title in before} == before
        assert len(ids(here, name)) == 3
