"""Reading an archive whose texts may be damaged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlite_utils import Database


@contextmanager
def read_leniently(db: Database) -> Iterator[None]:
    """Let texts that are not UTF-8 come with lone surrogates for their bytes, where SQLite would raise an error."""
    plain = db.conn.text_factory
    db.conn.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    try:
        yield
    finally:
        db.conn.text_factory = plain
