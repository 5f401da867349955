"""Check that the feed state agrees with the archive.

The feed state is the log, frozen documents, numbers, topics and counters.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from functools import partial
from hashlib import sha256

from sqlite_utils import Database

from foreign_eyes.archive.problems import RESTORE, Problem, damage_as_problem, limited
from foreign_eyes.archive.settling.operator_decisions import merged_ids
from foreign_eyes.archive.text_columns import TEXT_COLUMNS
from foreign_eyes.listing.text_digests import identity_digest
from foreign_eyes.listing.values import ListedEntry

REBUILD = "foreign-eyes publish --all, after: foreign-eyes reparse; if that does not help: foreign-eyes restore FILE"

# queries for rows that contradict the archive, by table and finding
_CONTRADICTIONS: dict[str, dict[str, str]] = {
    "feed_log": {
        "positions are missing": (
            "SELECT source_id FROM feed_log GROUP BY source_id HAVING min(position) != 1 OR max(position) != count(*)"
        ),
        "an event disagrees with its change in the journal": (
            "SELECT l.position FROM feed_log l LEFT JOIN changes x USING (change_id) WHERE l.change_id IS NOT NULL AND"
            " (x.change_id IS NULL OR x.source_id != l.source_id OR x.kind NOT IN ('new', 'revised', 'redacted', 'unredacted')"
            "  OR x.announced != l.announced)"
        ),
        "a change is in the log twice": (
            "SELECT change_id FROM feed_log WHERE change_id IS NOT NULL GROUP BY change_id HAVING count(*) > 1"
        ),
        "an event names another entry than its change": (
            "SELECT l.position FROM feed_log l JOIN changes x USING (change_id) WHERE l.entry_id != x.entry_id"
            " AND NOT EXISTS (SELECT 1 FROM decisions d WHERE x.entry_id IN (d.entry_id, d.other_id))"
        ),
    },
    "entry_numbers": {
        "numbers are missing": (
            "SELECT source_id FROM entry_numbers GROUP BY source_id HAVING min(number) != 1 OR max(number) != count(*)"
        ),
        "a number belongs to no entry of its source": (
            "SELECT n.number FROM entry_numbers n LEFT JOIN entries e USING (entry_id)"
            " WHERE e.source_id IS NOT n.source_id AND EXISTS (SELECT 1 FROM {current} c WHERE c.source_id = n.source_id)"
        ),
        "entries have no number": (
            "SELECT e.entry_id FROM entries e JOIN {current} c USING (source_id)"
            " WHERE e.entry_id NOT IN (SELECT entry_id FROM entry_numbers)"
        ),
    },
    "entry_topics": {
        "a topic has an entry under another date": (
            "SELECT m.entry_id FROM entry_topics m JOIN topics t USING (topic_id) JOIN {current} c USING (source_id)"
            " LEFT JOIN entries e USING (entry_id) WHERE e.feed_date IS NOT m.feed_date OR e.source_id != t.source_id"
        ),
    },
    "tallies": {
        "a count is not the number of entries": (
            "SELECT t.name FROM tallies t JOIN {current} c USING (source_id) WHERE t.entries != CASE t.kind"
            " WHEN 'publication' THEN (SELECT count(*) FROM entries e JOIN publications p USING (publication_id)"
            "  WHERE e.source_id = t.source_id AND p.shown_name = t.name)"
            " WHEN 'month' THEN (SELECT count(*) FROM entries e WHERE e.source_id = t.source_id"
            "  AND substr(e.feed_date, 1, 7) = t.name)"
            " ELSE (SELECT count(*) FROM entry_topics m JOIN topics o USING (topic_id)"
            "  WHERE o.source_id = t.source_id AND o.name = t.name) END"
        ),
        "entries are not counted": (
            "SELECT e.entry_id FROM entries e JOIN {current} c USING (source_id) WHERE NOT EXISTS (SELECT 1 FROM tallies t"
            "  WHERE t.source_id = e.source_id AND t.kind = 'month' AND t.name = substr(e.feed_date, 1, 7))"
            " OR (e.publication_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM tallies t JOIN publications p"
            "  ON p.publication_id = e.publication_id"
            "  WHERE t.source_id = e.source_id AND t.kind = 'publication' AND t.name = p.shown_name))"
        ),
    },
    **{
        table: {
            "its position is beyond the end of the journal": (
                f"SELECT f.source_id FROM {table} f, derivations d WHERE f.derivation > d.count OR (f.changes_until != ''"  # noqa: S608
                " AND NOT EXISTS (SELECT 1 FROM changes x WHERE x.source_id = f.source_id AND x.at = f.changes_until))"
            ),
        }
        for table in ("followed", "outputs")
    },
}
# the sources whose feed state is up to date with the journal
_CURRENT = (
    "(SELECT f.source_id FROM followed f, derivations d WHERE f.derivation = d.count"
    " AND f.changes_until = (SELECT coalesce(max(at), '') FROM changes x WHERE x.source_id = f.source_id))"
)


def verify_publishing(db: Database) -> Iterator[Problem]:
    """Yield the contradictions within the feed state, and between it and the archive."""
    for table in _CONTRADICTIONS:
        yield from damage_as_problem(f"table {table}", partial(_verify_table, db, table), REBUILD)
    yield from limited(damage_as_problem("table feed_log", partial(_verify_texts, db), REBUILD))
    yield from limited(damage_as_problem("table frozen_documents", partial(_verify_frozen, db)))


def _verify_table(db: Database, table: str) -> Iterator[Problem]:
    for what, query in _CONTRADICTIONS[table].items():
        rows = db.execute(query.replace("{current}", _CURRENT)).fetchmany(1)
        if rows:
            yield Problem(f"{what} (such as {rows[0][0]})", f"table {table}", REBUILD)


def _verify_texts(db: Database) -> Iterator[Problem]:
    """Find events of frozen documents with a text that no entry had."""
    into, redacted = merged_ids(db), {entry_id for (entry_id,) in db.execute("SELECT entry_id FROM redactions")}
    logged = db.execute("SELECT position, wording, entry_id FROM feed_log WHERE wording IS NOT NULL")
    # a redaction removes the text of an entry, and the event keeps its digest
    rows = [
        (position, wording) for position, wording, logged_id in logged if into.get(logged_id, logged_id) not in redacted
    ]
    if not rows:
        return
    revisions = db.execute(f"SELECT {TEXT_COLUMNS} FROM revisions")  # noqa: S608
    known = {identity_digest(ListedEntry(*texts)) for texts in revisions}
    for position in [position for position, wording in rows if wording not in known][:1]:
        yield Problem(f"an event has a text that no entry had (such as {position})", "table feed_log", REBUILD)


def _verify_frozen(db: Database) -> Iterator[Problem]:
    query = "SELECT source_id, format, number, sha256, zlib FROM frozen_documents"
    for source_id, kind, number, digest, packed in db.execute(query):
        try:
            is_whole = sha256(zlib.decompress(packed)).hexdigest() == digest
        except (zlib.error, TypeError):
            is_whole = False
        if not is_whole:
            what = f"document {number} of source {source_id} ({kind}) differs from the bytes that were frozen"
            yield Problem(what, "table frozen_documents", RESTORE)
