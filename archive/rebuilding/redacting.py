"""Carrying out what an operator decides on an entry's words: they are taken down, shown again, or removed for good.

Each is truth written into a copy, from which the archive is then derived again (see `archive.rebuilding.rebuild`). Texts that
cannot be derived again are kept out of sight until the redaction is undone or purged.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from archive.errors import CannotDecide
from archive.redaction.digests import HiddenEntry, Kind, Marks, is_near, letters, marks_of, own_marks, parts_of
from archive.redaction.purging import purge_bodies
from archive.redaction.records import (
    Step,
    drop_kept_text,
    is_redacted,
    keep_text,
    kept_texts,
    last_redaction,
    record_marks,
    record_redaction,
    secret_of,
)
from archive.redaction.stand_in import stand_in
from archive.redaction.withholding import withhold_again, withhold_bodies
from archive.seals import derived_by_parser
from archive.settling.identities import find_identity
from archive.settling.journal import Change, append_changes
from archive.values import ListedEntry, Parser

_PARTS = ("excerpt", "attribution", "title", "publication", "commentary")
_SELECT = ", ".join(f"r.{part}" for part in _PARTS)
# parts that recognise nothing alone, and so may be shared
_WEAK = ("title word", "figure")
# in letters and digits: shorter titles are words that stand in any sentence
_SHORTEST_QUOTED = 12


def redact(db: Database, entry_id: int, reason: str | None, at: datetime) -> Collection[int]:
    """Decide that the words of an entry are hidden; no crawl is added.

    Raises:
        CannotDecide: the id was never minted, or the words are hidden already.
    """
    last = last_redaction(db, entry_id)
    if last is not None and last.kind != "undo":
        raise CannotDecide(f"entry {entry_id} was redacted at {last.at}; take it back with --undo, or --purge it")
    wordings = _wordings(db, entry_id)
    redaction_id = _record(db, entry_id, "redact", reason, at)
    marks = _own_marks(db, entry_id, wordings)
    others = _wordings_alike(db, HiddenEntry(entry_id, reason, marks))
    record_marks(db, redaction_id, marks, others)
    hide_texts(db, HiddenEntry(entry_id, reason, marks, frozenset(others)), redaction_id, wordings)
    return ()


def undo(db: Database, entry_id: int, at: datetime) -> Collection[int]:
    """Decide that the words of a redacted entry are shown again; no crawl is added.

    Raises:
        CannotDecide: they are not hidden, or were removed for good.
    """
    if not is_redacted(db, entry_id):
        raise CannotDecide(f"entry {entry_id} is not redacted")
    last = last_redaction(db, entry_id)
    if last is not None and last.kind == "purge":
        raise CannotDecide(
            f"the words of entry {entry_id} were purged at {last.at}; a backup from before may hold them"
        )
    _show_texts(db, entry_id)
    _record(db, entry_id, "undo", None, at)
    withhold_again(db)
    return ()


def purge(db: Database, entry_id: int, parser: Parser, at: datetime) -> Collection[int]:
    """Decide that the words of a redacted entry are removed for good, and remove them; no crawl is added.

    Raises:
        CannotDecide: they are not hidden.
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


def hide_texts(db: Database, hidden: HiddenEntry, redaction_id: int, wordings: Sequence[ListedEntry]) -> None:
    """Hide what nothing can derive again: revisions of older parsers, announced words, titles in reasons of crawls."""
    numbers = {_key(wording): number for number, wording in enumerate(wordings, start=1)}
    for revision_id, listed, flags in _older_revisions(db, hidden.entry_id):
        notice = stand_in(hidden.entry_id, numbers.get(_key(listed), len(wordings)), hidden.reason)
        keep_text(db, redaction_id, "revisions", revision_id, {**_texts(listed), "flags": flags})
        _update(db, "revisions", "revision_id", revision_id, {**_texts(notice), "flags": json.dumps(notice.flags)})
    for words, columns in _told_texts(db, hidden):
        keep_text(db, redaction_id, "told_texts", words, columns)
        db.execute("DELETE FROM told_texts WHERE words = ?", (words,))
    for crawl_id, why in _reasons(db, wordings):
        keep_text(db, redaction_id, "crawls", crawl_id, {"reason": why})
        _update(db, "crawls", "crawl_id", crawl_id, {"reason": "the reason quoted words that were redacted"})


def _record(db: Database, entry_id: int, kind: Step, reason: str | None, at: datetime) -> int:
    """Record a decision, and the change that tells readers of it."""
    identity = find_identity(db, entry_id)
    redaction_id = record_redaction(db, entry_id, kind, reason, at)
    if identity is not None:
        told = Change("unredacted" if kind == "undo" else "redacted", entry_id, redaction_id=redaction_id)
        append_changes(db, identity.source_id, None, [told], at, announced=True)
    return redaction_id


