"""An entry's history for a terminal or a pipe: wrapped, with colours or with marks."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from io import StringIO

import click
from rich.console import Console
from rich.text import Text

from foreign_eyes.archive.doubtful_matches import DoubtfulMatch
from foreign_eyes.archive.history import Event, History, Revision, changed_parts
from foreign_eyes.archive.restyles import Restyle
from foreign_eyes.archive.times import to_text
from foreign_eyes.archive.wording_diff import Piece, abridged
from foreign_eyes.cli.terminal import has_colour, local_time, printable
from foreign_eyes.feeds.compose.decision_sentences import event_name, event_note

# Lines of prose longer than this are hard to read
WIDEST = 100
NARROWEST = 40
INDENT = "  "
LABEL = 13
_STYLES = {"kept": "", "removed": "red strike", "added": "green bold"}
_MARKS = {"kept": ("", ""), "removed": ("[-", "-]"), "added": ("{+", "+}")}


def show_history(told: History, doubts: Sequence[DoubtfulMatch] = ()) -> None:
    """Write the entry, then its revisions with their doubts, withdrawals and returns, oldest first."""
    paper = Paper()
    _write_entry(paper, told)
    for one in told.timeline():
        paper.line()
        if isinstance(one, Event):
            _write_event(paper, one)
        elif isinstance(one, Restyle):
            _write_restyle(paper, one)
        else:
            _write_revision(paper, told, one, [doubt for doubt in doubts if doubt.after.revision == one])
    paper.hand_over()


def shortened(line: str) -> str:
    """Return as much of `line` as the terminal is wide."""
    text = Text(line)
    text.truncate(_width(), overflow="ellipsis")
    return text.plain


class Paper:
    """Lines as they will be written: no wider than the terminal, coloured where it wants colours."""

    def __init__(self) -> None:
        self.coloured = has_colour(sys.stdout)
        self._console = Console(
            file=StringIO(),
            width=_width(),
            force_terminal=self.coloured,
            color_system="standard" if self.coloured else None,
            highlight=False,
            soft_wrap=False,
        )

    @property
    def width(self) -> int:
        """How many columns a line has."""
        return self._console.width

    def line(self, text: str = "", style: str = "", *, label: str | None = None) -> None:
        """Add a line of text that is safe to print; see `add`."""
        self.add(Text(text, style), label=label)

    def add(self, text: Text, *, label: str | None = None) -> None:
        """Add a text, wrapped; a label is shown in the column beside it."""
        lead = "" if label is None else f"{INDENT}{label:<{LABEL}}"
        for line in text.wrap(self._console, self._console.width - len(lead)):
            line.rstrip()
            self._console.print(Text.assemble((lead, "dim" if lead.strip() else ""), line), crop=False)
            lead = " " * len(lead)

    def hand_over(self) -> None:
        """Write all to standard output; what its encoding has not is written out."""
        written = self._console.file.getvalue()  # type: ignore[attr-defined] # a StringIO
        encoding = sys.stdout.encoding
        text = written.encode(encoding, "backslashreplace").decode(encoding)
        click.echo(text, nl=False, color=self.coloured)


def _write_entry(paper: Paper, told: History) -> None:
    entry = told.entry
    paper.line(printable(entry["title"] or entry["attribution"]), "bold")
    if entry["publication"]:
        paper.line(f"by {printable(entry['publication'])}")
    paper.line()
    paper.line(f"{entry['entry_id']} of source {printable(entry['source'])}", label="id")
    paper.line(printable(entry["tag_uri"]), label="tag")
    paper.line(_state(told), label="state")
    since = entry["not_before"]
    before = f", not before {local_time(since)}" if since else "; it appeared at an unknown time before"
    paper.line(local_time(entry["first_seen"]) + before, label="first seen")
    later = (
        "; captures that were imported later show the entry earlier" if entry["feed_date"] > entry["first_seen"] else ""
    )
    paper.line(f"{local_time(entry['feed_date'])}, fixed when first seen{later}", label="feed date")
    for decision in told.decisions:
        what = "was merged into" if decision.kind == "merge" else f"was split off at revision {decision.revision} of"
        paper.line(f"{local_time(decision.at)}: {decision.other_id} {what} {decision.entry_id}", label="decided")


def _state(told: History) -> str:
    entry = told.entry
    state = "listed"
    if entry["withdrawn_at"]:
        state = f"withdrawn since {local_time(entry['withdrawn_at'])}"
    elif told.missed:
        state = "not in the last complete crawl"
    seen = f"last seen {local_time(entry['last_seen'])}" if entry["last_seen"] else "last seen at an unknown time"
    return f"{state}; {seen}, page {entry['page']}, place {entry['position']}"


def _write_event(paper: Paper, event: Event) -> None:
    """Write a change; returns, and changes found in old captures, have the time of their crawl: `at` is when it settled."""
    if event.crawl is None:
        _write_decision(paper, event)
        return
    if event.kind == "withdrawn":
        told = [local_time(event.at if event.announced else event.crawl[0]), "two complete crawls in a row lacked it"]
    else:
        told = [local_time(event.crawl[0])]
    late = [] if event.announced else ["found in old captures"]
    paper.line(" · ".join([event.kind, *told, *late]), "bold yellow")


def _write_decision(paper: Paper, event: Event) -> None:
    paper.line(f"{event_name(event).lower()} · {local_time(event.at)}", "bold yellow")
    note = event_note(event, lambda moment: local_time(to_text(moment)))
    for line in textwrap.wrap(note, paper.width - len(INDENT)):
        paper.line(f"{INDENT}{line}")


def _write_restyle(paper: Paper, restyle: Restyle) -> None:
    paper.line(f"restyled · {local_time(restyle.first_seen)} · capture {restyle.capture_id}", "bold")
    paper.line(f"{INDENT}the same words; only spaces, quotation marks, dashes or letter forms changed", "dim")


def _write_revision(paper: Paper, told: History, revision: Revision, doubts: Sequence[DoubtfulMatch]) -> None:
    name = f"revision {revision.number}{', technical' if revision.technical else ''}"
    paper.line(f"{name} · {local_time(revision.first_seen)} · page {revision.page}, place {revision.position}", "bold")
    paper.line(
        f"{INDENT}capture {revision.capture_id} (sha256 {revision.body_sha256[:12]}) · {_match(revision)}", "dim"
    )
    if revision.technical:
        paper.line(f"{INDENT}{_why_technical(told, revision)}", "dim")
    if revision.flags:
        paper.line(f"{INDENT}flags: {printable(', '.join(revision.flags))}", "yellow")
    for doubt in doubts:
        paper.line(f"{INDENT}{_doubt(doubt)}", "green" if doubt.confirmed_at else "yellow")
    before = told.before(revision)
    if before is None:
        for part, text in whole_parts(revision):
            paper.line(printable(text).strip(), label=part)
        return
    parts = telling_parts(before, revision)
    for part, pieces in parts.items():
        paper.add(as_text(abridged(pieces), coloured=paper.coloured), label=part)
    if not parts:
        paper.line(f"{INDENT}no word differs from the revision before", "dim")


def _doubt(doubt: DoubtfulMatch) -> str:
    other_id, entry_id = doubt.facts["other_entry_id"], doubt.facts["entry_id"]
    reason = doubt.facts["reason"] + (f" ({other_id})" if other_id else "")
    if doubt.confirmed_at:
        return f"doubtful: {reason}; confirmed {local_time(doubt.confirmed_at)}"
    return f"doubtful: {reason}; see: foreign-eyes doubts {entry_id}"


def _why_technical(told: History, revision: Revision) -> str:
    if told.is_reread(revision):
        return f"read anew by parser version {revision.parser_version}: the source said the same"
    return "word boundaries were changed, which earlier versions of foreign-eyes did not count as a revision"


def _match(revision: Revision) -> str:
    if revision.match_method in ("new", "merged by an operator", "as settled before"):
        return revision.match_method
    score = "" if revision.match_score is None else f" ({revision.match_score:.0f})"
    return f"matched by {revision.match_method}{score}"


def whole_parts(revision: Revision) -> Iterator[tuple[str, str]]:
    """Yield the parts that are not empty; the attribution line only if it could not be split."""
    for part, text in revision.wording.items():
        if text and not (part == "attribution" and revision.wording["title"]):
            yield part, text


def telling_parts(before: Revision, after: Revision) -> dict[str, tuple[Piece, ...]]:
    """Return the parts in which a word differs, without the attribution line if title or publication show the change."""
    parts = changed_parts(before, after)
    if before.wording["title"] and after.wording["title"] and ("title" in parts or "publication" in parts):
        parts.pop("attribution", None)
    return {part: pieces for part, pieces in parts.items() if any(op != "kept" and text.strip() for op, text in pieces)}


def as_text(pieces: Sequence[Piece], *, coloured: bool) -> Text:
    """Return pieces as a line to be wrapped; white space is not marked, and is that of the new text."""
    line = Text()
    before = "kept"
    for op, piece in pieces:
        text = printable(piece)
        words = text.strip()
        if op == "kept" or not words:
            line.append("" if op == "removed" else text)
            before = "kept"
            continue
        opening, closing = ("", "") if coloured else _MARKS[op]
        apart = text.startswith(" ") or (coloured and before == "removed")
        line.append(" " if apart else "")
        line.append(f"{opening}{words}{closing}", _STYLES[op])
        line.append(" " if text.endswith(" ") else "")
        before = op
    return line


def _width() -> int:
    return max(NARROWEST, min(WIDEST, shutil.get_terminal_size().columns))
