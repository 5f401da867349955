"""Copy new archives from a template: a copy takes a hundredth of the time of the migrations.

Ids and secrets are generated for each copy. The migrations run in tests that request `real_births`, in commands that start an
interpreter, and everywhere with `REAL_STARTS=1`.
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
    """Create the template archive by the migrations."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        REAL_BIRTHS(Database(connection), path)


def copy_births(template: Path) -> None:
    """Make this process and its forks create new archives as copies of `template`."""
    database._bring_up_to_date = partial(_copy, template)


def _copy(template: Path, db: Database, path: Path) -> None:
    """Copy the template into an empty database; migrate any other database."""
    if db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
        REAL_BIRTHS(db, path)
        return
    with closing(sqlite3.connect(f"{template.as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        connection.backup(db.conn)
    with database.writing(db):
        db.execute("UPDATE archive SET archive_id = ?", (secrets.token_hex(16),))
        db.execute("UPDATE redaction_secret SET secret = ?", (secrets.token_hex(32),))
