"""The machine of a simulated week: `watch` and `serve` under a clock that is moved, on a disk that can be filled."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import Any, Self

import httpx
from support.fake_clock import FakeClock
from support.processes import PATIENCE, Running, signals_by_default

BASE_URL = "https://eyes.example/"
EVERY = timedelta(hours=6)
# the time of day (UTC) of the first round: on which days reminders come depends on it
BEGINS = time_of_day(6, 30)
# longer than the slices in which `watch` waits
NOTICED = 1.5
SETTINGS = """
contact = "week@example.org"
[publish]
base_url = "{base_url}"
[alerts]
command = ["{shell}"]
[sources.town]
url = "{url}"
delay = 0
"""


@dataclass
class Memory:
    """The resident memory of a process and of the largest of its children, in kB, by round."""

    own: list[int] = field(default_factory=list)
    largest_child: list[int] = field(default_factory=list)


class Machine:
    """Runs `watch` and `serve` in `folder`; files beside it hold the clock, logs and messages."""

    def __init__(self, folder: Path, beside: Path, url: str, *, has_alerts: bool = True) -> None:
        self.folder, self.beside = folder, beside
        self.clock = FakeClock(beside / "offset")
        self.now_ahead = _until(BEGINS)
        self.pass_time(timedelta(0))
        self.rounds = 0
        self.watch_memory, self.serve_memory = Memory(), Memory()
        self._messages = beside / "messages.jsonl"
        self._messages.touch()
        shell = beside / "message.sh"
        shell.write_text(f'#!/bin/sh\ncat >/dev/null\nprintf "%s\\n" "$FOREIGN_EYES_ALERT" >> "{self._messages}"\n')
        shell.chmod(0o755)
        settings = SETTINGS.format(base_url=BASE_URL, shell=shell, url=url)
        if not has_alerts:
            settings = re.sub(r"\[alerts\].*?(?=\[sources)", "", settings, flags=re.DOTALL)
        (folder / "foreign-eyes.toml").write_text(settings)
        self._running: list[Running] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for run in self._running:
            run.process.kill()
            run.process.wait(PATIENCE)

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages that the alert command was given."""
        return [json.loads(line) for line in self._messages.read_text(encoding="utf-8").splitlines()]

    def wait_for_messages(self, count: int) -> None:
        """Wait until so many messages have arrived."""
        until = time.monotonic() + PATIENCE
        while len(self.messages) < count and time.monotonic() < until:
            time.sleep(0.1)

    def start(self, name: str, *arguments: str) -> Running:
        """Start a command under the clock, in a process group of its own."""
        log = self.beside / f"{name}.log"
        environment = {**os.environ, **self.clock.waiting_env}
        words = [sys.executable, "-P", "-m", "foreign_eyes", name, *arguments]
        with log.open("ab") as output, signals_by_default():
            process = subprocess.Popen(
                words, cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        self._running.append(Running(process, log))
        return self._running[-1]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command under the clock to its end."""
        words = [sys.executable, "-P", "-m", "foreign_eyes", *arguments]
        environment = {**os.environ, **self.clock.waiting_env}
        return subprocess.run(
            words, cwd=self.folder, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE
        )

    def watch(self) -> Running:
        """Start `watch`, whose first round begins at once."""
        return self.start("watch", "town", "--every", "6h")

    def pass_time(self, time_: timedelta, *, error: timedelta = timedelta(0)) -> None:
        """Move the clock on; `error` is how far it is ahead of the right time from now on."""
        self.now_ahead += time_
        self.clock.set(f"{(self.now_ahead + error).total_seconds():+.0f}")

    def end_of_round(self, watch: Running) -> int:
        """Wait until `watch` has finished its next round; return the exit code of the round."""
        self.rounds += 1
        pattern, peak = re.compile(rf" round {self.rounds}: (?:done|exit code (\d+))\n"), 0
        until = time.monotonic() + PATIENCE
        while not (found := pattern.search(watch.output)):
            assert watch.process.poll() is None, watch.output
            assert time.monotonic() < until, f"no round {self.rounds}:\n{watch.output}"
            peak = max(peak, *(_memory(child) for child in _descendants(watch.process.pid)), 0)
            time.sleep(0.02)
        self.watch_memory.own.append(_memory(watch.process.pid))
        self.watch_memory.largest_child.append(peak)
        return int(found[1] or 0)


def _until(begins: time_of_day) -> timedelta:
    """Return how far away this time of tomorrow is."""
    now = datetime.now(UTC)
    return datetime.combine(now.date() + timedelta(days=1), begins, UTC) - now


def wait_a_moment() -> None:
    """Wait until `watch` has looked at the clock."""
    time.sleep(NOTICED)


def _memory(pid: int) -> int:
    with contextlib.suppress(OSError):
        if found := re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(encoding="utf-8")):
            return int(found[1])
    return 0


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split():
            found += [int(child), *_descendants(int(child))]
    return found


class Visitor(threading.Thread):
    """A reader that asks the server all the time, and counts answers and what went wrong."""

    PATHS = ("atom.xml", "", "browse/-/health.json")

    def __init__(self, address: str, serve: Running, memory: Memory) -> None:
        super().__init__(daemon=True)
        self._address, self._serve, self._memory = address, serve, memory
        self._ending = threading.Event()
        self.answers, self.slowest = 0, 0.0
        self.faults: list[str] = []

    def run(self) -> None:
        """Ask until told to stop."""
        while not self._ending.wait(0.2):
            for path in self.PATHS:
                began = time.monotonic()
                try:
                    httpx.get(self._address + path, timeout=30).raise_for_status()
                    self.answers += 1
                except httpx.HTTPError as error:
                    self.faults.append(f"/{path}: {error}")
                self.slowest = max(self.slowest, time.monotonic() - began)
            self._memory.own.append(_memory(self._serve.process.pid))

    def stop(self) -> None:
        """End, after the last answer."""
        self._ending.set()
        self.join(PATIENCE)
