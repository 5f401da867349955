"""Write the record of an output folder.

A kill or a full disk leaves at most the last line incomplete.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from foreign_eyes.archive.feed_state.output_record import (
    RECORD_NAME,
    RECORD_VERSION,
    FolderRecord,
    RecordedId,
    record_path,
)
from foreign_eyes.archive.times import to_text

_CHUNK = 64 * 1024


def owner_line(archive_id: str, source: str, url: str) -> str:
    """Return the line with the archive and the source that the folder shows from here on."""
    return _line(record=RECORD_VERSION, archive=archive_id, source=source, url=url)


def begin_line(token: str, seal: str | None, entries: int, until: str) -> str:
    """Return the line that begins a publish, with the state that it will show."""
    return _line(begin=token, seal=seal, entries=entries, until=until)


def end_line(token: str, seal: str | None, archive_id: str, source: str) -> str:
    """Return the line that ends a publish.

    It has the values that `read_summary` reads from the end of the file.
    """
    return _line(end=token, seal=seal, archive=archive_id, source=source)


def id_lines(recorded: RecordedId, known: Sequence[str] | None = None) -> list[str]:
    """Return the lines of an id and of each text published under it.

    `known` are the digests that the record has already for the id; None if it does not have the id yet.
    """
    new = [wording for wording in recorded.text_digests if wording not in (known or ())]
    lines = [_line(id=recorded.entry_id, wording=wording) for wording in new]
    if known is None:
        lines[0] = _line(
            id=recorded.entry_id,
            tag=recorded.tag_uri,
            date=to_text(recorded.feed_date),
            crawl=to_text(recorded.crawl_started),
            wording=recorded.minted_digest,
        )
    return lines


def file_line(name: str, sha256: str | None = None) -> str:
    """Return the line for a file that publishing writes, with its digest if that is given."""
    return _line(file=name) if sha256 is None else _line(file=name, sha256=sha256)


def removed_line(name: str) -> str:
    """Return the line for a file that publishing removes."""
    return _line(gone=name)


def append_lines(folder: Path, lines: Iterable[str], mode: int = 0o644) -> None:
    """Append lines to the record of `folder`, durably.

    An incomplete last line is removed first.

    Raises:
        OSError: the lines could not be written; the record is unchanged, or has a part of the lines.
    """
    path = record_path(folder)
    existed = path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        if not existed:
            _permit(descriptor, mode)
        size = _whole_size(descriptor)
        file.truncate(size)
        file.seek(size)
        for line in lines:
            file.write(line.encode("ascii"))
        file.flush()
        os.fsync(descriptor)
    if not existed:
        _sync(folder)


def replace_record(folder: Path, lines: Iterable[str], mode: int = 0o644) -> Path | None:
    """Replace the record of `folder` with a new one.

    Return the path of a copy of the former record, or None. The copy has the ids that an archive published there, in case its
    operator needs them.

    Raises:
        OSError: the record could not be written; it is either unchanged or new.
    """
    path = record_path(folder)
    copy = _free_name(folder) if path.is_file() and not path.is_symlink() else None
    if copy is not None:
        temporary = folder / f"{RECORD_NAME}.foreign-eyes"
        shutil.copyfile(path, temporary)
        _sync(temporary)
        temporary.replace(copy)
    temporary = folder / f"{RECORD_NAME}.foreign-eyes"
    temporary.unlink(missing_ok=True)
    _write_new(temporary, lines, mode)
    temporary.replace(path)
    _sync(folder)
    return copy


def forget_removed(folder: Path, mode: int = 0o644) -> None:
    """Delete the names of removed files from the record of `folder`.

    A name can contain redacted words.

    Raises:
        OSError: the record could not be written; it is unchanged.
    """
    lines = record_path(folder).read_text(encoding="ascii").splitlines(keepends=True)
    values = [json.loads(line) for line in lines if line.endswith("\n")]
    gone = {value["gone"] for value in values if "gone" in value} - _files_of(values)
    rewrite_record(folder, [_line(**v) for v in values if v.get("file", v.get("gone")) not in gone], mode)


def rewrite_record(folder: Path, lines: Iterable[str], mode: int = 0o644) -> None:
    """Replace the record of `folder` with these lines, atomically and without a copy of the former one.

    Raises:
        OSError: the record could not be written; it is unchanged.
    """
    temporary = folder / f"{RECORD_NAME}.foreign-eyes"
    temporary.unlink(missing_ok=True)
    _write_new(temporary, lines, mode)
    temporary.replace(record_path(folder))
    _sync(folder)


def _files_of(values: Sequence[Mapping[str, Any]]) -> set[str]:
    """Return the files that exist according to the lines of a record."""
    files: set[str] = set()
    for value in values:
        if "file" in value:
            files.add(value["file"])
        files.discard(value.get("gone", ""))
    return files


def _write_new(path: Path, lines: Iterable[str], mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        _permit(descriptor, mode)
        for line in lines:
            file.write(line.encode("ascii"))
        file.flush()
        os.fsync(descriptor)


def remove_record(folder: Path) -> None:
    """Remove the record of `folder`, and the temporary file of a killed run.

    Raises:
        OSError: a file could not be removed.
    """
    for name in (f"{RECORD_NAME}.foreign-eyes", RECORD_NAME):
        (folder / name).unlink(missing_ok=True)


def missing_ids(record: FolderRecord | None, ids: Iterable[RecordedId]) -> Iterable[str]:
    """Yield the lines of ids and texts that the record does not have yet."""
    for recorded in ids:
        known = record.ids.get(recorded.entry_id) if record is not None else None
        yield from id_lines(recorded, known.text_digests if known is not None else None)


def _line(**values: object) -> str:
    return json.dumps(values, ensure_ascii=True, separators=(",", ":")) + "\n"


def _whole_size(descriptor: int) -> int:
    """Return the size of the file up to and including its last line end."""
    end = os.fstat(descriptor).st_size
    while end > 0:
        start = max(0, end - _CHUNK)
        at = os.pread(descriptor, end - start, start).rfind(b"\n")
        if at >= 0:
            return start + at + 1
        end = start
    return 0


def _free_name(folder: Path) -> Path:
    number = 1
    while os.path.lexists(path := folder / f".foreign-eyes-former-{number}.jsonl"):
        number += 1
    return path


def _permit(descriptor: int, mode: int) -> None:
    with suppress(PermissionError):  # some file systems have no permissions
        os.fchmod(descriptor, mode)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
