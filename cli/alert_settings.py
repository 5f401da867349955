"""The table `[alerts]` of the settings: through which channels operators are told what goes wrong."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import msgspec

from foreign_eyes.crawler.site_settings import SettingSource

_PLACE = '{ env = "NAME" } or { file = "PATH" }'
# the allowed values of keys that can hold a secret
ALERT_MEANING = {
    "command": 'a list of words, the first of them the program, such as ["/usr/local/bin/tell-me"]',
    "ping": f"the place of the URL: {_PLACE}",
    "apprise": f"the place of the URLs, one per line: {_PLACE}",
}


class AlertSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The `[alerts]` table.

    `command` is run for each message. `feed` is the file of the operator's own feed, empty for none. `ping` is where the URL
    of a monitor is that each round is reported to, `apprise` where notification URLs are.
    """

    command: list[Annotated[str, msgspec.Meta(min_length=1)]] = []
    feed: str = ""
    ping: SettingSource | None = None
    apprise: SettingSource | None = None


def check_alerts(alerts: AlertSettings, folders: Iterable[str]) -> None:
    """Check that the feed of operators is not inside a folder that readers get; `folders` are the output folders.

    Raises:
        ValueError: it is; or a word of the command cannot be passed on.
    """
    if any("\0" in word for word in alerts.command):
        raise ValueError("command: a word has a NUL character: remove it")
    if not alerts.feed:
        return
    feed = Path(alerts.feed)
    if alerts.feed.endswith("/") or feed.name in ("", ".."):
        raise ValueError(f'feed = "{alerts.feed}": name a file, such as operator.xml')
    for folder in folders:
        if feed.resolve().is_relative_to(Path(folder).resolve()):
            raise ValueError(
                f'feed = "{alerts.feed}": it lies in the output folder {folder}, which readers get; name a file elsewhere'
            )
