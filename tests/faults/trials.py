"""One trial: a crawl is killed at a point, looked at, and run once more; and what is wrong about that, if anything."""

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

from support.listing_server import Asked, ListingServer, etag
from support.listings import LISTING

from faults.scenarios import SCENARIOS, SITES, Scenario
from faults.states import State, damage, differences, lost_identities, read_state, with_links_skipped
from faults.strace import Call, Done, run, run_killed, trace

ROOT = Path(__file__).resolve().parents[2]
ARCHIVE = "archive.db"
NO_INPUT = 66


@dataclass(frozen=True, order=True)
class Point:
    """Where a crawl is killed: as it enters its `when`th `syscall`."""

    scenario: str
    syscall: str
    when: int

    def __str__(self) -> str:
        return f"{self.scenario}:{self.syscall}:{self.when}"

    @classmethod
    def read(cls, text: str) -> Point:
        """Return the point that is written so.

        Raises:
            ValueError: none is.
        """
        scenario, syscall, when = text.split(":")
        if scenario not in SCENARIOS:
            raise ValueError(f"no scenario {scenario!r}")
        return cls(scenario, syscall, int(when))


@dataclass
class Result:
    """What came of a trial. `torn` is what was wrong after the kill, `wrong` after the rerun, `unasked` how it asked."""

    point: Point
    killed: bool = False
    settled: bool = False
    journal: bool = False
    torn: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    unasked: list[str] = field(default_factory=list)
    not_revalidated: list[str] = field(default_factory=list)

    def is_bad(self, *, revalidates: bool) -> bool:
        """Tell whether anything counts against the point."""
        return bool(self.torn or self.wrong or self.unasked or (revalidates and self.not_revalidated))


def make_environment() -> dict[str, str]:
    """Return what runs are given: the same hashes each time for the same calls, and no measuring of coverage."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COV", "FOREIGN_EYES"))}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"}


class PatientServer(ListingServer):
    """Says nothing when a client is gone in the middle of a request: here they are all killed."""

    def __enter__(self) -> Self:
        super().__enter__()
        self._http.handle_error = lambda *_: None  # type: ignore[method-assign]
        return self


@dataclass
class Bench:
    """A folder and a server of its own; archives of undisturbed crawls are made once and kept to be compared with."""

    folder: Path
    server: ListingServer
    environment: dict[str, str] = field(default_factory=make_environment)
    made: dict[tuple[str, ...], Path] = field(default_factory=dict)
    asked: dict[tuple[str, ...], frozenset[str]] = field(default_factory=dict)
    states: dict[tuple[str, ...], State] = field(default_factory=dict)

    @property
    def killed_log(self) -> Path:
        """The calls of the last trial's killed crawl, of the killed kind, up to the kill."""
        return self.folder / "calls"

    def archive_after(self, states: tuple[str, ...]) -> Path:
        """Return the folder with the archive of undisturbed crawls of these states of the listing."""
        if states not in self.made:
            folder = self._begin(states, f"made-{'-'.join(states)}")
            done = run(self._crawl("undisturbed"), folder, self.environment)
            if done.returncode:
                raise RuntimeError(f"an undisturbed crawl ended with {done.returncode}: {done.stderr}")
            self.asked[states] = frozenset(request.path for request in self._requests("undisturbed"))
            self.made[states] = folder
        return self.made[states]

    def state_after(self, states: tuple[str, ...]) -> State:
        """Return what such an archive says."""
        if states not in self.states:
            self.states[states] = read_state(self.archive_after(states) / ARCHIVE) if states else State()
        return self.states[states]

    def calls(self, scenario: Scenario, syscalls: str = "all") -> list[Call]:
        """Return the calls that the scenario's crawl makes."""
        folder = self._begin(scenario.states, "traced")
        calls = trace(self._crawl("traced"), folder, self.environment, folder.with_name("trace"), syscalls)
        shutil.rmtree(folder)
        return calls

    def try_point(self, point: Point) -> Result:
        """Kill a crawl at the point, look at what is left, run the crawl once more, and judge both."""
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
        """Look at a copy: the rerun is to meet what the kill left, and a reader may roll back a journal."""
        journal = folder / f"{ARCHIVE}-journal"
        result.journal = journal.exists() and journal.stat().st_size > 0
        if not (folder / ARCHIVE).exists():
            return
        copy = folder.with_name("looked-at")
        shutil.copytree(folder, copy)
        try:
            status = run(command("status", "--json"), copy, self.environment)
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
        """A crawl that had settled before it was killed is followed by the next one; any other by itself."""
        reached = scenario.again if result.settled else scenario.states
        expected, asked = self.state_after(reached), self.asked[reached]
        self._serve(reached)
        killed = self._requests("killed")
        done = run(self._crawl("rerun"), folder, self.environment)
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

    def _begin(self, states: tuple[str, ...], name: str) -> Path:
        """Make a folder with the archive as it was before the last of the states, which is then served."""
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
        """Say in each request whose it is: the server may come to a killed crawl's last one late."""
        options = ("--name", "town", "--delay", "0", "--contact", f"{who}@example.org", "--quiet")
        self.server.asked = [asked for asked in self.server.asked if not is_from(asked, who)]
        return command("crawl", self.server.origin + LISTING, *options)

    def _requests(self, who: str) -> list[Asked]:
        return [asked for asked in self.server.asked if is_from(asked, who)]


def is_from(asked: Asked, who: str) -> bool:
    """Tell whose crawl has asked."""
    return f"{who}@example.org" in asked.headers.get("User-Agent", "")


def not_revalidated(killed: list[Asked], rerun: list[Asked], server: ListingServer) -> Iterator[str]:
    """Say which pages the rerun asked for as if they had not been captured.

    Each answer is captured before the next request is sent, so all but the last that was asked for have been.
    """
    for path in sorted({request.path for request in killed[:-1] if request.path in server.site}):
        first = next((request for request in rerun if request.path == path), None)
        if first and first.headers.get("If-None-Match") != etag(server.site[path]):
            yield path


def reader_complaints(status: Done, *, empty: bool) -> Iterator[str]:
    """Say what is wrong with how `status --json` answered; where nothing is archived yet, it may say so."""
    if status.returncode not in ((0, NO_INPUT) if empty else (0,)):
        yield f"status ended with {status.returncode}: {status.stderr[-500:]}"
        return
    try:
        json.loads(status.stdout)
    except ValueError:
        yield f"status wrote no JSON: {status.stdout[:200]!r}"


def command(*arguments: str) -> list[str]:
    """Return a command of ours on the archive in the working folder."""
    return [sys.executable, "-P", "-m", "foreign_eyes", "--archive", ARCHIVE, *arguments]
