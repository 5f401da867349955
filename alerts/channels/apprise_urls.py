"""The channel for a notification URL that Apprise knows: mail, chat, telephone and many other services.

The URL holds the login to the service, so no message, log or error shows it.
"""

from __future__ import annotations

import apprise

from foreign_eyes.alerts.channels.deadlines import TooSlow, run_within
from foreign_eyes.alerts.channels.quiet_logs import silence_libraries
from foreign_eyes.alerts.message_text import body_of, title_of
from foreign_eyes.alerts.values import ChannelFailed, Event, Message

DEADLINE_SECONDS = 30.0

_TYPES = {
    "failed": apprise.NotifyType.FAILURE,
    "overdue": apprise.NotifyType.FAILURE,
    "still failing": apprise.NotifyType.WARNING,
    "recovered": apprise.NotifyType.SUCCESS,
    "test": apprise.NotifyType.INFO,
}


class AppriseChannel:
    """Sends messages to one notification URL.

    Args:
        number: its place among the URLs, from 1.
        url: the notification URL.
        origin: the machine and the archive that the messages are about.
        deadline: seconds after which a delivery counts as failed.

    Raises:
        ValueError: Apprise does not know such a URL; the message does not show it.
    """

    def __init__(self, number: int, url: str, origin: str, deadline: float = DEADLINE_SECONDS) -> None:
        silence_libraries()
        asset = apprise.AppriseAsset(app_id="Foreign Eyes", app_desc="Foreign Eyes", async_mode=False)
        service = apprise.Apprise.instantiate(url, asset=asset)
        if service is None:
            raise ValueError("is not a notification URL that Apprise knows")
        self._service = service
        self.name = f"apprise {number}"
        self._origin = origin
        self._deadline = deadline

    def send(self, message: Message) -> None:
        """Send a message to the service.

        Raises:
            ChannelFailed: the service did not take it.
        """
        delivered = False

        def deliver() -> None:
            nonlocal delivered
            delivered = bool(
                self._service.notify(
                    body=body_of(message, self._origin), title=title_of(message), notify_type=type_of(message.event)
                )
            )

        try:
            run_within(self._deadline, deliver)
        except TooSlow as error:
            raise self._failure(str(error)) from None
        except Exception as error:  # a plugin's own fault; its words can have the URL
            raise self._failure(type(error).__name__) from None
        if not delivered:
            raise self._failure("the service refused it or cannot be reached")

    def _failure(self, why: str) -> ChannelFailed:
        place = f"URL {self.name.removeprefix('apprise ')} of [alerts] apprise"
        return ChannelFailed(f"{place} did not take the message ({why}); to see why: apprise -vv -b test URL")


def type_of(event: Event) -> apprise.NotifyType:
    """Return how a service shows an event. Pure."""
    return _TYPES[event]
