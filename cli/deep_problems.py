"""The problems that only `check --deep` finds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

    from foreign_eyes.archive.problems import Problem
    from foreign_eyes.cli.check_progress import BeginStep
    from foreign_eyes.cli.context import Context


def deep_problems(context: Context, db: Database, begin: BeginStep) -> Iterator[Problem]:
    """Yield the problems of derived rows, publishing's tables, published files composed again, and the newest backup.

    Nothing is written but a temporary copy of the backup.
    """
    from foreign_eyes.archive.feed_state.state_check import verify_publishing
    from foreign_eyes.archive.rebuilding.deep_check import verify_derived
    from foreign_eyes.archive.times import now
    from foreign_eyes.cli.newest_backup_problems import newest_backup_problems
    from foreign_eyes.cli.recomposed_problems import recomposed_problems
    from foreign_eyes.crawler.remembering_parser import RememberingParser

    authority = context.configuration.archive.tag_authority
    show = begin("deriving the archive again")
    found = [*verify_derived(db, RememberingParser(), at=now(), authority=authority, on_crawl=show)]
    found += verify_publishing(db)
    yield from found
    if not found:  # a damaged archive composes other files
        yield from recomposed_problems(context, db, begin)
    begin("restoring the newest backup")
    yield from newest_backup_problems(context.archive, db)
