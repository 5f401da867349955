"""The errors that readers see, each with its status, title and message. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Problem:
    """The status, the message and the title of an error page."""

    status: int
    message: str
    title: str = "Invalid request"
    headers: Mapping[str, str] = field(default_factory=dict)


NOT_FOUND = Problem(404, "This page does not exist. Check the address, or start from the home page.", "Page not found")
TOO_SLOW = Problem(
    400,
    "The query took too long and was stopped. Select fewer rows, for example those of one publication or month.",
    "The query took too long",
)
BAD_HOST = Problem(400, "The Host header of the request is not a host name.")
ONLY_READING = Problem(405, "This server answers only GET and HEAD.", "Method not allowed", {"Allow": "GET, HEAD"})
OUR_FAULT = Problem(
    500,
    "The server could not make this page because of an error in its code. Its log has the details.",
    "Server error",
)
NO_SQL = Problem(
    403,
    "Readers cannot run their own SQL on this server. The questions on the home page still work.",
    "SQL is switched off",
)

NO_FEED = Problem(
    400,
    "A feed needs rows of entries or changes: select the column entry_id or change_id.",
    "These rows cannot be a feed",
)
WITHHELD = Problem(
    403,
    "These bytes are withheld, because they contain text that the operator of this archive has redacted.",
    "The capture is withheld",
)
TOO_LARGE = Problem(
    413,
    "The captured bytes are too large to send. The operator can export them: foreign-eyes export FILE",
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
