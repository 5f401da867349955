"""Read the record of an output folder: its archive, published ids, and our files.

    .foreign-eyes.jsonl:   owner | begin | ids | files | end | begin | ids | files | gone | end | …

The record is a file of JSON lines in the folder itself, so that it survives the loss of the archive. Lines are appended
before the files are written, so that publishing one entry takes the same time in a folder of any size. A complete publish
ends with an `end` line; a record without one at its end was left by a killed publish. A last line without a line end is
incomplete and is ignored. The file is not trusted: every value is checked.
"""

from __future__ import annotations

import errno
import json
import os
import re
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from foreign_eyes.archive.errors import RecordDamaged
from foreign_eyes.archive.feed_state.recorded_redactions import FolderRedaction, add_redaction
from foreign_eyes.archive.times import from_text

RECORD_NAME = ".foreign-eyes.jsonl"
RECORD_VERSION = 1

_LONGEST_LINE = 64 * 1024
_TAIL = 4096
_HEX = re.compile(r"[0-9a-f]{1,128}")


@dataclass(slots=True)
class RecordedId:
    """A published entry id, with the data to give it back to the entry after a loss.

    `text_digests` are the digests of all texts that were published under the id; the first is that of the text for which it was
    minted, as in `identities.wording`. `crawl_started` is the start of the crawl in which it was minted.
    """

    entry_id: int
    tag_uri: str
    feed_date: datetime
    crawl_started: datetime
    source: str
    url: str
    text_digests: tuple[str, ...]

    @property
    def minted_digest(self) -> str:
        """The digest of the text for which the id was minted."""
        return self.text_digests[0]


@dataclass(slots=True)
class FolderRecord:
    """The contents of a folder's record.

    `source` and `url` are those of the source that the folder shows now. At the last publish, `seal` was the newest seal of
    the archive or None, `entries` its number of entries, and `newest_change` the time of its newest change. `files` are the
    names of published files, relative to the folder. `published_token` identifies the state that the last publish wrote; it
    is None if that publish was killed. `redactions` are by their number in the record.
    """

    archive_id: str
    source: str
    url: str
    seal: str | None = None
    entries: int = 0
    newest_change: datetime | None = None
    ids: dict[int, RecordedId] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    published_token: str | None = None
    redactions: dict[int, FolderRedaction] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RecordSummary:
    """The values at the end of a record, as in `FolderRecord`.

    They are read without reading all of it.
    """

    archive_id: str
    source: str
    seal: str | None
    published_token: str | None


def record_path(folder: Path) -> Path:
    """Return the path of the record of `folder`."""
    return folder / RECORD_NAME


def read_record(folder: Path) -> FolderRecord | None:
    """Return the record of an output folder, or None if it is missing.

    Raises:
        RecordDamaged: it cannot be read, or is not a record.
    """
    path = record_path(folder)
    file = _open(path)
    if file is None:
        return None
    record: FolderRecord | None = None
    with closing(file):
        for number, line in _whole_lines(file, path):
            try:
                record = _add_line(record, _parse(line))
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise RecordDamaged(path, f"line {number}: {_why(error)}") from None
    return record


def read_summary(folder: Path) -> RecordSummary | None:
    """Return the summary of a folder's record, or None if the record is missing.

    Only the end of the file is read, unless the last publish was killed.

    Raises:
        RecordDamaged: it cannot be read, or is not a record.
    """
    path = record_path(folder)
    file = _open(path)
    if file is None:
        return None
    with closing(file):
        last = _last_line(file)
    try:
        value = _parse(last)
        if "end" in value:
            return RecordSummary(
                _hex(value["archive"]), _text(value["source"]), _seal(value["seal"]), _hex(value["end"])
            )
    except (ValueError, KeyError, TypeError, RecursionError):
        pass  # `read_record` finds out whether the record is damaged or a publish was killed
    record = read_record(folder)
    return (
        None if record is None else RecordSummary(record.archive_id, record.source, record.seal, record.published_token)
    )


def is_file_name(name: str) -> bool:
    """Return whether publishing can have written a file of this name.

    Such a name is inside the folder and has no hidden parts.
    """
    parts = PurePosixPath(name).parts
    return (
        bool(parts)
        and "/".join(parts) == name
        and len(name) <= 1000
        and name.isprintable()
        and not any(part.startswith(".") or "\\" in part for part in parts)
    )


