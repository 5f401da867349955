"""Gives each request a budget, which `ArchiveDatabase` charges for each statement."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from foreign_eyes.web.browse.budget import SECONDS, STREAM_SECONDS, Budget

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_budget: ContextVar[Budget | None] = ContextVar("budget", default=None)


def current_budget() -> Budget:
    """Return the budget of the current request; outside of requests, a new one."""
    return _budget.get() or Budget()


class RequestBudgets:
    """An ASGI middleware that gives each request a budget."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            _budget.set(budget_for(scope["path"], scope["query_string"]))
        await self._app(scope, receive, send)


def budget_for(path: str, query: bytes) -> Budget:
    """Return the budget of a request; its arguments are decoded as Datasette decodes them."""
    arguments = parse_qs(query.decode("latin-1"), keep_blank_values=True)
    own_sql = "sql" in arguments or "_where" in arguments
    streams = path.endswith(".csv") and "_stream" in arguments
    return Budget(own_sql, streams, STREAM_SECONDS if streams else SECONDS)
