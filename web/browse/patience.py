"""Sends responses in pieces, and closes the connection of a client that does not read.

A response that is sent at once stays in memory until its client has read it. When it is sent in pieces, each piece waits
for the client, and the request keeps its turn until the end, so the number of turns limits the responses in memory.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Message, Send

# bytes
PIECE = 64 * 1024
# seconds within which a client must read a piece
SECONDS_PER_PIECE = 10.0


def in_pieces(send: Send, longest: float | None) -> Send:
    """Return a `send` function that sends pieces and waits for the client to read each.

    If the client is too slow, the request is cancelled, and the server closes the connection.

    Args:
        send: the ASGI send function.
        longest: seconds for the whole response, or None for no limit.
    """
    ends: float | None = None

    async def send_in_pieces(message: Message) -> None:
        nonlocal ends
        now = asyncio.get_running_loop().time()
        if ends is None and longest is not None:
            ends = now + longest
        body: bytes = message.get("body", b"")
        for start in range(0, max(1, len(body)), PIECE):
            piece = message
            if len(body) > PIECE:
                has_more = message.get("more_body", False) or start + PIECE < len(body)
                piece = {**message, "body": body[start : start + PIECE], "more_body": has_more}
            await _send_in_time(send, piece, ends)

    return send_in_pieces


async def _send_in_time(send: Send, message: Message, ends: float | None) -> None:
    latest = asyncio.get_running_loop().time() + SECONDS_PER_PIECE
    try:
        async with asyncio.timeout_at(latest if ends is None else min(latest, ends)):
            await send(message)
    except TimeoutError:
        # an error would make Datasette send a second response
        raise asyncio.CancelledError from None
