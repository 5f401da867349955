"""Signal handling from the start of a run to its end.

Ctrl-C, SIGTERM and SIGHUP never end in a traceback:

    starting  | the process exits at once
    running   | the first signal raises `Interrupted`, so that transactions are rolled back and temporary files removed
    `calling` | the first signal calls a function: a server or crawl stops cleanly, a child process gets the signal
    ending    | nothing more is raised or called

A signal within `REPEAT_SECONDS` seconds of the first is ignored: people press Ctrl-C twice, and a second exception
would interrupt the cleanup after the first. A later one ends the process at once, which is as safe for the archive as
`kill -9`.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
REPEAT_SECONDS = 1.0
INTERRUPTED = 130

_SHOW_CURSOR = b"\x1b[?25h"

Action = Callable[[int], object]


class Interrupted(KeyboardInterrupt):
    """A KeyboardInterrupt that does not make `python -m` end by SIGINT.

    Python does so if a plain KeyboardInterrupt passes through `exec`, even if it was caught; dataclasses use `exec`.
    """


def exit_at_once(_number: int = 0) -> NoReturn:
    """Exit without flushing or cleaning up; show the cursor again, which a progress bar hides."""
    if os.isatty(2):
        os.write(2, _SHOW_CURSOR)
    os._exit(INTERRUPTED)


def _raise(_number: int) -> NoReturn:
    raise Interrupted


def _ignore(_number: int) -> None:
    pass


@dataclass(slots=True)
class _State:
    """The actions of the first signal and of later ones.

    `number` and `arrived_at` are the number and the monotonic time of the first signal.
    """

    first: Action = exit_at_once
    later: Action = exit_at_once
    number: int = 0
    arrived_at: float = 0.0


_state = _State()


def install() -> None:
    """Install the handlers.

    A signal that is ignored (after `nohup`, or `&` in a script) stays ignored. `cli.subprocesses` starts this program
    with the signals blocked, so they are unblocked here.
    """
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _handle)
    sys.unraisablehook = _leave_on_lost_interrupt
    atexit.register(_ignore_from_now_on)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


def raise_on_signal() -> None:
    """Raise `Interrupted` on the first signal from now on."""
    _state.first = _raise


def end() -> None:
    """Ignore the first signal from now on, because the exit code is decided."""
    _state.first = _ignore


def has_arrived() -> bool:
    """Return whether a signal has arrived."""
    return _state.number != 0


@contextmanager
def calling(function: Action) -> Iterator[None]:
    """Call `function` with a signal's number, instead of the usual action, inside the context."""
    before = _state.first, _state.later
    _state.first = _state.later = function
    try:
        if has_arrived():  # a library has swallowed the exception
            function(_state.number)
        yield
    finally:
        _state.first, _state.later = before


def _handle(number: int, _frame: FrameType | None) -> None:
    if not has_arrived():
        _state.number, _state.arrived_at = number, time.monotonic()
        _state.first(number)
    elif time.monotonic() - _state.arrived_at > REPEAT_SECONDS:
        _state.later(number)


def _leave_on_lost_interrupt(unraisable: UnraisableHookArgs) -> None:
    """Exit if a KeyboardInterrupt was raised in a callback or finalizer.

    Python would print and drop it there.
    """
    if issubclass(unraisable.exc_type, KeyboardInterrupt):
        exit_at_once()
    sys.__unraisablehook__(unraisable)


def _ignore_from_now_on() -> None:
    """Ignore the signals while Python shuts down.

    Python restores the default handlers, which would change the exit code.
    """
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
