"""A Datasette plugin for `/-/health.json`, the health of the archive for monitors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from datasette import hookimpl  # type: ignore[import-untyped]
from datasette.utils.asgi import Response  # type: ignore[import-untyped]

from foreign_eyes.web.browse.health import health_object, read_health


@hookimpl  # type: ignore[untyped-decorator]
def register_routes() -> list[tuple[str, Callable[..., Awaitable[Response]]]]:
    """Return the route of the health."""
    return [(r"^/-/health\.json$", send_health)]


async def send_health(datasette: Any) -> Response:
    """Send the health, with status 200 even if there are problems."""
    return Response.json(health_object(await read_health(datasette)), headers={"Cache-Control": "no-store"})