def _open(path: Path) -> BinaryIO | None:
    """Open the record for reading if it is a regular file.

    Opening a pipe could block, and a link could lead anywhere.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if error.errno == errno.ELOOP and not path.is_symlink():
            return None  # the folder is a circular link
        raise RecordDamaged(path, error.strerror or str(error)) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise RecordDamaged(path, "not a file")
    return os.fdopen(descriptor, "rb")


def _whole_lines(file: BinaryIO, path: Path) -> Iterator[tuple[int, bytes]]:
    number = 0
    try:
        while line := file.readline(_LONGEST_LINE + 1):
            number += 1
            if not line.endswith(b"\n"):
                if len(line) > _LONGEST_LINE:
                    raise RecordDamaged(path, f"line {number}: too long")
                return
            yield number, line
    except OSError as error:
        raise RecordDamaged(path, error.strerror or str(error)) from error


def _last_line(file: BinaryIO) -> bytes:
    try:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _TAIL))
        tail = file.read(_TAIL)
    except OSError:
        return b""
    return tail.splitlines(keepends=True)[-1] if tail.endswith(b"\n") else b""


def _parse(line: bytes) -> dict[str, Any]:
    value = json.loads(line.decode("utf-8"))
    if not isinstance(value, dict):
        raise TypeError("not an object")
    return value


def _add_line(record: FolderRecord | None, value: dict[str, Any]) -> FolderRecord:
    """Add the values of a line to the record; return it."""
    if "record" in value:
        if value["record"] != RECORD_VERSION:
            raise ValueError(f"version {value['record']!r} is newer than this program; upgrade foreign-eyes")
        return _set_owner(record, _hex(value["archive"]), _text(value["source"]), _text(value["url"]))
    if record is None:
        raise ValueError("a record does not begin with this line")
    record.published_token = None  # set below if this line ends a publish
    if "begin" in value:
        _hex(value["begin"])
        record.seal = _seal(value["seal"])
        record.entries = _number(value["entries"])
        record.newest_change = from_text(_text(value["until"])) if value["until"] else None
    elif "id" in value:
        _add_id(record, value)
    elif "redaction" in value or "marks" in value:
        add_redaction(record.redactions, value)
    elif "file" in value:
        record.files.add(_file(value["file"]))
    elif "gone" in value:
        record.files.discard(_file(value["gone"]))
    elif "end" in value:
        record.published_token, record.seal = _hex(value["end"]), _seal(value["seal"])
    else:
        raise ValueError("the line has none of the known keys")
    return record


def _set_owner(record: FolderRecord | None, archive_id: str, source: str, url: str) -> FolderRecord:
    if record is None:
        return FolderRecord(archive_id, source, url)
    if record.archive_id != archive_id:
        raise ValueError("the record names two archives")
    record.source, record.url, record.published_token = source, url, None
    return record


def _add_id(record: FolderRecord, value: dict[str, Any]) -> None:
    entry_id, wording = _number(value["id"]), _hex(value["wording"])
    known = record.ids.get(entry_id)
    if known is None:
        record.ids[entry_id] = RecordedId(
            entry_id,
            _text(value["tag"]),
            from_text(_text(value["date"])),
            from_text(_text(value["crawl"])),
            record.source,
            record.url,
            (wording,),
        )
    elif wording not in known.text_digests:
        known.text_digests = (*known.text_digests, wording)


def _text(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 4000 or not value.isprintable():
        raise ValueError("a text is empty, too long or not printable")
    return value


def _hex(value: object) -> str:
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise ValueError("a digest or id is not hexadecimal")
    return value


def _seal(value: object) -> str | None:
    return None if value is None else _hex(value)


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
        raise ValueError("a number is not an integer from 0 to 2**63 - 1")
    return value


def _file(value: object) -> str:
    if not isinstance(value, str) or not is_file_name(value):
        raise ValueError("a file name is not one that publishing writes")
    return value


def _why(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError | UnicodeDecodeError):
        return "not JSON"
    return f"the key {error} is missing" if isinstance(error, KeyError) else str(error)
