"""`foreign-eyes history`: show the texts of one entry, their times and their captures."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import click

from foreign_eyes.cli.completion import complete_entry
from foreign_eyes.cli.context import Context, pass_context
from foreign_eyes.cli.find_entry import find_one
from foreign_eyes.cli.terminal import print_json

if TYPE_CHECKING:
    from foreign_eyes.archive.doubtful_matches import DoubtfulMatch
    from foreign_eyes.archive.history import Event, History, Revision
    from foreign_eyes.archive.restyles import Restyle

EXAMPLES = """
\b
Examples:
  foreign-eyes history 482915036
  foreign-eyes history "moon landing"
  foreign-eyes history tag:example.org,2026:live/482915036 --json
  foreign-eyes history 482915036 --json | jq '.revisions[].first_seen'
"""


@click.command(short_help="Show the revisions of an entry as a word diff", epilog=EXAMPLES)
@click.argument("entry", metavar="ENTRY", shell_complete=complete_entry)
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object: the entry, revisions, changes, decisions, restyles"
)
@pass_context
def history(context: Context, entry: str, as_json: bool) -> None:
    """Show each revision of ENTRY, oldest first.

    It is shown with the capture that first showed it, how it was matched, and what it changed.

    ENTRY is an id, a tag URI, or a part of a title, current or former, that no other entry has; letter case, white
    space and quote style do not count. Without colours, changes are marked [-removed-] and {+added+}.
    """
    from foreign_eyes.archive.database import read_archive
    from foreign_eyes.archive.doubtful_matches import find_doubts
    from foreign_eyes.archive.history import entry_history

    with read_archive(context.archive) as db:
        entry_id = find_one(db, entry).entry_id
        found, doubts = entry_history(db, entry_id), find_doubts(db, entry_id, settled=True)
    if as_json:
        print_json(_as_object(found, doubts))
    else:
        from foreign_eyes.cli.history_screen import show_history

        show_history(found, doubts)


def _as_object(history: History, doubts: list[DoubtfulMatch]) -> dict[str, Any]:
    return {
        **history.entry,
        "missed": history.missed,
        "answers_for": list(history.answers_for),
        "revisions": [_revision_object(history, revision, doubts) for revision in history.revisions],
        "changes": [_change_object(change) for change in history.changes],
        "decisions": [dataclasses.asdict(decision) for decision in history.decisions],
        "restyles": [_restyle_object(restyle) for restyle in history.restyles],
    }


def _revision_object(history: History, revision: Revision, doubts: list[DoubtfulMatch]) -> dict[str, Any]:
    from foreign_eyes.archive.history import changed_parts

    return {
        "revision": revision.number,
        "technical": revision.technical,
        "first_seen": revision.first_seen,
        "url": revision.url,
        "page": revision.page,
        "position": revision.position,
        "capture_id": revision.capture_id,
        "body_sha256": revision.body_sha256,
        "match_method": revision.match_method,
        "match_score": revision.match_score,
        "parser_version": revision.parser_version,
        "flags": list(revision.flags),
        "doubts": [
            {
                "reason": doubt.facts["reason"],
                "other_entry_id": doubt.facts["other_entry_id"],
                "confirmed_at": doubt.confirmed_at,
            }
            for doubt in doubts
            if doubt.after.revision == revision
        ],
        **revision.texts,
        "diff": changed_parts(history.before(revision), revision),
    }


def _restyle_object(restyle: Restyle) -> dict[str, Any]:
    return {
        "revision": restyle.revision,
        "first_seen": restyle.first_seen,
        "url": restyle.url,
        "page": restyle.page,
        "position": restyle.position,
        "capture_id": restyle.capture_id,
        "body_sha256": restyle.body_sha256,
        **restyle.texts,
    }


def _change_object(change: Event) -> dict[str, Any]:
    decision = change.decision
    return {
        "change_id": change.change_id,
        "at": change.at,
        "kind": change.kind,
        "announced": change.announced,
        "entry_id": change.entry_id,
        "revision": change.revision,
        "crawl_id": change.crawl[1] if change.crawl else None,
        "decision": decision.kind if decision else None,
        "other_entry_id": decision.other_id if decision else None,
        "corrects": _undone_object(change),
        "told": change.announced_texts,
        "told_before": change.announced_before,
    }


def _undone_object(change: Event) -> dict[str, Any] | None:
    from foreign_eyes.archive.times import to_text

    if change.moved is not None:
        return {"kind": "feed date", "before": change.moved[0], "after": change.moved[1]}
    undone = change.decision.corrected if change.decision else None
    return {"kind": undone.kind, "at": to_text(undone.at)} if undone else None
