"""One trial: kill a crawl at a point, check the archive, rerun the crawl, check again."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from support.command_forks import CommandForks
from support.listing_server import Asked, ListingServer, etag
from support.listings import LISTING

from faults.scenarios import SCENARIOS, SITES, Scenario
from faults.states import State, damage, differences, lost_identities, read_state, with_links_skipped
from faults.strace import Call, Done, run_killed, trace

ROOT = Path(__file__).resolve().parents[2]
ARCHIVE = "archive.db"
PROGRAM = (sys.executable, "-P", "-m", "foreign_eyes")
TIMEOUT = 300
# undisturbed commands are forked, which is faster; killed and traced ones start an interpreter
FORKS = CommandForks(template=None)
PROBLEMS = 1
NO_INPUT = 66


@dataclass(frozen=True, order=True)
class Point:
    """The point at which a crawl is killed: on entry to its `when`th `syscall`."""

    scenario: str
    syscall: str
    when: int

    def __str__(self) -> str:
        return f"{self.scenario}:{self.syscall}:{self.when}"

    @classmethod
    def read(cls, text: str) -> Point:
        """Parse a point as `__str__` formats it.

        Raises:
            ValueError: `text` is not a point.
        """
        scenario, syscall, when = text.split(":")
        if scenario not in SCENARIOS:
            raise ValueError(f"no scenario {scenario!r}")
        return cls(scenario, syscall, int(when))


@dataclass
class Result:
    """The problems that a trial found: `torn` after the kill, `wrong` after the rerun."""

    point: Point
    killed: bool = False
    settled: bool = False
    journal: bool = False
    torn: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    unasked: list[str] = field(default_factory=list)
    not_revalidated: list[str] = field(default_factory=list)

    def is_bad(self, *, revalidates: bool) -> bool:
        """Return whether the trial found a problem."""
        return bool(self.torn or self.wrong or self.unasked or (revalidates and self.not_revalidated))


def make_environment() -> dict[str, str]:
    """Return the environment of all runs: fixed hash seed (for equal calls), no coverage."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COV", "FOREIGN_EYES"))}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"}


class PatientServer(ListingServer):
    """A listing server that logs no error when a client disconnects: here clients are killed."""

    def __enter__(self) -> Self:
        super().__enter__()
        self._http.handle_error = lambda *_: None  # type: ignore[method-assign]
        return self