def _wordings(db: Database, entry_id: int) -> list[ListedEntry]:
    """Return each wording that an entry had, in its order.

    Raises:
        CannotDecide: there is no such entry.
    """
    rows = db.execute(
        f"SELECT {_SELECT} FROM revisions r WHERE r.entry_id = ? ORDER BY r.number, r.technical, r.revision_id",  # noqa: S608
        (entry_id,),
    )
    found: dict[str, ListedEntry] = {}
    for row in rows:
        listed = ListedEntry(*row)
        found.setdefault(_key(listed), listed)
    if not found:
        raise CannotDecide(f"no entry has the id {entry_id}; look for it with: foreign-eyes history PART-OF-THE-TITLE")
    return list(found.values())


def _own_marks(db: Database, entry_id: int, wordings: Sequence[ListedEntry]) -> tuple[Marks, ...]:
    """Return the marks of an entry's wordings, without parts that other entries have too: they would hide those."""
    ours = {part for wording in wordings for part in parts_of(wording) if part[0] not in _WEAK}
    shared = {part for other in _others(db, entry_id) for part in parts_of(other) if part in ours}
    return tuple(own_marks(secret_of(db), wording, shared - _wholes(wordings)) for wording in wordings)


def _wholes(wordings: Sequence[ListedEntry]) -> set[tuple[Kind, str]]:
    """Return the digests' texts of whole wordings, which are hidden wherever they stand."""
    return {part for wording in wordings for part in parts_of(wording) if part[0] == "wording"}


def _wordings_alike(db: Database, hidden: HiddenEntry) -> set[str]:
    """Return the digests of wordings of other entries that would be taken for the hidden one."""
    secret, exact = secret_of(db), {marks.wording for marks in hidden.wordings}
    alike = (marks for other in _others(db, hidden.entry_id) if is_near(hidden, marks := marks_of(secret, other)))
    return {marks.wording for marks in alike} - exact


def _others(db: Database, entry_id: int) -> Iterator[ListedEntry]:
    """Yield the wordings of all other entries."""
    for row in db.execute(f"SELECT {_SELECT} FROM revisions r WHERE r.entry_id != ?", (entry_id,)):  # noqa: S608
        yield ListedEntry(*row)


def _older_revisions(db: Database, entry_id: int) -> Iterator[tuple[int, ListedEntry, str]]:
    """Return the revisions of an entry that parsers before the present one read, with their flags as stored."""
    rows = db.execute(
        f"SELECT r.revision_id, r.flags, {_SELECT} FROM revisions r WHERE r.entry_id = ? AND r.parser_version < ?",  # noqa: S608
        (entry_id, derived_by_parser(db)),
    ).fetchall()
    return ((revision_id, ListedEntry(*texts), flags) for revision_id, flags, *texts in rows)


def _told_texts(db: Database, hidden: HiddenEntry) -> list[tuple[str, dict[str, Any]]]:
    """Return by their digest the texts that changes told and that are the hidden entry's."""
    secret = secret_of(db)
    rows = db.execute(f"SELECT words, {', '.join(_PARTS)} FROM told_texts").fetchall()  # noqa: S608 - our own names
    return [
        (words, dict(zip(_PARTS, texts, strict=True)))
        for words, *texts in rows
        if is_near(hidden, marks_of(secret, ListedEntry(*texts)))
    ]


def _reasons(db: Database, wordings: Sequence[ListedEntry]) -> list[tuple[int, str]]:
    """Return the crawls whose reason quotes the title of a wording."""
    titles = [title for wording in wordings if len(title := letters(wording.title)) >= _SHORTEST_QUOTED]
    rows = db.execute("SELECT crawl_id, reason FROM crawls WHERE reason IS NOT NULL").fetchall()
    return [(crawl_id, why) for crawl_id, why in rows if any(title in letters(why) for title in titles)]


def _show_texts(db: Database, entry_id: int) -> None:
    """Put back the texts that a redaction hid."""
    keys = {"revisions": "revision_id", "crawls": "crawl_id"}
    for table, key, columns in kept_texts(db, entry_id):
        if table == "told_texts":
            names = ", ".join(("words", *columns))
            marks = ", ".join("?" * (len(columns) + 1))
            db.execute(f"INSERT OR IGNORE INTO told_texts ({names}) VALUES ({marks})", (key, *columns.values()))  # noqa: S608
        elif table in keys:
            _update(db, table, keys[table], int(key), columns)
        else:
            continue  # items of frozen documents are put back by the next publish
        drop_kept_text(db, table, key)


def _update(db: Database, table: str, key: str, value: int, columns: Mapping[str, Any]) -> None:
    names = ", ".join(f"{name} = ?" for name in columns)
    db.execute(f"UPDATE {table} SET {names} WHERE {key} = ?", (*columns.values(), value))  # noqa: S608 - our own names


def _texts(listed: ListedEntry) -> dict[str, Any]:
    return {part: getattr(listed, part) for part in _PARTS}


def _key(listed: ListedEntry) -> str:
    """Return what makes two wordings one for a redaction."""
    return parts_of(listed)[0][1]
