"""The problems of the newest backup, which `check --deep` restores to a temporary place and checks there."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from foreign_eyes.alerts.state_file import read_state
from foreign_eyes.alerts.tasks import BACKUP
from foreign_eyes.archive.archive_id import archive_id
from foreign_eyes.archive.database import read_archive
from foreign_eyes.archive.errors import ArchiveError, BackupUnusable
from foreign_eyes.archive.integrity import verify
from foreign_eyes.archive.problems import Problem, limited
from foreign_eyes.archive.restoring import restore
from foreign_eyes.archive.times import now, to_text

if TYPE_CHECKING:
    from sqlite_utils import Database

AGAIN = "make a new one, and keep the older ones: foreign-eyes backup FILE"


def newest_backup_problems(archive: Path, db: Database) -> Iterator[Problem]:
    """Yield what is wrong with the newest backup of an open archive; nothing if none was ever made.

    The backup does not change. Its copy needs as much space in the folder for temporary files (TMPDIR).
    """
    task = read_state(archive).tasks.get(BACKUP)
    if task is None or task.path is None:
        return
    backup = Path(task.path)
    try:
        with tempfile.TemporaryDirectory(prefix="foreign-eyes-backup-") as folder:
            yield from limited(_restored_problems(db, backup, Path(folder) / "restored.db"))
    except BackupUnusable as error:
        yield Problem(
            f"the newest backup cannot be restored: {error.why_unusable.removeprefix(f'{backup}: ')}", task.path, AGAIN
        )
    except (ArchiveError, OSError) as error:
        yield Problem(f"the newest backup could not be restored for this check: {error}", task.path, AGAIN)


def _restored_problems(db: Database, backup: Path, copy: Path) -> Iterator[Problem]:
    at = now()
    restore(copy, backup, [], force=False, at=at, since=to_text(at))
    with read_archive(copy) as restored:
        if archive_id(restored) != archive_id(db):
            yield Problem("the newest backup is one of another archive", str(backup), AGAIN)
        for problem in verify(restored):
            what = f"the newest backup, restored, has a problem: {problem.where}: {problem.what}"
            yield Problem(what, str(backup), AGAIN)
