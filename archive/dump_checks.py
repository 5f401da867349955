"""Check imported rows before they are stored: types, times, and references between rows.

SQLite would refuse some wrong values, convert others, and store the rest, which would break later reads.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from foreign_eyes.archive.settling.announced_words import AnnouncedTexts, words_digest
from foreign_eyes.archive.times import from_text

DumpRow = Mapping[str, Any]

_TYPES: Mapping[str, Any] = {"INTEGER": (int,), "TEXT": (str,), "REAL": (int, float)}
_TIMES = {"started_at", "ordered_at", "finished_at", "fetched_at", "feed_date", "at", "first_seen", "began_at"}
_TIMES |= {"link_first_seen", "link_gone_at"}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
_URLS = {"url", "asked_url"}
_BREAK = re.compile(r"[\r\n]")
_COUNTED = {"pass", "page", "position", "number"}
# columns that have a default for older archives only
_NEEDED = {"ordered_at"}
_SETTLING = {"complete", "unchanged", "partial"}


class NotTruth(ValueError):
    """An archive cannot hold these rows; the message names the table and the reason."""


def check_rows(db: Database, rows: Mapping[str, Sequence[DumpRow]]) -> None:
    """Check rows by table.

    Raises:
        NotTruth: an archive cannot hold one of them.
    """
    for table, found in rows.items():
        _check_columns(table, found, _columns_of(db, table))
    _check_captures(rows.get("captures", ()))
    for crawl in rows.get("crawls", ()):
        if crawl.get("settled") and not (crawl.get("finished_at") and crawl.get("outcome") in _SETTLING):
            raise _refusal("crawls", "outcome", "a settled crawl must be complete, unchanged or partial")
    for revision in rows.get("revisions", ()):
        if not _is_list(revision.get("flags", "[]"), lambda flag: isinstance(flag, str)):
            raise _refusal("revisions", "flags", "not a list of strings")
    _check_told(rows)
    _check_references(rows)


@dataclass(frozen=True, slots=True)
class _Column:
    """A column: its type, whether NULL is refused, and whether an imported row may omit it."""

    type: str
    required: bool
    optional: bool


def _columns_of(db: Database, table: str) -> dict[str, _Column]:
    columns = {}
    for _, name, column_type, not_null, default, key in db.execute(f"PRAGMA table_info({table})"):
        required = bool(not_null or key)
        columns[name] = _Column(column_type, required, name not in _NEEDED and (default is not None or not required))
    if table == "changes":
        for _, name, column_type, *_ in db.execute("PRAGMA table_info(links)"):
            columns[f"link_{name}"] = _Column(column_type, required=False, optional=True)
    return columns


def _check_columns(table: str, rows: Sequence[DumpRow], columns: Mapping[str, _Column]) -> None:
    for row in rows:
        if unknown := sorted(row.keys() - columns):
            raise NotTruth(f"its {table} have a column {unknown[0]!r}, which this version does not have")
        for name, column in columns.items():
            if name not in row and column.optional:
                continue
            if why := _fault(name, row.get(name), column):
                raise _refusal(table, name, why)


def _check_captures(captures: Sequence[DumpRow]) -> None:
    for row in captures:
        if row["purpose"] == "listing" and row.get("page") is not None and row.get("pass") is None:
            raise _refusal("captures", "pass", "missing")
        status = row.get("status")
        if status is not None and not 100 <= status <= 999:
            raise _refusal("captures", "status", f"{status} is not an HTTP status")
        if status is None and row.get("body_sha256") is not None:
            raise _refusal("captures", "status", "missing, though there is a body")
        if not _is_list(row.get("headers", "[]"), _is_pair):
            raise _refusal("captures", "headers", "not a list of pairs of strings")


def _check_told(rows: Mapping[str, Sequence[DumpRow]]) -> None:
    parts = ("title", "publication", "attribution", "excerpt", "commentary")
    for row in rows.get("told_texts", ()):
        if words_digest(AnnouncedTexts(*(row.get(part) for part in parts))) != row["words"]:  # type: ignore[arg-type]
            raise _refusal("told_texts", "words", "not the digest of the texts")


def _check_references(rows: Mapping[str, Sequence[DumpRow]]) -> None:
    """Check references here: rows that are added to others get new ids, so SQLite cannot find a broken reference."""
    for table, column in (("sources", "source_id"), ("crawls", "crawl_id"), ("captures", "capture_id")):
        found = rows.get(table, ())
        if len({row[column] for row in found}) < len(found):
            raise NotTruth(f"two rows of its {table} have the same id")
    for table, column, parent in (("crawls", "source_id", "sources"), ("captures", "crawl_id", "crawls")):
        parent_ids = {row[column] for row in rows.get(parent, ())}
        if any(row[column] not in parent_ids for row in rows.get(table, ())):
            raise NotTruth(f"a row of its {table} refers to a missing row of {parent}")


def _fault(name: str, value: Any, column: _Column) -> str | None:
    """Return a description of the error in a value, or None."""
    if value is None:
        return "missing" if column.required else None
    if isinstance(value, bool) or not isinstance(value, _TYPES[column.type]):
        return f"{type(value).__name__} instead of {column.type}"
    if isinstance(value, str):
        return _fault_of_text(name, value)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return "the number has more than 64 bits"
    return f"{value} is less than 1" if name in _COUNTED and value < 1 else None


def _fault_of_text(name: str, value: str) -> str | None:
    if not _is_text(value):
        return "the text has a lone surrogate"
    if name in _TIMES and not _is_time(value):
        return f"{value[:40]!r} is not a timestamp"
    return f"{value[:40]!r} is not a URL" if name in _URLS and _BREAK.search(value) else None


def _is_time(text: str) -> bool:
    try:
        return _TIME.fullmatch(text) is not None and bool(from_text(text))
    except ValueError:
        return False


def _is_text(text: str) -> bool:
    try:
        return bool(text.encode()) or not text
    except UnicodeEncodeError:
        return False


def _is_pair(header: Any) -> bool:
    return (
        isinstance(header, list)
        and len(header) == 2
        and all(isinstance(part, str) and _is_text(part) for part in header)
    )


def _is_list(text: str, fits: Any) -> bool:
    """Return whether `text` is a JSON list whose items all pass `fits`."""
    try:
        items = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(items, list) and all(map(fits, items))


def _refusal(table: str, column: str, why: str) -> NotTruth:
    return NotTruth(f"its {table} are not valid ({column}: {why})")
