"""WARC records out of files, checked: each must be whole, and have the digests that it says it has.

unpack strictly | find records (warcio) | read each to its end | compare digests
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr
from dataclasses import dataclass
from typing import Any, BinaryIO

from warcio.archiveiterator import WARCIterator  # type: ignore[import-untyped]
from warcio.exceptions import ArchiveLoadFailed  # type: ignore[import-untyped]

from foreign_eyes.warc.digest_fields import digest_for, is_as_labelled
from foreign_eyes.warc.errors import BadWarc
from foreign_eyes.warc.unpacking import CutError, Unpacked

_PIECE = 1 << 16
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_AGAIN = "get the file again, or leave it out; nothing was imported"


@dataclass(frozen=True, slots=True)
class Record:
    """A WARC record: its type, its named fields by lower-case name, and its block.

    `offset` is where it begins in `file`, as `warcio extract` takes it. `block` is None where it is larger than is kept.
    """

    file: str
    offset: int
    kind: str
    fields: Mapping[str, str]
    block: bytes | None

    @property
    def record_id(self) -> str:
        """The record's id, without the brackets that some write and some do not (WARC/1.1 section 5.2)."""
        return self.fields.get("warc-record-id", "").strip("<>")

    @property
    def target(self) -> str:
        """The URI that it is about; empty where it names none."""
        return self.fields.get("warc-target-uri", "").strip("<>")


def read_records(raw: BinaryIO, name: str, *, keep: int) -> Iterator[Record]:
    """Yield the records of a file, in order; blocks of more than `keep` bytes are checked and not kept.

    Raises:
        BadWarc: the file is no WARC, a record is cut or damaged; names the record by its offset.
    """
    stream = Unpacked(raw)
    place = 0
    try:
        _recognise(stream, name)
        records = WARCIterator(stream, no_record_parse=True)
        while True:
            place = records.offset
            found = _next_record(records)
            _check_ends(records, name, stream, place)
            if found is None:
                return
            place = records.offset
            yield _read_record(found, name, stream.offset_of(place), keep)
    except CutError as error:
        raise BadWarc(name, str(error), offset=stream.offset_of(place), remedy=_AGAIN) from None
    except ArchiveLoadFailed:
        raise BadWarc(
            name, "no WARC record begins there", offset=stream.offset_of(records.offset), remedy=_AGAIN
        ) from None


def _recognise(stream: Unpacked, name: str) -> None:
    start = stream.peek(11)
    if start.startswith(b"WARC/"):
        return
    if start.startswith(b"filedesc://"):
        raise BadWarc(name, "an ARC file, not a WARC", remedy=f"convert it with: warcio recompress {name} FILE.warc.gz")
    if start.startswith(_ZSTD_MAGIC):
        raise BadWarc(name, "compressed with zstd", remedy=f"unpack it with: unzstd {name}")
    why = "not a WARC file" if start else "an empty file, not a WARC"
    raise BadWarc(name, why, remedy="WARC files are made by foreign-eyes export, wget --warc-file and web archivers")


def _next_record(records: Any) -> Any | None:
    with redirect_stderr(io.StringIO()):  # warcio prints there what `err_count` tells
        return next(records, None)


def _check_ends(records: Any, name: str, stream: Unpacked, place: int) -> None:
    """A block that was longer than its record says leaves a rest where the next record should begin."""
    if records.err_count:
        raise BadWarc(name, "its Content-Length is wrong", offset=stream.offset_of(place), remedy=_AGAIN)


def _read_record(found: Any, name: str, offset: int, keep: int) -> Record:
    fields = {key.lower(): value for key, value in reversed(found.rec_headers.headers)}
    length = fields.get("content-length", "")
    if not (length.isascii() and length.isdecimal()) or "warc-type" not in fields:
        raise BadWarc(name, "its head is cut, or is no WARC head", offset=offset, remedy=_AGAIN)
    kind = fields["warc-type"].lower()
    label = fields.get("warc-block-digest")
    digest = digest_for(label) if kind != "revisit" else None  # of an original's block, some write
    block: bytearray | None = bytearray()
    left = int(length)
    while left and (piece := found.raw_stream.read(min(left, _PIECE))):
        left -= len(piece)
        if digest is not None:
            digest.update(piece)
        if block is not None:
            block += piece
            block = block if len(block) <= keep else None
    if left:
        raise BadWarc(name, f"it is cut, {left} bytes are missing", offset=offset, remedy=_AGAIN)
    if digest is not None and label is not None and not is_as_labelled(digest, label):
        raise BadWarc(name, f"its bytes do not have the digest {label}", offset=offset, remedy=_AGAIN)
    return Record(name, offset, kind, fields, None if block is None else bytes(block))
