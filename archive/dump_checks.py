"""Checking rows of an imported truth before they are used: types, times, and references between rows.

SQLite would refuse some wrong values, convert some, and store the rest, which would then break later reads.
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
_ADDRESSES = {"url", "asked_url"}
_BREAK = re.compile(r"[\r\n]")
_COUNTED = {"pass", "page", "position", "number"}
# has a default for the sake of older archives only
_NEEDED = {"ordered_at"}
_SETTLING = {"complete", "unchanged", "partial"}


class NotTruth(ValueError):
    """Rows that cannot be an archive's; the text says of which table, and why."""


def check_rows(db: Database, rows: Mapping[str, Sequence[DumpRow]]) -> None:
    """Refuse rows, by table, that an archive cannot hold.

    Raises:
        NotTruth: says which table has one, and what is wrong with it.
    """
    for table, found in rows.items():
        _check_columns(table, found, _columns_of(db, table))
    _check_captures(rows.get("captures", ()))
    for crawl in rows.get("crawls", ()):
        if crawl.get("settled") and not (crawl.get("finished_at") and crawl.get("outcome") in _SETTLING):
            raise _refusal("crawls", "outcome", "one that was settled has not ended so")
    for revision in rows.get("revisions", ()):
        if not _is_list(revision.get("flags", "[]"), lambda flag: isinstance(flag, str)):
            raise _refusal("revisions", "flags", "not a list of words")
    _check_told(rows)
    _check_references(rows)


@dataclass(frozen=True, slots=True)
class _Column:
    """A column: what is stored in it, whether each row has it, and whether a row of a file may lack it."""

    kind: str
    required: bool
    may_lack: bool


def _columns_of(db: Database, table: str) -> dict[str, _Column]:
    columns = {}
    for _, name, kind, not_null, default, key in db.execute(f"PRAGMA table_info({table})"):
        required = bool(not_null or key)
        columns[name] = _Column(kind, required, name not in _NEEDED and (default is not None or not required))
    if table == "changes":
        for _, name, kind, *_ in db.execute("PRAGMA table_info(links)"):
            columns[f"link_{name}"] = _Column(kind, required=False, may_lack=True)
    return columns


def _check_columns(table: str, rows: Sequence[DumpRow], columns: Mapping[str, _Column]) -> None:
    for row in rows:
        if unknown := sorted(row.keys() - columns):
            raise NotTruth(f"its {table} have a column {unknown[0]!r}, which this version does not know")
        for name, column in columns.items():
            if name not in row and column.may_lack:
                continue
            if why := _fault(name, row.get(name), column):
                raise _refusal(table, name, why)


def _check_captures(captures: Sequence[DumpRow]) -> None:
    for row in captures:
        if row["purpose"] == "listing" and row.get("page") is not None and row.get("pass") is None:
            raise _refusal("captures", "pass", "not there")
        status = row.get("status")
        if status is not None and not 100 <= status <= 999:
            raise _refusal("captures", "status", f"{status} is not an HTTP status")
        if status is None and row.get("body_sha256") is not None:
            raise _refusal("captures", "status", "not there, but a body is")
        if not _is_list(row.get("headers", "[]"), _is_pair):
            raise _refusal("captures", "headers", "not a list of pairs of words")


def _check_told(rows: Mapping[str, Sequence[DumpRow]]) -> None:
    parts = ("title", "publication", "attribution", "excerpt", "commentary")
    for row in rows.get("told_texts", ()):
        if words_digest(AnnouncedTexts(*(row.get(part) for part in parts))) != row["words"]:  # type: ignore[arg-type]
            raise _refusal("told_texts", "words", "not the digest of the texts")


def _check_references(rows: Mapping[str, Sequence[DumpRow]]) -> None:
    """What is added beside other rows gets new ids, so SQLite cannot tell what led nowhere."""
    for table, column in (("sources", "source_id"), ("crawls", "crawl_id"), ("captures", "capture_id")):
        found = rows.get(table, ())
        if len({row[column] for row in found}) < len(found):
            raise NotTruth(f"two rows of its {table} have one id")
    for table, column, parent in (("crawls", "source_id", "sources"), ("captures", "crawl_id", "crawls")):
        known = {row[column] for row in rows.get(parent, ())}
        if any(row[column] not in known for row in rows.get(table, ())):
            raise NotTruth(f"a row of its {table} refers to one of {parent} that is not there")


def _fault(name: str, value: Any, column: _Column) -> str | None:
    """Say what is wrong with a value, or None."""
    if value is None:
        return "not there" if column.required else None
    if isinstance(value, bool) or not isinstance(value, _TYPES[column.kind]):
        return f"{type(value).__name__} where {column.kind} belongs"
    if isinstance(value, str):
        return _fault_of_text(name, value)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return "too large a number"
    return f"{value} counts nothing" if name in _COUNTED and value < 1 else None


def _fault_of_text(name: str, value: str) -> str | None:
    if not _is_text(value):
        return "half a character"
    if name in _TIMES and not _is_time(value):
        return f"{value[:40]!r} is no time"
    return f"{value[:40]!r} is no address" if name in _ADDRESSES and _BREAK.search(value) else None


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
    """Tell whether `text` is a JSON list whose items all fit."""
    try:
        items = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(items, list) and all(map(fits, items))


def _refusal(table: str, column: str, why: str) -> NotTruth:
    return NotTruth(f"its {table} are not an archive's ({column}: {why})")
