"""List the output folders of an archive, and what each does not show yet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from foreign_eyes.archive.feed_state.journal_cursor import current_cursor, find_source_id
from foreign_eyes.archive.feed_state.output_manifest import Manifest, recorded_outputs
from foreign_eyes.archive.forgotten_sources import IS_FORGOTTEN, forgotten_sources


@dataclass(frozen=True, slots=True)
class OutputLag:
    """An output folder, and the changes since its last publish.

    `changes` is the number of changes, `new` that of new entries, `redacted` that of redacted entries. `rederived`: the
    archive was derived again. `base_url` is None if an earlier version published there.
    """

    folder: Path
    source: str
    base_url: str | None
    changes: int
    new: int
    rederived: bool
    redacted: int = 0


def output_lags(db: Database) -> list[OutputLag]:
    """Return the lag of each output folder, ordered by path.

    A folder of a forgotten source is left out, unless it shows words that were redacted since.
    """
    forgotten = forgotten_sources(db)
    lags = [_lag(db, folder, source) for folder, source in recorded_outputs(db).items()]
    return [lag for lag in lags if lag.redacted or lag.source not in forgotten]


def unpublished_entries(db: Database) -> int:
    """Return the number of entries of all sources but the forgotten ones, for an archive that was never published."""
    query = f"SELECT count(*) FROM entries JOIN sources s USING (source_id) WHERE NOT {IS_FORGOTTEN}"  # noqa: S608 - our own query
    return int(db.execute(query).fetchone()[0])


def _lag(db: Database, folder: Path, source: str) -> OutputLag:
    state, source_id = Manifest(db, folder).state(), find_source_id(db, source)
    if source_id is None:
        return OutputLag(folder, source, None, 0, 0, rederived=False)
    until = state.cursor.changes_until if state is not None else ""
    changes, new, redacted = db.execute(
        "SELECT count(*), count(DISTINCT CASE kind WHEN 'new' THEN entry_id END),"
        " count(DISTINCT CASE kind WHEN 'redacted' THEN entry_id END) FROM changes WHERE source_id = ? AND at > ?",
        (source_id, until),
    ).fetchone()
    base_url = state.base_url if state is not None else None
    rederived = state is not None and state.cursor.derivation != current_cursor(db, source_id).derivation
    return OutputLag(folder, source, base_url, changes, new, rederived, redacted)
