"""Daily crawls of a listing into a real archive, without HTTP and with a simple parser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlite_utils import Database

from foreign_eyes.archive.captures import record_capture
from foreign_eyes.archive.crawls import begin_crawl
from foreign_eyes.archive.settling.settle import settle
from foreign_eyes.archive.values import Counts, Fetched, Source, Traffic
from foreign_eyes.listing.values import Link, ListedEntry, ListingPage, Mode, Outcome, Pager, Verdict

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


class LineParser:
    """Parses lines title|publication|excerpt|commentary (entries) and link|label|url (links)."""

    PARSER_VERSION = 1

    def parse_listing(self, body: bytes, url: str, content_type: str | None = None) -> ListingPage:
        """Parse the lines."""
        entries, links = [], []
        for line in body.decode().splitlines():
            match line.split("|"):
                case ["link", label, address]:
                    links.append(Link(label, address))
                case [title, publication, excerpt, commentary]:
                    attribution = f"——{title}, by {publication}"
                    entries.append(ListedEntry(excerpt, attribution, title or None, publication or None, commentary))
                case _:
                    raise RuntimeError(f"a fault of the parser: {line}")
        return ListingPage(tuple(entries), 1, tuple(links), Pager("none"), has_heading=True, encoding="utf-8")

    def blocking_sign(self, status: int, body: bytes, content_type: str | None = None) -> str | None:
        """Return a reason if the status is 412."""
        return "a challenge" if status == 412 else None


@dataclass
class Column:
    """A listing that a test crawls once a day."""

    db: Database
    name: str = "town"
    day: int = -1
    answers: dict[str, int] = field(default_factory=dict)

    @property
    def source(self) -> Source:
        return Source(self.name, f"http://{self.name}.example/", "The column", "en")

    @property
    def today(self) -> datetime:
        """The start time of the last crawl."""
        return START + self.day * DAY

    def crawl(
        self,
        *pages: str,
        outcome: Outcome = "complete",
        mode: Mode = "full",
        passes: Sequence[Sequence[str]] | None = None,
        fresh: bool | None = None,
    ) -> Counts:
        """Capture `pages` (or several `passes` over them) and their links; settle with `outcome`."""
        crawl_id = self.capture(passes or [pages], mode, fresh=fresh)
        at = self.today + timedelta(minutes=1)
        return settle(
            self.db, crawl_id, Verdict(outcome), LineParser(), Traffic(3, 1, 99), at=at, authority="example.org,2026"
        )

    def capture(self, passes: Sequence[Sequence[str]], mode: Mode = "full", *, fresh: bool | None = None) -> int:
        """Record captures without settling; `fresh` marks them as unconditional requests."""
        self.day += 1
        crawl_id = begin_crawl(self.db, self.source, mode, self.today)
        at = self.today
        for pass_number, pages in enumerate(passes, start=1):
            for number, body in enumerate(pages, start=1):
                at += SECOND
                url = f"{self.source.url}{number}"
                fetched = Fetched("listing", url, url, at, 200, (), body.encode(), pass_number=pass_number, page=number)
                fetched = replace(fetched, asked_fresh=fresh)
                record_capture(self.db, crawl_id, fetched)
        for url, status in self.answers.items():
            record_capture(self.db, crawl_id, Fetched("link", url, url, at + SECOND, status, (), b"behind the link"))
        return crawl_id

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.db.execute(query).fetchall()

    def ids(self) -> dict[str, int]:
        """Return the ids of the entries by title."""
        return dict(self.rows("SELECT title, entry_id FROM current_entries"))

    def kinds(self) -> list[str]:
        return [kind for (kind,) in self.rows("SELECT kind FROM changes ORDER BY at")]

    def truth(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return all rows that settling writes."""
        tables = (
            "entries",
            "revisions",
            "readings",
            "placements",
            "changes",
            "links",
            "publications",
            "publication_aliases",
        )
        return {table: sorted(self.rows(f"SELECT * FROM {table}"), key=repr) for table in tables}


def entry(title: str, *, publication: str = "Le Monde", excerpt: str = "", commentary: str = "As before.") -> str:
    return f"{title}|{publication}|{excerpt or f'About {title}.'}|{commentary}"


def listing(*lines: str) -> str:
    return "\n".join(lines)


A, B, C = entry("Apples"), entry("Bears"), entry("Cranes")
SEARCH = "link|Patent Search|http://search.example/"
