"""The page of one entry: its texts, history, source and citations. Pure.

The page does not show when the entry was last seen, because a crawl that finds nothing new must not change it.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime

from foreign_eyes.archive.history import Event, History, Revision, changed_parts
from foreign_eyes.archive.restyles import Restyle
from foreign_eyes.archive.times import from_text
from foreign_eyes.archive.word_diff import Piece
from foreign_eyes.feeds.compose.change_items import ChangedPart
from foreign_eyes.feeds.compose.citations import Citations, cite
from foreign_eyes.feeds.compose.decision_sentences import event_name, event_note
from foreign_eyes.feeds.compose.publication_target import PublicationTarget
from foreign_eyes.feeds.compose.shown_entries import FeedEntry
from foreign_eyes.feeds.published_urls import web_address
from foreign_eyes.listing.values import ENTRY_PARTS


@dataclass(frozen=True, slots=True)
class ShownRevision:
    """A revision as the page shows it: its capture, its match and its changes.

    A technical revision was `reread` by another parser, or changed only word boundaries, which earlier versions ignored.
    `parts` are the diffs of the parts in which it differs from the revision before. The first of several revisions has all
    of its parts, because the page shows them nowhere else.
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
class ShownEvent:
    """An event between two revisions, with its name and a sentence.

    `change_id` is the row of the journal that announced it. `other_id` is the other entry of a decision; None if the
    event has none, or if it is now part of this entry.
    """

    happened: str
    at: datetime
    change_id: int
    note: str = ""
    other_id: int | None = None


@dataclass(frozen=True, slots=True)
class EntryPage:
    """The content of an entry's page.

    `change_ids` maps the number of a revision to the row of the journal to which feeds of changes link.
    """

    entry: FeedEntry
    timeline: tuple[ShownRevision | ShownEvent, ...]
    change_ids: dict[int, int]
    answers_for: tuple[int, ...]
    citations: Citations


def compose_entry_page(target: PublicationTarget, entry: FeedEntry, history: History) -> EntryPage:
    """Return the content of an entry's page."""
    own_ids = {entry.entry_id, *history.answers_for}
    return EntryPage(
        entry=entry,
        timeline=tuple(
            _event(own_ids, item) if isinstance(item, Event) else _revision(history, item)
            for item in history.timeline()
            if not isinstance(item, Restyle)  # the words are the same, so readers would see no difference
        ),
        change_ids={
            change.revision: change.change_id
            for change in history.changes
            if change.kind == "revised" and change.revision is not None and change.crawl is not None
        },
        answers_for=history.answers_for,
        citations=cite(target, entry),
    )


def _event(own_ids: Container[int], event: Event) -> ShownEvent:
    ids = (event.decision.announced_id, event.decision.other_id) if event.decision else ()
    other_id = next((found for found in ids if found is not None and found not in own_ids), None)
    return ShownEvent(event_name(event), from_text(event.at), event.change_id, event_note(event), other_id)


def _revision(history: History, revision: Revision) -> ShownRevision:
    score = "" if revision.match_score is None else f" ({revision.match_score:.0f})"
    return ShownRevision(
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
        changed.pop("attribution", None)  # it repeats them
    return tuple(ChangedPart(part.capitalize(), pieces) for part, pieces in changed.items())
