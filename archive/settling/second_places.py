"""Finding the further places of entries: an article that is listed twice has two places."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from sqlite_utils import Database

from foreign_eyes.archive.crawls import crawls_table
from foreign_eyes.archive.matching.match_values import Candidate
from foreign_eyes.archive.text_columns import text_columns
from foreign_eyes.listing.values import ListedEntry


def places_elsewhere(
    db: Database,
    source_id: int,
    current: Mapping[int, str],
    bodies: Collection[str],
    pages: Collection[int],
    *,
    as_of: int | None,
) -> dict[int, tuple[ListedEntry, ...]]:
    """Return the texts at the further places of entries with several places, by id.

    `current` are the wordings of the listed entries, by id; `bodies` and `pages` are those of their first places.
    `as_of` is the crawl that is being settled, if any.
    """
    rows = db.execute(
        f"SELECT l.entry_id, l.wording, {text_columns('r')}"  # noqa: S608
        " FROM json_each(:bodies) b CROSS JOIN listing_rows l ON l.body_sha256 = b.value AND l.source_id = :source_id"
        "  AND l.parser_version = (SELECT max(o.parser_version) FROM readings o"
        "   WHERE o.source_id = :source_id AND o.body_sha256 = b.value)"
        " CROSS JOIN revisions r USING (revision_id) ORDER BY b.key, l.position",
        {
            "bodies": json.dumps(sorted({*bodies, *_of_other_pages(db, source_id, pages, as_of)})),
            "source_id": source_id,
        },
    )
    places: dict[int, list[tuple[str, ListedEntry]]] = {}
    for entry_id, wording, *texts in rows:
        places.setdefault(entry_id, []).append((wording, ListedEntry(*texts)))
    return {
        entry_id: _all_but_one(current[entry_id], found)
        for entry_id, found in places.items()
        if len(found) > 1 and entry_id in current
    }


def with_former_places(
    db: Database, source_id: int, candidates: Sequence[Candidate], wordings: Collection[str]
) -> list[Candidate]:
    """Return the candidates, with former places for those listed again in several wordings.

    `wordings` are the wordings of the rows.
    """
    return [
        candidate
        if candidate.elsewhere or len(listed_again := _listed_wordings(candidate, wordings)) < 2
        else _with_places(db, source_id, candidate, listed_again)
        for candidate in candidates
    ]


def _of_other_pages(db: Database, source_id: int, pages: Collection[int], as_of: int | None) -> list[str]:
    """Return the bodies of pages on which no entry has its first place.

    These are pages of the last complete crawl before `as_of`.
    """
    crawls = crawls_table(db)
    until = f"(SELECT ordered_at, crawl_id FROM {crawls} WHERE crawl_id = :as_of)"  # noqa: S608 - our own names, here and below
    rows = db.execute(
        "SELECT page, body_sha256 FROM captures WHERE crawl_id ="  # noqa: S608
        f"  (SELECT crawl_id FROM {crawls} WHERE source_id = :source_id AND mode = 'full' AND settled = 1"
        "   AND outcome IN ('complete', 'unchanged')"
        f"  AND (:as_of IS NULL OR (ordered_at, crawl_id) < {until}) ORDER BY ordered_at DESC, crawl_id DESC LIMIT 1)"
        " AND purpose = 'listing' AND page IS NOT NULL AND body_sha256 IS NOT NULL AND status IN (200, 304)"
        " AND fault IS NULL ORDER BY pass, capture_id",
        {"source_id": source_id, "as_of": as_of},
    )
    return [body for page, body in dict(rows.fetchall()).items() if page not in pages]


def _all_but_one(current: str, places: Sequence[tuple[str, ListedEntry]]) -> tuple[ListedEntry, ...]:
    """Return the texts of all places except the main one.

    The main place is the first with the current wording, else the first.
    """
    main = next((number for number, (wording, _) in enumerate(places) if wording == current), 0)
    return tuple(texts for number, (_, texts) in enumerate(places) if number != main)


def _listed_wordings(candidate: Candidate, wordings: Collection[str]) -> list[str]:
    """Return the current and earlier wordings of a candidate that rows have."""
    return sorted({candidate.wording_digest, *candidate.earlier}.intersection(wordings))


def _with_places(db: Database, source_id: int, candidate: Candidate, wordings: Sequence[str]) -> Candidate:
    """Return a candidate with the places at which it was listed at the same time in these wordings."""
    main = candidate.wording_digest
    if main not in wordings:
        ((main,),) = db.execute(
            "SELECT wording FROM revisions WHERE entry_id = ? AND wording IN (SELECT value FROM json_each(?))"
            " ORDER BY number DESC, revision_id DESC LIMIT 1",
            (candidate.entry_id, json.dumps(wordings)),
        ).fetchall()
    others = [wording for wording in wordings if wording != main]
    return replace(candidate, elsewhere=_shown_beside(db, source_id, candidate.entry_id, main, others))


def _shown_beside(
    db: Database, source_id: int, entry_id: int, main: str, wordings: Collection[str]
) -> tuple[ListedEntry, ...]:
    """Return the texts of the wordings that were listed at the same time as `main`."""
    of_entry = "FROM placements {0} CROSS JOIN revisions {1} USING (revision_id) WHERE {0}.entry_id = :entry_id"
    rows = db.execute(
        f"SELECT r.wording, {text_columns('r')} {of_entry.format('l', 'r')} AND l.source_id = :source_id"  # noqa: S608
        " AND r.wording IN (SELECT value FROM json_each(:wordings))"
        f" AND EXISTS (SELECT 1 {of_entry.format('o', 'm')} AND o.source_id = :source_id AND m.wording = :main"
        "  AND (o.to_crawl IS NULL OR (l.listed_from, l.from_crawl) < (o.listed_to, o.to_crawl))"
        "  AND (l.to_crawl IS NULL OR (o.listed_from, o.from_crawl) < (l.listed_to, l.to_crawl)))"
        " GROUP BY r.wording ORDER BY r.wording",
        {"entry_id": entry_id, "source_id": source_id, "main": main, "wordings": json.dumps(sorted(wordings))},
    )
    return tuple(ListedEntry(*texts) for _, *texts in rows)
