"""Rebuilding: deriving an archive again from its truth.

The commands `reparse`, `import`, `merge`, `split`, `redate` and `redact` do this.

    copy | add truth (an import, a decision) | delete derived rows | settle all crawls in time order | compare | put back

The copy is a private temporary database, so a run that fails loses nothing, and a run that only compares needs
no lock. Differences are put back in one transaction; an archive without differences is not written.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlite_utils import Database

from foreign_eyes.archive.captures import listing_captures
from foreign_eyes.archive.crawls import (
    RULES_VERSION,
    Crawl,
    SettledCrawl,
    find_crawl,
    last_settled_crawls,
    newest_of_their_sources,
    record_counts,
    settled_crawls,
)
from foreign_eyes.archive.database import path_of, writing
from foreign_eyes.archive.errors import ArchiveOutdated, CannotRebuild
from foreign_eyes.archive.rebuilding.added_crawls import AddedCrawls
from foreign_eyes.archive.rebuilding.decision_announcements import announce_decisions
from foreign_eyes.archive.rebuilding.differences import Difference, changed_rows, compare, put_back
from foreign_eyes.archive.rebuilding.first_recognitions import fill_recognitions
from foreign_eyes.archive.rebuilding.found_ids import FoundIds
from foreign_eyes.archive.rebuilding.joined_sources import announce_withdrawals, seal_rows
from foreign_eyes.archive.rebuilding.link_changes import journal_links, restore_link_ids
from foreign_eyes.archive.rebuilding.private_copies import private_database
from foreign_eyes.archive.rebuilding.redatings import corrected_times
from foreign_eyes.archive.redaction.hiding import hide_texts
from foreign_eyes.archive.redaction.withholding import withhold_everywhere
from foreign_eyes.archive.search_indexes import empty_search, rebuild_search
from foreign_eyes.archive.settling.announced_words import fill_words
from foreign_eyes.archive.settling.identity_rows import insert_identity
from foreign_eyes.archive.settling.journal import record_changes
from foreign_eyes.archive.settling.link_rows import close_killed_links
from foreign_eyes.archive.settling.match_doubts import apply_confirmations, drop_merged
from foreign_eyes.archive.settling.settle import derive
from foreign_eyes.archive.settling.settling_state import Settling
from foreign_eyes.archive.values import Counts
from foreign_eyes.listing.values import Parser

Prepare = Callable[[Database], Collection[int] | AddedCrawls]
RebuildProgress = Callable[[int, int], None]

# children before their parents
_DERIVED = (
    *(
        "match_doubts",
        "restyles",
        "placements",
        "readings",
        "revisions",
        "entries",
        "links",
        "publication_aliases",
        "publications",
    ),
)


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """The result of a rebuild: crawls, differences by table, and the number of minted ids.

    `counts` are the counts of the crawls that `prepare` added, in order.
    """

    crawls: int
    differences: tuple[Difference, ...]
    minted: int
    counts: tuple[Counts, ...] = ()


def rebuild(
    db: Database,
    parser: Parser,
    *,
    at: datetime,
    authority: str,
    prepare: Prepare | None = None,
    apply: bool = True,
    on_crawl: RebuildProgress = lambda done, total: None,
) -> Rebuilt:
    """Derive the archive again and, with `apply`, put back the differences in one transaction.

    `prepare` adds truth to the copy before it is derived, with foreign keys off and no transaction open. It returns the
    ids of the crawls that it added and that were never settled. Their changes are announced only if no other crawl of
    their source is later, or as `AddedCrawls` says. `at` is the time of new rows of the journal. The added truth and the
    changed rows are sealed; a rebuild without `prepare` seals nothing, and the next seal covers its rows.

    Raises:
        ArchiveOutdated: a newer parser derived the archive.
        CannotRebuild: a body is damaged, or an entry would be lost; nothing is changed.
        ArchiveBusy: another program keeps reading the archive; nothing is changed.
    """
    _refuse_newer(db, parser)
    with private_database() as before, private_database() as scratch:
        if apply:
            close_killed_links(db, parser)
        db.conn.backup(before.conn)
        close_killed_links(before, parser)
        before.conn.backup(scratch.conn)
        scratch.execute("BEGIN")
        has_new_rules = fill_recognitions(scratch, derived_by(scratch)) or _is_by_older_rules(scratch)
        scratch.execute("COMMIT")
        prepared = prepare(scratch) if prepare else ()
        added = prepared if isinstance(prepared, AddedCrawls) else AddedCrawls(frozenset(prepared))
        scratch.execute("BEGIN")
        with corrected_times(scratch):
            hide_texts(scratch, parser.PARSER_VERSION)
            ids = FoundIds(scratch, parser.PARSER_VERSION, added, has_new_rules=has_new_rules)
            counts, minted = _derive_again(scratch, parser, at, authority, ids, on_crawl)
            fill_words(scratch)
            announce_decisions(before, scratch, at)
            announce_withdrawals(before, scratch)
        if prepare is not None:
            withhold_everywhere(scratch, parser)
        _check_references(scratch)
        scratch.execute("COMMIT")
        differences = tuple(compare(before, scratch))
        if apply and (differences or _version(db) != _version_of(parser)):
            with writing(db):
                if differences:
                    put_back(db, before, scratch)
                db.execute(f"PRAGMA user_version={_version_of(parser)}")
                if prepare is not None:
                    seal_rows(db, before, at, changed_rows(before, scratch))
        return Rebuilt(len(settled_crawls(scratch)), differences, minted, tuple(counts))


def derived_by(db: Database) -> int:
    """Return the version of the parser that derived the archive; 0 if nothing is derived."""
    version = _version(db) // 100
    return version or int(
        db.execute("SELECT coalesce(max(parser_version), 0) FROM crawls WHERE settled = 1").fetchone()[0]
    )


def _version(db: Database) -> int:
    """Return the stored version: 100 times the parser's version plus that of the rules."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def is_current(db: Database, parser: Parser) -> bool:
    """Return whether this parser and these rules derived the archive, or nothing is derived."""
    return _version(db) == _version_of(parser) or derived_by(db) == 0


