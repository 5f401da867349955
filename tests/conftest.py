"""Fixtures of all tests: the command line in a temporary folder, a listing on a real server."""

from __future__ import annotations

import atexit
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.configuration import set_hypothesis_home_dir
from support import fake_clock
from support.command_forks import CommandForks, is_forkable
from support.listing_server import ListingServer
from support.listings import LISTING, make_entries, make_site
from support.newborn_archives import REAL_BIRTHS, copy_births, make_template

from foreign_eyes.archive import database, entry_ids

ROOT = Path(__file__).resolve().parent.parent

# Keep the settings and the archive of the user who runs the tests out of every process that a test starts
NO_HOME = tempfile.TemporaryDirectory(prefix="foreign-eyes-tests-")
for folder in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
    os.environ[folder] = NO_HOME.name
atexit.register(NO_HOME.cleanup)
os.environ.pop("FOREIGN_EYES_ARCHIVE", None)
for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
    for written in (name, name.upper()):
        os.environ.pop(written, None)

pytest_plugins = ["support.skip_summary", "support.processor_times"]

# CI installs every optional program and runs everything; a local `make test` must take under five minutes on two cores
IN_CI = os.environ.get("CI") == "true"
IS_WHOLE = IN_CI or bool(os.environ.get("WHOLE"))
IS_FRESH = bool(os.environ.get("FRESH"))


def examples(locally: int, *, in_ci: int) -> int:
    """Return the number of examples of an expensive property test; with FRESH always `locally`."""
    return in_ci if IS_WHOLE and not IS_FRESH else locally


# Property tests draw the same examples in every run, so that a failure is caused by a change and not by chance. FRESH=1
# draws new examples and prints a failing one, to be copied into a test. Deadlines are off: they depend on the machine.
settings.register_profile(
    "fixed",
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    max_examples=examples(40, in_ci=60),
)
settings.register_profile("fresh", settings.get_profile("fixed"), derandomize=False, print_blob=True)
settings.load_profile("fresh" if IS_FRESH else "fixed")

# In the test process, ids come from `random`, which is seeded for each test; in commands they are really random
entry_ids.mint_entry_id.__defaults__ = (random.randrange,)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return two workers per core: tests spend over half of their time waiting."""
    return 2 * (os.cpu_count() or 1)


def pytest_configure(config: pytest.Config) -> None:
    if cache := getattr(config, "cache", None):
        # keep Hypothesis' other files in pytest's cache folder
        set_hypothesis_home_dir(cache.mkdir("hypothesis"))


def pytest_runtest_setup(item: pytest.Item) -> None:
    random.seed(item.nodeid)
    if not IS_WHOLE and item.get_closest_marker("long"):
        pytest.skip("takes long: runs in CI, or with WHOLE=1")


# Commands are forked from a process that has imported the program, which halves the time of a crawl. A new interpreter starts
# for commands whose environment variables are read at start-up, and for commands that a test watches while they run
STARTS_ANEW = bool(os.environ.get("REAL_STARTS")) or any(name.startswith("COVERAGE_") for name in os.environ)
TEMPLATE = Path(NO_HOME.name) / "template.db"
FORKS = CommandForks(TEMPLATE, serves=True)
# libfaketime is loaded when a process starts, so commands with a wrong clock are forked from a process that has loaded it
FAKE_CLOCK = {"LD_PRELOAD": str(fake_clock.library()), **fake_clock.PRELOADED}
FAKE_CLOCK_FORKS = CommandForks(TEMPLATE, FAKE_CLOCK)
if not STARTS_ANEW:
    make_template(TEMPLATE)
    copy_births(TEMPLATE)


def forks_for(own: dict[str, str]) -> CommandForks | None:
    """Return what a command with these variables can be forked from; None if it must start anew."""
    if STARTS_ANEW:
        return None
    if own.get("LD_PRELOAD") == FAKE_CLOCK["LD_PRELOAD"]:
        return FAKE_CLOCK_FORKS if is_forkable({name: own[name] for name in own if name != "LD_PRELOAD"}) else None
    return FORKS if is_forkable(own) else None


@pytest.fixture(scope="module")
def real_births() -> Iterator[None]:
    """Make new archives by the migrations instead of copying the template."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_bring_up_to_date", REAL_BIRTHS)
        yield


@dataclass
class CommandLine:
    """Runs `foreign-eyes` as users do: as a process, in a folder."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __call__(
        self, *arguments: str, env: dict[str, str] | None = None, stdin: str = "", timeout: float = 300
    ) -> subprocess.CompletedProcess[str]:
        own = {**self.environment, **(env or {})}
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **own}
        if forks := forks_for(own):
            return forks.run(arguments, self.folder, environment, stdin, timeout)
        return subprocess.run(
            [sys.executable, "-P", "-m", "foreign_eyes", *arguments],
            cwd=self.folder,
            env=environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def crawl(self, server: ListingServer, *options: str) -> dict[str, Any]:
        """Crawl the server's listing as `town`; return its row with `exit_code` and `stderr`."""
        done = self("crawl", server.origin + LISTING, "--name", "town", "--delay", "0", "--json", *options)
        assert done.stdout, done.stderr
        return {**json.loads(done.stdout), "exit_code": done.returncode, "stderr": done.stderr}

    def rows(self, query: str) -> list[dict[str, Any]]:
        connection = sqlite3.connect(self.folder / "archive.db")
        connection.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in connection.execute(query)]
        finally:
            connection.close()

    def derived(self) -> dict[str, list[dict[str, Any]]]:
        """Return all rows that settling derives, for comparison."""
        tables = ("revisions", "publications", "changes", "entry_history")
        # omit the last capture of a link: every settled crawl follows links again
        links = "link_id, source_id, label, url, key, last_url, first_seen, status, outcome, gone_at"
        entries = "entry_id, tag_uri, feed_date, not_before, first_seen, revision_id, wording, missed, withdrawn_at"
        return {
            "entries": self.rows(f"SELECT {entries} FROM entries"),
            "links": self.rows(f"SELECT {links} FROM links"),
            **{table: self.rows(f"SELECT * FROM {table}") for table in tables},
        }


@pytest.fixture
def command(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


@pytest.fixture
def server() -> Iterator[ListingServer]:
    """Serve a listing of 15 entries on 3 pages."""
    with ListingServer(make_site(make_entries(15))) as running:
        yield running
