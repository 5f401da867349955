"""What readers are told where words were taken down. Pure."""

from __future__ import annotations

from archive.redaction.stand_in import notice_of

REDACTED_SINCE = "The words that were told here were redacted since."


def redaction_note(kind: str, reason: str | None) -> str:
    """Return what the change of a redaction says: that the words were taken down, or that they are shown again."""
    if kind == "unredacted":
        return "The redaction of this entry was undone; its words are shown again."
    return f"{notice_of(reason)} Please remove copies of them."
