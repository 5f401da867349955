"""A Datasette plugin that tells monitors how the archive is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from datasette import hookimpl  # type: ignore[import-untyped]
from datasette.utils.asgi import Response  # type: ignore[import-untyped]

from foreign_eyes.web.browse.health import health_object, read_health


@hookimpl  # type: ignore[untyped-decorator]
def register_routes() -> list[tuple[str, Callable[..., Awaitable[Response]]]]:
    """Return the path of the health."""
    return [(r"^/-/health\.json$", send_health)]


async def send_health(datasette: Any) -> Response:
    """Send the health; the status is 200 also if there are problems, because the server answers."""
    return Response.json(health_object(await read_health(datasette)), headers={"Cache-Control": "no-store"})
