"""Run a task that talks to the network with a deadline, whatever it waits for.

The timeouts of HTTP clients are per step, and cover no look-up of a host's name.
"""

from __future__ import annotations

import threading
from collections.abc import Callable


class TooSlow(Exception):
    """The task did not end in time; its thread goes on, and does not keep the process from ending."""


class Task:
    """A task in a thread of its own."""

    def __init__(self, run: Callable[[], None]) -> None:
        self._run = run
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> None:
        """Wait for the task.

        Raises:
            TooSlow: it has not ended after `seconds`.
            Exception: what the task raised.
        """
        self._thread.join(seconds)
        if self._thread.is_alive():
            raise TooSlow(f"no answer within {seconds:g} s")
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        try:
            self._run()
        except BaseException as error:  # raised again in the thread that waits
            self._error = error


def run_within(seconds: float, run: Callable[[], None]) -> None:
    """Run a task in a thread and wait for it.

    Raises:
        TooSlow: it has not ended after `seconds`.
        Exception: what the task raised.
    """
    Task(run).wait(seconds)
