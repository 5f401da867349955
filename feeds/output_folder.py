"""The output folder during a publish: its owner, its published files and its record.

claim | refuse other files | record ids and names | write, remove | record the end
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from sqlite_utils import Database

from foreign_eyes.archive.archive_id import archive_id
from foreign_eyes.archive.errors import RecordDamaged
from foreign_eyes.archive.feed_state.journal_cursor import JournalCursor
from foreign_eyes.archive.feed_state.output_claims import read_claim, shows_feeds, shows_sample
from foreign_eyes.archive.feed_state.output_manifest import Manifest, OutputState
from foreign_eyes.archive.feed_state.output_record import FolderRecord, is_file_name, read_record, record_path
from foreign_eyes.archive.feed_state.output_record_writer import (
    append_lines,
    begin_line,
    end_line,
    file_line,
    forget_removed,
    id_lines,
    missing_ids,
    owner_line,
    removed_line,
    replace_record,
)
from foreign_eyes.archive.feed_state.published_ids import all_ids, ids_since
from foreign_eyes.archive.feed_state.recorded_redactions import redaction_lines
from foreign_eyes.archive.redaction.redaction_records import has_redactions
from foreign_eyes.archive.seals import newest_seal
from foreign_eyes.archive.source_names import present_name
from foreign_eyes.archive.values import Source
from foreign_eyes.feeds.errors import FilesOfOthers, OutputUnwritable
from foreign_eyes.feeds.file_writer import digest_of, make_folder


@dataclass(frozen=True, slots=True)
class RecordLines:
    """The lines that a publish adds to the folder's record.

    A publish adds `owner`, `begin` and `missing` before it writes the first file, and `end` when it is complete.
    `owner` names the archive and the source; it is None if the record names them already. `missing` are the ids and
    file names that the record lacks. `token` is a digest of the state that the folder will show.
    """

    token: str
    owner: str | None
    begin: str
    missing: list[str]
    end: str


class OutputFolder:
    """A folder during one publish, in the publish's transaction.

    Args:
        db: the archive.
        output: the folder itself, not a link to it.
        source: the source to publish.
        take_over: replace the feeds of another archive, and files that publishing did not write.
        replace_sample: replace the feeds of another archive, which are a sample.
        mode: the permissions of files in it.

    Raises:
        OutputOfAnother: the folder belongs to another archive, and `take_over` and `replace_sample` are false.
        RecordDamaged: the folder's record cannot be used, and `take_over` is false.
    """

    def __init__(
        self, db: Database, output: Path, source: Source, *, take_over: bool, mode: int, replace_sample: bool = False
    ) -> None:
        self._db = db
        self._source = source
        self._take_over = take_over
        self._mode = mode
        self.output = output
        self.manifest = Manifest(db, output)
        claim = read_claim(db, output)
        if claim.refusal is not None and not (take_over or (replace_sample and shows_sample(output))):
            raise claim.refusal
        self._summary = claim.summary
        self._replaces_record = claim.refusal is not None

    def source(self) -> str | None:
        """Return the name of the source that this archive published to the folder, or None."""
        recorded = None if self._replaces_record or self._summary is None else self._summary.source
        return self.manifest.source() or (recorded and present_name(self._db, recorded))

    def shows(self, state: OutputState) -> bool:
        """Return whether the last publish to the folder was completed and left it in this state."""
        if self._summary is None or self._replaces_record:
            return False
        return self._summary.source == self._source.name and self._summary.published_token == token_of(
            self._source.name, state
        )

    @cached_property
    def files(self) -> frozenset[str]:
        """The published files: those in the folder's record and in the archive's manifest.

        Without a record, a file of the manifest counts if the folder still holds feeds of this archive, or if the file has
        the bytes that were published.
        """
        listed = self.manifest.digests()
        if self._record is not None:
            return frozenset(self._record.files).union(listed)
        if shows_feeds(self.output):
            return frozenset(listed)
        return frozenset(name for name, digest in listed.items() if digest_of(self.output, name) == digest)

    def require_ownership(self, names: Iterable[str], *, follows: bool) -> None:
        """Check that publishing wrote all existing files with these names.

        If the publish `follows` the journal, the check reads the manifest alone, which then agrees with the record.

        Raises:
            FilesOfOthers: there are such files, and the folder is not taken over.
        """
        if self._take_over:
            return
        unpublished = {name for name in names if not (self.manifest.lists(name) if follows else name in self.files)}
        if strangers := sorted(name for name in unpublished if os.path.lexists(self.output / name)):
            raise FilesOfOthers(self.output, strangers)

    def record_lines(self, state: OutputState, names: Collection[str], *, since: JournalCursor | None) -> RecordLines:
        """Return the lines for a publish that writes `names` and leaves `state`.

        With a cursor `since`, the record holds all ids and names up to that cursor. With None, the method reads the
        record to find the ids and names that it lacks.
        """
        seal = newest_seal(self._db)
        token = token_of(self._source.name, state)
        begin = begin_line(token, seal, state.entries, state.cursor.changes_until)
        end = end_line(token, seal, archive_id(self._db), self._source.name)
        if since is not None:
            ids = ids_since(self._db, state.source_id, since)
            missing = [line for found, is_new in ids for line in id_lines(found, None if is_new else ())]
            missing += [file_line(name) for name in sorted(names) if not self.manifest.lists(name)]
            return RecordLines(token, None, begin, missing, end)
        record = None if self._replaces_record else self._record
        is_recorded = record is not None and (record.source, record.url) == (self._source.name, self._source.url)
        owner = None if is_recorded else owner_line(archive_id(self._db), self._source.name, self._source.url)
        missing = list(missing_ids(record, all_ids(self._db, state.source_id)))
        files = self.files.union(names) - (record.files if record is not None else set())
        missing += [file_line(name) for name in sorted(files) if is_file_name(name)]
        missing += redaction_lines(self._db, state.source_id, record.redactions if record is not None else {})
        return RecordLines(token, owner, begin, missing, end)

    def begin(self, new: RecordLines) -> None:
        """Write the lines about the coming writes to the record, durably."""
        lines = [*([new.owner] if new.owner else []), new.begin, *new.missing]
        with self._explained():
            make_folder(self.output, self._mode)
            if self._replaces_record:
                replace_record(self.output, lines, self._mode)
            else:
                append_lines(self.output, lines, self._mode)

    def end(self, new: RecordLines, removed: Collection[str]) -> None:
        """Write to the record that the publish is complete, and which files it removed."""
        with self._explained():
            append_lines(
                self.output, [*(removed_line(name) for name in removed if is_file_name(name)), new.end], self._mode
            )
            if removed and has_redactions(self._db):
                forget_removed(self.output, self._mode)

    def has_recorded(self, new: RecordLines) -> bool:
        """Return whether the record holds all of these lines already."""
        return (
            not (new.owner or new.missing) and self._summary is not None and self._summary.published_token == new.token
        )

    @cached_property
    def _record(self) -> FolderRecord | None:
        try:
            return read_record(self.output)
        except RecordDamaged:
            if not self._take_over:
                raise
            return None

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OutputUnwritable(record_path(self.output), error) from error


def token_of(source: str, state: OutputState) -> str:
    """Return a digest of the state that a folder shows.

    The state is the source, the base URL, the render fingerprint and the position in the journal.
    """
    shown = [source, state.base_url, state.render_fingerprint, state.cursor.derivation, state.cursor.changes_until]
    if state.cursor.restyled_until:  # without restyles, the digest stays that of earlier versions
        shown.append(state.cursor.restyled_until)
    return sha256(json.dumps(shown).encode()).hexdigest()[:16]
