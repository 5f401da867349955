"""Decide which edition of a site a web server shows: this archive's newest, an older or newer one, or another's. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from foreign_eyes.archive.problems import Problem
from foreign_eyes.feeds.site_answers import UPLOAD

_RIGHT_FOLDER = "let the web server serve the folder of this archive; its place: foreign-eyes status"


@dataclass(frozen=True, slots=True)
class ShownFeed:
    """What a JSON Feed of ours says about itself: its id, the time of its newest change, and the ids of its items."""

    feed_id: str
    updated: datetime | None
    items: tuple[str, ...]


def shown_feed(feed: Mapping[str, Any]) -> ShownFeed:
    """Return what a feed says, whatever its server sent."""
    own, items = feed.get("_foreign_eyes"), feed.get("items")
    own = own if isinstance(own, dict) else {}
    found = [item.get("id") for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    ids = tuple(one for one in found if isinstance(one, str))
    return ShownFeed(str(own.get("id", "")), _time(own.get("updated")), ids)


def newest_of(feeds: Sequence[ShownFeed]) -> ShownFeed:
    """Return the first feed, with the time of the newest change in all."""
    times = [feed.updated for feed in feeds if feed.updated is not None]
    return replace(feeds[0], updated=max(times, default=None))


def edition_problem(where: str, shown: ShownFeed, ours: ShownFeed, known: int) -> Problem:
    """Return the problem of a feed of entries that differs from the published one.

    Args:
        where: its address.
        shown: what the server's feed says.
        ours: what the published feed says.
        known: how many items of `shown` are entries of this archive.
    """
    if shown.feed_id != ours.feed_id:
        return Problem(
            f"it shows another archive or source: its id is {shown.feed_id[:100] or 'missing'}, not {ours.feed_id}",
            where,
            _RIGHT_FOLDER,
        )
    if shown.items and not known:
        what = f"it shows another archive of this source: this archive has none of the {len(shown.items)} entries there"
        return Problem(what, where, _RIGHT_FOLDER)
    if shown.updated is None or ours.updated is None or shown.updated == ours.updated:
        what = "it differs from the published file: it was changed on the way, or published with other settings"
        return Problem(what, where, UPLOAD)
    if shown.updated < ours.updated:
        what = f"it shows an old copy: its newest change is of {_shown(shown.updated)}, {_shown(ours.updated)} was published"
        return Problem(what, where, UPLOAD)
    return Problem(
        f"it is newer ({_shown(shown.updated)}) than what this archive published ({_shown(ours.updated)}):"
        " another machine publishes there, or this archive is an older copy",
        where,
        "publish from one archive only; to get its newest state: foreign-eyes restore FILE",
    )


def _time(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _shown(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
