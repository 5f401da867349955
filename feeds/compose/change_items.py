"""Changes as readers see them: the texts before and after. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from foreign_eyes.archive.feed_state.changes import AnnouncedChange
from foreign_eyes.archive.settling.announced_decisions import AnnouncedDecision
from foreign_eyes.archive.settling.date_corrections import Correction
from foreign_eyes.archive.word_diff import Op, Piece, abridged, word_diff
from foreign_eyes.feeds import html_text
from foreign_eyes.feeds.compose.decision_sentences import HAPPENED, decision_note, words_note
from foreign_eyes.feeds.compose.feed_items import Item
from foreign_eyes.feeds.compose.publication_target import PublicationTarget
from foreign_eyes.feeds.compose.redaction_sentences import REDACTED_SINCE, redaction_note
from foreign_eyes.feeds.compose.sentences import one_line, opening
from foreign_eyes.feeds.compose.shown_entries import entry_path
from foreign_eyes.feeds.published_urls import web_address
from foreign_eyes.listing.values import ENTRY_PARTS, EntryTexts, Link

# the author of items about changes: the archive, not the press or the column
REPORTER = "Foreign Eyes"

_HAPPENED = {**HAPPENED, "revised": "Edited", "link changed": "Link changed"}
# for changes that are shown as a whole text; an edit is shown so if no part of it differs visibly
_NOTES = {
    "revised": "Its wording was changed. Its words, as listed since:",
    "withdrawn": "Two complete readings of the column in a row no longer found this entry. Its words, as last listed:",
    "returned": "The column lists this entry again. Its words, as listed now:",
}


# of entries whose dates were corrected together, at most this many are listed
_MOST_LISTED = 20


@dataclass(frozen=True, slots=True)
class ChangedPart:
    """A part of an entry that an edit changed, with the removed and added words."""

    label: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class ComposedChange:
    """A change: what happened, and to which entry or link.

    `heading` is the entry's title, or the link's label. `path` is the page below the base URL with more about it. `parts`
    are the changed parts of an edit; `words` are the texts of an entry that was withdrawn or returned, below a `note`. A
    changed link has a `former_link`, a `link` or both. `other_entry` is the other entry of a decision, `other_path` its
    page below the base URL.
    """

    change_id: int
    tag_uri: str
    at: datetime
    kind: str
    happened: str
    heading: str
    path: str
    parts: tuple[ChangedPart, ...]
    note: str
    words: tuple[str, ...]
    former_link: Link | None
    link: Link | None
    other_entry: int | None = None
    other_path: str = ""


def compose_change(target: PublicationTarget, change: AnnouncedChange) -> ComposedChange:
    """Return a change as readers see it."""
    if change.correction is not None:
        return _compose_correction(target, change, change.correction)
    if change.decision is not None and change.entry_id is not None:
        return _compose_decision(target, change, change.decision, entry_path(change.entry_id))
    parts = changed_parts(words_of(change.before), words_of(change.after)) if change.before and change.after else ()
    shows_texts = change.kind in _NOTES and not parts
    is_of_entry = change.entry_id is not None
    note = _NOTES[change.kind] if shows_texts else ""
    if change.kind in ("redacted", "unredacted"):
        note = redaction_note(change.kind, change.reason)
    elif shows_texts and change.after is None:
        note = REDACTED_SINCE
    return ComposedChange(
        change_id=change.change_id,
        tag_uri=f"{change.tag_uri or target.tag}/change/{change.change_id}",
        at=change.at,
        kind=change.kind,
        happened=_HAPPENED[change.kind],
        heading=_heading(change),
        path=entry_path(change.entry_id) if change.entry_id is not None else "changes/",
        parts=parts,
        note=note,
        words=_lines(change.after) if shows_texts else (),
        former_link=None if is_of_entry else change.former_link,
        link=None if is_of_entry else change.link,
    )


def _compose_correction(target: PublicationTarget, change: AnnouncedChange, correction: Correction) -> ComposedChange:
    """Return the change that announces corrected dates.

    The dates were wrong because the clock of the crawling machine was wrong.
    """
    moved = correction.moved
    dates = (
        ("the time of a reading", "the date of an entry")[len(moved)]
        if len(moved) < 2
        else f"the dates of {len(moved)} entries"
    )
    note = (
        f"The clock of the machine that reads the column was wrong: a reading dated {_minute(correction.said)}"
        f" was made at {_minute(correction.began)}. This corrects {dates}; archive documents that were published keep theirs."
    )
    lines = [
        f"{one_line(entry.title) or f'entry {entry.entry_id}'}: dated {_minute(entry.before)}, now {_minute(entry.after)}"
        for entry in moved[:_MOST_LISTED]
    ]
    more = [f"and {len(moved) - _MOST_LISTED} more"] if len(moved) > _MOST_LISTED else []
    return ComposedChange(
        change_id=change.change_id,
        tag_uri=f"{target.tag}/change/{change.change_id}",
        at=change.at,
        kind=change.kind,
        happened=_HAPPENED[change.kind],
        heading=dates,
        path="changes/",
        parts=(),
        note=note,
        words=(*lines, *more),
        former_link=None,
        link=None,
    )


def _compose_decision(
    target: PublicationTarget, change: AnnouncedChange, decision: AnnouncedDecision, path: str
) -> ComposedChange:
    """Return the change that announces an operator's decision on identity.

    The change may also correct an earlier announcement that the decision proved wrong.
    """
    before, after = change.before, change.after
    parts = changed_parts(words_of(before), words_of(after)) if change.kind == "revised" and before and after else ()
    sentence = decision_note(change.kind, decision)
    merged_title = _title(before) if change.kind == "merged" else ""
    return ComposedChange(
        change_id=change.change_id,
        tag_uri=f"{change.tag_uri or target.tag}/change/{change.change_id}",
        at=change.at,
        kind=change.kind,
        happened=_HAPPENED["corrected" if change.kind == "revised" else change.kind],
        heading=merged_title or _heading(change),
        path=path,
        parts=parts,
        note=sentence if parts else f"{sentence} {words_note(change.kind, decision)}",
        words=() if parts else _lines(change.after),
        former_link=None,
        link=None,
        other_entry=decision.other_id,
        other_path=entry_path(decision.other_id) if decision.other_id is not None else "",
    )


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def change_item(target: PublicationTarget, change: ComposedChange) -> Item:
    """Return a change as a feed item with an id of its own.

    Most feed readers never show that an item was edited, so a new item announces the edit.
    """
    return Item(
        tag_uri=change.tag_uri,
        title=f"{change.happened}: {change.heading}",
        author=REPORTER,
        collections=(),
        summary=_summary(change),
        html=_html(target, change),
        alternate=target.base_url + change.path + (f"#change-{change.change_id}"),
        via=None,
        published=change.at,
        updated=change.at,
    )


def changed_parts(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[ChangedPart, ...]:
    """Return the parts in which two revisions differ.

    The attribution line is among them only if no other part differs.
    """
    changed = [
        ChangedPart(label.capitalize(), abridged(word_diff(before[label], after[label])))
        for label in before
        if before[label] != after[label]
    ]
    without_line = [part for part in changed if part.label != "Attribution"]
    return tuple(without_line or changed)


def words_of(texts: EntryTexts) -> dict[str, str]:
    """Return the parts of an entry by name; unknown parts are empty."""
    return {part: getattr(texts, part) or "" for part in ENTRY_PARTS}


def _heading(change: AnnouncedChange) -> str:
    if change.entry_id is None:
        link = change.link or change.former_link
        return one_line(link.label if link else "") or "Patent Search"
    return _title(change.after) or f"entry {change.entry_id}"


def _title(texts: EntryTexts | None) -> str:
    if texts is None:
        return ""
    return one_line(texts.title) or one_line(texts.attribution) or one_line(opening(texts.excerpt))


def _lines(texts: EntryTexts | None) -> tuple[str, ...]:
    shown = (texts.excerpt, texts.attribution, texts.commentary) if texts else ()
    return tuple(text for text in shown if text.strip())


def _summary(change: ComposedChange) -> str:
    if change.parts and not change.note:
        return f"Changed: {', '.join(part.label.lower() for part in change.parts)}."
    if change.note:
        sentences, _, introduction = change.note.rpartition(". ")
        return f"{sentences}." if introduction.endswith(":") else change.note
    lines = [f"{name}: {link.label} {link.url}" for name, link in _links(change)]
    return "\n".join(lines)


def _html(target: PublicationTarget, change: ComposedChange) -> str:
    """Return a change as HTML: each changed part before and after the change.

    Many feed readers do not show the colours and strokes of a word diff.
    """
    if change.kind == "link changed":
        return "".join(f"<p>{name}: {_link(link)}</p>" for name, link in _links(change))
    parts = [
        f"<p><strong>{html_text.text(part.label)}</strong></p>"
        f'<p dir="auto">Before: {_side(part.pieces, "added")}</p>'
        f'<p dir="auto">After: {_side(part.pieces, "removed")}</p>'
        for part in change.parts
    ]
    note = f"<p>{html_text.text(change.note)}</p>" if change.note else ""
    words = "".join(html_text.paragraphs(line) for line in change.words)
    quoted = [f"<blockquote>{words}</blockquote>"] if words else []
    return "\n".join([*([note] if note else []), *parts, *quoted, *_other(target, change)])


def _other(target: PublicationTarget, change: ComposedChange) -> list[str]:
    if change.other_entry is None:
        return []
    address = html_text.attribute(target.base_url + change.other_path)
    return [f'<p>The other entry: <a href="{address}">{change.other_entry}</a></p>']


def _side(pieces: Iterable[Piece], other: Op) -> str:
    """Return one side of a word diff: all pieces except those with the op `other`."""
    shown = [piece for piece in pieces if piece.op != other]
    return html_text.diff(shown) if any(piece.text.strip() for piece in shown) else "(nothing)"


def _links(change: ComposedChange) -> list[tuple[str, Link]]:
    if change.former_link is None and change.link is not None:
        return [("Added", change.link)]
    if change.link is None and change.former_link is not None:
        return [("Removed", change.former_link)]
    return [(name, link) for name, link in (("Before", change.former_link), ("After", change.link)) if link]


def _link(link: Link) -> str:
    address = web_address(link.url)
    shown = html_text.text(f"{link.label} ({link.url})")
    return f'<a href="{html_text.attribute(address)}">{shown}</a>' if address else shown
