"""Run the program again in a child process: Twisted's reactor starts only once per process."""

from __future__ import annotations

import os
import signal as signals_module
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from foreign_eyes.cli import signals
from foreign_eyes.cli.terminal import PROGRAM_VARIABLE, program

# waits are made of slices, so that signals are answered and a clock that is set is noticed
SLICE_SECONDS = 0.2


@dataclass
class Stop:
    """The signal that asked us to stop, and the child that it is passed to."""

    signal: int | None = None
    _child: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def run(self, arguments: Sequence[str]) -> int:
        """Run the program with `arguments` and return its exit code.

        For a child that is killed it is 128 plus the signal. If a signal arrived before, nothing is run, and that code
        is returned.
        """
        child = self._start(arguments)
        if child is None:
            return 128 + (self.signal or 0)
        with child:
            code = child.wait()
        self._child = None
        return code if code >= 0 else 128 - code

    def wait_until(self, is_reached: Callable[[], bool]) -> None:
        """Wait until `is_reached` returns True, at most until a signal arrives."""
        while self.signal is None and not is_reached():
            time.sleep(SLICE_SECONDS)  # a signal does not end a sleep: Python sleeps for the rest

    def _start(self, arguments: Sequence[str]) -> subprocess.Popen[bytes] | None:
        """Start the child in its own process group.

        A terminal's Ctrl-C then reaches it only once, through this process. The signals are blocked during the start,
        so that none arrives before the child is known here. The child inherits the block until `signals.install` lifts
        it, so that none arrives before the child can handle it.
        """
        before = signals_module.pthread_sigmask(signals_module.SIG_BLOCK, signals.SIGNALS)
        try:
            if self.signal is None:
                command = [sys.executable, "-P", "-m", "foreign_eyes", *arguments]
                environment = {**os.environ, PROGRAM_VARIABLE: program()}
                self._child = subprocess.Popen(command, process_group=0, env=environment)  # noqa: S603
            return self._child
        finally:
            signals_module.pthread_sigmask(signals_module.SIG_SETMASK, before)

    def _tell(self, number: int) -> None:
        self.signal = signals_module.SIGTERM if number == signals_module.SIGHUP else number
        if self._child is not None:
            self._child.send_signal(self.signal)


@contextmanager
def passing_on_signals() -> Iterator[Stop]:
    """Record a signal that asks us to stop, and pass it to the child, inside the context."""
    stop = Stop()
    with signals.calling(stop._tell):
        yield stop
