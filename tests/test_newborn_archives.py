"""The archives that tests copy equal those that the migrations make."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlite_utils import Database
from support.newborn_archives import REAL_BIRTHS, copy_births, make_template

from foreign_eyes.archive import database
from foreign_eyes.archive.database import IN_MEMORY, open_archive


def state(db: Database) -> list[object]:
    """The parts that are equal in all new archives: definitions, pragmas and migrations."""
    return [
        db.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY rowid").fetchall(),
        db.execute("SELECT id, migration_set, name FROM _sqlite_migrations").fetchall(),
        *(db.execute(f"PRAGMA {mark}").fetchone() for mark in ("application_id", "user_version", "journal_mode")),
        {name: db[name].count for name in db.table_names() if not name.startswith(("entries_fts", "revisions_fts"))},
    ]


@pytest.mark.parametrize("name", ["archive.db", str(IN_MEMORY)])
def test_a_copied_archive_differs_from_a_migrated_one_only_in_minted_values(tmp_path: Path, name: str) -> None:
    states, minted = [], []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_bring_up_to_date", REAL_BIRTHS)
        make_template(tmp_path / "template")
        for number in range(3):
            if number:
                copy_births(tmp_path / "template")
            path = IN_MEMORY if name == str(IN_MEMORY) else tmp_path / f"{number}{name}"
            with open_archive(path) as db:
                states.append(state(db))
                minted += db.execute(
                    "SELECT archive_id FROM archive UNION SELECT secret FROM redaction_secret"
                ).fetchall()
    assert states[0] == states[1] == states[2]
    assert len(set(minted)) == 6
