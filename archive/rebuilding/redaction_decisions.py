"""Redactions: operators' decisions to hide, show or permanently remove an entry's words.

A decision is written as truth to a copy, from which the archive is then rebuilt (see `archive.rebuilding.rebuild`).
Texts that cannot be derived again are stored in `withheld_texts` until the redaction is undone or purged.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from sqlite_utils import Database

from foreign_eyes.archive.errors import CannotDecide
from foreign_eyes.archive.redaction.hiding import hide_reason, show_texts
from foreign_eyes.archive.redaction.purging import purge_bodies
from foreign_eyes.archive.redaction.redaction_records import (
    Step,
    is_redacted,
    last_redaction,
    record_digests,
    record_redaction,
    secret_of,
)
from foreign_eyes.archive.redaction.withholding import is_shown_by_purged, withhold_again, withhold_bodies
from foreign_eyes.archive.redaction.word_digests import (
    DigestKind,
    HiddenEntry,
    KeyedDigests,
    is_near,
    keyed_digests,
    letters,
    own_digests,
    parts_of,
)
from foreign_eyes.archive.settling.identity_rows import find_identity
from foreign_eyes.archive.settling.journal import Change, append_changes
from foreign_eyes.archive.text_columns import text_columns
from foreign_eyes.archive.times import from_text
from foreign_eyes.listing.values import ListedEntry, Parser


class RecordedRedaction(Protocol):
    """A decision from the record of an output folder.

    See `archive.feed_state.recorded_redactions`.
    """

    entry_id: int
    at: str
    kind: Step
    reason: str | None
    digests: list[tuple[int, DigestKind, str]]


_SELECT = text_columns("r")
# parts that do not identify an entry alone, so other entries may share them
_WEAK = ("title word", "figure")
# in letters and digits: a shorter title is a phrase that can occur in any sentence
_SHORTEST_QUOTED = 12


def redact(db: Database, entry_id: int, reason: str | None, at: datetime) -> Collection[int]:
    """Hide the words of an entry; return no added crawls.

    Raises:
        CannotDecide: the entry is unknown or already redacted, or another entry has the same words.
    """
    last = last_redaction(db, entry_id)
    if last is not None and last.kind != "undo":
        raise CannotDecide(
            f"entry {entry_id} was redacted at {last.at}; undo that with --undo, or remove the words with --purge"
        )
    wordings = _wordings(db, entry_id)
    _refuse_equal_entries(db, entry_id, wordings)
    redaction_id = _record(db, entry_id, "redact", reason, at)
    digests = _own_digests(db, entry_id, wordings)
    others = _wordings_alike(db, HiddenEntry(entry_id, reason, digests))
    record_digests(db, redaction_id, digests, others)
    _hide_reasons(db, redaction_id, wordings)
    return ()


def undo(db: Database, entry_id: int, at: datetime) -> Collection[int]:
    """Show the words of a redacted entry again; return no added crawls.

    Raises:
        CannotDecide: the words are not hidden, or were purged.
    """
    if not is_redacted(db, entry_id):
        raise CannotDecide(f"entry {entry_id} is not redacted")
    last = last_redaction(db, entry_id)
    if last is not None and last.kind == "purge":
        raise CannotDecide(
            f"the words of entry {entry_id} were purged at {last.at}; a backup from before may hold them"
        )
    if is_shown_by_purged(db, entry_id):
        raise CannotDecide(
            f"this archive has no captures that show the words of entry {entry_id}, such as after an import"
        )
    show_texts(db, entry_id)
    _record(db, entry_id, "undo", None, at)
    withhold_again(db)
    return ()


def purge(db: Database, entry_id: int, parser: Parser, at: datetime) -> Collection[int]:
    """Remove the words of a redacted entry permanently; return no added crawls.

    Raises:
        CannotDecide: the words are not hidden.
    """
    if not is_redacted(db, entry_id):
        raise CannotDecide(f"entry {entry_id} is not redacted")
    last = last_redaction(db, entry_id)
    if last is None or last.kind != "purge":
        record_redaction(db, entry_id, "purge", last.reason if last else None, at)
    identity = find_identity(db, entry_id)
    if identity is not None:
        withhold_bodies(db, parser, identity.source_id)
        purge_bodies(db, identity.source_id, entry_id)
    return ()


def restore_redactions(db: Database, recorded: Iterable[RecordedRedaction], at: datetime) -> int:
    """Add the redactions that an output folder's record has and the archive lacks.

    Return their number.

    Digests that were made with another archive's secret match nothing, so digests of the wordings in this archive are
    added. The caller rebuilds the archive.
    """
    stored = {tuple(row) for row in db.execute("SELECT entry_id, at, kind FROM redactions")}
    count = 0
    for redaction in sorted(recorded, key=lambda redaction: redaction.at):
        entry_id, kind = redaction.entry_id, redaction.kind
        if (entry_id, redaction.at, kind) in stored:
            continue
        count += 1
        exists = db.execute("SELECT 1 FROM revisions WHERE entry_id = ?", (entry_id,)).fetchone() is not None
        own = _own_digests(db, entry_id, _wordings(db, entry_id)) if kind == "redact" and exists else ()
        redaction_id = _record(db, entry_id, kind, redaction.reason, at, decided_at=redaction.at)
        record_digests(db, redaction_id, own, ())
        db.conn.executemany(
            "INSERT OR IGNORE INTO redaction_digests (redaction_id, number, kind, digest) VALUES (?, ?, ?, ?)",
            [(redaction_id, number and number + len(own), part, digest) for number, part, digest in redaction.digests],
        )
    return count


def _record(
    db: Database, entry_id: int, kind: Step, reason: str | None, at: datetime, *, decided_at: str | None = None
) -> int:
    """Record a decision and the change that announces it.

    A purge is not announced, since it changes nothing for readers.
    """
    identity = find_identity(db, entry_id)
    redaction_id = record_redaction(db, entry_id, kind, reason, from_text(decided_at) if decided_at else at)
    if identity is not None and kind != "purge":
        change = Change("unredacted" if kind == "undo" else "redacted", entry_id, redaction_id=redaction_id)
        append_changes(db, identity.source_id, None, [change], at, announced=True)
    return redaction_id


def _wordings(db: Database, entry_id: int) -> list[ListedEntry]:
    """Return the distinct wordings of an entry, in order.

    Raises:
        CannotDecide: the entry is unknown.
    """
    rows = db.execute(
        f"SELECT {_SELECT} FROM revisions r WHERE r.entry_id = ? ORDER BY r.number, r.technical, r.revision_id",  # noqa: S608
        (entry_id,),
    )
    wordings: dict[str, ListedEntry] = {}
    for row in rows:
        listed = ListedEntry(*row)
        wordings.setdefault(_key(listed), listed)
    if not wordings:
        raise CannotDecide(f"no entry has the id {entry_id}; look for it with: foreign-eyes history PART-OF-THE-TITLE")
    return list(wordings.values())


def _refuse_equal_entries(db: Database, entry_id: int, wordings: Sequence[ListedEntry]) -> None:
    """Refuse an entry if all wordings of another entry would be hidden with it."""
    rows = db.execute(
        f"SELECT r.entry_id, {_SELECT} FROM revisions r JOIN entries e USING (entry_id) WHERE r.entry_id != ?"  # noqa: S608
        " AND e.source_id = (SELECT source_id FROM entries WHERE entry_id = ?)",
        (entry_id, entry_id),
    )
    keys, other_keys = {_key(wording) for wording in wordings}, dict[int, set[str]]()
    for other_id, *texts in rows:
        other_keys.setdefault(other_id, set()).add(_key(ListedEntry(*texts)))
    for other_id, keys_of_other in other_keys.items():
        if keys_of_other <= keys:
            raise CannotDecide(
                f"entry {other_id} differs from {entry_id} only in spaces, case or punctuation, so its words would be hidden,"
                f" too; merge them first: foreign-eyes merge {entry_id} {other_id}"
            )


def _own_digests(db: Database, entry_id: int, wordings: Sequence[ListedEntry]) -> tuple[KeyedDigests, ...]:
    """Return the digests of an entry's wordings, without parts that other entries have.

    Those parts would hide the other entries.
    """
    parts = {part for wording in wordings for part in parts_of(wording) if part[0] not in _WEAK}
    shared = {part for other in _others(db, entry_id) for part in parts_of(other) if part in parts}
    return tuple(own_digests(secret_of(db), wording, shared - _wholes(wordings)) for wording in wordings)


def _wholes(wordings: Sequence[ListedEntry]) -> set[tuple[DigestKind, str]]:
    """Return the whole wordings as parts, which are hidden even if another entry has them."""
    return {part for wording in wordings for part in parts_of(wording) if part[0] == "wording"}


def _wordings_alike(db: Database, hidden: HiddenEntry) -> set[str]:
    """Return the digests of similar wordings of other entries, which must not be hidden."""
    secret, exact = secret_of(db), {digests.wording for digests in hidden.wordings}
    alike = (
        digests for other in _others(db, hidden.entry_id) if is_near(hidden, digests := keyed_digests(secret, other))
    )
    return {digests.wording for digests in alike} - exact


def _others(db: Database, entry_id: int) -> Iterator[ListedEntry]:
    """Yield the wordings of all other entries."""
    for row in db.execute(f"SELECT {_SELECT} FROM revisions r WHERE r.entry_id != ?", (entry_id,)):  # noqa: S608
        yield ListedEntry(*row)


def _hide_reasons(db: Database, redaction_id: int, wordings: Sequence[ListedEntry]) -> None:
    """Hide the reasons of crawls that quote the title of a wording."""
    titles = [title for wording in wordings if len(title := letters(wording.title)) >= _SHORTEST_QUOTED]
    for crawl_id, why in db.execute("SELECT crawl_id, reason FROM crawls WHERE reason IS NOT NULL").fetchall():
        if any(title in letters(why) for title in titles):
            hide_reason(db, redaction_id, crawl_id, why)


def _key(listed: ListedEntry) -> str:
    """Return the text by which redactions compare whole wordings."""
    return parts_of(listed)[0][1]
