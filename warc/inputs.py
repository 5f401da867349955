"""Read WARC files: exports of Foreign Eyes, or responses captured by other programs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from foreign_eyes.warc.bodies import Bodies
from foreign_eyes.warc.dump_records import Dump, DumpReader, is_export
from foreign_eyes.warc.errors import WrongImport
from foreign_eyes.warc.record_reader import Record, read_records
from foreign_eyes.warc.responses import Response, keys_of, read_response, resolve_revisit

ReadProgress = Callable[[int, int], None]


@dataclass(slots=True)
class InputContents:
    """The content of the files: the `dump` of an export, otherwise the `responses`.

    The responses have the order of the files.
    """

    names: tuple[str, ...]
    records: int = 0
    dump: Dump | None = None
    responses: list[Response] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Input:
    """An open file with its name for messages; `size` in bytes, 0 if unknown."""

    name: str
    file: BinaryIO
    size: int = 0


def read_files(
    inputs: Sequence[Input], bodies: Bodies, *, limit: int, show: ReadProgress | None = None
) -> InputContents:
    """Read the files completely; store bodies of up to `limit` bytes.

    Raises:
        BadWarc: a file is not a WARC, or damaged.
        WrongImport: an export is given together with other files.
    """
    reader = _Reader(InputContents(tuple(source.name for source in inputs)), bodies, limit)
    total, done = sum(source.size for source in inputs), 0
    for source in inputs:
        for record in read_records(source.file, source.name, keep=2 * limit):
            reader.add(record)
            if show is not None:
                show(done + record.offset, total)
        done += source.size
    return reader.contents_read()


@dataclass(slots=True)
class _Reader:
    contents: InputContents
    bodies: Bodies
    limit: int
    dump: DumpReader | None = None
    known: dict[tuple[str, str], Response] = field(default_factory=dict)
    # each with the number of responses before it
    revisits: list[tuple[int, Record]] = field(default_factory=list)

    def add(self, record: Record) -> None:
        """Read the next record."""
        if is_export(record):
            if self.contents.records or len(self.contents.names) > 1:
                raise WrongImport(f"{record.file}: an export of Foreign Eyes; import it without other files")
            self.dump = DumpReader(record.file, self.bodies)
        self.contents.records += 1
        if self.dump is not None:
            self.dump.add(record)
        elif record.kind == "response":
            self._add_response(record)
        elif record.kind == "revisit":
            self.revisits.append((len(self.contents.responses), record))

    def contents_read(self) -> InputContents:
        """Return the content, with each revisit in its place; its original may be in a later file."""
        for place, record in reversed(self.revisits):
            if (response := resolve_revisit(record, self.known)) is not None:
                self.contents.responses.insert(place, response)
        self.contents.dump = self.dump.dump() if self.dump else None
        return self.contents

    def _add_response(self, record: Record) -> None:
        response = read_response(record, self.bodies, self.limit)
        if response is None:
            return
        self.contents.responses.append(response)
        if response.body_sha256 is not None:
            for key in keys_of(response, record):
                self.known.setdefault(key, response)
