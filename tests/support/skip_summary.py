"""A pytest plugin that ends a run with each reason for skipping and its number of tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Protocol

import pytest


class Skipped(Protocol):
    """The report of a skipped test; `longrepr` is file, line and reason."""

    longrepr: tuple[str, int, str]


def by_reason(reports: Iterable[Skipped]) -> list[str]:
    """Return one line per reason, the most frequent first."""
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in reports)
    return [
        f"{count} skipped: {reason}" for reason, count in sorted(reasons.items(), key=lambda one: (-one[1], one[0]))
    ]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in by_reason(terminalreporter.stats.get("skipped", [])):
        terminalreporter.write_line(line, yellow=True)
