"""The crawl log: open and close a crawl, and read the results of earlier ones."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from foreign_eyes.archive.database import writing
from foreign_eyes.archive.forgotten_sources import resume_source
from foreign_eyes.archive.sample_sources import refuse_mixture
from foreign_eyes.archive.source_names import refuse_former_name
from foreign_eyes.archive.times import from_text, to_text
from foreign_eyes.archive.values import Counts, Source, Traffic
from foreign_eyes.listing.values import Mode, Verdict

# version of the rules of matching and settling: increment it when they decide differently on the same captures
RULES_VERSION = 3


@dataclass(frozen=True, slots=True)
class Crawl:
    """A crawl that has begun.

    `not_before` is the start of the last complete crawl before it, or None. `not_before` is never later than the crawl's own
    start or first capture: an earlier crawl whose clock was ahead does not date this crawl's entries, and if the clock was
    set back during this crawl, `not_before` must not lie after them. `parser_version` and `rules` are the versions that
    settled it first. Both are None if it is not settled; `rules` is also None if rules before version 3 settled it.
    """

    crawl_id: int
    source_id: int
    source_name: str
    mode: Mode
    parser_version: int | None
    not_before: str | None
    rules: int | None

    @property
    def by_earlier_rules(self) -> bool:
        """Whether rules before version 3 settled it first; they compared texts by another digest."""
        return self.parser_version is not None and self.rules is None


@dataclass(frozen=True, slots=True)
class LastGood:
    """The counts of the last complete or unchanged full crawl of a source."""

    pages: int
    entries: int


def crawls_table(db: Database) -> str:
    """Return the table of crawls, or the view with corrected times if there are any."""
    redated = db.execute("SELECT 1 FROM redated_crawls LIMIT 1").fetchone()
    return "timed_crawls" if redated else "crawls"


def count_good(db: Database, source_name: str) -> int:
    """Return how many crawls of a source ended as complete or unchanged."""
    row = db.execute(
        "SELECT count(*) FROM crawls c JOIN sources s USING (source_id) WHERE s.name = ?"
        " AND c.outcome IN ('complete', 'unchanged')",
        (source_name,),
    ).fetchone()
    return int(row[0])


def begin_crawl(db: Database, source: Source, mode: Mode, at: datetime, *, running: Collection[int] = ()) -> int:
    """Insert the row of a new crawl, and of its source if that is new.

    Return the crawl's id. A forgotten source is resumed. The transaction is committed. The caller has locked the archive, so
    any crawl that is still open and not one of its own `running` ones was killed; it is closed as failed.

    Raises:
        MixedSources: the source is real and the archive holds the sample, or the reverse.
        SourceRenamed: the source was renamed, and has this URL under its new name.
    """
    with writing(db):
        refuse_mixture(db, source.url)
        refuse_former_name(db, source)
        db.execute(
            # not before its own captures: its clock may have differed from the present one
            "UPDATE crawls SET outcome = 'failed', reason = 'the run was killed before it settled', finished_at ="
            " max(?, started_at, coalesce((SELECT max(fetched_at) FROM captures c WHERE c.crawl_id = crawls.crawl_id), ''))"
            " WHERE outcome IS NULL AND crawl_id NOT IN (SELECT value FROM json_each(?))",
            (to_text(at), json.dumps(sorted(running))),
        )
        db.execute(
            "INSERT INTO sources (name, url, title, language) VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
            " url = excluded.url, title = excluded.title, language = excluded.language",
            (source.name, source.url, source.title, source.language),
        )
        resume_source(db, source.name, at)
        cursor = db.execute(
            # after every settled crawl; a crawl whose clock was doubtful or never checked has no reliable place in time
            "INSERT INTO crawls (source_id, mode, started_at, ordered_at)"  # noqa: S608 - our own name
            f" SELECT source_id, :mode, :at, max(:at, coalesce((SELECT max(ordered_at) FROM {crawls_table(db)}"
            "  WHERE settled = 1 OR usual_difference IS NOT NULL), ''))"
            " FROM sources WHERE name = :source",
            {"mode": mode, "at": to_text(at), "source": source.name},
        )
        return int(cursor.lastrowid or 0)


def find_crawl(db: Database, crawl_id: int) -> Crawl:
    """Return the crawl with this id."""
    fetched_at = "fetched_at"
    if (crawls := crawls_table(db)) != "crawls":
        fetched_at = (
            "coalesce((SELECT d.fetched_at FROM redated_captures d WHERE d.capture_id = f.capture_id), fetched_at)"
        )
    return Crawl(
        *db.execute(
            f"SELECT c.crawl_id, c.source_id, s.name, c.mode, c.parser_version, (SELECT p.started_at FROM {crawls} p"  # noqa: S608
            " WHERE p.source_id = c.source_id AND (p.ordered_at, p.crawl_id) < (c.ordered_at, c.crawl_id)"
            " AND p.mode = 'full' AND p.outcome IN ('complete', 'unchanged') AND p.started_at <= min(c.started_at, coalesce("
            f"  (SELECT min({fetched_at}) FROM captures f WHERE crawl_id = c.crawl_id), c.started_at))"
            " ORDER BY p.ordered_at DESC, p.crawl_id DESC LIMIT 1), o.rules"
            f" FROM {crawls} c JOIN crawls o USING (crawl_id) JOIN sources s ON s.source_id = c.source_id WHERE c.crawl_id = ?",
            (crawl_id,),
        ).fetchone()
    )


def place_last(db: Database, crawl_id: int) -> None:
    """Order a crawl after every settled one, inside the caller's transaction.

    Of crawls that ran side by side, another may have settled since this one began. A rebuild settles crawls in this order, so
    that it finds the same rows.
    """
    row = db.execute(
        f"SELECT last.ordered_at FROM {crawls_table(db)} last, crawls c WHERE c.crawl_id = ? AND last.settled = 1"  # noqa: S608
        " AND (last.ordered_at, last.crawl_id) > (c.ordered_at, c.crawl_id)"
        " ORDER BY last.ordered_at DESC, last.crawl_id DESC LIMIT 1",
        (crawl_id,),
    ).fetchone()
    if row is not None:
        later = to_text(from_text(row[0]) + timedelta(microseconds=1))
        db.execute("UPDATE crawls SET ordered_at = ? WHERE crawl_id = ?", (later, crawl_id))


def finish_crawl(
    db: Database, crawl_id: int, verdict: Verdict, parser_version: int, traffic: Traffic, counts: Counts, at: datetime
) -> None:
    """Store the outcome of a crawl, inside the caller's transaction."""
    db.execute(
        "UPDATE crawls SET outcome = ?, reason = ?, settled = ?, parser_version = ?, finished_at = ?, requests = ?,"
        " not_modified = ?, bytes = ?, pages = ?, entries = ?, new = ?, revised = ?, withdrawn = ?, returned = ?,"
        " clock_difference = ?, usual_difference = ?, rules = ? WHERE crawl_id = ?",
        (
            verdict.outcome,
            verdict.reason,
            verdict.settles,
            parser_version,
            to_text(at),
            *(traffic.requests, traffic.not_modified, traffic.bytes),
            *(counts.pages, counts.entries, counts.new, counts.revised, counts.withdrawn, counts.returned),
            *(verdict.clock.difference, verdict.clock.usual, RULES_VERSION, crawl_id),
        ),
    )


