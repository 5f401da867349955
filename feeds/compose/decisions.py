"""What readers are told of operators' decisions on identity, in words. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from archive.clock import from_text
from archive.history import Event
from archive.settling.told_decisions import Decided
from feeds.compose.words import minute

# what a change of that kind is called, where it is not an edit
HAPPENED = {
    "withdrawn": "Withdrawn",
    "returned": "Returned",
    "merged": "Merged",
    "split": "Split",
    "corrected": "Corrected",
    "redacted": "Redacted",
    "unredacted": "Redaction undone",
}


def event_name(event: Event) -> str:
    """Return what an event in an entry's history is called."""
    if event.kind == "new":
        return "Told as an entry of its own"
    return HAPPENED.get(event.kind, "Corrected")


def event_note(event: Event, say: Callable[[datetime], str] = minute) -> str:
    """Return what an entry's history says of an event besides its name and time; empty where those say it all.

    `say` puts times in words.
    """
    if event.moved is not None:
        return (
            f"The clock of the machine that reads the column was wrong. Its date is {say(from_text(event.moved[1]))}."
        )
    if event.decision is None:
        return ""
    if event.kind == "new":
        return "Until then it was taken for another entry, so that readers were not told of it."
    return decision_note(event.kind, event.decision, say)


_NOTES = {
    "merged": "What was taken for two entries is one: {told} is {other}, which answers for both.",
    "split": "What was taken for one entry is two: {told} and {other} were parted at revision {revision}.",
    "withdrawn": (
        "Two complete readings of the column in a row no longer found this entry. This is told late, because another entry was"
        " taken for it."
    ),
    "withdrawn corrected": (
        "It was reported withdrawn on {undone}. That was wrong: it is one entry with {other}, and is listed."
    ),
    "returned corrected": (
        "It was reported to have returned on {undone}. That was wrong: what came is another entry, {other}."
    ),
    "revised by merge": "Another entry turned out to be this one, so this is not an edit of the column.",
    "revised by split": "The words of another entry were taken for an edit of this one.",
}


def decision_note(kind: str, decision: Decided, say: Callable[[datetime], str] = minute) -> str:
    """Return what a change of that kind says of the decision that it tells; `say` puts times in words."""
    undone = decision.undone
    if undone is not None:
        kind = f"{undone.kind} corrected"
    elif kind == "revised":
        kind = f"revised by {decision.kind}"
    return _NOTES[kind].format(
        told=decision.told_id,
        other=decision.other_id,
        revision=decision.revision,
        undone=say(undone.at) if undone else "",
    )


def words_note(kind: str, decision: Decided) -> str:
    """Return what the words are that a change of that kind tells besides."""
    if kind == "split":
        return f"The words of {decision.other_id}:"
    is_gone = kind == "withdrawn" or (decision.undone is not None and decision.undone.kind == "returned")
    return "Its words, as last listed:" if is_gone else "Its words:"
