"""Notify the WebSub hub after a publish; a hub that does not answer causes a warning only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from foreign_eyes.cli.terminal import print_line

if TYPE_CHECKING:
    from foreign_eyes.cli.context import Context


def notify_hub_of_changes(context: Context) -> None:
    """Notify the hub of all feeds whose change it has not accepted yet, also those of earlier publishes.

    Each publish stores its changed feeds in the archive. If the hub does not accept them, they stay there, this prints a
    warning, and `status` and `check` report it; the next publish or round tries again.
    """
    from foreign_eyes.archive.errors import ArchiveError

    hub = context.publishing.hub
    try:
        _notify(context, hub)
    except ArchiveError as error:  # the files are published; the next run finds what is left to do
        print_line(f"warning: the state of hub notifications could not be stored: {error}", err=True)


def _notify(context: Context, configured: str) -> None:
    from foreign_eyes.archive.database import open_archive, read_archive, writing
    from foreign_eyes.archive.feed_state import hub_notifications
    from foreign_eyes.archive.times import now
    from foreign_eyes.feeds.published_urls import normal_hub
    from foreign_eyes.feeds.websub import FEEDS_PER_REQUEST, HubUnreachable, notify_hub

    if not context.archive.is_file():
        return
    hub = normal_hub(configured) if configured else ""
    with read_archive(context.archive) as db:
        pending = hub_notifications.pending_feeds(db, hub)
        outdated = hub_notifications.has_other_hubs(db, hub)
    if not pending and not outdated:
        return
    with open_archive(context.archive) as db:
        if outdated:
            with writing(db):
                hub_notifications.forget_other_hubs(db, hub)
        for start in range(0, len(pending), FEEDS_PER_REQUEST):
            batch = pending[start : start + FEEDS_PER_REQUEST]
            try:
                notify_hub(hub, [feed.feed for feed in batch])
            except HubUnreachable as error:
                with writing(db):
                    hub_notifications.record_failure(db, hub, error.why, now())
                print_line(f"warning: {error}", err=True)
                return
            with writing(db):
                hub_notifications.delete_accepted(db, hub, batch)
