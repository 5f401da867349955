"""What a rebuild does after a rename has joined two sources.

It announces withdrawals, removes the publishing state of the source that is gone, and seals its rows as removed.
"""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database

from foreign_eyes.archive.sealed_form import SealedKey
from foreign_eyes.archive.seals import keys_of_truth, seal
from foreign_eyes.archive.settling.announced_words import store_words_of

# the tables about published files and feeds
_HANDED_OVER = (
    *("feed_log", "frozen_documents", "outputs", "published_files", "former_publication_names"),
    "hub_notifications",
)
# those that the next publish fills again
_COUNTED = ("entry_numbers", "tallies", "followed", "topics")
_BY_TOPIC = ("entry_topics", "topic_month_counts", "topic_publication_counts", "topic_pair_counts")


def gone_sources(before: Database, after: Database) -> dict[int, str]:
    """Return the names of the sources that only `before` has, by their ids."""
    kept = {source_id for (source_id,) in after.execute("SELECT source_id FROM sources")}
    rows = before.execute("SELECT source_id, name FROM sources ORDER BY source_id")
    return {source_id: name for source_id, name in rows if source_id not in kept}


def announce_withdrawals(before: Database, db: Database) -> None:
    """Announce the entries that the crawls of the other source show as withdrawn, within the transaction.

    Deriving again records them without announcing them, as it does with what old captures show.
    """
    if not gone_sources(before, db):
        return
    last = before.execute("SELECT coalesce(max(change_id), 0) FROM changes").fetchone()[0]
    rows = db.execute(
        "SELECT max(x.change_id), x.entry_id FROM changes x JOIN entries e USING (entry_id)"
        " WHERE x.change_id > ? AND x.kind = 'withdrawn' AND x.announced = 0 AND e.withdrawn_at IS NOT NULL"
        " GROUP BY x.entry_id ORDER BY 1",
        (last,),
    ).fetchall()
    for change_id, entry_id in rows:
        was = before.execute("SELECT withdrawn_at FROM entries WHERE entry_id = ?", (entry_id,)).fetchone()
        if was is not None and was[0] is None:
            db.execute("UPDATE changes SET announced = 1 WHERE change_id = ?", (change_id,))
            store_words_of(db, [change_id])


def hand_over_publishing(db: Database, keep: int | None, other: int) -> None:
    """Delete the rows about published files and feeds of the source `other`, within the transaction.

    If `keep` is published nowhere, it gets those rows, so that the folders of `other` keep their frozen documents.
    """
    if keep is not None and not _is_published(db, keep) and _is_published(db, other):
        _delete_publishing(db, keep)
        for table in _HANDED_OVER:
            db.execute(f"UPDATE {table} SET source_id = ? WHERE source_id = ?", (keep, other))  # noqa: S608 - our own names
    _delete_publishing(db, other)
    db.execute("DELETE FROM entry_counts WHERE source_id = ?", (other,))


def _is_published(db: Database, source_id: int) -> bool:
    return db.execute("SELECT 1 FROM published_files WHERE source_id = ? LIMIT 1", (source_id,)).fetchone() is not None


def _delete_publishing(db: Database, source_id: int) -> None:
    for table in _BY_TOPIC:
        of_source = "topic_id IN (SELECT topic_id FROM topics WHERE source_id = ?)"
        db.execute(f"DELETE FROM {table} WHERE {of_source}", (source_id,))  # noqa: S608 - our own names
    for table in (*_HANDED_OVER, *_COUNTED):
        db.execute(f"DELETE FROM {table} WHERE source_id = ?", (source_id,))  # noqa: S608


def seal_rows(db: Database, before: Database, at: datetime, changed: dict[str, list[SealedKey]]) -> None:
    """Seal the rows that a decision added, changed and, if it joined sources, removed; within the transaction.

    `before` is the archive before the decision.
    """
    gone = gone_sources(before, db)
    if not gone:
        seal(db, at, changed=changed)
        return
    keep = db.execute(
        "SELECT source_id, name, former_name FROM renames WHERE joined = 1 ORDER BY rename_id DESC LIMIT 1"
    ).fetchone()
    for other in gone:
        hand_over_publishing(db, keep[0] if keep else None, other)
    if keep:
        db.execute("UPDATE OR IGNORE lost_ids SET source = ? WHERE source = ?", keep[1:])
    kept = keys_of_truth(db)
    removed = {table: keys - kept[table] for table, keys in keys_of_truth(before).items() if keys - kept[table]}
    seal(
        db,
        at,
        changed=changed,
        removed=removed,
        reason=f"a rename joined this source with another: {', '.join(gone.values())}",
    )
