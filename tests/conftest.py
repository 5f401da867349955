"""What the tests share: the command line in a folder of its own, and a listing on a real server."""

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

from foreign_eyes.archive import database
from foreign_eyes.archive.matching import keys

ROOT = Path(__file__).resolve().parent.parent

# Whoever runs the tests may have settings and an archive of their own; no process that a test starts finds them
NO_HOME = tempfile.TemporaryDirectory(prefix="foreign-eyes-tests-")
for folder in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
    os.environ[folder] = NO_HOME.name
atexit.register(NO_HOME.cleanup)
os.environ.pop("FOREIGN_EYES_ARCHIVE", None)

pytest_plugins = ["support.skip_summary", "support.processor_times"]

# Where all programs are meant to be there, and time is: a user's `make test` is to take five minutes on two cores.
IN_CI = os.environ.get("CI") == "true"
IS_WHOLE = IN_CI or bool(os.environ.get("WHOLE"))
IS_FRESH = bool(os.environ.get("FRESH"))


def examples(locally: int, *, in_ci: int) -> int:
    """Return how many examples an expensive property test draws. With FRESH, CI adds as many as a local run draws."""
    return in_ci if IS_WHOLE and not IS_FRESH else locally


# Property tests draw the same examples in every run, so that a test fails by what was changed and not by luck. FRESH
# draws others each time; what fails then is printed as a test to be copied. How fast the machine is decides nothing.
settings.register_profile(
    "fixed",
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    max_examples=examples(40, in_ci=100),
)
settings.register_profile("fresh", settings.get_profile("fixed"), derandomize=False, print_blob=True)
settings.load_profile("fresh" if IS_FRESH else "fixed")

# Ids are minted of `random`, which is seeded for each test, instead of the system's randomness; commands are processes of
# their own, and their ids are as random as a user's.
keys.mint_entry_id.__defaults__ = (random.randrange,)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two workers a core: the tests wait for servers, processes and back-off more than half of the time."""
    return 2 * (os.cpu_count() or 1)


def pytest_configure(config: pytest.Config) -> None:
    if cache := getattr(config, "cache", None):
        # what Hypothesis notes beside examples goes with pytest's own notes
        set_hypothesis_home_dir(cache.mkdir("hypothesis"))


def pytest_runtest_setup(item: pytest.Item) -> None:
    random.seed(item.nodeid)
    if not IS_WHOLE and item.get_closest_marker("long"):
        pytest.skip("takes long: runs in CI, or with WHOLE=1")


# Commands are forked from a process that has imported the program, which halves the time of a crawl. Commands that are given
# variables that are read at the start, commands that tests watch while they run, and children of commands start an interpreter
# of their own
STARTS_ANEW = bool(os.environ.get("REAL_STARTS")) or any(name.startswith("COVERAGE_") for name in os.environ)
TEMPLATE = Path(NO_HOME.name) / "template.db"
FORKS = CommandForks(TEMPLATE)
# libfaketime is loaded when a process starts, so commands with a wrong clock are forked from a process that has loaded it
FAKE_CLOCK = {"LD_PRELOAD": str(fake_clock.library()), **fake_clock.PRELOADED}
FAKE_CLOCK_FORKS = CommandForks(TEMPLATE, FAKE_CLOCK)
if not STARTS_ANEW:
    make_template(TEMPLATE)
    copy_births(TEMPLATE)


def _forks_for(own: dict[str, str]) -> CommandForks | None:
    """Return what a command with these variables of its own can be forked from, or None."""
    if STARTS_ANEW:
        return None
    if own.get("LD_PRELOAD") == FAKE_CLOCK["LD_PRELOAD"]:
        return FAKE_CLOCK_FORKS if is_forkable({name: own[name] for name in own if name != "LD_PRELOAD"}) else None
    return FORKS if is_forkable(own) else None


@pytest.fixture(scope="module")
def real_births() -> Iterator[None]:
    """New archives are made by the migrations, not copied."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_bring_up_to_date", REAL_BIRTHS)
        yield


@dataclass
class CommandLine:
    """`foreign-eyes` run as its users run it: a process, in a folder."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __call__(
        self, *arguments: str, env: dict[str, str] | None = None, stdin: str = "", timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        own = {**self.environment, **(env or {})}
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **own}
        if forks := _forks_for(own):
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
        """Crawl the server's listing under the name `town`; return the crawl's row with the exit code beside it."""
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
        """What settling decides, to be compared before and after."""
        tables = ("revisions", "publications", "changes", "entry_history")
        # without the capture of the last answer, since each crawl that settles follows them again
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
    """A listing of 15 entries on 3 pages."""
    with ListingServer(make_site(make_entries(15))) as running:
        yield running
