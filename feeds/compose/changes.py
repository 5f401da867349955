"""A change as readers are told of it: what was there before, and what is there now. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from archive.publishing.announced import AnnouncedChange, Wording
from archive.settling.corrections import Correction
from archive.values import Link
from archive.wording_diff import Op, Piece, abridged, word_diff
from feeds import markup
from feeds.addresses import web_address
from feeds.compose.edition import Edition
from feeds.compose.entries import entry_path
from feeds.compose.items import Item
from feeds.compose.words import one_line, opening

# who says that something was changed: the archive, and neither the press nor the column
REPORTER = "Foreign Eyes"

_HAPPENED = {
    "revised": "Edited",
    "withdrawn": "Withdrawn",
    "returned": "Returned",
    "link changed": "Link changed",
    "corrected": "Corrected",
}
# of what is told in its words; an edit is, where no part of it is seen to differ
_NOTES = {
    "revised": "Its wording was changed. Its words, as listed since:",
    "withdrawn": "Two complete readings of the column in a row no longer found this entry. Its words, as last listed:",
    "returned": "The column lists this entry again. Its words, as listed now:",
}


# of the entries whose dates were corrected together, so many are named
_NAMED = 20


@dataclass(frozen=True, slots=True)
class ChangedPart:
    """A part of an entry that an edit changed, with the words that were removed and added."""

    label: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class ComposedChange:
    """A change: what happened, and to what.

    `heading` is the entry's title, or the link's label. `path` is the page below the base URL that tells more of it.
    `parts` are those of an edit, `words` the lines of what was withdrawn or came back, below a `note`. A link has a former
    one, a present one or both.
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


def compose_change(edition: Edition, change: AnnouncedChange) -> ComposedChange:
    """Return what readers are told of a change."""
    if change.correction is not None:
        return _compose_correction(edition, change, change.correction)
    parts = changed_parts(words_of(change.before), words_of(change.after)) if change.before and change.after else ()
    tells_words = change.kind in _NOTES and not parts
    is_entrys = change.entry_id is not None
    return ComposedChange(
        change_id=change.change_id,
        tag_uri=f"{change.tag_uri or edition.tag}/change/{change.change_id}",
        at=change.at,
        kind=change.kind,
        happened=_HAPPENED[change.kind],
        heading=_heading(change),
        path=entry_path(change.entry_id) if change.entry_id is not None else "changes/",
        parts=parts,
        note=_NOTES[change.kind] if tells_words else "",
        words=_lines(change.after) if tells_words else (),
        former_link=None if is_entrys else change.former_link,
        link=None if is_entrys else change.link,
    )


def _compose_correction(edition: Edition, change: AnnouncedChange, correction: Correction) -> ComposedChange:
    """Return what readers are told where the clock of the machine that reads the column was wrong."""
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
        f"{one_line(one.title) or f'entry {one.entry_id}'}: dated {_minute(one.before)}, now {_minute(one.after)}"
        for one in moved[:_NAMED]
    ]
    more = [f"and {len(moved) - _NAMED} more"] if len(moved) > _NAMED else []
    return ComposedChange(
        change_id=change.change_id,
        tag_uri=f"{edition.tag}/change/{change.change_id}",
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


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def change_item(edition: Edition, change: ComposedChange) -> Item:
    """Return a change as an item of a feed, with an id of its own: most readers never notice an edit of what they have."""
    return Item(
        tag_uri=change.tag_uri,
        title=f"{change.happened}: {change.heading}",
        author=REPORTER,
        collections=(),
        summary=_summary(change),
        html=_html(change),
        alternate=edition.base_url + change.path + (f"#change-{change.change_id}"),
        via=None,
        published=change.at,
        updated=change.at,
    )


def changed_parts(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[ChangedPart, ...]:
    """Return the parts in which two wordings differ; the attribution line only where it tells what the others do not."""
    changed = [
        ChangedPart(label.capitalize(), abridged(word_diff(before[label], after[label])))
        for label in before
        if before[label] != after[label]
    ]
    told = [part for part in changed if part.label != "Attribution"]
    return tuple(told or changed)


def words_of(wording: Wording) -> dict[str, str]:
    """Return the parts of a wording by what they are called; what is unknown is empty."""
    return {
        "title": wording.title or "",
        "publication": wording.publication or "",
        "attribution": wording.attribution,
        "excerpt": wording.excerpt,
        "commentary": wording.commentary,
    }


def _heading(change: AnnouncedChange) -> str:
    if change.entry_id is None:
        link = change.link or change.former_link
        return one_line(link.label if link else "") or "Patent Search"
    wording = change.after
    if wording is None:
        return f"entry {change.entry_id}"
    return (
        one_line(wording.title)
        or one_line(wording.attribution)
        or one_line(opening(wording.excerpt))
        or f"entry {change.entry_id}"
    )


def _lines(wording: Wording | None) -> tuple[str, ...]:
    texts = (wording.excerpt, wording.attribution, wording.commentary) if wording else ()
    return tuple(text for text in texts if text.strip())


def _summary(change: ComposedChange) -> str:
    if change.parts:
        return f"Changed: {', '.join(part.label.lower() for part in change.parts)}."
    if change.kind == "corrected":
        return change.note
    if change.note:
        return change.note.partition(".")[0] + "."
    lines = [f"{name}: {link.label} {link.url}" for name, link in _links(change)]
    return "\n".join(lines)


def _html(change: ComposedChange) -> str:
    """Return a change for readers that may show neither colours nor strokes: each part before, and each part after."""
    if change.kind == "link changed":
        return "".join(f"<p>{name}: {_link(link)}</p>" for name, link in _links(change))
    parts = [
        f"<p><strong>{markup.text(part.label)}</strong></p>"
        f'<p dir="auto">Before: {_side(part.pieces, "added")}</p>'
        f'<p dir="auto">After: {_side(part.pieces, "removed")}</p>'
        for part in change.parts
    ]
    note = f"<p>{markup.text(change.note)}</p>" if change.note else ""
    words = "".join(markup.paragraphs(line) for line in change.words)
    return "\n".join([*([note] if note else []), *parts, *([f"<blockquote>{words}</blockquote>"] if words else [])])


def _side(pieces: Iterable[Piece], other: Op) -> str:
    """Return one side of a word diff: all but what only the `other` has."""
    shown = [piece for piece in pieces if piece.op != other]
    return markup.diff(shown) if any(piece.text.strip() for piece in shown) else "(nothing)"


def _links(change: ComposedChange) -> list[tuple[str, Link]]:
    if change.former_link is None and change.link is not None:
        return [("Added", change.link)]
    if change.link is None and change.former_link is not None:
        return [("Removed", change.former_link)]
    return [(name, link) for name, link in (("Before", change.former_link), ("After", change.link)) if link]


def _link(link: Link) -> str:
    address = web_address(link.url)
    shown = markup.text(f"{link.label} ({link.url})")
    return f'<a href="{markup.attribute(address)}">{shown}</a>' if address else shown