def _version_of(parser: Parser) -> int:
    return parser.PARSER_VERSION * 100 + RULES_VERSION


def _is_by_older_rules(db: Database) -> bool:
    """Return whether older rules derived the archive; False if no version is stored."""
    return _version(db) >= 100 and _version(db) % 100 < RULES_VERSION


def rebuild_if_outdated(db: Database, parser: Parser, *, at: datetime, authority: str) -> Rebuilt | None:
    """Rebuild the archive if an older parser or older rules derived it.

    Return None if that was not necessary.

    This must precede the first crawl that `parser` settles: otherwise its different readings would look like edits.

    Raises:
        ArchiveOutdated: a newer parser derived the archive.
        CannotRebuild: a body is damaged, or an entry would be lost.
    """
    _refuse_newer(db, parser)
    if _version(db) == _version_of(parser):
        return None
    if derived_by(db) == 0:
        db.execute(f"PRAGMA user_version={_version_of(parser)}")
        return None
    return rebuild(db, parser, at=at, authority=authority)


def _refuse_newer(db: Database, parser: Parser) -> None:
    """Refuse an archive that a newer parser read, since this parser would undo its readings."""
    version = derived_by(db)
    if version > parser.PARSER_VERSION:
        why = f"read by a newer parser ({version}) than this one ({parser.PARSER_VERSION})"
        raise ArchiveOutdated(path_of(db), why, "upgrade foreign-eyes")


