"""Doubtful matches as text: wrapped, with colours on a terminal and marks elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from foreign_eyes.archive.doubtful_matches import DoubtfulMatch, DoubtTexts
from foreign_eyes.archive.word_diff import abridged
from foreign_eyes.cli.history_screen import Screen, as_text, differing_parts, whole_parts
from foreign_eyes.cli.terminal import counted, local_time, printable
from foreign_eyes.listing.values import ENTRY_PARTS


def show_doubts(found: Sequence[DoubtfulMatch], *, of_entry: int | None = None) -> None:
    """Print the number of doubts, then each doubt, in the given order."""
    screen = Screen()
    still_open = sum(doubt.confirmed_at is None for doubt in found)
    number = counted(still_open, "open doubt") if still_open else "no open doubts"
    confirmed = f", {len(found) - still_open} confirmed" if len(found) > still_open else ""
    screen.line(f"{number}{confirmed}{f' of entry {of_entry}' if of_entry else ''}", "bold")
    for doubt in found:
        screen.line()
        _write_doubt(screen, doubt)
    screen.print()


def _write_doubt(screen: Screen, doubt: DoubtfulMatch) -> None:
    entry, facts = doubt.entry, doubt.facts
    wording = doubt.after.revision.texts
    screen.line(printable(wording["title"] or wording["attribution"] or ""), "bold")
    if wording["publication"]:
        screen.line(f"by {printable(wording['publication'])}")
    screen.line()
    screen.line(
        f"{entry['entry_id']} of source {printable(entry['source'])}, revision {facts['revision']}", label="entry"
    )
    page = "" if doubt.page is None else f", page {doubt.page}"
    screen.line(f"{local_time(facts['at'])}{page}, capture {doubt.capture_id}", label="seen")
    screen.line(doubt.sentence, "yellow", label="why")
    score = "" if facts["match_score"] is None else f", score {facts['match_score']:.0f} of 100"
    screen.line(
        f"{facts['match_method']}{score}", label="matched as" if facts["match_method"] == "new" else "matched by"
    )
    _write_texts(screen, doubt)
    if doubt.confirmed_at is not None:
        screen.line(local_time(doubt.confirmed_at), "green", label="confirmed")
    for remedy in doubt.remedies:
        screen.line(remedy.command, label=f"{remedy.case}:")


def _write_texts(screen: Screen, doubt: DoubtfulMatch) -> None:
    if doubt.before is None:
        for part, text in whole_parts(doubt.after.revision):
            screen.line(printable(text).strip(), label=part)
        return
    screen.line(_name(doubt.before, doubt), label="compared to")
    parts = differing_parts(doubt.before.revision, doubt.after.revision)
    same = [part for part in ENTRY_PARTS if _is_shared(part, doubt)]
    if same:
        screen.line(", ".join(same), label="the same")
    for part, pieces in parts.items():
        screen.add(as_text(abridged(pieces), coloured=screen.coloured), label=part)


def _is_shared(part: str, doubt: DoubtfulMatch) -> bool:
    """Return whether a part is the same in both texts.

    The attribution line counts only without a title.
    """
    before, after = doubt.before.revision.texts if doubt.before else {}, doubt.after.revision.texts
    if part == "attribution" and after["title"]:
        return False
    return bool(after[part]) and before.get(part) == after[part]


def _name(wording: DoubtTexts, doubt: DoubtfulMatch) -> str:
    number = f"revision {wording.revision.number}"
    if wording.entry_id == doubt.after.entry_id:
        return f"{number} of the same entry"
    texts = wording.revision.texts
    publication = f", by {texts['publication']}" if texts["publication"] else ""
    return printable(f"{wording.entry_id}, {number}: {texts['title'] or texts['attribution']}{publication}")
