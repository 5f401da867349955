"""Keeping invented entries apart from real ones.

A source is invented where its host lies under `.invalid`, a top-level domain that can never name a real site (RFC 6761 section
6.4). The bundled sample is such a source. An archive holds either invented sources or real ones, so that no query, feed or
export mixes their entries.
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
    """Which kinds of sources an archive has crawled."""

    invented: bool = False
    real: bool = False

    @property
    def only_invented(self) -> bool:
        """Whether it holds the sample and nothing else."""
        return self.invented and not self.real

    @property
    def mixed(self) -> bool:
        """Whether it holds both, as older archives can."""
        return self.invented and self.real


def is_invented(url: str) -> bool:
    """Tell whether a listing's URL can only be that of an invented source."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return host.rstrip(".").endswith(".invalid")


def holdings(db: Database) -> Holdings:
    """Return which kinds of sources an open archive holds."""
    return _holdings([url for (url,) in db.execute("SELECT url FROM sources")])


def holdings_of_file(path: Path) -> Holdings:
    """Return which kinds of sources the archive at `path` has, whatever version made it; none if it is missing."""
    if not path.is_file():
        return Holdings()
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            return _holdings([url for (url,) in connection.execute("SELECT url FROM sources")])
    except sqlite3.Error:
        return Holdings()  # the next command that opens the file reports the error


def refuse_mixture(db: Database, url: str) -> None:
    """Refuse to add a source that would stand among sources of the other kind.

    An archive that is mixed already takes real sources: its crawls go on until an operator takes it apart.

    Raises:
        MixedSources: the archive holds only invented sources and `url` is real, or the other way round.
    """
    held = holdings(db)
    if is_invented(url) and held.real:
        why = "holds real entries, and this source is invented; name another archive with --archive FILE"
        raise MixedSources(path_of(db), why)
    if not is_invented(url) and held.only_invented:
        raise MixedSources(path_of(db), "holds the invented sample; move it out first: foreign-eyes set-aside")


def _holdings(urls: list[str]) -> Holdings:
    kinds = {is_invented(url) for url in urls}
    return Holdings(invented=True in kinds, real=False in kinds)