def _derive_again(
    db: Database, parser: Parser, at: datetime, authority: str, ids: FoundIds, on_crawl: RebuildProgress
) -> tuple[list[Counts], int]:
    links = journal_links(db)
    _forget_derived(db, parser.PARSER_VERSION)
    last = frozenset(crawl.crawl_id for crawl in last_settled_crawls(db)) & ids.added_crawls
    news = newest_of_their_sources(db, ids.added_crawls) & ids.from_nodes
    replay = _Replay(db, parser, at, authority, ids, last | news)
    crawls = settled_crawls(db)
    counts = []
    for number, crawl in enumerate(crawls, start=1):
        found = replay.settle(crawl, is_new=crawl.crawl_id in ids.added_crawls)
        if crawl.crawl_id in ids.added_crawls:
            counts.append(found)
        on_crawl(number, len(crawls))
    for identity in ids.provisional.values():
        insert_identity(db, identity)
    _refuse_losses(db, ids.merged)
    drop_merged(db)
    apply_confirmations(db)
    restore_link_ids(db, links)
    rebuild_search(db)
    return counts, len(ids.provisional)


@dataclass(slots=True)
class _Replay:
    """Settles crawls in order, each like the first time."""

    db: Database
    parser: Parser
    at: datetime
    authority: str
    ids: FoundIds
    announced: Collection[int]
    # by source, the bodies of the listing's pages, if the crawl before was full and complete
    states: dict[int, dict[int, str]] = field(default_factory=dict)

    def settle(self, settled: SettledCrawl, *, is_new: bool) -> Counts:
        """Settle a crawl and return the counts."""
        crawl = find_crawl(self.db, settled.crawl_id)
        self.ids.begin(crawl)
        work = Settling(self.db, crawl, self.parser, self.authority, settled.at, self.ids)
        try:
            derive(work, settled.verdict, as_before=self._is_as_before(crawl.source_id, settled))
        except ValueError as error:
            raise CannotRebuild(f"crawl {crawl.crawl_id}: {error}") from error
        record_changes(
            *(self.db, crawl.source_id, crawl.crawl_id, self.ids.with_final_ids(work.changes), self.at),
            announced=crawl.crawl_id in self.announced,
        )
        if is_new:
            record_counts(self.db, crawl.crawl_id, work.counts, self.parser.PARSER_VERSION)
        self._keep_state(crawl, settled)
        return work.counts

    def _is_as_before(self, source_id: int, settled: SettledCrawl) -> bool:
        """Return whether an unchanged crawl shows the same pages as the crawl before it in time."""
        state = self.states.get(source_id)
        if settled.verdict.outcome != "unchanged" or state is None:
            return False
        return all(
            state.get(capture.page) == capture.body_sha256 for capture in listing_captures(self.db, settled.crawl_id)
        )

    def _keep_state(self, crawl: Crawl, settled: SettledCrawl) -> None:
        if settled.verdict.outcome == "unchanged" and (crawl.mode == "quick" or crawl.source_id in self.states):
            return
        self.states.pop(crawl.source_id, None)
        if crawl.mode == "full" and settled.verdict.outcome in ("complete", "unchanged"):
            captures = listing_captures(self.db, settled.crawl_id)
            self.states[crawl.source_id] = {capture.page: capture.body_sha256 for capture in captures}


def _refuse_losses(db: Database, merged: Collection[int]) -> None:
    """Refuse a rebuild that lacks an entry with a minted id."""
    rows = db.execute("SELECT entry_id, crawl_id FROM identities WHERE entry_id NOT IN (SELECT entry_id FROM entries)")
    lost = [f"{entry_id} (of crawl {crawl_id})" for entry_id, crawl_id in rows if entry_id not in merged]
    if lost:
        raise CannotRebuild(f"no capture shows entry {', '.join(lost[:5])} any more")


def _forget_derived(db: Database, parser_version: int) -> None:
    """Delete derived rows, except the readings of older parsers.

    The revisions of older parsers are restored during the rebuild.
    """
    empty_search(db)
    for table in _DERIVED:
        older = f" WHERE parser_version >= {parser_version}" if table == "readings" else ""
        db.execute(f"DELETE FROM {table}{older}")  # noqa: S608 - our own names


def _check_references(db: Database) -> None:
    for table, row, parent, _ in db.execute("PRAGMA foreign_key_check"):
        raise CannotRebuild(f"row {row} of table {table} would refer to a missing row of table {parent}")
