"""A lock that lets only one process serve a folder.

The text of the lock file is the server's address. The lock file is beside the folder, because everything in the folder
is published. The kernel releases the lock when the server ends, even if it is killed. If the lock file cannot be
written, the folder is served without a lock.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from foreign_eyes.archive.file_lock import FileHeld, hold, text_of_holder

# seconds; a server writes its address right after it takes the lock
_ADDRESS_TIMEOUT = 1.0
_UNKNOWN_ADDRESS = "an unknown address"


class AlreadyServed(Exception):
    """Another process serves the folder, at `address`."""

    def __init__(self, output: Path, address: str):
        super().__init__(f"{output}: already served at {address}; open that address, or stop that server first")
        self.address = address


def lock_path(output: Path) -> Path:
    """Return the path of the lock file of `output`.

    It is beside the real folder, so that all links to the folder share one lock.
    """
    folder = output.resolve()
    return folder.with_name(f".{folder.name}.serving")


def address_of_server(output: Path) -> str | None:
    """Return the address at which a process serves `output` now, or None.

    The function makes no file.
    """
    deadline = time.monotonic() + _ADDRESS_TIMEOUT
    while (text := text_of_holder(lock_path(output))) == "" and time.monotonic() < deadline:
        time.sleep(0.01)
    return _UNKNOWN_ADDRESS if text == "" else text


@contextmanager
def only_server(output: Path, address: str) -> Iterator[None]:
    """Hold the lock of `output` for a server at `address`.

    Raises:
        AlreadyServed: another process serves it.
    """
    with ExitStack() as resources:
        try:
            resources.enter_context(hold(lock_path(output), f"{address}\n"))
        except FileHeld as error:
            raise AlreadyServed(output, error.text or address_of_server(output) or _UNKNOWN_ADDRESS) from None
        except OSError:
            pass
        yield
