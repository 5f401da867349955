"""Keep invented entries apart from real ones.

A source is invented if its host is under `.invalid`, a top-level domain that never names a real site (RFC 6761 section 6.4).
The bundled sample is such a source. An archive holds either invented or real sources, so that no query, feed or export mixes
their entries.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sqlite_utils import Database

from foreign_eyes.archive.database import path_of
from foreign_eyes.archive.errors import MixedSources


@dataclass(frozen=True, slots=True)
class Holdings:
    """Whether an archive holds invented sources and real ones."""

    invented: bool = False
    real: bool = False

    @property
    def only_invented(self) -> bool:
        """Whether it holds only invented sources."""
        return self.invented and not self.real

    @property
    def mixed(self) -> bool:
        """Whether it holds both; archives of older versions can."""
        return self.invented and self.real


def is_invented(url: str) -> bool:
    """Return whether the URL of a listing is that of an invented source."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return host.rstrip(".").endswith(".invalid")


def holdings(db: Database) -> Holdings:
    """Return whether an open archive holds invented and real sources."""
    return _holdings([url for (url,) in db.execute("SELECT url FROM sources")])


def holdings_of_file(path: Path) -> Holdings:
    """Return whether the archive at `path`, of any version, holds invented and real sources.

    Neither if it is missing.
    """
    if not path.is_file():
        return Holdings()
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            return _holdings([url for (url,) in connection.execute("SELECT url FROM sources")])
    except sqlite3.Error:
        return Holdings()  # the next command that opens the file reports the error


def refuse_mixture(db: Database, url: str) -> None:
    """Refuse a source that would mix invented and real sources in one archive.

    An archive that is mixed already accepts real sources, so that its crawls go on until an operator separates it.

    Raises:
        MixedSources: the archive holds only invented sources and `url` is real, or the reverse.
    """
    existing = holdings(db)
    if is_invented(url) and existing.real:
        why = "holds real entries, and this source is invented; name another archive with --archive FILE"
        raise MixedSources(path_of(db), why)
    if not is_invented(url) and existing.only_invented:
        raise MixedSources(path_of(db), "holds the invented sample; move it out first: foreign-eyes set-aside")


def _holdings(urls: list[str]) -> Holdings:
    return Holdings(invented=any(map(is_invented, urls)), real=not all(map(is_invented, urls)))
