"""The one app on the one port: Datasette under `/browse/`, published feeds and pages everywhere else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Mount, Route

from browse.datasette_app import BASE_URL, datasette_app
from browse.files import PublishedFiles


def make_app(output: Path, archive: Path) -> Starlette:
    """Return the app that serves the folder `output` and the file `archive`; either may appear later."""
    browse = datasette_app(archive)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await asyncio.to_thread(browse.close)

    async def to_browse(_request: Request) -> RedirectResponse:
        return RedirectResponse(BASE_URL, 301)

    mount = BASE_URL.rstrip("/")
    return Starlette(
        routes=[Route(mount, to_browse), Mount(mount, browse), Mount("/", PublishedFiles(output))], lifespan=lifespan
    )
