"""Write an archive into one WARC file.

Captures are records that other tools can read. All other rows are in metadata records.

warcinfo | one record per capture, in order | the tables, up to a megabyte per record | the number of rows of each table
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlite_utils import Database

from foreign_eyes.archive.archive_id import archive_id
from foreign_eyes.archive.captures import load_body
from foreign_eyes.archive.dump import DUMP_TABLES, count_rows, dump_rows, last_crawl_time
from foreign_eyes.archive.rebuilding.rebuild import derived_by
from foreign_eyes.archive.redaction.withholding import is_withheld
from foreign_eyes.warc.dump_records import (
    ARCHIVE_FIELD,
    CONTENT_TYPE,
    FORM,
    FORM_FIELD,
    NAMES,
    PARSER_FIELD,
    RECORD_ID,
    json_lines,
)
from foreign_eyes.warc.errors import NothingToExport
from foreign_eyes.warc.record_writer import Output, WarcFile, Written, head_of

CHUNK = 900_000

ExportProgress = Callable[[int, int], None]
_TRUNCATED = {"oversized": "length", "incomplete": "disconnect"}


@dataclass(frozen=True, slots=True)
class Exported:
    """The number of records written, and of rows per table."""

    records: int
    rows: dict[str, int]


def export(db: Database, out: Output, *, show: ExportProgress | None = None) -> Exported:
    """Write the archive to `out`; the same archive gives the same bytes.

    Raises:
        NothingToExport: the archive holds no crawl, or a damaged body.
    """
    date = last_crawl_time(db)
    if date is None:
        raise NothingToExport("the archive holds no crawl yet; make one with: foreign-eyes crawl")
    file = WarcFile(out)
    file.write_info(
        date,
        {
            "software": "foreign-eyes",
            "format": "WARC File Format 1.1",
            "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
            FORM_FIELD: str(FORM),
            PARSER_FIELD: str(derived_by(db)),
            ARCHIVE_FIELD: archive_id(db),
        },
    )
    captures = _Captures(db, file)
    total = count_rows(db, "captures")
    record_ids: dict[int, str | None] = {}
    for number, row in enumerate(dump_rows(db, "captures"), start=1):
        record_ids[row["capture_id"]] = captures.write(row)
        if show is not None:
            show(number, total)
    rows = {table: count_rows(db, table) for table in DUMP_TABLES}
    for table in DUMP_TABLES:
        found = dump_rows(db, table)
        if table == "captures":
            found = ({**row, RECORD_ID: record_ids[row["capture_id"]]} for row in found)
        for content in _chunks(json_lines(found)):
            file.write_metadata(NAMES + table, date, content, CONTENT_TYPE)
    file.write_metadata(f"{NAMES}end", date, b"".join(json_lines([rows])), CONTENT_TYPE)
    return Exported(file.records, rows)


def _chunks(lines: Iterator[bytes]) -> Iterator[bytes]:
    chunk = bytearray()
    for line in lines:
        if chunk and len(chunk) + len(line) > CHUNK:
            yield bytes(chunk)
            chunk.clear()
        chunk += line
    if chunk:
        yield bytes(chunk)


@dataclass(slots=True)
class _Captures:
    """The writer of captures, which writes each body once per URL.

    Repeated bodies become revisit records.
    """

    db: Database
    file: WarcFile
    written: dict[tuple[str, str], Written] = field(default_factory=dict)

    def write(self, row: dict[str, Any]) -> str | None:
        """Write the record of a capture and return its id.

        Return None for a capture without a response.
        """
        url, date, status, digest = row["url"], row["fetched_at"], row["status"], row["body_sha256"]
        if status is None:
            return None
        headers = json.loads(row["headers"])
        original = self.written.get((url, digest)) if digest else None
        if original is not None and status == 304:
            return self.file.write_revisit(url, date, head_of(status, headers, None), original, "server-not-modified")
        withheld = digest is not None and is_withheld(self.db, digest)
        body = self._load(digest) if digest and not withheld else b""
        head = head_of(status, headers, len(body))
        if original is not None and body:
            return self.file.write_revisit(url, date, head, original, "identical-payload-digest")
        truncated = _TRUNCATED.get(row["fault"], "unspecified") if row["fault"] or withheld else None
        written = self.file.write_response(url, date, head, body, truncated=truncated)
        if digest:
            self.written.setdefault((url, digest), written)
        return written.record_id

    def _load(self, digest: str) -> bytes:
        try:
            return load_body(self.db, digest)
        except ValueError as error:
            raise NothingToExport(f"the archive is damaged: {error}; see: foreign-eyes check") from None
