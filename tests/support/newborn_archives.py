"""New archives of tests are copied from one that the migrations made: a copy costs a hundredth of the migrations.

What all archives have alike is copied; what each mints for itself is minted anew. Where a birth is the subject, the migrations
run: in tests that ask for `real_births`, in processes of their own, and everywhere with `REAL_STARTS=1`.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

from sqlite_utils import Database

from foreign_eyes.archive import database

Births = Callable[[Database, Path], None]
REAL_BIRTHS: Births = database._bring_up_to_date


def make_template(path: Path) -> None:
    """Make the archive that others are copied from, by the migrations."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        REAL_BIRTHS(Database(connection), path)


def copy_births(template: Path) -> None:
    """Let this process, and those that it forks, make new archives as copies of `template`."""
    database._bring_up_to_date = partial(_copy, template)


def _copy(template: Path, db: Database, path: Path) -> None:
    """Fill an empty database with a copy of the template; bring others up to date as ever."""
    if db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
        REAL_BIRTHS(db, path)
        return
    with closing(sqlite3.connect(f"{template.as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        connection.backup(db.conn)
    with database.writing(db):
        db.execute("UPDATE archive SET archive_id = ?", (secrets.token_hex(16),))
        db.execute("UPDATE redaction_secret SET secret = ?", (secrets.token_hex(32),))
