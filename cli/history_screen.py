"""The history of an entry as text: wrapped, with colours on a terminal and marks elsewhere."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence

import click
from rich.text import Text

from foreign_eyes.archive.doubtful_matches import DoubtfulMatch
from foreign_eyes.archive.history import Event, History, Revision, changed_parts
from foreign_eyes.archive.restyles import Restyle
from foreign_eyes.archive.times import to_text
from foreign_eyes.archive.word_diff import Piece, abridged
from foreign_eyes.cli.terminal import console, has_colour, local_time, printable
from foreign_eyes.feeds.compose.decision_sentences import event_name, event_note

WIDEST = 100  # longer lines of prose are hard to read
NARROWEST = 40
INDENT = "  "
LABEL = 13
_STYLES = {"kept": "", "removed": "red strike", "added": "green bold"}
_MARKS = {"kept": ("", ""), "removed": ("[-", "-]"), "added": ("{+", "+}")}


def show_history(history: History, doubts: Sequence[DoubtfulMatch] = ()) -> None:
    """Print the entry, then its revisions, oldest first.

    Doubts, withdrawals and returns are printed with the revisions.
    """
    screen = Screen()
    _write_entry(screen, history)
    for item in history.timeline():
        screen.line()
        if isinstance(item, Event):
            _write_event(screen, item)
        elif isinstance(item, Restyle):
            _write_restyle(screen, item)
        else:
            _write_revision(screen, history, item, [doubt for doubt in doubts if doubt.after.revision == item])
    screen.print()


def shortened(line: str) -> str:
    """Return `line`, cut to the width of the terminal."""
    text = Text(line)
    text.truncate(_width(), overflow="ellipsis")
    return text.plain


class Screen:
    """Lines of text, wrapped to the width of the terminal and coloured if it shows colours."""

    def __init__(self) -> None:
        self.coloured = has_colour(sys.stdout)
        self._console = console(sys.stdout, _width())
        self._console.begin_capture()

    def line(self, text: str = "", style: str = "", *, label: str | None = None, indent: str = "") -> None:
        """Add a line of text that is safe to print; see `add`."""
        self.add(Text(text, style), label=label, indent=indent)

    def add(self, text: Text, *, label: str | None = None, indent: str = "") -> None:
        """Add a text, wrapped: behind an indent, or in the column beside a label."""
        lead = indent if label is None else f"{INDENT}{label:<{LABEL}}"
        for line in text.wrap(self._console, self._console.width - len(lead)):
            line.rstrip()
            self._console.print(Text.assemble((lead, "dim" if lead.strip() else ""), line), crop=False)
            lead = " " * len(lead)

    def print(self) -> None:
        """Write all lines to standard output; characters that its encoding lacks are escaped."""
        encoding = sys.stdout.encoding
        text = self._console.end_capture().encode(encoding, "backslashreplace").decode(encoding)
        click.echo(text, nl=False, color=self.coloured)


def _write_entry(screen: Screen, history: History) -> None:
    entry = history.entry
    screen.line(printable(entry["title"] or entry["attribution"]), "bold")
    if entry["publication"]:
        screen.line(f"by {printable(entry['publication'])}")
    screen.line()
    screen.line(f"{entry['entry_id']} of source {printable(entry['source'])}", label="id")
    screen.line(printable(entry["tag_uri"]), label="tag")
    screen.line(_state(history), label="state")
    since = entry["not_before"]
    before = f", not before {local_time(since)}" if since else "; it appeared at an unknown earlier time"
    screen.line(local_time(entry["first_seen"]) + before, label="first seen")
    later = (
        "; captures that were imported later show the entry earlier" if entry["feed_date"] > entry["first_seen"] else ""
    )
    screen.line(f"{local_time(entry['feed_date'])}, fixed when first seen{later}", label="feed date")
    for decision in history.decisions:
        what = "was merged into" if decision.kind == "merge" else f"was split off at revision {decision.revision} of"
        screen.line(f"{local_time(decision.at)}: {decision.other_id} {what} {decision.entry_id}", label="decided")


def _state(history: History) -> str:
    entry = history.entry
    state = "listed"
    if entry["withdrawn_at"]:
        state = f"withdrawn since {local_time(entry['withdrawn_at'])}"
    elif history.missed:
        state = "not in the last complete crawl"
    seen = f"last seen {local_time(entry['last_seen'])}" if entry["last_seen"] else "last seen at an unknown time"
    return f"{state}; {seen}, page {entry['page']}, place {entry['position']}"


def _write_event(screen: Screen, event: Event) -> None:
    """Write a change with its time.

    Returns, and changes found in old captures, have the time of their crawl: `at` is when that crawl was settled.
    """
    if event.crawl is None:
        _write_decision(screen, event)
        return
    if event.kind == "withdrawn":
        words = [local_time(event.at if event.announced else event.crawl[0]), "two complete crawls in a row lacked it"]
    else:
        words = [local_time(event.crawl[0])]
    late = [] if event.announced else ["found in old captures"]
    screen.line(" · ".join([event.kind, *words, *late]), "bold yellow")


def _write_decision(screen: Screen, event: Event) -> None:
    screen.line(f"{event_name(event).lower()} · {local_time(event.at)}", "bold yellow")
    note = event_note(event, lambda moment: local_time(to_text(moment)))
    screen.line(note, indent=INDENT)


def _write_restyle(screen: Screen, restyle: Restyle) -> None:
    screen.line(f"restyled · {local_time(restyle.first_seen)} · capture {restyle.capture_id}", "bold")
    screen.line("same words: only spaces, quotation marks, dashes or letter forms changed", "dim", indent=INDENT)


def _write_revision(screen: Screen, history: History, revision: Revision, doubts: Sequence[DoubtfulMatch]) -> None:
    name = f"revision {revision.number}{', technical' if revision.technical else ''}"
    screen.line(f"{name} · {local_time(revision.first_seen)} · page {revision.page}, place {revision.position}", "bold")
    screen.line(
        f"capture {revision.capture_id} (sha256 {revision.body_sha256[:12]}) · {_match(revision)}", "dim", indent=INDENT
    )
    if revision.technical:
        screen.line(_why_technical(history, revision), "dim", indent=INDENT)
    if revision.flags:
        screen.line(f"flags: {printable(', '.join(revision.flags))}", "yellow", indent=INDENT)
    for doubt in doubts:
        screen.line(_doubt(doubt), "green" if doubt.confirmed_at else "yellow", indent=INDENT)
    before = history.before(revision)
    if before is None:
        for part, text in whole_parts(revision):
            screen.line(printable(text).strip(), label=part)
        return
    parts = differing_parts(before, revision)
    for part, pieces in parts.items():
        screen.add(as_text(abridged(pieces), coloured=screen.coloured), label=part)
    if not parts:
        screen.line("no word differs from the previous revision", "dim", indent=INDENT)


def _doubt(doubt: DoubtfulMatch) -> str:
    other_id, entry_id = doubt.facts["other_entry_id"], doubt.facts["entry_id"]
    reason = doubt.facts["reason"] + (f" ({other_id})" if other_id else "")
    if doubt.confirmed_at:
        return f"doubtful: {reason}; confirmed {local_time(doubt.confirmed_at)}"
    return f"doubtful: {reason}; see: foreign-eyes doubts {entry_id}"


def _why_technical(history: History, revision: Revision) -> str:
    if history.is_reread(revision):
        return f"read again by parser version {revision.parser_version}; the source did not change"
    return "word boundaries changed, which earlier versions of foreign-eyes did not count as a revision"


def _match(revision: Revision) -> str:
    if revision.match_method in ("new", "merged by an operator", "as settled before"):
        return revision.match_method
    score = "" if revision.match_score is None else f" ({revision.match_score:.0f})"
    return f"matched by {revision.match_method}{score}"


def whole_parts(revision: Revision) -> Iterator[tuple[str, str]]:
    """Yield the parts that are not empty; the attribution line only if it has no title."""
    for part, text in revision.texts.items():
        if text and not (part == "attribution" and revision.texts["title"]):
            yield part, text


def differing_parts(before: Revision, after: Revision) -> dict[str, tuple[Piece, ...]]:
    """Return the parts in which a word differs.

    The attribution line is left out if title or publication show the change.
    """
    parts = changed_parts(before, after)
    if before.texts["title"] and after.texts["title"] and ("title" in parts or "publication" in parts):
        parts.pop("attribution", None)
    return {part: pieces for part, pieces in parts.items() if any(op != "kept" and text.strip() for op, text in pieces)}


def as_text(pieces: Sequence[Piece], *, coloured: bool) -> Text:
    """Return a word diff as one line; white space is that of the new text and has no marks."""
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
