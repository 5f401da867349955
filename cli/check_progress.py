"""The progress of `check`: a bar on a terminal that names the present step, nothing elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from foreign_eyes.cli.terminal import console, has_cursor

ShowProgress = Callable[[int, int], None]
# begins a step, which ends the one before it, and gives the function that shows how much of it is done
BeginStep = Callable[[str], ShowProgress]


def _silent(_what: str) -> ShowProgress:
    return lambda done, total: None


@contextmanager
def check_progress(*, quiet: bool) -> Iterator[BeginStep]:
    """Give a function that begins a step of the check."""
    if quiet or not has_cursor(sys.stderr):
        yield _silent
        return
    from rich.progress import Progress, TaskID

    with Progress(console=console(sys.stderr), transient=True) as bar:
        step: list[TaskID] = []

        def begin(what: str) -> ShowProgress:
            for before in step:
                bar.remove_task(before)
            step[:] = [task := bar.add_task(what, total=None)]
            return lambda done, total: bar.update(task, completed=done, total=total)

        yield begin
