"""Find other entries with the excerpt of an entry; its redaction does not hide them."""

from __future__ import annotations

import json

from sqlite_utils import Database

from foreign_eyes.archive.matching.keys import excerpt_key


def entries_sharing_excerpt(db: Database, entry_id: int) -> list[int]:
    """Return the ids of other entries whose current excerpt is one of this entry's.

    Entries of all sources are searched; redacted entries have no excerpt.
    """
    excerpts = db.execute("SELECT DISTINCT excerpt FROM revisions WHERE entry_id = ?", (entry_id,)).fetchall()
    keys = {key for (excerpt,) in excerpts if (key := excerpt_key(excerpt)) is not None}
    found = db.execute(
        "SELECT entry_id FROM entries WHERE entry_id != ? AND excerpt_key IN (SELECT value FROM json_each(?)) ORDER BY 1",
        (entry_id, json.dumps(sorted(keys))),
    )
    return [other_id for (other_id,) in found]
