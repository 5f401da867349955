"""What the server keeps of responses that clients have not taken yet."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from foreign_eyes.web import unsent
from foreign_eyes.web.unsent import Unsent

MEGABYTE = b"x" * 1024 * 1024


def body(content: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": content, "more_body": more}


def test_a_body_is_sent_in_pieces_and_whole() -> None:
    sent: list[dict[str, Any]] = []

    async def take(message: Any) -> None:
        sent.append(message)

    async def run() -> None:
        everything = Unsent()
        response = everything.response()
        await response.put([{"type": "http.response.start", "status": 200}, body(MEGABYTE)])
        response.end()
        assert await response.send_to(take)
        assert everything.size == 0

    asyncio.run(run())
    assert sent[0] == {"type": "http.response.start", "status": 200}
    assert b"".join(message["body"] for message in sent[1:]) == MEGABYTE
    assert [message["more_body"] for message in sent[1:]] == [True] * 15 + [False]


def test_an_app_waits_when_clients_have_taken_too_little_but_small_responses_go_on() -> None:
    async def run() -> None:
        everything = Unsent()
        stalled = [everything.response() for _ in range(unsent.MOST_UNSENT // (8 * len(MEGABYTE)))]
        for response in stalled:
            await response.put([body(MEGABYTE * 8)])
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(everything.response().put([body(MEGABYTE)]), 0.05)
        await asyncio.wait_for(everything.response().put([body(b"small")]), 1)
        stalled[0].drop()
        await everything.note_taken()
        await asyncio.wait_for(everything.response().put([body(MEGABYTE)]), 1)

    asyncio.run(run())


def test_one_long_response_waits_for_its_own_client() -> None:
    async def run() -> None:
        response = Unsent().response()
        await response.put([body(MEGABYTE * 8, more=True)])
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(response.put([body(MEGABYTE)]), 0.05)

    asyncio.run(run())


def test_a_client_that_takes_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unsent, "PATIENCE", 0.05)

    async def never(_message: Any) -> None:
        await asyncio.sleep(60)

    async def run() -> bool:
        response = Unsent().response()
        await response.put([body(b"text")])
        return await response.send_to(never)

    assert not asyncio.run(run())
