"""Running the program again in a process of its own: Twisted's reactor starts only once in each."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass
class Stop:
    """Whether we were told to stop, and the child that is told in turn."""

    told: int | None = None
    _passed_on: bool = False
    _child: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def run(self, arguments: Sequence[str]) -> int:
        """Run the program with `arguments` and return its exit code; a child that is killed counts as 128 and the signal.

        The child has a process group of its own: a terminal's Ctrl-C reaches it once, through us, and not twice.
        """
        self._passed_on = False
        with subprocess.Popen([sys.executable, "-P", "-m", "cli", *arguments], process_group=0) as child:  # noqa: S603
            self._child = child
            if self.told is not None and not self._passed_on:  # told while the child was being started
                child.send_signal(self.told)
            code = child.wait()
        self._child = None
        return code if code >= 0 else 128 - code

    def wait(self, seconds: float) -> None:
        """Wait so long, or until told to stop."""
        until = time.monotonic() + seconds
        while self.told is None and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, 0.2))  # a signal does not end a sleep: Python goes on with what is left of it

    def _tell(self, number: int, _frame: FrameType | None) -> None:
        self.told = signal.SIGTERM if number == signal.SIGHUP else number
        if self._child is not None:
            self._passed_on = True
            self._child.send_signal(self.told)


@contextmanager
def passing_on_signals() -> Iterator[Stop]:
    """Turn the signals that ask us to stop into a value; a signal that whoever started us ignores stays ignored."""
    stop = Stop()
    before = {number: signal.getsignal(number) for number in _STOPS}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, stop._tell)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