@dataclass
class Bench:
    """A folder and a server; archives of undisturbed crawls are created once, for comparison."""

    folder: Path
    server: ListingServer
    environment: dict[str, str] = field(default_factory=make_environment)
    made: dict[tuple[str, ...], Path] = field(default_factory=dict)
    asked: dict[tuple[str, ...], frozenset[str]] = field(default_factory=dict)
    states: dict[tuple[str, ...], State] = field(default_factory=dict)

    @property
    def killed_log(self) -> Path:
        """Return the strace log of the last killed crawl: the calls of the killed kind."""
        return self.folder / "calls"

    def archive_after(self, states: tuple[str, ...]) -> Path:
        """Return a folder with an archive of undisturbed crawls of these states."""
        if states not in self.made:
            folder = self._begin(states, f"made-{'-'.join(states)}")
            done = self._run(self._crawl("undisturbed"), folder)
            if done.returncode:
                raise RuntimeError(f"an undisturbed crawl ended with {done.returncode}: {done.stderr}")
            self.asked[states] = frozenset(request.path for request in self._requests("undisturbed"))
            self.made[states] = folder
        return self.made[states]

    def state_after(self, states: tuple[str, ...]) -> State:
        """Return the content of an archive of undisturbed crawls of these states."""
        if states not in self.states:
            self.states[states] = read_state(self.archive_after(states) / ARCHIVE) if states else State()
        return self.states[states]

    def calls(self, scenario: Scenario, syscalls: str = "all") -> list[Call]:
        """Return the system calls of the scenario's crawl."""
        folder = self._begin(scenario.states, "traced")
        calls = trace(self._crawl("traced"), folder, self.environment, folder.with_name("trace"), syscalls)
        shutil.rmtree(folder)
        return calls

    def try_point(self, point: Point) -> Result:
        """Kill a crawl at the point, check the archive, rerun the crawl, check again."""
        scenario = SCENARIOS[point.scenario]
        folder = self._begin(scenario.states, "trial")
        result = Result(point)
        try:
            done = run_killed(
                self._crawl("killed"), folder, self.environment, self.killed_log, point.syscall, point.when
            )
            result.killed = done.returncode == -signal.SIGKILL
            if result.killed:
                self._judge_kill(result, scenario, folder)
                self._judge_rerun(result, scenario, folder)
            elif done.returncode:
                result.wrong.append(f"not killed, and yet the crawl ended with {done.returncode}: {done.stderr[-500:]}")
        except (TimeoutError, subprocess.TimeoutExpired) as error:
            result.wrong.append(f"a run hung: {error}")
        finally:
            shutil.rmtree(folder)
        return result

    def _judge_kill(self, result: Result, scenario: Scenario, folder: Path) -> None:
        """Check a copy of the archive: a reader may roll back the journal that the rerun must find."""
        journal = folder / f"{ARCHIVE}-journal"
        result.journal = journal.exists() and journal.stat().st_size > 0
        if not (folder / ARCHIVE).exists():
            return
        copy = folder.with_name("looked-at")
        shutil.copytree(folder, copy)
        try:
            status = self._run(command("status", "--json"), copy)
            result.torn += damage(copy / ARCHIVE)
            if result.torn:
                return
            found, before = read_state(copy / ARCHIVE), self.state_after(scenario.before)
            result.settled = found.crawls > before.crawls
            result.torn += reader_complaints(status, empty=found == State())
            settled = with_links_skipped(self.state_after(scenario.states), found)
            result.torn += differences(found, settled if result.settled else before)
            result.torn += lost_identities(found, before)
        finally:
            shutil.rmtree(copy)

    def _judge_rerun(self, result: Result, scenario: Scenario, folder: Path) -> None:
        """Rerun the crawl; a killed crawl that had already settled counts as one more crawl."""
        reached = scenario.again if result.settled else scenario.states
        expected, asked = self.state_after(reached), self.asked[reached]
        self._serve(reached)
        killed = self._requests("killed")
        done = self._run(self._crawl("rerun"), folder)
        if done.returncode:
            result.wrong.append(f"the rerun ended with {done.returncode}: {done.stderr[-500:]}")
        result.wrong += damage(folder / ARCHIVE)
        if result.wrong:
            return
        found = read_state(folder / ARCHIVE)
        result.wrong += differences(found, expected)
        result.wrong += lost_identities(found, self.state_after(scenario.before))
        if found.failed > 1:
            result.wrong.append(f"{found.failed} crawls are logged as failed")
        requests = self._requests("rerun")
        result.unasked += sorted(asked - {request.path for request in requests})
        result.not_revalidated += not_revalidated(killed, requests, self.server)

    def _run(self, arguments: list[str], folder: Path) -> Done:
        return run_forked(arguments, folder)

    def _begin(self, states: tuple[str, ...], name: str) -> Path:
        """Create a folder with the archive before the last state, and serve the last state."""
        folder = self.folder / name
        if len(states) > 1:
            shutil.copytree(self.archive_after(states[:-1]), folder)
        else:
            folder.mkdir()
        self._serve(states)
        return folder

    def _serve(self, states: tuple[str, ...]) -> None:
        self.server.site = dict(SITES[states[-1]])

    def _crawl(self, who: str) -> list[str]:
        """Return the crawl command; its contact marks its requests, some of which arrive late."""
        options = ("--name", "town", "--delay", "0", "--contact", f"{who}@example.org", "--quiet")
        self.server.asked = [asked for asked in self.server.asked if not is_from(asked, who)]
        return command("crawl", self.server.origin + LISTING, *options)

    def _requests(self, who: str) -> list[Asked]:
        return [asked for asked in self.server.asked if is_from(asked, who)]


def run_forked(arguments: list[str], folder: Path) -> Done:
    """Run a command of `command` undisturbed, and return its result."""
    done = FORKS.run(arguments[len(PROGRAM) :], folder, make_environment(), "", TIMEOUT)
    return Done(done.returncode, done.stdout, done.stderr)


def is_from(asked: Asked, who: str) -> bool:
    """Return whether the request came from the crawl `who`."""
    return f"{who}@example.org" in asked.headers.get("User-Agent", "")


def not_revalidated(killed: list[Asked], rerun: list[Asked], server: ListingServer) -> Iterator[str]:
    """Yield the captured pages that the rerun requested without a condition.

    A response is captured before the next request is sent, so all requests except the last were captured.
    """
    for path in sorted({request.path for request in killed[:-1] if request.path in server.site}):
        first = next((request for request in rerun if request.path == path), None)
        if first and first.headers.get("If-None-Match") != etag(server.site[path]):
            yield path


def reader_complaints(status: Done, *, empty: bool) -> Iterator[str]:
    """Yield problems with the result of `status --json`, which reports the kill; an empty archive may give exit code 66."""
    if status.returncode not in ((0, PROBLEMS, NO_INPUT) if empty else (0, PROBLEMS)):
        yield f"status ended with {status.returncode}: {status.stderr[-500:]}"
        return
    try:
        json.loads(status.stdout)
    except ValueError:
        yield f"status wrote no JSON: {status.stdout[:200]!r}"


def command(*arguments: str) -> list[str]:
    """Return a foreign-eyes command on the archive in the working directory."""
    return [*PROGRAM, "--archive", ARCHIVE, *arguments]
