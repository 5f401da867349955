"""Withhold bodies that show redacted texts.

They are marked, are not exported, and can be purged.
"""

from __future__ import annotations

import re
from html import unescape

from sqlite_utils import Database

from foreign_eyes.archive.captures import headers_of, load_body
from foreign_eyes.archive.redaction.masking import Masker, read_page
from foreign_eyes.archive.redaction.notice import redacted_id
from foreign_eyes.archive.redaction.redacted_pages import EMPTY_PAGE, pack_page, unpack_page
from foreign_eyes.archive.redaction.redaction_records import has_redactions, hidden_entries, secret_of
from foreign_eyes.archive.redaction.word_digests import keyed_digests
from foreign_eyes.listing.values import ListedEntry, ListingPage, Parser

_TAG = re.compile(r"<[^>]*>")
# a body without entries shows a wording if it contains this share of the wording's phrases
_SHOWN = 0.6


def withhold_bodies(db: Database, parser: Parser, source_id: int, *, since_crawl: int = 0) -> int:
    """Mark the bodies that show texts of redacted entries, inside the caller's transaction.

    Return how many were added. Only bodies of crawls from `since_crawl` on are read. If a body shows purged texts, its bytes
    are deleted at once.
    """
    if not has_redactions(db):
        return 0
    masker, purged = Masker.of_source(db, source_id), Masker.of_source(db, source_id, purged_only=True)
    if not masker.hidden:
        return 0
    rows = db.execute(
        "SELECT c.body_sha256, c.url, c.headers, c.purpose FROM captures c JOIN crawls w USING (crawl_id)"
        " WHERE w.source_id = ? AND w.crawl_id >= ? AND c.body_sha256 IS NOT NULL AND c.status IS NOT 304"
        " AND c.body_sha256 NOT IN (SELECT body_sha256 FROM withheld_bodies) GROUP BY c.body_sha256 ORDER BY c.capture_id",
        (source_id, since_crawl),
    ).fetchall()
    added = 0
    for body_sha256, url, headers, purpose in rows:
        page = EMPTY_PAGE
        if purpose == "listing":
            page = _read(db, parser, body_sha256, url, headers)
        if not (masker.shows_any(page) if page.entries else _shows_words(db, masker, body_sha256)):
            continue
        added += 1
        is_purged = bool(purged.hidden) and (purged.shows_any(page) or not page.entries)
        _insert(db, body_sha256, purged.mask_all(page), is_purged=is_purged)
    remove_purged(db)
    return added


def withhold_everywhere(db: Database, parser: Parser) -> None:
    """Mark the bodies of all crawls that show texts of redacted entries.

    Called inside the caller's transaction.
    """
    for (source_id,) in db.execute("SELECT source_id FROM sources").fetchall():
        withhold_bodies(db, parser, source_id)


def exported_rest(db: Database, rest: str) -> str:
    """Return the packed page that an export contains instead of a withheld body.

    The page is parsed, without redacted texts.
    """
    masker = Masker(db, 0, secret_of(db), tuple(hidden_entries(db)))
    return pack_page(masker.mask_all(unpack_page(rest)))


def is_withheld(db: Database, body_sha256: str) -> bool:
    """Return whether a body shows redacted texts and is therefore not exported."""
    return db.execute("SELECT 1 FROM withheld_bodies WHERE body_sha256 = ?", (body_sha256,)).fetchone() is not None


def is_shown_by_purged(db: Database, entry_id: int) -> bool:
    """Return whether a purged page showed texts of an entry."""
    rests = db.execute("SELECT rest FROM withheld_bodies WHERE purged = 1")
    return any(redacted_id(entry) == entry_id for (rest,) in rests for entry in unpack_page(rest).entries)


def add_purged_body(db: Database, body_sha256: str, rest: str) -> None:
    """Store an imported page in place of its withheld body.

    Do nothing if the archive has the body.
    """
    cursor = db.execute(
        "INSERT INTO bodies (body_sha256, size, zlib) VALUES (?, 0, x'') ON CONFLICT DO NOTHING", (body_sha256,)
    )
    if cursor.rowcount:
        db.execute("INSERT INTO withheld_bodies (body_sha256, purged, rest) VALUES (?, 1, ?)", (body_sha256, rest))


def withhold_again(db: Database) -> None:
    """Unmark all withheld bodies that are not purged; the caller marks them again."""
    db.execute("DELETE FROM withheld_bodies WHERE purged = 0")


def remove_purged(db: Database) -> int:
    """Delete the bytes of purged bodies, including those that a crawl stored again.

    Return how many had bytes.
    """
    if db.execute("SELECT 1 FROM withheld_bodies WHERE purged = 1 LIMIT 1").fetchone():
        db.execute("PRAGMA secure_delete=ON")  # SQLite overwrites freed pages with zeros
    cursor = db.execute(
        "UPDATE bodies SET zlib = x'', size = 0 WHERE length(zlib) > 0"
        " AND body_sha256 IN (SELECT body_sha256 FROM withheld_bodies WHERE purged = 1)"
    )
    return int(cursor.rowcount)


def _insert(db: Database, body_sha256: str, page: ListingPage, *, is_purged: bool) -> None:
    db.execute(
        "INSERT INTO withheld_bodies (body_sha256, purged, rest) VALUES (?, ?, ?)",
        (body_sha256, is_purged, pack_page(page)),
    )


def _read(db: Database, parser: Parser, body_sha256: str, url: str, headers: str) -> ListingPage:
    try:
        return read_page(db, parser, body_sha256, url, headers_of(headers).get("content-type"))
    except ValueError:  # damaged: `check` reports it
        return EMPTY_PAGE


def _shows_words(db: Database, masker: Masker, body_sha256: str) -> bool:
    """Return whether a body without entries contains most phrases of a hidden wording."""
    try:
        text = load_body(db, body_sha256).decode("utf-8", "replace")
    except ValueError:
        return False
    digests = keyed_digests(masker.secret, ListedEntry(unescape(_TAG.sub(" ", text)), "", None, None, ""))
    return any(
        len(digests.phrases & wording.phrases) >= _SHOWN * len(wording.phrases)
        for hidden in masker.hidden
        for wording in hidden.wordings
        if wording.phrases
    )
