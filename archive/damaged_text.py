"""Read an archive that may contain damaged texts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlite_utils import Database


@contextmanager
def read_leniently(db: Database) -> Iterator[None]:
    """Decode bytes that are not UTF-8 as lone surrogates; by default sqlite3 raises an error."""
    default = db.conn.text_factory
    db.conn.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    try:
        yield
    finally:
        db.conn.text_factory = default
