"""Large archives, filled by SQL in seconds.

`pretend_published` writes the state after a complete publish, without the published files.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from invented_entries import (  # noqa: E402
    EXCERPTS,
    LISTED,
    PUBLICATIONS,
    Invented,
    Inventor,
    line_of,
)
from sqlite_utils import Database  # noqa: E402
from support.settling import START, Column  # noqa: E402

from foreign_eyes.archive.database import open_archive, writing  # noqa: E402
from foreign_eyes.archive.entry_counts import recount  # noqa: E402
from foreign_eyes.archive.entry_ids import entry_tag  # noqa: E402
from foreign_eyes.archive.feed_state.changes import source_tag  # noqa: E402
from foreign_eyes.archive.feed_state.counters import read_counters  # noqa: E402
from foreign_eyes.archive.feed_state.entry_numbers import count_numbered  # noqa: E402
from foreign_eyes.archive.feed_state.feed_log import DOCUMENT_SIZE, count_full_documents, freeze  # noqa: E402
from foreign_eyes.archive.feed_state.journal_cursor import current_cursor, update_feed_state  # noqa: E402
from foreign_eyes.archive.feed_state.output_manifest import Manifest, OutputState  # noqa: E402
from foreign_eyes.archive.matching.keys import commentary_key, excerpt_key  # noqa: E402
from foreign_eyes.archive.seals import seal  # noqa: E402
from foreign_eyes.feeds.compose.publication_target import PublicationTarget  # noqa: E402
from foreign_eyes.feeds.compose.shown_entries import entry_path  # noqa: E402
from foreign_eyes.feeds.default_topics import DEFAULT_TOPICS  # noqa: E402
from foreign_eyes.feeds.documents import documents  # noqa: E402
from foreign_eyes.feeds.output_folder import OutputFolder  # noqa: E402
from foreign_eyes.feeds.plan import Extent, full_plan  # noqa: E402
from foreign_eyes.feeds.publish import Target  # noqa: E402
from foreign_eyes.feeds.publish_context import PublishContext  # noqa: E402
from foreign_eyes.feeds.render_fingerprint import render_fingerprint  # noqa: E402
from foreign_eyes.feeds.site_map import FRONT_PAGE  # noqa: E402
from foreign_eyes.feeds.topic_matching import Topics  # noqa: E402
from foreign_eyes.listing.text_digests import publication_key  # noqa: E402

AUTHORITY = "example.org,2026"
BASE_URL = "https://example.org/eyes/"
# new entries, one by one: one to warm up, ROUNDS that are measured, one that fills an archive document
ROUNDS = 7
ADDED = 1 + ROUNDS + 1


def fill(db: Database, entries: int) -> list[str]:
    """Fill the archive with `entries` entries; return the lines of its listing, newest first."""
    made = Inventor(entries)
    for pragma in ("synchronous=OFF", "journal_mode=OFF", "foreign_keys=OFF", "cache_size=-1000000"):
        db.execute(f"PRAGMA {pragma}")
    again = _without_indexes(db)
    with writing(db):
        _fill_crawls(db, made)
        _fill_entries(db, made)
        _fill_journal(db, made)
        for statement in again:
            db.execute(statement)
        recount(db)
        seal(db, START)
    newest = [made.entry(number) for number in range(entries - 1, entries - 1 - LISTED, -1)]
    return [line_of(one.title, one.publication, one.excerpt, one.commentary) for one in newest]


def fill_to_browse(path: Path, entries: int) -> None:
    """Make an archive with `entries` entries, with search indexes, topics and placements."""
    topics = Topics(DEFAULT_TOPICS)
    with open_archive(path) as db:
        fill(db, entries)
        made = Inventor(entries)
        with writing(db):
            _insert(
                db,
                "placements",
                "from_crawl, order_key, revision_id, entry_id, source_id, listed_from, to_crawl, listed_to",
                (
                    (
                        *(
                            one.crawl + 1,
                            f"{entries - one.number:08}",
                            one.number + 1,
                            one.entry_id,
                            1,
                            made.at(one.crawl),
                        ),
                        *((one.crawl + 2, made.at(one.crawl + 1)) if _is_withdrawn(made, one) else (None, None)),
                    )
                    for one in made.by_time()
                ),
            )
            for index in ("entries_fts", "revisions_fts"):
                db.execute(f"INSERT INTO {index} ({index}) VALUES ('rebuild')")  # noqa: S608 - our own names
            update_feed_state(db, 1, topics.patterns, _remembering(topics))


def _without_indexes(db: Database) -> list[str]:
    """Drop indexes and triggers of the filled tables, and return the statements that make them.

    Making them after the rows are inserted is faster.
    """
    found = db.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL"
        " AND tbl_name IN ('captures', 'identities', 'entries', 'revisions', 'changes')"
    ).fetchall()
    for kind, name, _ in found:
        db.execute(f"DROP {kind} {name}")
    return [sql for _, _, sql in found]


def _insert(db: Database, table: str, columns: str, rows: Iterable[Sequence[object]]) -> None:
    marks = ", ".join("?" * len(columns.split(",")))
    db.conn.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)  # noqa: S608 - our own names


def _fill_crawls(db: Database, made: Inventor) -> None:
    source = Column(db).source
    _insert(db, "sources", "name, url, title, language", [(source.name, source.url, source.title, source.language)])
    crawls = range(made.crawls)
    _insert(
        db,
        "crawls",
        "crawl_id, source_id, mode, started_at, ordered_at, finished_at, outcome, settled, parser_version, pages",
        (
            (one + 1, 1, "full", made.at(one), made.at(one), made.at(one, 1200), "complete", 1, 1, 1)
            for one in crawls
        ),
    )  # fmt: skip
    _insert(db, "bodies", "body_sha256, size, zlib", ((_body(one), 1, b"-") for one in crawls))
    _insert(
        db,
        "captures",
        "capture_id, crawl_id, purpose, pass, page, asked_url, url, fetched_at, status, body_sha256",
        (
            (one + 1, one + 1, "listing", 1, 1, f"{source.url}1", f"{source.url}1", made.at(one, 60), 200, _body(one))
            for one in crawls
        ),
    )


def _body(crawl: int) -> str:
    return sha256(f"body {crawl}".encode()).hexdigest()


def _fill_entries(db: Database, made: Inventor) -> None:
    name = Column(db).name
    _insert(
        db,
        "publications",
        "publication_id, name, shown_name",
        ((number, paper, paper) for number, paper in enumerate(PUBLICATIONS, 1)),
    )
    paper_ids = {paper: number for number, paper in enumerate(PUBLICATIONS, 1)}
    aliases = ((publication_key(paper), number) for paper, number in paper_ids.items())
    _insert(db, "publication_aliases", "alias, publication_id", aliases)
    key_of = lru_cache(EXCERPTS)(excerpt_key)

    def dated(one: Invented) -> str:
        return made.at(one.crawl, one.number % 1000 / 1000)

    def attributed(one: Invented) -> str:
        return f"——{one.title}, by {one.publication}"

    _insert(
        db,
        "identities",
        "entry_id, source_id, tag_uri, feed_date, crawl_id, wording",
        (
            (one.entry_id, 1, entry_tag(AUTHORITY, name, one.entry_id), dated(one), one.crawl + 1, one.wording)
            for one in made.by_id()
        ),
    )
    _insert(
        db,
        "entries",
        "entry_id, tag_uri, feed_date, source_id, not_before, first_seen, revision_id, wording, title_key, title,"
        " publication, publication_id, attribution, excerpt, commentary, last_body, last_page, last_position, missed,"
        " withdrawn_at, excerpt_key, commentary_key, shown_publication, revision_number",
        (
            (
                *(one.entry_id, entry_tag(AUTHORITY, name, one.entry_id), dated(one), 1, made.at(one.crawl - 1)),
                *(made.at(one.crawl, 60), one.number + 1, one.wording),
                *(f"{one.title.casefold()}\x1f{publication_key(one.publication)}", one.title),
                *(one.publication, paper_ids[one.publication], attributed(one), one.excerpt, one.commentary),
                *(_body(_last_crawl(made, one)), 1, made.entries - one.number),
                *((2, _withdrawn_at(made, one)) if _is_withdrawn(made, one) else (0, None)),
                *(key_of(one.excerpt), commentary_key(one.commentary), one.publication, 1),
            )
            for one in made.by_id()
        ),
    )
    _insert(
        db,
        "revisions",
        "revision_id, entry_id, number, title, publication, attribution, excerpt, commentary, first_seen, capture_id, page,"
        " position, wording, parser_version, match_method",
        (
            (
                *(one.number + 1, one.entry_id, 1, one.title, one.publication, attributed(one), one.excerpt),
                *(one.commentary, made.at(one.crawl, 60), one.crawl + 1, 1, 1, one.wording, 1, "new"),
            )
            for one in made.by_time()
        ),
    )


def _is_withdrawn(made: Inventor, one: Invented) -> bool:
    return one.number < made.entries - LISTED


def _last_crawl(made: Inventor, one: Invented) -> int:
    return one.crawl if _is_withdrawn(made, one) else made.crawls - 1


def _withdrawn_at(made: Inventor, one: Invented) -> str:
    """Return the time of withdrawal for an entry, given the crawl that first showed it.

    The following crawl withdraws it. The times have the order of the entries.
    """
    return made.at(min(one.crawl + 1, made.crawls - 1), 700 + one.number % 100_000 / 1000)


def _fill_journal(db: Database, made: Inventor) -> None:
    """Insert a change `new` for each entry, and `withdrawn` for each entry that is not listed."""
    columns = "source_id, crawl_id, at, kind, entry_id, revision_id"
    new = ((1, one.crawl + 1, made.at(one.crawl, 600 + one.number % 100_000 / 1000), "new", one.entry_id, one.number + 1)
           for one in made.by_time())  # fmt: skip
    _insert(db, "changes", columns, new)
    gone = ((1, min(one.crawl + 1, made.crawls - 1) + 1, _withdrawn_at(made, one), "withdrawn", one.entry_id, one.number + 1)
            for one in made.by_time() if _is_withdrawn(made, one))  # fmt: skip
    _insert(db, "changes", columns, gone)


# the state after a full publish


def pretend_published(db: Database, target: Target) -> None:
    """Write the publishing state as it is after a complete publish.

    The only files are an empty front page and the folder's record.
    """
    source, topics, manifest = Column(db).source, Topics(target.topics), Manifest(db, target.output)
    target.output.mkdir()
    (target.output / FRONT_PAGE).touch()
    with writing(db):
        tag = source_tag(db, 1)
        assert tag is not None
        events = update_feed_state(db, 1, topics.patterns, _remembering(topics))
        names = {kind: frozenset(read_counters(db, 1, kind)) for kind in ("publication", "topic")}
        extent = Extent(count_numbered(db, 1), events, names["publication"], names["topic"])
        edition = PublicationTarget(source, target.base_url, tag, target.browse, target.hub, target.tombstones)
        for number in range(1, count_full_documents(events) + 1):
            freeze(db, 1, target.base_url, number, "atom", b"-")
            freeze(db, 1, target.base_url, number, "json", b"-")
        db.execute(
            "UPDATE feed_log SET wording = (SELECT e.wording FROM entries e WHERE e.entry_id = feed_log.entry_id)"
            " WHERE source_id = 1 AND position <= ?",
            (count_full_documents(events) * DOCUMENT_SIZE,),
        )
        context = PublishContext(db, 1, edition, topics, extent)
        ids = db.execute("SELECT entry_id FROM entries ORDER BY CAST(entry_id AS TEXT)").fetchall()
        manifest.record(1, {f"{entry_path(entry_id)}index.html": _digest(entry_id) for (entry_id,) in ids}, ())
        manifest.record(1, {name: _digest(name) for name, _ in documents(context, full_plan(extent, (), ()))}, ())
        files = len(manifest.digests())
        state = OutputState(
            1,
            target.base_url,
            render_fingerprint(edition, topics),
            current_cursor(db, 1),
            extent.entries,
            events,
            files,
        )
        manifest.record_state(state)
        folder = OutputFolder(db, target.output.resolve(), source, take_over=True, mode=target.file_mode)
        lines = folder.record_lines(state, manifest.digests(), since=None)
        folder.begin(lines)
        folder.end(lines, ())


def _remembering(topics: Topics) -> Callable[[str, str, str], frozenset[str]]:
    """Return a function that classifies each excerpt only once.

    Titles and commentaries of these archives match no topic.
    """
    of_excerpt = lru_cache(EXCERPTS)(lambda excerpt: topics.classify("", excerpt, ""))
    return lambda title, excerpt, commentary: of_excerpt(excerpt)


def _digest(name: object) -> str:
    return sha256(str(name).encode()).hexdigest()
