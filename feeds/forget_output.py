"""Remove what was published to an output folder."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from sqlite_utils import Database

from foreign_eyes.archive.database import writing
from foreign_eyes.archive.feed_state.output_claims import read_claim
from foreign_eyes.archive.feed_state.output_manifest import Manifest
from foreign_eyes.archive.feed_state.output_record import read_record
from foreign_eyes.archive.feed_state.output_record_writer import remove_record
from foreign_eyes.feeds.file_writer import remove_file


def forget_output(db: Database, output: Path, *, former_id: str | None = None) -> int:
    """Remove the files that were published to a folder, and forget the folder.

    Return the number of removed files. Other files stay, and so do all files if the folder now belongs to another
    archive. A killed run can be repeated. If the archive has changed its id since it published there, `former_id` is
    the id that it had then.

    Raises:
        OutputUnwritable: a file cannot be removed.
    """
    folder = Path(os.path.realpath(output))
    manifest = Manifest(db, folder)
    with writing(db):
        claim = read_claim(db, folder)
        is_former = former_id is not None and claim.summary is not None and claim.summary.archive_id == former_id
        is_own = claim.refusal is None or is_former
        own_files = set(manifest.digests()) if is_own else set()
        record = read_record(folder) if claim.summary is not None and is_own else None
        removed = sum(remove_file(folder, name) for name in sorted(own_files.union(record.files if record else ())))
        if is_own:
            remove_record(folder)
        manifest.forget()
    with suppress(OSError):
        folder.rmdir()  # fails if other files are left in it
    return removed
