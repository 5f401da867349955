"""What readers are told when a request cannot be answered. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Problem:
    """The status, the message and the title of an error page."""

    status: int
    message: str
    title: str = "The request has a mistake"
    headers: Mapping[str, str] = field(default_factory=dict)


NOT_FOUND = Problem(404, "There is no such page. Check the address, or start from the home page.", "Page not found")
TOO_SLOW = Problem(
    400,
    "The query took too long and was stopped. Select fewer rows, for example by a publication or a date.",
    "The query took too long",
)
BAD_HOST = Problem(400, "The Host field of the request is not the name of a host.")
ONLY_READING = Problem(405, "This server answers only GET and HEAD.", "Method not allowed", {"Allow": "GET, HEAD"})
OUR_FAULT = Problem(
    500,
    "The server could not make this page. The fault is in the server; its log has the details.",
    "A fault of the server",
)
NO_SQL = Problem(
    403,
    "SQL of readers is switched off on this server. The queries listed on the page of the archive still work.",
    "SQL is switched off",
)

NO_FEED = Problem(
    400,
    "Only rows that are entries or changes can be a feed: select the column entry_id or change_id.",
    "These rows are not a feed",
)
WITHHELD = Problem(
    403,
    "This capture shows words that the operator of this archive has redacted, so its bytes are not given out.",
    "The capture is withheld",
)
TOO_LARGE = Problem(
    413,
    "The captured page is too large to look for the text in it. Download its bytes and search there.",
    "The capture is too large",
)
DAMAGED = Problem(
    500,
    "The stored bytes of this capture are damaged. The operator can restore a backup of the archive.",
    "The capture is damaged",
)


def busy(message: str, retry_after: int) -> Problem:
    """Return the problem of a server that cannot answer before `retry_after` seconds."""
    return Problem(503, message, "The server is busy", {"Retry-After": str(retry_after)})


def too_long(longest: int) -> Problem:
    """Return the problem of a query string with more than `longest` bytes."""
    return Problem(414, f"The query string is longer than {longest} bytes: shorten it.", "The address is too long")
