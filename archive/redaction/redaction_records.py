"""Store redactions: decisions, digests of redacted texts, and texts for an undo."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlite_utils import Database

from foreign_eyes.archive.redaction.word_digests import DigestKind, HiddenEntry, KeyedDigests
from foreign_eyes.archive.times import to_text

Step = Literal["redact", "undo", "purge"]


@dataclass(frozen=True, slots=True)
class Redaction:
    """An operator's decision on an entry; `reason` is published."""

    redaction_id: int
    at: str
    entry_id: int
    kind: Step
    reason: str | None


def secret_of(db: Database) -> bytes:
    """Return the secret that keys the digests."""
    return bytes.fromhex(db.execute("SELECT secret FROM redaction_secret").fetchone()[0])


def has_redactions(db: Database) -> bool:
    """Return whether the archive has any redaction."""
    return db.execute("SELECT 1 FROM redactions LIMIT 1").fetchone() is not None


def last_redaction(db: Database, entry_id: int) -> Redaction | None:
    """Return the last decision on an entry, which is the one in force, or None."""
    row = db.execute(
        "SELECT redaction_id, at, entry_id, kind, reason FROM redactions WHERE entry_id = ? ORDER BY redaction_id DESC LIMIT 1",
        (entry_id,),
    ).fetchone()
    return Redaction(*row) if row else None


def is_redacted(db: Database, entry_id: int) -> bool:
    """Return whether the texts of an entry are hidden now."""
    last = last_redaction(db, entry_id)
    return last is not None and last.kind != "undo"


def record_redaction(db: Database, entry_id: int, kind: Step, reason: str | None, at: datetime) -> int:
    """Insert a decision, inside the caller's transaction; return its id."""
    cursor = db.execute(
        "INSERT INTO redactions (at, entry_id, kind, reason) VALUES (?, ?, ?, ?)", (to_text(at), entry_id, kind, reason)
    )
    return int(cursor.lastrowid or 0)


def record_digests(db: Database, redaction_id: int, wordings: Sequence[KeyedDigests], others: Iterable[str]) -> None:
    """Store the digests of a redacted entry's wordings.

    `others` are the digests of similar wordings of other entries, which stay visible.
    """
    rows = [(redaction_id, 0, "other", digest) for digest in others]
    for number, digests in enumerate(wordings, start=1):
        rows += [(redaction_id, number, kind, digest) for kind, digest in _rows_of(digests)]
    db.conn.executemany(
        "INSERT OR IGNORE INTO redaction_digests (redaction_id, number, kind, digest) VALUES (?, ?, ?, ?)", rows
    )


def hidden_entries(db: Database, *, purged_only: bool = False) -> list[HiddenEntry]:
    """Return the redacted entries, with the digests that recognise their wordings.

    If `purged_only` is set, only purged ones are returned.
    """
    found: dict[int, HiddenEntry] = {}
    rows = db.execute("SELECT redaction_id, entry_id, kind, reason FROM redactions ORDER BY redaction_id").fetchall()
    for redaction_id, entry_id, kind, reason in rows:
        if kind == "redact":
            found[entry_id] = _load(db, redaction_id, entry_id, reason)
        elif kind == "undo":
            found.pop(entry_id, None)
        elif entry_id in found:
            found[entry_id] = replace(found[entry_id], purged=True)
    return [entry for entry in found.values() if entry.purged or not purged_only]


def keep_text(db: Database, redaction_id: int, table: str, key: object, columns: Mapping[str, Any]) -> None:
    """Store the texts of a row that cannot be derived again.

    Texts of the row that are stored already are not replaced.
    """
    db.execute(
        "INSERT OR IGNORE INTO withheld_texts (table_name, row_key, redaction_id, packed) VALUES (?, ?, ?, ?)",
        (table, str(key), redaction_id, pack(columns)),
    )


def kept_texts(db: Database, entry_id: int) -> list[tuple[str, str, dict[str, Any]]]:
    """Return the table, key and columns of each text that is stored for a redacted entry."""
    rows = db.execute(
        "SELECT t.table_name, t.row_key, t.packed FROM withheld_texts t JOIN redactions r USING (redaction_id)"
        " WHERE r.entry_id = ? ORDER BY t.table_name, t.row_key",
        (entry_id,),
    )
    return [(table, key, unpack(packed)) for table, key, packed in rows.fetchall()]


def drop_kept_text(db: Database, table: str, key: str) -> None:
    """Delete one stored text."""
    db.execute("DELETE FROM withheld_texts WHERE table_name = ? AND row_key = ?", (table, key))


def drop_kept_texts(db: Database, entry_id: int) -> None:
    """Delete all texts that are stored for an entry."""
    db.execute(
        "DELETE FROM withheld_texts WHERE redaction_id IN (SELECT redaction_id FROM redactions WHERE entry_id = ?)",
        (entry_id,),
    )


def pack(value: object) -> str:
    """Return a value as JSON, compressed with zlib, in Base64."""
    content = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.b64encode(zlib.compress(content, 9)).decode("ascii")


def unpack(packed: str) -> Any:
    """Return the value from a text that `pack` returned.

    Raises:
        ValueError: the text is damaged.
    """
    try:
        return json.loads(zlib.decompress(base64.b64decode(packed, validate=True)))
    except zlib.error as error:
        raise ValueError(str(error)) from error


def _rows_of(digests: KeyedDigests) -> list[tuple[DigestKind, str]]:
    single: list[tuple[DigestKind, str | None]] = [
        ("wording", digests.wording),
        ("title", digests.title),
        ("excerpt", digests.excerpt),
        ("commentary", digests.commentary),
    ]
    several: list[tuple[DigestKind, frozenset[str]]] = [
        ("title word", digests.title_words),
        ("figure", digests.figures),
        ("phrase", digests.phrases),
    ]
    rows = [(kind, digest) for kind, digest in single if digest is not None]
    return rows + [(kind, digest) for kind, digests in several for digest in sorted(digests)]


def _load(db: Database, redaction_id: int, entry_id: int, reason: str | None) -> HiddenEntry:
    found: dict[int, dict[str, list[str]]] = {}
    rows = db.execute(
        "SELECT number, kind, digest FROM redaction_digests WHERE redaction_id = ? ORDER BY number, kind, digest",
        (redaction_id,),
    )
    for number, kind, digest in rows:
        found.setdefault(number, {}).setdefault(kind, []).append(digest)
    others = frozenset(found.pop(0, {}).get("other", ()))
    return HiddenEntry(entry_id, reason, tuple(_make_digests(found[number]) for number in sorted(found)), others)


def _make_digests(rows: Mapping[str, Sequence[str]]) -> KeyedDigests:
    def single(kind: DigestKind) -> str | None:
        return next(iter(rows.get(kind, ())), None)

    return KeyedDigests(
        wording=single("wording") or "",
        title=single("title"),
        excerpt=single("excerpt"),
        commentary=single("commentary"),
        title_words=frozenset(rows.get("title word", ())),
        figures=frozenset(rows.get("figure", ())),
        phrases=frozenset(rows.get("phrase", ())),
    )
