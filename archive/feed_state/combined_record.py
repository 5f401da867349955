"""The record of the folder over all sources: the archive that owns it, and its files with their digests.

It has the name and the lines of other output folders' records, so that no source is published there. It holds no ids, and
is replaced as a whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from sqlite_utils import Database

from foreign_eyes.archive.archive_id import archive_id
from foreign_eyes.archive.feed_state.output_record import read_record, record_path
from foreign_eyes.archive.feed_state.output_record_writer import (
    begin_line,
    end_line,
    file_line,
    owner_line,
    rewrite_record,
)
from foreign_eyes.archive.seals import newest_seal

# in the record, the name of the source; no source can have it
ALL_SOURCES = "*"


def recorded_digests(folder: Path) -> dict[str, str | None]:
    """Return the files in the record of the folder over all sources, with their SHA-256 if it is recorded.

    Return nothing if the folder has no record, or that of a source.

    Raises:
        RecordDamaged: the record cannot be used.
    """
    record = read_record(folder)
    if record is None or record.source != ALL_SOURCES:
        return {}
    lines = [json.loads(line) for line in record_path(folder).read_text(encoding="utf-8").splitlines()]
    digests = {line["file"]: line.get("sha256") for line in lines if "file" in line}
    return {name: digests.get(name) for name in record.files}


def begin_record(db: Database, folder: Path, base_url: str, names: Iterable[str], token: str, mode: int) -> None:
    """Record durably that files of these names will be written.

    Raises:
        OSError: the record could not be written; it is unchanged.
    """
    lines = [*_beginning(db, base_url, token), *map(file_line, sorted(names))]
    rewrite_record(folder, lines, mode)


def end_record(db: Database, folder: Path, base_url: str, digests: Mapping[str, str], token: str, mode: int) -> None:
    """Record that the files are complete.

    Raises:
        OSError: the record could not be written; it is unchanged.
    """
    files = [file_line(name, digest) for name, digest in sorted(digests.items())]
    end = end_line(token, newest_seal(db), archive_id(db), ALL_SOURCES)
    rewrite_record(folder, [*_beginning(db, base_url, token), *files, end], mode)


def _beginning(db: Database, base_url: str, token: str) -> list[str]:
    return [owner_line(archive_id(db), ALL_SOURCES, base_url), begin_line(token, newest_seal(db), 0, "")]
