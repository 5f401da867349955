"""The notice that replaces redacted text.

It names the entry and the number of the wording. Pure. Each wording has its own notice, so that revisions, their numbers and
their captures do not change.
"""

from __future__ import annotations

import re

from foreign_eyes.listing.values import ListedEntry

AT_REQUEST = "at the request of its publisher"
_FLAG = re.compile(r"redacted ([1-9][0-9]{0,18})")


def title_of(entry_id: int) -> str:
    """Return the title of a redacted entry."""
    return f"Redacted entry {entry_id}"


def notice_of(reason: str | None) -> str:
    """Return the sentence that replaces the text."""
    why = f": {reason.strip().rstrip('.')}" if reason else f" {AT_REQUEST}"
    return f"The words of this entry were redacted{why}."


def is_notice(title: str | None, entry_id: int) -> bool:
    """Return whether a title is that of a redacted entry."""
    return title == title_of(entry_id)


def make_notice(entry_id: int, number: int, reason: str | None) -> ListedEntry:
    """Return the notice that replaces wording `number` of an entry."""
    return ListedEntry(
        excerpt=f"{notice_of(reason)} (Entry {entry_id}, wording {number})",
        attribution=title_of(entry_id),
        title=title_of(entry_id),
        publication=None,
        commentary="",
        flags=(f"redacted {entry_id}",),
    )


def redacted_id(entry: ListedEntry) -> int | None:
    """Return the id of the entry that a notice names; None for a row that is not a notice."""
    for flag in entry.flags:
        if found := _FLAG.fullmatch(flag):
            return int(found[1])
    return None
