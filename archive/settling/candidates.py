"""Finding the candidates for the rows of a listing, and the rarity of their texts.

All look-ups use an index.

Withdrawn entries accumulate, while a listing keeps its length. So all listed entries are candidates, but a withdrawn
entry is a candidate only if it shares a key or rare words with a row that the previous listing lacked.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from foreign_eyes.archive.crawls import crawls_table
from foreign_eyes.archive.matching.keys import commentary_key, title_key
from foreign_eyes.archive.matching.matcher import Candidate, ListingRow
from foreign_eyes.archive.matching.rarity import Rarity
from foreign_eyes.archive.settling.operator_decisions import merged_by_operator
from foreign_eyes.archive.settling.second_places import places_elsewhere, with_former_places
from foreign_eyes.archive.settling.text_rarity import count_holders, find_word_holders, most_similar, word_counts
from foreign_eyes.archive.text_columns import text_columns
from foreign_eyes.listing.values import ListedEntry

# Most entries found by one key: a title that a thousand articles share does not identify one
MOST_BY_KEY = 1000
# Most entries found by one commentary
MOST_BY_COMMENTARY = 20


@dataclass(frozen=True, slots=True)
class _Listed:
    """An entry that is not withdrawn.

    `missed` counts the complete crawls that lacked it since it was last seen.
    """

    entry_id: int
    wording_digest: str
    missed: int
    body_sha256: str
    page: int


def find_candidates(
    db: Database, source_id: int, rows: Sequence[ListingRow], *, as_of: int | None = None
) -> tuple[list[Candidate], Rarity]:
    """Return the entries that any of `rows` might be, and the rarity of the rows' texts.

    The candidates are all entries that are not withdrawn. If some rows have none of their wordings, withdrawn entries
    are added that share with such a row a current or earlier wording, a title with its publication, an excerpt, a rare
    commentary, or most of the excerpt's rare words.

    `as_of` is the crawl that is being settled: in a rebuild the archive has later crawls, too, and their captures must
    not count. None counts all captures.
    """
    listed = _listed(db, source_id, as_of)
    ranks = {entry.entry_id: rank if not entry.missed else None for rank, entry in enumerate(listed)}
    wordings = {entry.wording_digest for entry in listed}
    unknown = [row for row in rows if row.wording_digest not in wordings]
    if not unknown:
        shown = {row.wording_digest for row in rows}
        known = {entry.entry_id: ranks[entry.entry_id] for entry in listed if entry.wording_digest in shown}
        return _load(db, known, {}), Rarity()
    holders = find_word_holders(db, [row.texts.excerpt for row in unknown])
    rarity = Rarity(
        words=word_counts(holders),
        titles=count_holders(db, source_id, "title_key", (title_key(row.texts) for row in unknown)),
        excerpts=count_holders(db, source_id, "excerpt_key", (row.excerpt_key for row in unknown)),
        commentaries=count_holders(
            db, source_id, "commentary_key", (commentary_key(row.texts.commentary) for row in unknown)
        ),
    )
    found = [
        *_find_by_keys(db, source_id, unknown),
        *_of_source(db, source_id, (found for row in unknown for found in most_similar(row.texts.excerpt, holders))),
    ]
    candidates = _load(db, dict.fromkeys(found) | ranks, _elsewhere(db, source_id, listed, as_of))
    return with_former_places(db, source_id, candidates, {row.wording_digest for row in rows}), rarity


def _listed(db: Database, source_id: int, as_of: int | None) -> list[_Listed]:
    """Return the entries that are not withdrawn in listing order.

    Those that the last complete crawl lacked come last.

    After a crawl that read only some pages, entries of one page can have been seen in different bodies. Entries that
    only the older body of a page shows come after the others, since newer entries have pushed them over its end.
    """
    rows = db.execute(
        "SELECT entry_id, wording, missed, last_page, last_position, last_body FROM entries"
        " WHERE source_id = ? AND withdrawn_at IS NULL",
        (source_id,),
    ).fetchall()
    readings: dict[int, set[str]] = {}
    for *_, page, _, body in rows:
        readings.setdefault(page, set()).add(body)
    several = {body for bodies in readings.values() if len(bodies) > 1 for body in bodies}
    read = _last_read(db, source_id, several, as_of) if several else {}
    latest = {page: max(read.get(body, "") for body in bodies) for page, bodies in readings.items()}
    rows.sort(key=lambda row: (row[2] > 0, row[3], read.get(row[5], "") < latest[row[3]], row[4], row[0]))
    return [
        _Listed(entry_id, wording, missed, body if read.get(body, "") == latest[page] else "", page)
        for entry_id, wording, missed, page, _, body in rows
    ]


def _last_read(db: Database, source_id: int, bodies: Iterable[str], as_of: int | None) -> dict[str, str]:
    """Return by body a sort key of the time when the source last served it.

    Captures after the crawl `as_of` do not count.
    """
    crawls = crawls_table(db)
    until = f"(SELECT ordered_at, crawl_id FROM {crawls} WHERE crawl_id = :as_of)"  # noqa: S608 - our own names, here and below
    rows = db.execute(
        f"SELECT value, coalesce((SELECT max(w.ordered_at || printf(' %012d', c.capture_id))"  # noqa: S608
        f"  FROM captures c JOIN {crawls} w USING (crawl_id) WHERE c.body_sha256 = value AND w.source_id = :source_id"
        f"  AND (:as_of IS NULL OR (w.ordered_at, w.crawl_id) <= {until})), '') FROM json_each(:bodies)",
        {"source_id": source_id, "as_of": as_of, "bodies": json.dumps(sorted(bodies))},
    )
    return dict(rows.fetchall())


def _find_by_keys(db: Database, source_id: int, rows: Sequence[ListingRow]) -> list[int]:
    """Return the entries, including withdrawn ones, that share a key with any of `rows`."""
    found = db.execute(
        "SELECT entry_id FROM entries WHERE source_id = :source_id"  # noqa: S608 - our own names
        " AND wording IN (SELECT value FROM json_each(:wordings))"
        f" UNION {_of_each('title_key', ':titles')} UNION {_of_each('excerpt_key', ':excerpts')}"
        f" UNION {_of_each('commentary_key', ':commentaries', ':few')}"
        # SQLite keeps the order of a cross join: few revisions have these wordings, but the source has many entries
        " UNION SELECT entry_id FROM revisions CROSS JOIN entries USING (entry_id)"
        "  WHERE revisions.wording IN (SELECT value FROM json_each(:wordings)) AND source_id = :source_id",
        {
            "source_id": source_id,
            "most": MOST_BY_KEY,
            "few": MOST_BY_COMMENTARY,
            "wordings": _array(row.wording_digest for row in rows),
            "titles": _array(row.title_key for row in rows),
            "excerpts": _array(row.excerpt_key for row in rows),
            "commentaries": _array(commentary_key(row.texts.commentary) for row in rows),
        },
    )
    return [entry_id for (entry_id,) in found]


def _of_each(column: str, keys: str, most: str = ":most") -> str:
    """Return a query for the entries with each key, limited for each key separately."""
    return (
        f"SELECT e.entry_id FROM json_each({keys}) k CROSS JOIN entries e ON e.entry_id IN"  # noqa: S608 - our own names
        f" (SELECT entry_id FROM entries WHERE source_id = :source_id AND {column} = k.value ORDER BY entry_id LIMIT {most})"
    )


def _array(values: Iterable[str | None]) -> str:
    return json.dumps(sorted({value for value in values if value is not None}))


def _of_source(db: Database, source_id: int, entry_ids: Iterable[int]) -> list[int]:
    rows = db.execute(
        "SELECT entry_id FROM json_each(?) JOIN entries ON entry_id = value WHERE source_id = ?",
        (json.dumps(sorted(set(entry_ids))), source_id),
    )
    return [entry_id for (entry_id,) in rows]


def _load(
    db: Database, ranks: Mapping[int, int | None], elsewhere: Mapping[int, tuple[ListedEntry, ...]]
) -> list[Candidate]:
    """Return the entries with these ids as candidates.

    `ranks` are their ranks in the previous listing.
    """
    found = db.execute(
        "SELECT e.entry_id, e.wording, e.title_key, e.excerpt_key,"  # noqa: S608
        f" {text_columns('e')},"
        " (SELECT json_group_array(r.wording) FROM revisions r WHERE r.entry_id = e.entry_id AND r.wording != e.wording)"
        " FROM json_each(?) JOIN entries e ON e.entry_id = value",
        (json.dumps(list(ranks)),),
    )
    merged = merged_by_operator(db)
    return [
        Candidate(
            *(entry_id, ranks[entry_id], wording, frozenset(json.loads(earlier)), title_key, excerpt_key),
            ListedEntry(*texts),
            merged=entry_id in merged,
            elsewhere=elsewhere.get(entry_id, ()),
        )
        for entry_id, wording, title_key, excerpt_key, *texts, earlier in found.fetchall()
    ]


def _elsewhere(
    db: Database, source_id: int, listed: Sequence[_Listed], as_of: int | None
) -> dict[int, tuple[ListedEntry, ...]]:
    """Return the texts at the further places of entries with several places, by id."""
    shown = [entry for entry in listed if not entry.missed]
    return places_elsewhere(
        db,
        source_id,
        {entry.entry_id: entry.wording_digest for entry in shown},
        {entry.body_sha256 for entry in shown if entry.body_sha256},
        {entry.page for entry in shown},
        as_of=as_of,
    )
