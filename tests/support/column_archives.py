"""An archive of real pages over three days: an entry is revised, one is withdrawn, one is redacted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlite_utils import Database

from foreign_eyes.archive.captures import record_capture
from foreign_eyes.archive.crawls import begin_crawl
from foreign_eyes.archive.database import open_archive
from foreign_eyes.archive.rebuilding.rebuild import rebuild
from foreign_eyes.archive.rebuilding.redaction_decisions import redact
from foreign_eyes.archive.settling.settle import settle
from foreign_eyes.archive.values import Fetched, Source, Traffic
from foreign_eyes.listing import parser
from foreign_eyes.listing.values import Verdict
from support.listings import Entry, make_entries, make_page

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)
URL = "http://town.example/index.htm"
ENTRIES = make_entries(5)
BATTERY = Entry(
    "A Cell of Solid State",
    "Nikkei",
    "A maker of solid-state batteries in Hefei <b>has filed</b> its 700th claim, ahead of carmakers abroad.",
    "Batteries are the field with the most filings.",
)
REVISED = replace(BATTERY, excerpt=BATTERY.excerpt.replace("700th claim", "701st patent"))


def make_column_archive(path: Path, *, redacted: Entry | None = None) -> Path:
    """Make an archive whose column shows six entries, then a revision of one, then twice one less."""
    with open_archive(path) as db:
        crawl_days(db, [*ENTRIES, BATTERY], [*ENTRIES, REVISED], [*ENTRIES[1:], REVISED], [*ENTRIES[1:], REVISED])
        if redacted is not None:
            title = "SELECT entry_id FROM entries WHERE title = ?"
            (entry_id,) = db.execute(title, (redacted.title,)).fetchone()
            at = START + 5 * DAY
            rebuild(
                db, parser, at=at, authority="example.org,2026", prepare=lambda copy: redact(copy, entry_id, None, at)
            )
    return path


def crawl_days(db: Database, *days: Sequence[Entry]) -> None:
    """Settle a complete crawl of one page a day."""
    for number, entries in enumerate(days):
        at = START + number * DAY
        crawl_id = begin_crawl(db, Source("town", URL, "The column", "en"), "full", at)
        fields = (("Content-Type", "text/html; charset=utf-8"),)
        page = make_page(entries, 1, 1)
        record_capture(db, crawl_id, Fetched("listing", URL, URL, at, 200, fields, page, pass_number=1, page=1))
        settled = at + timedelta(minutes=1)
        settle(db, crawl_id, Verdict("complete"), parser, Traffic(), at=settled, authority="example.org,2026")
