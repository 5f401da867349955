"""Finding the entries that the rows of a listing might be, by index alone.

An archive grows by what was withdrawn, while a listing stays as long as it is. So what is listed is looked at whole, and
what is not only where a row that the listing before lacked shares a key with it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from sqlite_utils import Database

from archive.identity.keys import rare_words
from archive.identity.matching import Candidate, Row
from archive.values import ListedEntry

# A title that stands over a thousand articles tells none of them
MOST_BY_KEY = 1000


def find_candidates(db: Database, source_id: int, rows: Sequence[Row]) -> list[Candidate]:
    """Return every entry of the source that any of `rows` might be.

    These are the entries that stand in the listing, or that only one complete crawl has lacked; and where some rows have
    none of their wordings, also the withdrawn ones that share with such a row a wording, now or earlier, a title with
    its publication, an excerpt, or an excerpt's rarest words.
    """
    listed = db.execute(
        "SELECT entry_id, wording, missed FROM entries WHERE source_id = ? AND withdrawn_at IS NULL"
        " ORDER BY missed > 0, last_page, last_position, entry_id",
        (source_id,),
    ).fetchall()
    ranks = {entry_id: rank if not missed else None for rank, (entry_id, _, missed) in enumerate(listed)}
    wordings = {wording for _, wording, _ in listed}
    unknown = [row for row in rows if row.wording not in wordings]
    if not unknown:
        shown = {row.wording for row in rows}
        return _load(db, {entry_id: ranks[entry_id] for entry_id, wording, _ in listed if wording in shown})
    return _load(db, dict.fromkeys(_find_by_keys(db, source_id, unknown)) | ranks)


def _find_by_keys(db: Database, source_id: int, rows: Sequence[Row]) -> list[int]:
    """Return the entries, withdrawn ones too, that share a key with any of `rows`."""
    found = db.execute(
        "SELECT entry_id FROM entries WHERE source_id = :source_id AND wording IN (SELECT value FROM json_each(:wordings))"
        " UNION SELECT * FROM (SELECT entry_id FROM entries"
        "  WHERE source_id = :source_id AND title_key IN (SELECT value FROM json_each(:titles)) LIMIT :most)"
        " UNION SELECT * FROM (SELECT entry_id FROM entries"
        "  WHERE source_id = :source_id AND excerpt_key IN (SELECT value FROM json_each(:excerpts)) LIMIT :most)"
        " UNION SELECT * FROM (SELECT entry_id FROM entries"
        "  WHERE source_id = :source_id AND rare_words IN (SELECT value FROM json_each(:words)) LIMIT :most)"
        # a cross join keeps its order: the revisions of these wordings are few, the source's entries are not
        " UNION SELECT entry_id FROM revisions CROSS JOIN entries USING (entry_id)"
        "  WHERE revisions.wording IN (SELECT value FROM json_each(:wordings)) AND source_id = :source_id",
        {
            "source_id": source_id,
            "most": MOST_BY_KEY,
            "wordings": _array(row.wording for row in rows),
            "titles": _array(row.title_key for row in rows),
            "excerpts": _array(row.excerpt_key for row in rows),
            "words": _array(rare_words(row.texts.excerpt) for row in rows),
        },
    )
    return [entry_id for (entry_id,) in found]


def _array(values: Iterable[str | None]) -> str:
    return json.dumps([value for value in values if value is not None])


def _load(db: Database, ranks: Mapping[int, int | None]) -> list[Candidate]:
    """Return the entries of these ids as candidates, each with its rank in the listing before."""
    found = db.execute(
        "SELECT e.entry_id, e.wording, e.title_key, e.excerpt_key,"
        " e.excerpt, e.attribution, e.title, e.publication, e.commentary,"
        " (SELECT json_group_array(r.wording) FROM revisions r WHERE r.entry_id = e.entry_id AND r.wording != e.wording),"
        " EXISTS (SELECT 1 FROM decisions d WHERE d.entry_id = e.entry_id AND d.kind = 'merge')"
        " FROM json_each(?) JOIN entries e ON e.entry_id = value",
        (json.dumps(list(ranks)),),
    )
    return [
        Candidate(
            *(entry_id, ranks[entry_id], wording, frozenset(json.loads(earlier)), title_key, excerpt_key),
            ListedEntry(*texts),
            merged=bool(merged),
        )
        for entry_id, wording, title_key, excerpt_key, *texts, earlier, merged in found
    ]
