"""Read which sources are published where, and their newest published entries.

Used for the page and the feeds over all sources.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlite_utils import Database

from foreign_eyes.archive.database import path_of
from foreign_eyes.archive.feed_state.changes import source_tag
from foreign_eyes.archive.feed_state.journal_cursor import JournalCursor
from foreign_eyes.archive.overview import find_sources
from foreign_eyes.archive.times import from_text
from foreign_eyes.archive.values import Source


@dataclass(frozen=True, slots=True)
class PublishedFolder:
    """An output folder with the source that it shows, as of the last publish there.

    `tag` is the beginning of the source's tag URIs. `entries` is the number of published entries, `cursor` the position up
    to which the archive was published, and `render_fingerprint` a digest of the settings, such as topics. `root` is the root
    of the site that the folder is a part of; `own_base_url`: the base URL does not follow from that of the root.
    """

    folder: Path
    root: Path
    source_id: int
    source: Source
    tag: str
    base_url: str
    entries: int
    cursor: JournalCursor
    own_base_url: bool = False
    render_fingerprint: str = ""


def published_folders(db: Database) -> list[PublishedFolder]:
    """Return all output folders that hold entries, ordered by source and path."""
    home = Path(os.path.realpath(path_of(db))).parent
    rows = db.execute(
        "SELECT o.output, coalesce(o.root, o.output), o.own_base_url, s.source_id, s.name, s.url, s.title, s.language,"
        " o.base_url, o.shape, o.entries, o.derivation, o.changes_until, o.restyled_until"
        " FROM outputs o JOIN sources s USING (source_id) ORDER BY s.source_id, o.output"
    ).fetchall()
    found = []
    for output, root, own_base_url, source_id, name, url, title, language, base_url, shape, entries, *cursor in rows:
        tag = source_tag(db, source_id)
        if tag is not None and entries:
            found.append(
                PublishedFolder(
                    Path(os.path.normpath(home / output)),
                    Path(os.path.normpath(home / root)),
                    source_id,
                    Source(name, url, title, language),
                    tag,
                    base_url,
                    entries,
                    JournalCursor(*cursor),
                    bool(own_base_url),
                    shape,
                )
            )
    return found


def newest_published(db: Database, of: PublishedFolder, limit: int) -> list[tuple[int, datetime]]:
    """Return ids and feed dates of the newest entries that have a page in the folder, newest first."""
    rows = db.execute(
        # CROSS JOIN fixes the order of the joins, so that SQLite reads the index by date and stops at the limit
        "SELECT e.entry_id, e.feed_date FROM entries e CROSS JOIN entry_numbers n ON n.entry_id = e.entry_id"
        " WHERE e.source_id = ? AND n.number <= ? ORDER BY e.feed_date DESC LIMIT ?",
        (of.source_id, of.entries, limit),
    )
    return [(entry_id, from_text(feed_date)) for entry_id, feed_date in rows]


def authority_tag(db: Database) -> str | None:
    """Return the beginning of the archive's tag URIs up to the authority, from its first source with entries.

    Return None if the archive has no entries.
    """
    for source in find_sources(db):
        row = db.execute("SELECT source_id FROM sources WHERE name = ?", (source.name,)).fetchone()
        if row and (tag := source_tag(db, row[0])) is not None:
            return tag.rpartition(":")[0]
    return None
