"""Telling a WebSub hub that feeds have changed, so that it fetches them and tells its subscribers.

The specification (W3C WebSub, section 6) leaves the request to hub and publisher; what hubs understand is a form with
`hub.mode=publish` and an `hub.url` for each feed.
"""

from __future__ import annotations

from collections.abc import Sequence

import httpx

# a publish must not wait for a hub that does not answer
_SECONDS = 10
# hubs refuse longer lists; each of a publication's feeds is three
_FEEDS_A_REQUEST = 50


class HubUnreachable(Exception):
    """The hub did not take the news; the feeds are published all the same, and readers who ask for them get them."""

    def __init__(self, hub: str, why: str):
        super().__init__(f"the hub {hub} was not told of the changed feeds ({why}); it will be, at the next change")


def notify_hub(hub: str, feeds: Sequence[str]) -> None:
    """Tell `hub` that these feeds, by their addresses, have changed.

    Raises:
        HubUnreachable: it does not answer in time, or not with success; redirects are not followed.
    """
    try:
        with httpx.Client(timeout=_SECONDS, follow_redirects=False, trust_env=False) as client:
            for start in range(0, len(feeds), _FEEDS_A_REQUEST):
                told = list(feeds[start : start + _FEEDS_A_REQUEST])
                # streamed, so that nothing is read of what a hub may say besides: it need not end
                with client.stream("POST", hub, data={"hub.mode": "publish", "hub.url": told}) as answer:
                    if not answer.is_success:
                        raise HubUnreachable(hub, f"HTTP status {answer.status_code}")
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:  # the last two: no name that DNS could know
        raise HubUnreachable(hub, str(error) or type(error).__name__) from error
