"""Notify the WebSub hub after a publish; a hub that does not answer causes a warning only."""

from __future__ import annotations

from collections.abc import Sequence

from foreign_eyes.cli.terminal import print_line


def notify(hub: str, feeds: Sequence[str]) -> None:
    """Notify the hub of changed feeds; print a warning if that fails."""
    from foreign_eyes.feeds.websub import HubUnreachable, notify_hub

    try:
        notify_hub(hub, feeds)
    except HubUnreachable as error:
        print_line(f"warning: {error}", err=True)
