"""The problems of files that `check` reports, and reports of problems; `archive.status_problems` has those of crawls."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foreign_eyes.archive.errors import ArchiveError, DamagedArchive
from foreign_eyes.archive.problems import Problem
from foreign_eyes.cli.terminal import print_json

if TYPE_CHECKING:
    from sqlite_utils import Database


def file_problems(db: Database, output: Path, *, expected: bool) -> Iterator[Problem]:
    """Yield published files that are missing or changed.

    With `expected`, also report that none were published.
    """
    from foreign_eyes.archive.feed_state.output_manifest import Manifest, published_places

    manifest = Manifest(db, output)
    written = manifest.digests()
    words = ["foreign-eyes", "publish", "--all"]
    if len({place.source for place in published_places(db)}) > 1:
        words += ["--source", str(manifest.source()), *(["--output", str(output)] if expected else [])]
    remedy = shlex.join(words)
    if expected and not written:
        yield Problem("nothing was published to this folder", str(output), f"foreign-eyes publish --output {output}")
    for name, digest in sorted(written.items()):
        path = output / name
        if not path.is_file():
            yield Problem("a published file is missing", str(path), remedy)
        elif sha256(path.read_bytes()).hexdigest() != digest:
            yield Problem("a published file was changed by another program", str(path), remedy)


def as_report(problems: list[Problem]) -> dict[str, Any]:
    """Return `ok` and `problems`, the keys of every health report."""
    return {"ok": not problems, "problems": [asdict(problem) for problem in problems]}


@contextmanager
def errors_as_report(as_json: bool) -> Iterator[None]:
    """Print an error of the archive as a report if `as_json`, then raise it again."""
    try:
        yield
    except ArchiveError as error:
        if as_json:
            print_json(as_report([error_problem(error)]))
        raise


def error_problem(error: ArchiveError) -> Problem:
    """Return an error of the archive as a problem."""
    damaged = isinstance(error, DamagedArchive)
    remedy = "foreign-eyes restore FILE" if damaged else "foreign-eyes crawl, or name another with --archive"
    return Problem(str(error), "archive", remedy)