def last_good(db: Database, source_name: str) -> LastGood | None:
    """Return the counts of the source's last complete or unchanged full crawl, or None."""
    row = db.execute(
        "SELECT c.pages, c.entries"  # noqa: S608 - our own name
        f" FROM {crawls_table(db)} c JOIN sources s USING (source_id) WHERE s.name = ? AND c.mode = 'full'"
        " AND c.outcome IN ('complete', 'unchanged') ORDER BY c.ordered_at DESC, c.crawl_id DESC LIMIT 1",
        (source_name,),
    ).fetchone()
    return LastGood(*row) if row else None


def most_entries(db: Database, source_name: str) -> int | None:
    """Return the highest entry count of a settled complete crawl of the source, or None."""
    row = db.execute(
        "SELECT max(c.entries) FROM crawls c JOIN sources s USING (source_id) WHERE s.name = ? AND c.settled = 1"
        " AND c.outcome IN ('complete', 'unchanged')",
        (source_name,),
    ).fetchone()
    return row[0]  # type: ignore[no-any-return]


def settled_before(db: Database, crawl: Crawl) -> int:
    """Return the id of the source's last settled crawl with a lower id than this one's, or 0."""
    row = db.execute(
        "SELECT coalesce(max(crawl_id), 0) FROM crawls WHERE source_id = ? AND settled = 1 AND crawl_id < ?",
        (crawl.source_id, crawl.crawl_id),
    )
    return int(row.fetchone()[0])


