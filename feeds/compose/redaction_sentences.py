"""The sentences that announce redactions to readers. Pure."""

from __future__ import annotations

from foreign_eyes.archive.redaction.notice import notice_of

REDACTED_SINCE = "The words of this change have since been redacted."


def redaction_note(kind: str, reason: str | None) -> str:
    """Return the text of a change that announces a redaction or its undo."""
    if kind == "unredacted":
        return "The redaction of this entry was undone; its words are shown again."
    return f"{notice_of(reason)} Please remove your copies of them."
