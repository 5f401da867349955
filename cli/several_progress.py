"""The progress display of crawls that run side by side."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from foreign_eyes.cli.terminal import console, has_cursor


@dataclass(slots=True)
class CrawlCounts:
    """How many crawls run, have ended, and have ended badly; `is_shown` is whether a bar shows it now."""

    running: int = 0
    ended: int = 0
    failed: int = 0
    is_shown: bool = False
    show: Callable[[], None] = field(default=lambda: None, repr=False)

    def begin(self) -> None:
        """Count a crawl that begins."""
        self.running += 1
        self.show()

    def end(self, *, good: bool) -> None:
        """Count a crawl that has ended."""
        self.running -= 1
        self.ended += 1
        self.failed += not good
        self.show()

    @property
    def text(self) -> str:
        """The counts, for a progress bar."""
        return f"{self.running} running" + (f", {self.failed} failed" if self.failed else "")


@contextmanager
def crawl_counts(total: int, *, quiet: bool) -> Iterator[CrawlCounts]:
    """Give counts of crawls, which are shown as a bar on a terminal unless `quiet`."""
    counts = CrawlCounts()
    if quiet or not has_cursor(sys.stderr):
        yield counts
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("sources, {task.description}", markup=False),
        TimeElapsedColumn(),
    )
    # sys.stdout stays as it is: it may be a file
    with Progress(*columns, console=console(sys.stderr), transient=True, redirect_stdout=False) as bar:
        task = bar.add_task(counts.text, total=total)
        counts.is_shown = True
        counts.show = lambda: bar.update(task, description=counts.text, completed=counts.ended)
        yield counts
