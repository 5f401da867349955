"""An entry's own page: its words, every revision and what came between, where it comes from, how to cite it. Pure.

Nothing on it changes with a crawl that found nothing new: it tells no last sighting.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime

from foreign_eyes.archive.history import ENTRY_PARTS, Event, History, Revision, changed_parts
from foreign_eyes.archive.restyles import Restyle
from foreign_eyes.archive.times import from_text
from foreign_eyes.archive.word_diff import Piece
from foreign_eyes.feeds.compose.change_items import ChangedPart
from foreign_eyes.feeds.compose.citations import Citations, cite
from foreign_eyes.feeds.compose.decision_sentences import event_name, event_note
from foreign_eyes.feeds.compose.feed_entries import FeedEntry
from foreign_eyes.feeds.compose.publication_target import PublicationTarget
from foreign_eyes.feeds.published_urls import web_address


@dataclass(frozen=True, slots=True)
class RevisionTold:
    """A wording: when and where it was first seen, by which capture, how it was matched, and what it changed.

    A technical one was `reread` by another parser, or changed only word boundaries, which earlier versions did not
    count. `parts` are the parts in which it differs from the wording before, whole. The first has all of its parts if
    there are others, because the page shows them nowhere else.
    """

    number: int
    technical: bool
    reread: bool
    first_seen: datetime
    url: str
    address: str | None
    page: int
    position: int
    capture_id: int
    body_sha256: str
    matched_by: str
    parts: tuple[ChangedPart, ...]


@dataclass(frozen=True, slots=True)
class EventTold:
    """What happened between two wordings, as a name and a sentence, and the row of the journal that announced it.

    `other_id` is the other entry of a decision; None if there is none, or if it is now part of this entry.
    """

    happened: str
    at: datetime
    change_id: int
    note: str = ""
    other_id: int | None = None


@dataclass(frozen=True, slots=True)
class EntryPage:
    """All that an entry's page says. `change_ids` are by revision the rows of the journal that readers come here from."""

    entry: FeedEntry
    told: tuple[RevisionTold | EventTold, ...]
    change_ids: dict[int, int]
    answers_for: tuple[int, ...]
    citations: Citations


def compose_entry_page(edition: PublicationTarget, entry: FeedEntry, history: History) -> EntryPage:
    """Return what the page of an entry says."""
    ours = {entry.entry_id, *history.answers_for}
    return EntryPage(
        entry=entry,
        told=tuple(
            _event(ours, one) if isinstance(one, Event) else _revision(history, one)
            for one in history.timeline()
            if not isinstance(one, Restyle)  # readers see no difference: the words are the same
        ),
        change_ids={
            change.revision: change.change_id
            for change in history.changes
            if change.kind == "revised" and change.revision is not None and change.crawl is not None
        },
        answers_for=history.answers_for,
        citations=cite(edition, entry),
    )


def _event(ours: Container[int], event: Event) -> EventTold:
    named = (event.decision.announced_id, event.decision.other_id) if event.decision else ()
    other_id = next((one for one in named if one is not None and one not in ours), None)
    return EventTold(event_name(event), from_text(event.at), event.change_id, event_note(event), other_id)


def _revision(history: History, revision: Revision) -> RevisionTold:
    score = "" if revision.match_score is None else f" ({revision.match_score:.0f})"
    return RevisionTold(
        number=revision.number,
        technical=revision.technical,
        reread=revision.technical and history.is_reread(revision),
        first_seen=from_text(revision.first_seen),
        url=revision.url,
        address=web_address(revision.url),
        page=revision.page,
        position=revision.position,
        capture_id=revision.capture_id,
        body_sha256=revision.body_sha256,
        matched_by=f"{revision.match_method}{score}",
        parts=_parts(history, revision),
    )


def _parts(history: History, revision: Revision) -> tuple[ChangedPart, ...]:
    before = history.before(revision)
    if before is not None:
        changed = changed_parts(before, revision)
    elif len(history.revisions) > 1:
        changed = {
            part: (Piece("kept", words),) for part in ENTRY_PARTS if (words := revision.texts[part] or "").strip()
        }
    else:
        changed = {}
    if changed.keys() & {"title", "publication"}:
        changed.pop("attribution", None)  # which says the same again
    return tuple(ChangedPart(part.capitalize(), pieces) for part, pieces in changed.items())
