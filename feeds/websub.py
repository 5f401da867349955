"""Notify a WebSub hub of changed feeds, so that it fetches them and informs its subscribers.

W3C WebSub, section 6, leaves this request to hub and publisher. Hubs accept a form with `hub.mode=publish` and one
`hub.url` per feed.
"""

from __future__ import annotations

from collections.abc import Sequence

import httpx

# a publish must not wait for a hub that does not answer
_TIMEOUT_SECONDS = 10
# hubs refuse longer lists
FEEDS_PER_REQUEST = 50


class HubUnreachable(Exception):
    """The hub did not accept the notification.

    The feeds are published, and readers who poll get them. `why` is the reason in a few words.
    """

    def __init__(self, hub: str, why: str):
        super().__init__(
            f"the hub {hub} did not accept the notification of changed feeds ({why}); the next publish or round tries again;"
            " if the hub is wrong, correct [publish] hub in the settings"
        )
        self.why = why


def notify_hub(hub: str, feeds: Sequence[str]) -> None:
    """Notify `hub` that the feeds at these URLs have changed.

    Raises:
        HubUnreachable: the hub does not answer in time, or its status is not a success; redirects are not followed.
    """
    try:
        with httpx.Client(timeout=_TIMEOUT_SECONDS, follow_redirects=False, trust_env=False) as client:
            for start in range(0, len(feeds), FEEDS_PER_REQUEST):
                form = {"hub.mode": "publish", "hub.url": list(feeds[start : start + FEEDS_PER_REQUEST])}
                # streamed, because the body of the answer is not needed and may never end
                with client.stream("POST", hub, data=form) as answer:
                    if not answer.is_success:
                        raise HubUnreachable(hub, f"HTTP status {answer.status_code}")
    # httpx.InvalidURL and UnicodeError: the host is not a name that DNS allows
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        raise HubUnreachable(hub, str(error) or type(error).__name__) from error
