"""Doubtful matches for a terminal or a pipe: wrapped, with colours or with marks."""

from __future__ import annotations

from collections.abc import Sequence

from foreign_eyes.archive.doubtful_matches import DoubtfulMatch, DoubtTexts
from foreign_eyes.archive.history import ENTRY_PARTS
from foreign_eyes.archive.wording_diff import abridged
from foreign_eyes.cli.history_screen import Paper, as_text, telling_parts, whole_parts
from foreign_eyes.cli.terminal import counted, local_time, printable


def show_doubts(found: Sequence[DoubtfulMatch], *, of_entry: int | None = None) -> None:
    """Write how many doubts there are, then each, in the order given."""
    paper = Paper()
    still_open = sum(one.confirmed_at is None for one in found)
    number = counted(still_open, "open doubt") if still_open else "no open doubts"
    confirmed = f", {len(found) - still_open} confirmed" if len(found) > still_open else ""
    paper.line(f"{number}{confirmed}{f' of entry {of_entry}' if of_entry else ''}", "bold")
    for one in found:
        paper.line()
        _write_doubt(paper, one)
    paper.hand_over()


def _write_doubt(paper: Paper, one: DoubtfulMatch) -> None:
    entry, facts = one.entry, one.facts
    wording = one.after.revision.wording
    paper.line(printable(wording["title"] or wording["attribution"] or ""), "bold")
    if wording["publication"]:
        paper.line(f"by {printable(wording['publication'])}")
    paper.line()
    paper.line(
        f"{entry['entry_id']} of source {printable(entry['source'])}, revision {facts['revision']}", label="entry"
    )
    page = "" if one.page is None else f", page {one.page}"
    paper.line(f"{local_time(facts['at'])}{page}, capture {one.capture_id}", label="seen")
    paper.line(one.sentence, "yellow", label="why")
    score = "" if facts["match_score"] is None else f", score {facts['match_score']:.0f} of 100"
    paper.line(
        f"{facts['match_method']}{score}", label="matched as" if facts["match_method"] == "new" else "matched by"
    )
    _write_texts(paper, one)
    if one.confirmed_at is not None:
        paper.line(local_time(one.confirmed_at), "green", label="confirmed")
    for remedy in one.remedies:
        paper.line(remedy.command, label=f"{remedy.case}:")


def _write_texts(paper: Paper, one: DoubtfulMatch) -> None:
    if one.before is None:
        for part, text in whole_parts(one.after.revision):
            paper.line(printable(text).strip(), label=part)
        return
    paper.line(_name(one.before, one), label="compared to")
    parts = telling_parts(one.before.revision, one.after.revision)
    same = [part for part in ENTRY_PARTS if _is_shared(part, one)]
    if same:
        paper.line(", ".join(same), label="the same")
    for part, pieces in parts.items():
        paper.add(as_text(abridged(pieces), coloured=paper.coloured), label=part)


def _is_shared(part: str, one: DoubtfulMatch) -> bool:
    """Return whether a part is the same in both texts; the attribution line counts only if it could not be split."""
    before, after = one.before.revision.wording if one.before else {}, one.after.revision.wording
    if part == "attribution" and after["title"]:
        return False
    return bool(after[part]) and before.get(part) == after[part]


def _name(wording: DoubtTexts, one: DoubtfulMatch) -> str:
    number = f"revision {wording.revision.number}"
    if wording.entry_id == one.after.entry_id:
        return f"{number} of the same entry"
    texts = wording.revision.wording
    publication = f", by {texts['publication']}" if texts["publication"] else ""
    return printable(f"{wording.entry_id}, {number}: {texts['title'] or texts['attribution']}{publication}")
