"""The page of an entry in Datasette: its published content, with links to the data."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from sqlite_utils import Database

from foreign_eyes.archive.feed_state.current_entries import CurrentEntry, entries_by_id
from foreign_eyes.archive.feed_state.topics import topics_of
from foreign_eyes.archive.history import History, entry_history
from foreign_eyes.archive.times import from_text
from foreign_eyes.feeds.compose.entry_pages import EntryPage, compose_entry_page
from foreign_eyes.feeds.compose.publication_target import PublicationTarget
from foreign_eyes.feeds.compose.shown_entries import compose_entry
from foreign_eyes.web.browse.metadata import DATABASE


@dataclass(frozen=True, slots=True)
class EntryRow:
    """The content of the page of an entry.

    `root` is the path of the folder in which the source is published, or None. `published` is true if the page of the entry
    exists there. `page` and `position` are the last place of the entry in the listing.
    """

    content: EntryPage
    target: PublicationTarget
    root: str | None
    published: bool
    last_seen: datetime
    page: int
    position: int


async def read_entry_row(datasette: Any, origin: str, entry_id: int) -> EntryRow | None:
    """Return the content of the page of an entry; None if the archive has no such entry."""

    def read(connection: sqlite3.Connection) -> tuple[CurrentEntry, list[str], History] | None:
        db = Database(connection, recursive_triggers=False)
        found = entries_by_id(db, [entry_id])
        return (found[0], topics_of(db, [entry_id]).get(entry_id, []), entry_history(db, entry_id)) if found else None

    found = await datasette.get_database(DATABASE).execute_fn(read)
    return None if found is None else _compose(datasette.frame, origin, *found)


def _compose(frame: Any, origin: str, current: CurrentEntry, topics: list[str], history: History) -> EntryRow:
    source = history.entry["source"]
    target = frame.target(source, origin)
    entry = compose_entry(target, current, topics)
    folder = frame.folders.get(source)
    return EntryRow(
        content=compose_entry_page(target, entry, history),
        target=target,
        root=None if folder is None else frame.root + quote(folder),
        published=folder is not None and frame.site.has_page(folder + entry.path),
        last_seen=from_text(history.entry["last_seen"]),
        page=history.entry["page"],
        position=history.entry["position"],
    )
