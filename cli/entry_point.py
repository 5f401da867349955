"""The entry point, which handles Ctrl-C before it imports anything else."""

from __future__ import annotations

# importing `signal` takes 5 ms, during which Ctrl-C would still print a traceback
import _signal  # type: ignore[import-not-found]
import os

if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
    _signal.signal(_signal.SIGINT, lambda *_: os._exit(130))


def run() -> None:
    """Run the command line and leave with its exit code."""
    from foreign_eyes.cli import signals, standard_streams

    standard_streams.install()
    signals.install()
    from foreign_eyes.cli.main import run as run_commands

    run_commands()
