"""The JSON object that a `--json` command prints when it ends with an error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from foreign_eyes.cli.exit_codes import Stopped
from foreign_eyes.cli.terminal import print_json


@contextmanager
def errors_as_json(
    as_json: bool, where: object, remedy: str = "foreign-eyes history PART-OF-THE-TITLE"
) -> Iterator[None]:
    """Print an error as `{ok, problems}`, as `status --json` does, if `as_json`; raise it again.

    Args:
        as_json: whether the command prints JSON.
        where: the file that the command works on.
        remedy: what to do about errors that do not name a remedy.
    """
    from foreign_eyes.archive.errors import ArchiveError

    try:
        yield
    except (Stopped, ArchiveError) as error:
        if as_json:
            named = error.remedy if isinstance(error, ArchiveError) else remedy
            print_json({"ok": False, "problems": [{"what": str(error), "where": str(where), "remedy": named}]})
        raise
