"""The record of a folder's server: a lock on a file beside the folder, whose text is the server's address.

The file is not in the folder, because everything in there is published. The kernel frees the lock when the server ends,
also if it is killed. If the file cannot be written, the folder is served without a record.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from foreign_eyes.archive.file_lock import FileHeld, hold, text_of_holder

# seconds: a server writes its address right after it has taken the lock
_PATIENCE = 1.0
_UNKNOWN = "an unknown address"


class AlreadyServed(Exception):
    """Another process serves the folder at `address`."""

    def __init__(self, output: Path, address: str):
        super().__init__(f"{output}: already served at {address}; open that address, or stop that server first")
        self.address = address


def record_path(output: Path) -> Path:
    """Return the path of the record of `output`: beside the real folder, so that every link to it means the same one."""
    folder = output.resolve()
    return folder.with_name(f".{folder.name}.serving")


def address_of_server(output: Path) -> str | None:
    """Return the address at which `output` is served now, None if it is not; no file is made."""
    until = time.monotonic() + _PATIENCE
    while (text := text_of_holder(record_path(output))) == "" and time.monotonic() < until:
        time.sleep(0.01)
    return _UNKNOWN if text == "" else text


@contextmanager
def only_server(output: Path, address: str) -> Iterator[None]:
    """Be the one server of `output`, at `address`, while inside.

    Raises:
        AlreadyServed: another process serves it.
    """
    with ExitStack() as held:
        try:
            held.enter_context(hold(record_path(output), f"{address}\n"))
        except FileHeld as error:
            raise AlreadyServed(output, error.text or address_of_server(output) or _UNKNOWN) from None
        except OSError:
            pass
        yield
