"""A pytest plugin that measures the processor time of each test, including its commands.

The end of a run shows the total. `--processor-times N` also lists the N most expensive files and tests. On a loaded machine
this is more reliable than `--durations`. Processes that outlive their test are not counted.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Generator

import pytest

from support.command_forks import CommandForks

_PROPERTY = "processor_seconds"
_START = pytest.StashKey[float]()


def _seconds() -> float:
    """Return the processor time of this process, its ended children and forked commands."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system + CommandForks.processor_seconds


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--processor-times", type=int, default=0, metavar="N", help="show the N files and tests that took most"
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, bool, bool]:
    item.stash[_START] = _seconds()
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    now = _seconds()
    report.user_properties.append((_PROPERTY, now - item.stash[_START]))
    item.stash[_START] = now
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    by_test: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                by_test[report.nodeid] += sum(seconds for name, seconds in report.user_properties if name == _PROPERTY)
    if not by_test.total():
        return
    by_file: Counter[str] = Counter()
    for nodeid, seconds in by_test.items():
        by_file[nodeid.partition("::")[0]] += seconds
    shown = config.getoption("processor_times")
    for counts in (by_file, by_test) if shown else ():
        for name, seconds in counts.most_common(shown):
            terminalreporter.write_line(f"{seconds:8.2f} s  {name}")
    terminalreporter.write_line(f"processor time of the tests: {by_test.total():.0f} s")
