"""Stores readings: the revision of each row that a parser read in a body.

They are stored once for a body and not once for a crawl. Those of older parser versions are truth, since only those
parsers could derive them again. The view `listing_rows` shows them with one row per entry.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlite_utils import Database

from foreign_eyes.archive.settling.entry_rows import Place


class ReadRow(NamedTuple):
    """A row of a body: its position from 1, its revision, and its wording digest."""

    position: int
    revision_id: int
    wording_digest: str


def record_readings(
    db: Database, source_id: int, parser_version: int, places: Sequence[Place], revision_ids: Sequence[int]
) -> None:
    """Store the revision of each row in the bodies of one state of a listing."""
    rows: dict[str, list[ReadRow]] = {}
    for place, revision_id in zip(places, revision_ids, strict=True):
        row = ReadRow(place.position, revision_id, place.wording_digest)
        rows.setdefault(place.capture.body_sha256, []).append(row)
    store_readings(db, source_id, parser_version, rows)


def store_readings(db: Database, source_id: int, parser_version: int, rows: Mapping[str, Iterable[ReadRow]]) -> None:
    """Store the rows of bodies, by digest; other rows stay, and stored rows are not written again."""
    before = _stored(db, source_id, parser_version, rows)
    wordings = _wordings(db, {row.revision_id for found in rows.values() for row in found})
    for body_sha256, found in rows.items():
        shown: list[object] = json.loads(before.get(body_sha256, "[]"))
        for row in found:
            shown += [None] * (row.position - len(shown))
            is_own = row.wording_digest == wordings.get(row.revision_id)
            shown[row.position - 1] = row.revision_id if is_own else [row.revision_id, row.wording_digest]
        text = json.dumps(shown, separators=(",", ":"))
        if text != before.get(body_sha256):
            db.execute(
                "INSERT INTO readings (body_sha256, source_id, parser_version, shown) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET shown = excluded.shown",
                (body_sha256, source_id, parser_version, text),
            )


def revisions_read(shown: str) -> list[int]:
    """Return the revisions in the `shown` of a reading, in the order of the page."""
    found = (row[0] if isinstance(row, list) else row for row in json.loads(shown))
    return [revision_id for revision_id in found if revision_id is not None]


def _stored(db: Database, source_id: int, parser_version: int, bodies: Iterable[str]) -> dict[str, str]:
    rows = db.execute(
        "SELECT body_sha256, shown FROM json_each(?) JOIN readings ON body_sha256 = value"
        " AND source_id = ? AND parser_version = ?",
        (json.dumps(list(bodies)), source_id, parser_version),
    )
    return dict(rows.fetchall())


def _wordings(db: Database, revision_ids: Collection[int]) -> dict[int, str]:
    rows = db.execute(
        "SELECT revision_id, wording FROM json_each(?) JOIN revisions ON revision_id = value",
        (json.dumps(sorted(revision_ids)),),
    )
    return dict(rows.fetchall())
