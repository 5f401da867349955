"""What the archive holds in place of redacted words: a notice that names the entry and which of its wordings it was. Pure.

Each wording has a notice of its own, so revisions, their numbers and their captures stay as they were.
"""

from __future__ import annotations

import re

from archive.values import ListedEntry

AT_REQUEST = "at the request of its publisher"
_FLAG = re.compile(r"redacted ([1-9][0-9]{0,18})")


def title_of(entry_id: int) -> str:
    """Return the title of a redacted entry."""
    return f"Redacted entry {entry_id}"


def notice_of(reason: str | None) -> str:
    """Return the sentence that stands in place of the words."""
    why = f": {reason.strip().rstrip('.')}" if reason else f" {AT_REQUEST}"
    return f"The words of this entry were redacted{why}."


def is_notice(title: str | None, entry_id: int) -> bool:
    """Tell whether an entry of that title has no words of its own."""
    return title == title_of(entry_id)


def stand_in(entry_id: int, number: int, reason: str | None) -> ListedEntry:
    """Return the notice in place of wording `number` of an entry."""
    return ListedEntry(
        excerpt=f"{notice_of(reason)} (Entry {entry_id}, wording {number})",
        attribution=title_of(entry_id),
        title=title_of(entry_id),
        publication=None,
        commentary="",
        flags=(f"redacted {entry_id}",),
    )


def redacted_id(entry: ListedEntry) -> int | None:
    """Return the id of the entry whose words a row stands for; None for a row with words of its own."""
    for flag in entry.flags:
        if found := _FLAG.fullmatch(flag):
            return int(found[1])
    return None
