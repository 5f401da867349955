"""The records of an export that hold the rows of the archive, and their reader.

A `metadata` record (WARC/1.1 section 6.6) named `urn:foreign-eyes:TABLE` holds rows of that table, one JSON object per line.
The `warcinfo` record at the start has the version of this format, the version of the parser that derived the archive, and
the archive's id, which exports of older versions lack.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from foreign_eyes.archive.archive_id import is_archive_id
from foreign_eyes.archive.dump import DUMP_TABLES
from foreign_eyes.warc.bodies import Bodies
from foreign_eyes.warc.errors import BadWarc
from foreign_eyes.warc.http_message import split_message
from foreign_eyes.warc.record_reader import Record

FORM = 1
FORM_FIELD = "foreign-eyes-truth"
PARSER_FIELD = "foreign-eyes-parser"
ARCHIVE_FIELD = "foreign-eyes-archive"
NAMES = "urn:foreign-eyes:"
CONTENT_TYPE = "application/x-ndjson"
# an additional field of a capture: the record that holds its response
RECORD_ID = "warc_record_id"

# tables that exports of earlier versions lack
ADDED_TABLES = {
    *("link_traffic", "recognitions", "redatings", "redated_entries", "confirmations", "told_texts", "told_words"),
    *("redaction_secret", "redactions", "redaction_digests", "withheld_bodies", "renames", "forgotten_sources"),
}

DumpRow = dict[str, Any]

_NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Dump:
    """The rows of an export by table.

    `parser_version` is the version of the parser that derived them. `archive_id` is the id of the exported archive.
    `places` has for each table its records: the number of rows before the record, and the record's offset.
    """

    rows: Mapping[str, Sequence[DumpRow]]
    parser_version: int
    archive_id: str | None = None
    places: Mapping[str, Sequence[tuple[int, int]]] = field(default_factory=dict)

    def place_of(self, table: str, row: int | None) -> tuple[int | None, int | None]:
        """Return the place of a row in the file.

        It is the offset of the record that holds the row, and the row's line in the record; both are None if unknown.
        """
        before = [place for place in self.places.get(table, ()) if row is not None and place[0] < row]
        return (before[-1][1], row - before[-1][0]) if before and row is not None else (None, None)


def is_export(record: Record) -> bool:
    """Return whether a record starts an export of Foreign Eyes."""
    return record.kind == "warcinfo" and FORM_FIELD in _fields(record)


def json_lines(rows: Iterable[DumpRow]) -> Iterator[bytes]:
    """Yield rows as the lines of a record."""
    for row in rows:
        yield json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


class DumpReader:
    """The reader of an export's records: stores the bodies, and returns the rows at the end."""

    def __init__(self, name: str, bodies: Bodies):
        self._name = name
        self._bodies = bodies
        self._rows: dict[str, list[DumpRow]] = {table: [] for table in DUMP_TABLES}
        self._places: dict[str, list[tuple[int, int]]] = {table: [] for table in DUMP_TABLES}
        self._parser_version = 0
        self._archive_id: str | None = None
        self._end: DumpRow | None = None

    def add(self, record: Record) -> None:
        """Read the next record.

        Raises:
            BadWarc: the record cannot be part of an export.
        """
        if record.kind == "warcinfo":
            self._begin(record)
        elif record.kind == "response" and (message := split_message(record.block or b"")) is not None:
            self._bodies.put(message.payload)
        elif record.kind == "metadata" and record.target.startswith(NAMES):
            self._add_rows(record, record.target.removeprefix(NAMES))

    def dump(self) -> Dump:
        """Return the rows that were read.

        Raises:
            BadWarc: the export is incomplete: its end, rows or a body are missing.
        """
        remedy = "export again; nothing was imported"
        if self._end is None:
            raise BadWarc(self._name, "the export is incomplete: its end is missing", remedy=remedy)
        for table, rows in self._rows.items():
            if self._end.get(table, 0 if table in ADDED_TABLES else None) != len(rows):
                why = f"table {table} has {len(rows)} rows, but {self._end.get(table)} were written"
                raise BadWarc(self._name, why, remedy=remedy)
        rows = self._rows["withheld_bodies"]
        withheld = {digest for row in rows if isinstance(digest := row.get("body_sha256"), str)}
        for row in self._rows["captures"]:
            digest = row.get("body_sha256")
            if digest is not None and not (isinstance(digest, str) and (digest in withheld or digest in self._bodies)):
                raise BadWarc(self._name, f"the body of capture {row.get('capture_id')} is missing", remedy=remedy)
        return Dump(self._rows, self._parser_version, self._archive_id, self._places)

    def _begin(self, record: Record) -> None:
        fields = _fields(record)
        if fields.get(FORM_FIELD) != str(FORM):
            raise BadWarc(
                self._name, "a newer version exported it", remedy="upgrade foreign-eyes, then import it again"
            )
        version = fields.get(PARSER_FIELD, "")
        if not _NUMBER.fullmatch(version):
            raise BadWarc(self._name, f"its first record has no valid parser version ({PARSER_FIELD})")
        self._parser_version = int(version)
        self._archive_id = fields.get(ARCHIVE_FIELD)
        if self._archive_id is not None and not is_archive_id(self._archive_id):
            raise BadWarc(self._name, f"its first record has no valid archive id ({ARCHIVE_FIELD})")

    def _add_rows(self, record: Record, table: str) -> None:
        rows = []
        for number, line in enumerate((record.block or b"").splitlines(), start=1):
            try:
                rows.append(msgspec.json.decode(line, type=dict[str, Any]))
            except ValueError as error:  # msgspec's, or of bytes that are not UTF-8
                why = f"line {number} is not a JSON object: {error}"
                raise BadWarc(self._name, why, offset=record.offset) from None
        if table == "end" and len(rows) == 1:
            self._end = rows[0]
            return
        if table not in DUMP_TABLES:
            raise BadWarc(self._name, f"an export has no table {table[:40]!r}", offset=record.offset)
        for row in rows:
            row.pop(RECORD_ID, None)
        self._places[table].append((len(self._rows[table]), record.offset))
        self._rows[table] += rows


def _fields(record: Record) -> dict[str, str]:
    """Return the fields of a block of `application/warc-fields`, by lower-case name.

    WARC/1.1 section 6.2 defines this media type.
    """
    text = (record.block or b"").decode("utf-8", "replace")
    pairs = (line.partition(":") for line in text.splitlines())
    return {name.strip().lower(): value.strip() for name, colon, value in pairs if colon}
