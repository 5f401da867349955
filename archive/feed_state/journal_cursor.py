"""Update the feed state of a source from the journal, or compute it again.

    journal since the last cursor | affected entries | log, numbers, topics, counters

The journal has all changes that settling makes. If the archive was derived again (because of a new parser version, an import
or a decision), any entry may differ: then everything is computed again except the log, whose positions never change.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from foreign_eyes.archive.feed_state.counters import add_counts, count_new, edited_publications, recount, recount_all
from foreign_eyes.archive.feed_state.entry_numbers import number_again, number_new, numbers_of
from foreign_eyes.archive.feed_state.feed_log import correct_log, extend_log
from foreign_eyes.archive.feed_state.shown_names import sync_names
from foreign_eyes.archive.feed_state.topics import Classify, classify_all, classify_entries, sync_topics, topics_ever
from foreign_eyes.archive.settling.operator_decisions import merged_ids


@dataclass(frozen=True, slots=True)
class JournalCursor:
    """A position in the archive: derivations, the source's last change, its last restyle.

    `derivation` is the number of derivations, `changes_until` the time of the last change, `restyled_until` the id of the
    last restyle. The journal is ordered by id; a change that was recorded while the clock was ahead can have a later time
    than the changes after it. Each change has a different time, so the time identifies the change. Restyles are not changes
    and are identified by their ids.
    """

    derivation: int
    changes_until: str
    restyled_until: int = 0


@dataclass(frozen=True, slots=True)
class AffectedParts:
    """The entries that changed since a cursor, and the collections and numbers they are in.

    Publications, topics and months include former ones.
    """

    entry_ids: tuple[int, ...]
    publications: frozenset[str]
    topics: frozenset[str]
    months: frozenset[str]
    numbers: tuple[int, ...]


def find_source_id(db: Database, name: str) -> int | None:
    """Return the id of the source with this name, or None."""
    row = db.execute("SELECT source_id FROM sources WHERE name = ?", (name,)).fetchone()
    return int(row[0]) if row else None


def current_cursor(db: Database, source_id: int) -> JournalCursor:
    """Return the cursor at the end of the journal."""
    return JournalCursor(
        *db.execute(
            "SELECT count, coalesce((SELECT at FROM changes INDEXED BY changes_of_source WHERE source_id = ?"
            " ORDER BY change_id DESC LIMIT 1), ''),"
            " coalesce((SELECT max(restyle_id) FROM restyles WHERE source_id = ?), 0) FROM derivations",
            (source_id, source_id),
        ).fetchone()
    )


def update_feed_state(
    db: Database,
    source_id: int,
    topics: Mapping[str, Sequence[str]],
    classify: Classify,
    publications: Mapping[str, Sequence[str]] | None = None,
) -> int:
    """Bring log, numbers, topics and counters up to date.

    Return the number of events in the log. `topics` are patterns by name; they are only compared with the stored ones.
    `classify` applies them. `publications` are the operator's aliases by the name to show; None keeps the stored ones.
    """
    if publications is not None and sync_names(db, publications):
        # each source is counted again from the start when it is published next, with what came since
        db.execute("DELETE FROM followed")
    here, before = current_cursor(db, source_id), _followed(db, source_id)
    events = extend_log(db, source_id)
    added = sync_topics(db, source_id, topics)
    if before is None or before.derivation != here.derivation:
        events += correct_log(db, source_id)
        number_again(db, source_id)
        classify_all(db, source_id, topics.keys(), classify)
        for kind in ("publication", "topic", "month"):
            recount_all(db, source_id, kind)
    else:
        touched = affected_since(db, source_id, before, classify)
        count_new(db, source_id, number_new(db, source_id, touched.entry_ids))
        recount(db, source_id, "publication", edited_publications(db, touched.entry_ids))
        add_counts(db, source_id, "topic", classify_entries(db, source_id, touched.entry_ids, classify))
        if added:
            classify_all(db, source_id, added, classify)
            recount(db, source_id, "topic", added)
    db.execute(
        "DELETE FROM tallies WHERE source_id = ? AND kind = 'topic' AND name NOT IN (SELECT value FROM json_each(?))",
        (source_id, json.dumps(list(topics))),
    )
    db.execute(
        "INSERT INTO followed (source_id, derivation, changes_until, restyled_until) VALUES (?, ?, ?, ?) ON CONFLICT"
        " DO UPDATE SET derivation = excluded.derivation, changes_until = excluded.changes_until,"
        " restyled_until = excluded.restyled_until WHERE (derivation, changes_until, restyled_until)"
        " != (excluded.derivation, excluded.changes_until, excluded.restyled_until)",
        (source_id, here.derivation, here.changes_until, here.restyled_until),
    )
    return events


def affected_since(db: Database, source_id: int, cursor: JournalCursor, classify: Classify) -> AffectedParts:
    """Return the parts that the source's changes and restyles after a cursor affect.

    Changes count whether they were announced or not.
    """
    into = merged_ids(db)
    rows = db.execute(
        "SELECT DISTINCT entry_id FROM changes WHERE source_id = ? AND entry_id IS NOT NULL"
        " AND change_id > coalesce((SELECT change_id FROM changes WHERE at = ?), 0)"
        " UNION SELECT entry_id FROM restyles WHERE source_id = ? AND restyle_id > ?",
        (source_id, cursor.changes_until, source_id, cursor.restyled_until),
    )
    entry_ids = sorted({into.get(entry_id, entry_id) for (entry_id,) in rows})
    ids = json.dumps(entry_ids)
    publications = db.execute(
        "SELECT DISTINCT p.shown_name FROM revisions r JOIN publications p ON p.name = r.publication"
        " WHERE r.entry_id IN (SELECT value FROM json_each(?))",
        (ids,),
    )
    months = db.execute(
        "SELECT DISTINCT substr(feed_date, 1, 7) FROM entries WHERE entry_id IN (SELECT value FROM json_each(?))",
        (ids,),
    )
    return AffectedParts(
        tuple(entry_ids),
        frozenset(name for (name,) in publications),
        frozenset(topics_ever(db, entry_ids, classify)),
        frozenset(month for (month,) in months),
        tuple(numbers_of(db, entry_ids)),
    )


def _followed(db: Database, source_id: int) -> JournalCursor | None:
    row = db.execute(
        "SELECT derivation, changes_until, restyled_until FROM followed WHERE source_id = ?", (source_id,)
    ).fetchone()
    return JournalCursor(*row) if row else None