def has_settled(db: Database, source_name: str) -> bool:
    """Return whether a crawl or an import of the source has settled."""
    row = db.execute(
        "SELECT EXISTS (SELECT 1 FROM crawls c JOIN sources s USING (source_id) WHERE s.name = ? AND c.settled = 1)",
        (source_name,),
    ).fetchone()
    return bool(row[0])


@dataclass(frozen=True, slots=True)
class SettledCrawl:
    """A settled crawl: when it settled, and its verdict."""

    crawl_id: int
    at: datetime
    verdict: Verdict


def settled_crawls(db: Database) -> list[SettledCrawl]:
    """Return the settled crawls of all sources in order of time."""
    rows = db.execute(
        f"SELECT crawl_id, finished_at, outcome, reason FROM {crawls_table(db)} WHERE settled = 1 ORDER BY ordered_at, crawl_id"  # noqa: S608
    )
    return [
        SettledCrawl(crawl_id, from_text(finished_at), Verdict(outcome, reason))
        for crawl_id, finished_at, outcome, reason in rows
    ]


def last_settled_crawls(db: Database) -> list[Crawl]:
    """Return the last settled crawl of each source."""
    rows = db.execute(
        f"SELECT source_id, crawl_id FROM {crawls_table(db)} WHERE settled = 1 ORDER BY ordered_at, crawl_id"  # noqa: S608 - our name
    )
    return [find_crawl(db, crawl_id) for crawl_id in dict(rows.fetchall()).values()]


def newest_of_their_sources(db: Database, added: Collection[int]) -> frozenset[int]:
    """Return those of the `added` crawls that are later than all other settled crawls of their source."""
    rows = db.execute(
        f"SELECT source_id, crawl_id FROM {crawls_table(db)} WHERE settled = 1 ORDER BY ordered_at, crawl_id"  # noqa: S608 - our name
    )
    newest: dict[int, list[int]] = {}
    for source_id, crawl_id in rows:
        later = newest.setdefault(source_id, [])
        if crawl_id in added:
            later.append(crawl_id)
        else:
            later.clear()
    return frozenset(crawl_id for later in newest.values() for crawl_id in later)


def record_counts(db: Database, crawl_id: int, counts: Counts, parser_version: int) -> None:
    """Store the counts of an imported crawl once it is settled.

    Called inside the caller's transaction.
    """
    db.execute(
        "UPDATE crawls SET parser_version = ?, rules = ?, pages = ?, entries = ?, new = ?, revised = ?, withdrawn = ?,"
        " returned = ? WHERE crawl_id = ?",
        (
            *(parser_version, RULES_VERSION, counts.pages, counts.entries),
            *(counts.new, counts.revised, counts.withdrawn, counts.returned, crawl_id),
        ),
    )


@dataclass(frozen=True, slots=True)
class SettledPage:
    """A listing page of the last settled state: its body's digest and its requested URL."""

    body_sha256: str
    asked_url: str


def settled_pages(db: Database, source_name: str, parser_version: int) -> tuple[SettledPage, ...] | None:
    """Return the pages of the last settled state in page order.

    Return None if the last settled crawl was partial or quick, or was parsed by another parser version: its pages cannot be
    compared with new ones.
    """
    row = db.execute(
        "SELECT c.crawl_id, c.mode, c.outcome, c.parser_version"  # noqa: S608 - our own name
        f" FROM {crawls_table(db)} c JOIN sources s USING (source_id)"
        " WHERE s.name = ? AND c.settled = 1 AND NOT (c.mode = 'quick' AND c.outcome = 'unchanged')"
        " ORDER BY c.ordered_at DESC, c.crawl_id DESC LIMIT 1",
        (source_name,),
    ).fetchone()
    if row is None or row[1] != "full" or row[2] == "partial" or row[3] != parser_version:
        return None
    captures = db.execute(
        "SELECT page, body_sha256, asked_url FROM captures WHERE crawl_id = ? AND purpose = 'listing'"
        " AND page IS NOT NULL AND status IN (200, 304) AND body_sha256 IS NOT NULL AND fault IS NULL"
        " ORDER BY pass, capture_id",
        (row[0],),
    )
    final = {page: SettledPage(body_sha256, asked_url) for page, body_sha256, asked_url in captures}
    return tuple(final[page] for page in sorted(final))
