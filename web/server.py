"""Putting an ASGI app on a port, and taking it off again.

ServerError
└── CannotListen      the address is none of this machine's, or not ours to use
    └── PortInUse     something else listens there
"""

from __future__ import annotations

import errno
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

import uvicorn

from foreign_eyes.web.protocol import BoundedHttp

if TYPE_CHECKING:
    from types import FrameType

    from starlette.types import ASGIApp

# an answer under way at a stop is given this long
_GRACE_SECONDS = 1

# a context manager: while inside, a signal that asks us to stop calls the function with its number
HandleSignals = Callable[[Callable[[int], None]], AbstractContextManager[None]]


class ServerError(Exception):
    """The base of the tree; its text is one line that says what is wrong and what to do."""


class CannotListen(ServerError):
    """No socket can be had at `host` and `port`."""

    def __init__(self, host: str, port: int, why: str):
        super().__init__(f"cannot listen on {host} port {port}: {why}")
        self.host = host
        self.port = port


class PortInUse(CannotListen):
    """Something else listens at `host` and `port`."""

    def __init__(self, host: str, port: int):
        super().__init__(host, port, "the port is in use; choose another with --port, or --port 0 for a free one")


def open_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens at `host` (a name or an address) and `port`; port 0 takes a free one.

    Connections wait in it until `serve_on` answers them, so an address can be told before there is anything to serve.

    Raises:
        PortInUse: something else listens there.
        CannotListen: the host is none of this machine's, or the port needs rights that we lack.
    """
    if not 0 <= port <= 65535:  # the resolver would take it modulo 65536
        raise CannotListen(host, port, "ports go from 0 to 65535")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise CannotListen(host, port, getattr(error, "strerror", None) or str(error)) from error
    listener = socket.socket(family, kind, protocol)
    try:
        # a stopped server's connections may linger a minute; its successor need not wait for them
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
    """Return the URL at which a browser on this machine reaches the socket, with a slash at its end."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


@contextmanager
def sigint_and_sigterm(stop: Callable[[int], None]) -> Iterator[None]:
    """While inside, SIGINT and SIGTERM call `stop`; in another thread than the main one they do not."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, _frame: FrameType | None) -> None:
        stop(number)

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def serve(app: ASGIApp, host: str, port: int, on_ready: Callable[[str], None] | None = None) -> None:
    """Serve `app` until SIGINT or SIGTERM, then return; `on_ready` is told the address once requests are answered.

    Raises:
        CannotListen: see `open_socket`.
    """
    serve_on(open_socket(host, port), app, on_ready)


def serve_on(
    listener: socket.socket,
    app: ASGIApp,
    on_ready: Callable[[str], None] | None = None,
    signals: HandleSignals = sigint_and_sigterm,
) -> None:
    """Serve `app` on a socket from `open_socket`, which is closed at the end, until one of `signals`; else like `serve`."""
    address = address_of(listener)
    config = uvicorn.Config(
        app,
        # uvicorn would do with asyncio's loop and a parser in Python, and answer a third of the requests
        loop="uvloop",
        http=BoundedHttp,
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        ws="none",
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    server = _Server(config, lambda: on_ready(address) if on_ready else None)
    try:
        # `run` also closes the event loop, which a signal must not interrupt
        with signals(server.stop):
            server.run(sockets=[listener])
    finally:
        listener.close()


class _Server(uvicorn.Server):
    """uvicorn that reports when it is ready, and does not handle signals itself."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        await super().startup(sockets)
        self._on_ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Do nothing: uvicorn would raise the signal again at the end, which ends the process."""
        yield

    def stop(self, _number: int) -> None:
        """Stop; if called again, without waiting for answers under way."""
        self.force_exit = self.should_exit
        self.should_exit = True
