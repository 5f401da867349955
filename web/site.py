"""The one app on the one port: Datasette under `/browse/`, published feeds and pages everywhere else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Mount, Route

from foreign_eyes.web.browse.app import BASE_URL, datasette_app
from foreign_eyes.web.files import PublishedFiles
from foreign_eyes.web.headers import SECURITY_HEADERS

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


def make_app(output: Path, archive: Path, *, base_url: str | None = None, hub: str | None = None) -> ASGIApp:
    """Return the app that serves the folder `output` and the file `archive`; either may appear later.

    `base_url` and `hub` are told in `Link` fields: the address at which readers find the folder, with a slash at its end
    (None: relative references, right wherever it is), and the WebSub hub of its feeds, if any.
    """
    browse = datasette_app(archive)
    files = PublishedFiles(output, base_url, hub)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await asyncio.to_thread(browse.close)

    async def to_browse(_request: Request) -> RedirectResponse:
        return RedirectResponse(BASE_URL, 301, SECURITY_HEADERS)

    mount = BASE_URL.rstrip("/")
    rest = Starlette(routes=[Route(mount, to_browse), Mount(mount, browse)], lifespan=lifespan)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        # Starlette's routing and its two layers for errors take longer than the answer itself
        is_file = scope["type"] == "http" and not f"{scope['path']}/".startswith(BASE_URL)
        await (files if is_file else rest)(scope, receive, send)

    return app
