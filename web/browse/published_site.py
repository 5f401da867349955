"""The published files beside Datasette: which sources they show, and in which folders.

The record of each folder names its source. Pages link only to published files that exist.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from foreign_eyes.archive.errors import ArchiveError
from foreign_eyes.archive.feed_state.output_record import RECORD_NAME, read_summary, record_path
from foreign_eyes.feeds.site_map import FRONT_PAGE, TOP_NAMES

# parts of the path of a source's folder below the output folder
_DEEPEST = 4


@dataclass(frozen=True, slots=True)
class PublishedSite:
    """The published folder, and its URL if that is configured.

    The folder need not exist yet. Without a URL, absolute links use the address of the request.
    """

    output: Path | None = None
    base_url: str | None = None

    def folders(self, archive_id: str) -> dict[str, str]:
        """Return the path of each source's folder below the output folder, by the name of the source.

        The output folder shows one source, and folders below it show others. Folders of other archives are omitted. If two
        folders show a source, because it was moved, the one that was published last counts.
        """
        if self.output is None:
            return {}
        found: dict[str, tuple[int, str]] = {}
        for folder in _folders_with_records(self.output):
            source, changed = _source_shown(folder, archive_id), _changed_at(folder)
            if source is not None and (source not in found or changed > found[source][0]):
                below = "" if folder == self.output else f"{folder.relative_to(self.output).as_posix()}/"
                found[source] = (changed, below)
        return {source: below for source, (_, below) in found.items()}

    def has_page(self, path: str) -> bool:
        """Return whether the page of a folder is published; `path` ends with a slash or is empty."""
        return self.output is not None and (self.output / path / FRONT_PAGE).is_file()


NOT_PUBLISHED = PublishedSite()


def _folders_with_records(output: Path) -> Iterator[Path]:
    """Yield the output folder and the folders of sources below it, without looking into folders of published files."""
    for at, folders, names in os.walk(output):
        path = Path(at)
        is_deep = len(path.relative_to(output).parts) >= _DEEPEST
        folders[:] = [] if is_deep else sorted(name for name in folders if name not in TOP_NAMES and name[0] != ".")
        if RECORD_NAME in names:
            yield path


def _changed_at(folder: Path) -> int:
    try:
        return record_path(folder).stat().st_mtime_ns
    except OSError:
        return 0


def _source_shown(folder: Path, archive_id: str) -> str | None:
    """Return the source of this archive that a folder shows, or None."""
    try:
        summary = read_summary(folder)
    except (ArchiveError, OSError):
        return None  # `foreign-eyes check` reports a damaged record
    return summary.source if summary is not None and summary.archive_id == archive_id else None
