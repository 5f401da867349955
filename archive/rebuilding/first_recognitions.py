"""Computing the recognitions of archives from versions that did not store them.

Those archives have the latest entry of each row of a page, and the crawl and wording of each revision. The entry of a
row that made a revision is that of the revision. The entry of any other row is the one stored with its page, if that
entry had the wording by then.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

from sqlite_utils import Database

from foreign_eyes.archive.captures import listing_captures
from foreign_eyes.archive.crawls import settled_crawls
from foreign_eyes.archive.matching.doubt_reasons import OF_OLDER_RULES
from foreign_eyes.archive.matching.matcher import Doubt, Match, Method
from foreign_eyes.archive.settling.recognitions import RecognitionKey, insert_recognition
from foreign_eyes.archive.text_columns import text_columns
from foreign_eyes.listing.text_digests import identity_digest
from foreign_eyes.listing.values import ListedEntry

# methods that are implied by the wordings of an entry
_BY_WORDING = {"same wording", "earlier wording", "merged by an operator", "as settled before"}


_TEXTS = text_columns("r")


def fill_recognitions(db: Database, parser_version: int) -> bool:
    """Store the recognitions of all settled crawls by that parser, if the archive has none.

    Return whether it has crawls.

    This works inside the caller's transaction or without one. It changes no entry.
    """
    if db.execute("SELECT 1 FROM recognitions LIMIT 1").fetchone():
        return False
    if not db.execute("SELECT 1 FROM readings LIMIT 1").fetchone():
        return False
    work = _Filling(db, parser_version, *_first_shown(db, parser_version))
    crawls = sorted(crawl.crawl_id for crawl in settled_crawls(db))
    for crawl_id in crawls:
        work.fill(crawl_id)
    return bool(crawls)


@dataclass(frozen=True, slots=True)
class _FirstShown:
    """A revision: its entry, the crawl that first showed it, and how its row was matched."""

    entry_id: int
    place: tuple[str, int]
    match: Match


def _first_shown(
    db: Database, parser_version: int
) -> tuple[dict[tuple[int, int, str], list[_FirstShown]], dict[tuple[int, str], tuple[str, int]]]:
    """Return revisions by crawl, pass and wording, and the first crawl by entry and wording."""
    by_row: dict[tuple[int, int, str], list[_FirstShown]] = {}
    first: dict[tuple[int, str], tuple[str, int]] = {}
    rows = db.execute(
        "SELECT w.crawl_id, c.pass, r.entry_id, w.ordered_at, r.match_method, r.match_score, r.flags,"  # noqa: S608
        f" {_TEXTS}"
        " FROM revisions r JOIN captures c USING (capture_id) JOIN timed_crawls w USING (crawl_id)"
        " WHERE r.parser_version = ? ORDER BY r.revision_id",
        (parser_version,),
    )
    for crawl_id, pass_number, entry_id, ordered_at, method, score, flags, *texts in rows:
        wording = identity_digest(ListedEntry(*texts))
        place = (ordered_at, crawl_id)
        doubt = next((Doubt(flag) for flag in json.loads(flags) if flag in OF_OLDER_RULES), None)
        first_shown = _FirstShown(entry_id, place, Match(entry_id, cast(Method, method), score, doubt))
        by_row.setdefault((crawl_id, pass_number, wording), []).append(first_shown)
        first[entry_id, wording] = min(first.get((entry_id, wording), place), place)
    return by_row, first


@dataclass(slots=True)
class _Filling:
    db: Database
    parser_version: int
    first_shown: Mapping[tuple[int, int, str], list[_FirstShown]]
    first: Mapping[tuple[int, str], tuple[str, int]]
    # the entry of the valid recognition, by the row's key
    current: dict[RecognitionKey, int] = field(default_factory=dict)

    def fill(self, crawl_id: int) -> None:
        """Store the recognitions of a crawl's rows that are not implied by stored ones."""
        source_id, ordered_at = self.db.execute(
            "SELECT source_id, ordered_at FROM timed_crawls WHERE crawl_id = ?", (crawl_id,)
        ).fetchone()
        for pass_number, wording, entry_id in self._rows(crawl_id, source_id):
            key = RecognitionKey(source_id, self.parser_version, wording)
            first_shown = self.first_shown.get((crawl_id, pass_number, wording), ())
            if first_shown:
                last = first_shown[-1]
                if self.current.get(key) != last.entry_id or last.match.method not in _BY_WORDING:
                    self._store(key, (crawl_id, pass_number), last.match)
                continue
            had_by_then = self.first.get((entry_id, wording), ("~", 0)) <= (ordered_at, crawl_id)
            if had_by_then and self.current.get(key) != entry_id:
                self._store(key, (crawl_id, pass_number), Match(entry_id, "as settled before"))

    def _rows(self, crawl_id: int, source_id: int) -> Iterator[tuple[int, str, int]]:
        """Yield pass, wording and entry of each row, once per pass."""
        captures = listing_captures(self.db, crawl_id)
        bodies = sorted({capture.body_sha256 for capture in captures})
        rows: dict[str, list[tuple[str, int]]] = {}
        for body, entry_id, *texts in self.db.execute(
            f"SELECT l.body_sha256, l.entry_id, {_TEXTS} FROM listing_rows l JOIN revisions r USING (revision_id)"  # noqa: S608
            " WHERE l.source_id = ? AND l.parser_version = ? AND l.body_sha256 IN (SELECT value FROM json_each(?))"
            " ORDER BY l.position",
            (source_id, self.parser_version, json.dumps(bodies)),
        ):
            rows.setdefault(body, []).append((identity_digest(ListedEntry(*texts)), entry_id))
        for capture in captures:
            for wording, entry_id in rows.get(capture.body_sha256, ()):
                yield capture.pass_number, wording, entry_id

    def _store(self, key: RecognitionKey, since: tuple[int, int], match: Match) -> None:
        insert_recognition(self.db, key, since, match.entry_id, match)
        if match.entry_id is not None:
            self.current[key] = match.entry_id
