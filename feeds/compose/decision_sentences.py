"""The sentences that announce operators' decisions on identity to readers. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from foreign_eyes.archive.history import Event
from foreign_eyes.archive.settling.announced_decisions import AnnouncedDecision
from foreign_eyes.archive.times import from_text
from foreign_eyes.feeds.compose.sentences import minute

# the names of the kinds of change, except edits
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
    """Return the name of an event in an entry's history."""
    if event.kind == "new":
        return "Announced as an entry of its own"
    return HAPPENED.get(event.kind, "Corrected")


def event_note(event: Event, say: Callable[[datetime], str] = minute) -> str:
    """Return the sentence about an event in an entry's history; empty if none is needed.

    The page shows it below the event's name and time. `say` formats times.
    """
    if event.moved is not None:
        corrected = say(from_text(event.moved[1]))
        return f"The clock of the machine that reads the column was wrong. The corrected date is {corrected}."
    if event.decision is None:
        return ""
    if event.kind == "new":
        return "Until then it was mistaken for another entry, so readers were not told of it."
    return decision_note(event.kind, event.decision, say)


_NOTES = {
    "merged": "Two entries turned out to be one: {told} is {other}, which answers for both.",
    "split": "One entry turned out to be two: {told} and {other} were separated at revision {revision}.",
    "withdrawn": (
        "Two complete readings of the column in a row did not find this entry. This is announced late, because another entry"
        " was mistaken for it."
    ),
    "withdrawn corrected": (
        "It was reported as withdrawn on {undone}. That was wrong: it is the same entry as {other}, which is listed."
    ),
    "returned corrected": (
        "It was reported to have returned on {undone}. That was wrong: another entry, {other}, had appeared."
    ),
    "revised by merge": "Another entry turned out to be this one, so this is not an edit by the column.",
    "revised by split": "The words of another entry were mistaken for an edit of this one.",
}


def decision_note(kind: str, decision: AnnouncedDecision, say: Callable[[datetime], str] = minute) -> str:
    """Return the sentence that announces a decision in a change of this kind.

    `say` formats times.
    """
    undone = decision.corrected
    if undone is not None:
        kind = f"{undone.kind} corrected"
    elif kind == "revised":
        kind = f"revised by {decision.kind}"
    return _NOTES[kind].format(
        told=decision.announced_id,
        other=decision.other_id,
        revision=decision.revision,
        undone=say(undone.at) if undone else "",
    )


def words_note(kind: str, decision: AnnouncedDecision) -> str:
    """Return the line above the texts of a change of this kind."""
    if kind == "split":
        return f"The words of {decision.other_id}:"
    is_gone = kind == "withdrawn" or (decision.corrected is not None and decision.corrected.kind == "returned")
    return "Its words, as last listed:" if is_gone else "Its words:"
