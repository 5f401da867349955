"""The server of a published folder: this process, or another one that already serves it."""

from __future__ import annotations

import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from foreign_eyes.cli.parameter_types import DEFAULT_PORT
from foreign_eyes.cli.terminal import print_line

if TYPE_CHECKING:
    import socket


class FolderServer:
    """The only server of a folder: this process or another one.

    Once `take` has run, this object has either our listening socket or the address of the other server.

    Args:
        output: the published folder.
        host: the address to listen on.
        port: the port to listen on, 0 for a free one; None for the default port, or a free one if that is in use.
    """

    def __init__(self, output: Path, host: str, port: int | None) -> None:
        self.output = output
        self.listener: socket.socket | None = None
        self.address = ""
        self._host = host
        self._port = port
        self._resources = ExitStack()

    def __enter__(self) -> FolderServer:
        return self

    def __exit__(self, *_: object) -> None:
        self._resources.close()

    @property
    def is_ours(self) -> bool:
        """Return whether this run is the server."""
        return self.listener is not None

    @property
    def chosen_address(self) -> str | None:
        """Our address, if the operator chose the port."""
        return self.address if self.is_ours and self._port is not None else None

    @property
    def has_free_port(self) -> bool:
        """Return whether we took a free port because the default one was in use."""
        return self.is_ours and self._port is None and not self.address.endswith(f":{DEFAULT_PORT}/")

    def make_parent(self) -> None:
        """Make the parent of the output, where its server is recorded.

        Publishing reports it if that is impossible.
        """
        with suppress(OSError):
            self.output.resolve().parent.mkdir(parents=True, exist_ok=True)

    def take(self, *, quiet: bool) -> bool:
        """Become the server unless another process is.

        Return whether we are. Requests wait until `serve_on` runs.

        Raises:
            CannotListen: the chosen port is in use, or the host is not on this machine.
        """
        from foreign_eyes.web.output_lock import AlreadyServed, address_of_server, only_server

        if self.is_ours:
            return True
        if (other := address_of_server(self.output)) is not None:
            self.address = other
            return False
        from foreign_eyes.web.server import address_of

        with ExitStack() as resources:
            listener = resources.enter_context(self._listen(quiet=quiet))
            try:
                resources.enter_context(only_server(self.output, address_of(listener)))
            except AlreadyServed as error:  # it started at the same time
                self.address = error.address
                return False
            self.listener, self.address = listener, address_of(listener)
            self._resources = resources.pop_all()
        return True

    def _listen(self, *, quiet: bool) -> socket.socket:
        from foreign_eyes.web.server import PortInUse, open_socket

        try:
            return open_socket(self._host, DEFAULT_PORT if self._port is None else self._port)
        except PortInUse:
            if self._port is not None:
                raise
            if not quiet:
                print_line(f"port {DEFAULT_PORT} is in use; using a free one", err=True)
            return open_socket(self._host, 0)


def wait_for_archive(archive: Path, *, quiet: bool) -> bool:
    """Wait until no run holds the archive; return False at once if none does."""
    from foreign_eyes.archive.archive_lock import holder

    if (who := holder(archive)) is None:
        return False
    if not quiet:
        print_line(f"{archive}: in use by {who}; waiting until it is free (Ctrl-C stops waiting)", err=True)
    while holder(archive) is not None:
        time.sleep(0.2)
    return True
