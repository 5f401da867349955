"""The published files beside Datasette: which sources they show, and in which folders.

The record of each folder names its source. Pages link only to published files that exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from foreign_eyes.archive.errors import ArchiveError
from foreign_eyes.archive.feed_state.output_record import read_summary, record_path
from foreign_eyes.feeds.site_map import FRONT_PAGE


@dataclass(frozen=True, slots=True)
class PublishedSite:
    """The published folder, and its URL if that is configured.

    The folder need not exist yet. Without a URL, absolute links use the address of the request.
    """

    output: Path | None = None
    base_url: str | None = None

    def folders(self, archive_id: str) -> dict[str, str]:
        """Return the path of each source's folder below the base URL, by the name of the source.

        The output folder shows one source, and its subfolders show others. Folders of other archives are omitted.
        """
        if self.output is None or not self.output.is_dir():
            return {}
        below = sorted(path for path in self.output.iterdir() if record_path(path).is_file())
        found: dict[str, str] = {}
        for folder in (self.output, *below):
            source = _source_shown(folder, archive_id)
            if source is not None:
                found.setdefault(source, "" if folder == self.output else f"{folder.name}/")
        return found

    def has_page(self, path: str) -> bool:
        """Return whether the page of a folder is published; `path` ends with a slash or is empty."""
        return self.output is not None and (self.output / path / FRONT_PAGE).is_file()


NOT_PUBLISHED = PublishedSite()


def _source_shown(folder: Path, archive_id: str) -> str | None:
    """Return the source of this archive that a folder shows, or None."""
    try:
        summary = read_summary(folder)
    except (ArchiveError, OSError):
        return None  # `foreign-eyes check` reports a damaged record
    return summary.source if summary is not None and summary.archive_id == archive_id else None
