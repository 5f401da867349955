"""The server: one app that serves both files and Datasette on one port.

Datasette answers under `/browse/`, in an event loop of its own, the static server everywhere else.

ServerError
└── CannotListen      this machine does not have the address, or we may not use it
    └── PortInUse     another program listens there

Importing this module does not load Datasette, which takes half a second; `make_app` does.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import RedirectResponse
    from starlette.types import ASGIApp, Receive, Scope, Send

# bytes of a request line with its header fields; browsers send about 1 KB, and other servers accept 8 to 64 KB
LONGEST_REQUEST_HEAD = 64 * 1024
# seconds that responses in progress have when the server stops
_GRACE_PERIOD = 1

# a context manager; inside it, a signal to stop calls the function with its number
HandleSignals = Callable[[Callable[[int], None]], AbstractContextManager[None]]


class ServerError(Exception):
    """The base class of the errors of this module.

    The text is one line that says what happened and what to do.
    """


class CannotListen(ServerError):
    """The server cannot listen at `host` and `port`."""

    def __init__(self, host: str, port: int, reason: str):
        super().__init__(f"cannot listen on {host} port {port}: {reason}")
        self.host = host
        self.port = port


class PortInUse(CannotListen):
    """Another program listens at `host` and `port`."""

    def __init__(self, host: str, port: int):
        super().__init__(host, port, "the port is in use; choose another with --port, or --port 0 for a free one")


def make_app(
    output: Path,
    archive: Path,
    *,
    base_url: str | None = None,
    own_base_urls: Mapping[str, str] = MappingProxyType({}),
    hub: str | None = None,
    readers_sql: bool = True,
) -> ASGIApp:
    """Return the app that serves the folder `output` and the file `archive`.

    Neither of them needs to exist yet.

    Args:
        output: the published folder.
        archive: the archive's file.
        base_url: the URL of the folder with a slash at its end, for `Link` fields; None makes them relative.
        own_base_urls: the base URLs of folders below that have one of their own, by paths that end with a slash.
        hub: the URL of the WebSub hub of the feeds, if there is one.
        readers_sql: whether readers may run SQL of their own under /browse/.
    """
    from starlette.applications import Starlette  # noqa: PLC0415
    from starlette.responses import RedirectResponse  # noqa: PLC0415
    from starlette.routing import Mount, Route  # noqa: PLC0415

    from foreign_eyes.web.browse.app import BASE_URL, datasette_app  # noqa: PLC0415
    from foreign_eyes.web.browse.published_site import PublishedSite  # noqa: PLC0415
    from foreign_eyes.web.http_headers import SECURITY_HEADERS  # noqa: PLC0415
    from foreign_eyes.web.own_loop import OwnLoop  # noqa: PLC0415
    from foreign_eyes.web.static_files import PublishedFiles  # noqa: PLC0415

    datasette = datasette_app(archive, PublishedSite(output, base_url), readers_sql=readers_sql)
    browse = OwnLoop(datasette)
    files = PublishedFiles(output, base_url, hub, own_base_urls)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await asyncio.to_thread(datasette.close)
        await asyncio.to_thread(browse.close)

    async def redirect_to_browse(_request: Request) -> RedirectResponse:
        return RedirectResponse(BASE_URL, 301, SECURITY_HEADERS)

    mount = BASE_URL.rstrip("/")
    routed = Starlette(routes=[Route(mount, redirect_to_browse), Mount(mount, browse)], lifespan=lifespan)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        # files skip Starlette: its routing and its two error middlewares take longer than sending a cached file
        is_file = scope["type"] == "http" and not f"{scope['path']}/".startswith(BASE_URL)
        await (files if is_file else routed)(scope, receive, send)

    return app


def open_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens at `host` and `port`.

    `host` is a name or an address; an IPv6 address may be in brackets, as in a URL. Port 0 takes a free port. Connections
    wait until `serve_on` accepts them, so the address can be printed before the server has anything to serve.

    Raises:
        PortInUse: another program listens there.
        CannotListen: this machine does not have the address, or the port needs privileges.
    """
    if not 0 <= port <= 65535:  # getaddrinfo takes the port modulo 65536
        raise CannotListen(host, port, "use port 0 (any free port) to 65535")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host.removeprefix("[").removesuffix("]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise CannotListen(host, port, getattr(error, "strerror", None) or str(error)) from error
    listener = socket.socket(family, kind, protocol)
    try:
        # without this a new server could not listen while connections of the last one are in TIME_WAIT
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(1024)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(host, port) from error
        raise CannotListen(host, port, error.strerror or str(error)) from error
    return listener


def address_of(listener: socket.socket) -> str:
    """Return the URL of the socket for a browser on this machine, with a slash at its end."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def serve_on(
    listener: socket.socket,
    app: ASGIApp,
    handle_signals: HandleSignals,
    on_ready: Callable[[str], None] = lambda _address: None,
) -> None:
    """Serve `app` until a signal, then close the socket and return.

    Args:
        listener: a socket from `open_socket`.
        app: the app to serve.
        handle_signals: installs the handler that stops the server.
        on_ready: called with the address when the server accepts connections.
    """
    address = address_of(listener)
    logging.getLogger("uvicorn.error").addFilter(_is_no_broken_off_response)
    config = uvicorn.Config(
        app,
        # uvicorn's defaults, asyncio's loop and a parser in Python, answer a third of the requests
        loop="uvloop",
        http=BoundedHttpProtocol,
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        ws="none",
        timeout_graceful_shutdown=_GRACE_PERIOD,
    )
    server = _Server(config, lambda: on_ready(address))
    try:
        # around `run`, which closes the event loop at its end: a signal must not interrupt that
        with handle_signals(server.stop):
            server.run(sockets=[listener])
    finally:
        listener.close()


def _is_no_broken_off_response(record: logging.LogRecord) -> bool:
    # apps end a response early if its client does not read, or if it cannot be completed
    return record.msg != "ASGI callable returned without completing response."


class _Server(uvicorn.Server):
    """A uvicorn server that calls `on_ready`, and leaves signals to its caller."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to accept connections, then call `on_ready`."""
        await super().startup(sockets)
        self._on_ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Do nothing: uvicorn raises captured signals again at its end, which would end the process."""
        yield

    def stop(self, _number: int) -> None:
        """Stop after the responses in progress.

        A second call stops the server without waiting for them.
        """
        self.force_exit = self.should_exit
        self.should_exit = True


class BoundedHttpProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 protocol with a limit on the length of request heads.

    It answers 400 to a head longer than `LONGEST_REQUEST_HEAD`. httptools has no such limit, so a head that never ends
    would fill the memory.
    """

    # bytes received of the current request head; None between the end of one head and the start of the next
    _head: int | None = 0

    def on_message_begin(self) -> None:
        """Start to count the bytes of a request head."""
        self._head = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Stop counting: uvicorn bounds bodies."""
        self._head = None
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Parse data, and close the connection if the head is too long."""
        super().data_received(data)
        if self._head is not None and not self.transport.is_closing():
            self._head += len(data)
            if self._head > LONGEST_REQUEST_HEAD:
                self.send_400_response("The head of the request is too long.")
