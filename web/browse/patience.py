"""Sends responses in pieces, and breaks off those whose client does not read.

A response that is handed over at once stays in memory until its client has read it. In pieces, the next one waits for
the client, and the request keeps its turn meanwhile: so only as many responses are in memory as there are turns.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Message, Send

# bytes
PIECE = 64 * 1024
# seconds in which a client must take a piece
SECONDS_PER_PIECE = 10.0


def in_pieces(send: Send, longest: float | None) -> Send:
    """Return `send` that waits for the client.

    If the client is too slow, it cancels the request; the server then closes the connection.

    Args:
        send: the function that sends.
        longest: seconds for the whole response after its start; None for as long as the client reads.
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
        # Datasette would answer an error with a second response
        raise asyncio.CancelledError from None
