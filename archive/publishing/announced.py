"""What readers are told in the feed of changes, with what was there before: edits, withdrawals, returns, links, dates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlite_utils import Database

from archive.clock import from_text
from archive.settling.corrections import Correction, find_correction
from archive.settling.decisions import merged_ids
from archive.values import Link

Told = Literal["revised", "withdrawn", "returned", "link changed", "corrected"]


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of an entry in one revision, and its number."""

    revision: int
    title: str | None
    publication: str | None
    attribution: str
    excerpt: str
    commentary: str


@dataclass(frozen=True, slots=True)
class AnnouncedChange:
    """A row of the journal that readers are told of.

    `tag_uri` is the identity that it was told under, `entry_id` the entry that answers for it today; None for links.
    `after` is the wording that was current then, `before` the one that an edit replaced. Of links, `link` is the one that
    is listed since, `former_link` the one that was before; one of them can be missing. `correction` is of dates.
    """

    change_id: int
    at: datetime
    kind: Told
    tag_uri: str | None
    entry_id: int | None
    before: Wording | None
    after: Wording | None
    former_link: Link | None
    link: Link | None
    correction: Correction | None = None


def newest_changes(db: Database, source_id: int, limit: int) -> list[AnnouncedChange]:
    """Return the source's newest announced changes but for new entries, the newest first."""
    rows = db.execute(
        "SELECT x.change_id, x.at, x.kind, x.entry_id, x.revision_id, x.link_id, x.former_link_id, i.tag_uri, x.redating_id"
        " FROM changes x LEFT JOIN identities i ON i.entry_id = x.entry_id"
        " WHERE x.source_id = ? AND x.announced = 1 AND x.kind != 'new' ORDER BY x.change_id DESC LIMIT ?",
        (source_id, limit),
    ).fetchall()
    into = merged_ids(db)
    return [_change(db, row, into) for row in rows]


def source_tag(db: Database, source_id: int) -> str | None:
    """Return what the tags of a source begin with, up to its name: as it was when its first entry was minted.

    A feed's id must last (RFC 4287 section 4.2.6), even where the configured authority is changed later.
    """
    # the order of joins is that of the indexes: else all identities of the source would be sorted
    row = db.execute(
        "SELECT i.tag_uri FROM crawls w CROSS JOIN identities i USING (crawl_id) WHERE w.source_id = ?"
        " ORDER BY w.crawl_id LIMIT 1",
        (source_id,),
    ).fetchone()
    return row[0].rpartition("/")[0] if row else None


def _change(db: Database, row: tuple[Any, ...], into: dict[int, int]) -> AnnouncedChange:
    change_id, at, kind, entry_id, revision_id, link_id, former_link_id, tag_uri, redating_id = row
    return AnnouncedChange(
        change_id=change_id,
        at=from_text(at),
        kind=kind,
        tag_uri=tag_uri,
        entry_id=into.get(entry_id, entry_id),
        before=_wording_before(db, revision_id) if kind == "revised" else None,
        after=_wording(db, revision_id),
        former_link=_link(db, former_link_id),
        link=None if link_id == former_link_id else _link(db, link_id),
        correction=None if redating_id is None else find_correction(db, redating_id),
    )


_WORDS = "r.number, r.title, r.publication, r.attribution, r.excerpt, r.commentary"


def _wording(db: Database, revision_id: int | None) -> Wording | None:
    row = db.execute(f"SELECT {_WORDS} FROM revisions r WHERE r.revision_id = ?", (revision_id,)).fetchone()  # noqa: S608
    return Wording(*row) if row else None


def _wording_before(db: Database, revision_id: int | None) -> Wording | None:
    """Return the wording before, as the same parser read it if it did: an edit must not mix with what a parser changed."""
    row = db.execute(
        f"SELECT {_WORDS} FROM revisions n JOIN revisions r ON r.entry_id = n.entry_id AND r.number = n.number - 1"  # noqa: S608
        " WHERE n.revision_id = ? ORDER BY r.parser_version = n.parser_version DESC, r.revision_id DESC LIMIT 1",
        (revision_id,),
    ).fetchone()
    return Wording(*row) if row else None


def _link(db: Database, link_id: int | None) -> Link | None:
    row = db.execute("SELECT label, url FROM links WHERE link_id = ?", (link_id,)).fetchone()
    return Link(*row) if row else None
