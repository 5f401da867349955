"""Serve the sample listing until Ctrl-C, and print its address.

Usage: `python -m foreign_eyes.sample`.
"""

from __future__ import annotations

import argparse
import sys
import threading
from contextlib import suppress
from typing import TextIO

from foreign_eyes.sample import DAYS, LISTING_URL, serve
from foreign_eyes.sample.source import LISTING_PATH


def main() -> None:
    """Serve until interrupted; write a line to stderr for each request."""
    parser = argparse.ArgumentParser(
        prog="python -m foreign_eyes.sample", description="Serve the sample listing on 127.0.0.1."
    )
    parser.add_argument("--port", type=int, default=0, help="the port to listen on (default: any free port)")
    parser.add_argument("--day", type=int, default=1, help=f"the day of the story, 1 to {DAYS} (default: 1)")
    options = parser.parse_args()
    day, port = max(options.day, 1), options.port
    try:
        with (
            serve(port, day=day, log=lambda line: _write_line(sys.stderr, line)) as address,
            suppress(KeyboardInterrupt),
        ):
            _write_line(sys.stdout, f"{address}{LISTING_PATH}\n  or {LISTING_URL} with {address} as its HTTP proxy")
            threading.Event().wait()
    except (OSError, OverflowError) as error:
        parser.exit(
            1, f"{parser.prog}: cannot serve on port {port}: {error}; use another --port, or none for a free one\n"
        )


def _write_line(stream: TextIO, line: str) -> None:
    stream.write(f"{line}\n")  # one write, so that lines of different threads do not mix
    stream.flush()


if __name__ == "__main__":
    main()
