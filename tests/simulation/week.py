"""A simulated week under `watch`: 28 rounds over a hostile site, on a machine whose clock and disk fail, too.

editors work -> the clock moves on by six hours -> `watch` runs a round -> oracle checks
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from simulation.week_machine import EVERY, Machine, Memory, Visitor, wait_a_moment
from simulation.week_oracle import Oracle
from simulation.week_source import Events, Site, Weather

ENTRIES = 40
WRONG_BY = timedelta(days=400)


@dataclass(frozen=True)
class Round:
    """A round: what happens before it, and how its crawl and its command end. None: the crawl cannot be recorded."""

    weather: Weather
    outcome: str | None
    code: int = 0
    events: Events = field(default_factory=Events)
    # the messages of this round: event, kind and subject
    messages: Sequence[str] = ()


QUIET = Round("normal", "unchanged")
WEEK = (
    # Monday: entries arrive, are edited and removed
    Round("normal", "complete"),
    Round("normal", "complete", events=Events(add=2)),
    Round("normal", "complete", events=Events(edit=(5, 30), remove=(12,))),
    QUIET,
    # Tuesday and the night: no connection; editors work on
    Round("down", "unreachable", 69, messages=("failed crawl source town",)),
    # two more, so that pages shift: an absence between unchanged pages counts only later (docs/glossary.md)
    Round("down", "unreachable", 69, Events(add=2)),
    Round("down", "unreachable", 69, Events(edit=(7,), remove=(20,))),
    Round("down", "unreachable", 69, messages=("still failing crawl source town",)),
    Round("normal", "complete", messages=("recovered crawl source town",)),
    # a challenge instead of the listing
    Round("blocked", "blocked", 69, Events(add=1), messages=("failed crawl source town",)),
    Round("blocked", "blocked", 69),
    Round("normal", "complete", messages=("recovered crawl source town",)),
    # slow answers are read to their end
    Round("slow", "complete", events=Events(edit=(9,))),
    Round("slow", "unchanged"),
    # answers are cut: the listing cannot be read whole
    Round("cut", "partial", 75, Events(remove=(15,))),
    Round("cut", "partial", 75),
    Round("normal", "complete"),
    # new markup that no parser knows
    Round("laid out anew", "suspect", 65, Events(add=2), messages=("failed crawl source town",)),
    Round("laid out anew", "suspect", 65),
    Round("normal", "complete", messages=("recovered crawl source town",)),
    # the listing changes in the middle of each pass
    Round("shifting", "partial", 75),
    Round("normal", "complete"),
    # this machine's clock is 400 days ahead
    Round("wrong clock", "suspect", 65, Events(add=1), messages=("failed clock clock",)),
    Round("normal", "complete", messages=("recovered clock clock",)),
    # no byte is free
    Round("full disk", None, 73, Events(add=1), messages=("failed disk disk",)),
    Round("full disk", None, 73),
    Round("normal", "complete", messages=("recovered disk disk",)),
    Round("normal", "complete", events=Events(give_back=(12,))),
)
# a day: what `make test` has time for
DAY = (
    Round("normal", "complete"),
    Round("blocked", "blocked", 69, Events(add=1, remove=(3,)), messages=("failed crawl source town",)),
    Round("laid out anew", "suspect", 65),
    Round("wrong clock", "suspect", 65, messages=("failed clock clock",)),
    Round("normal", "complete", messages=("recovered crawl source town", "recovered clock clock")),
)


@dataclass
class Lived:
    """What happened: `faults` has what should not have."""

    rounds: int = 0
    faults: list[str] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    memory: Memory = field(default_factory=Memory)
    serve_memory: Memory = field(default_factory=Memory)
    answers: int = 0
    slowest: float = 0.0


def live(
    story: Sequence[Round],
    folder: Path,
    beside: Path,
    fill: Callable[[bool], None] | None = None,
    *,
    has_alerts: bool = True,
    is_killed: bool = True,
    tell: Callable[[str], None] = lambda _: None,
) -> Lived:
    """Live through the rounds with the archive in `folder`; `fill` fills its disk (True) and frees it again.

    With `is_killed`, `watch` is killed at the end, and `serve` must tell that a round is overdue.
    """
    with ExitStack() as stack:
        site = stack.enter_context(Site(ENTRIES))
        machine = stack.enter_context(Machine(folder, beside, site.url, has_alerts=has_alerts))
        days = Days(site, machine, Oracle(site, folder), fill)
        for number, round_ in enumerate(story, 1):
            if round_.weather == "full disk" and fill is None:
                continue
            days.live_round(f"round {number} ({round_.weather})", round_)
            tell(f"round {number:2} {round_.weather:13} {len(days.lived.faults)} faults")
            if number == 1:
                days.open_server()
        if is_killed and has_alerts:
            days.end_watch()
        return days.finish(has_alerts=has_alerts)


@dataclass
class Days:
    """The days of a site and a machine, one round after the other."""

    site: Site
    machine: Machine
    oracle: Oracle
    fill: Callable[[bool], None] | None
    lived: Lived = field(default_factory=Lived)
    expected: list[str] = field(default_factory=list)
    visitor: Visitor | None = None

    def live_round(self, name: str, round_: Round) -> None:
        """Let the time pass to a round and check what it left."""
        machine, is_wrong = self.machine, round_.weather == "wrong clock"
        self.site.happen(round_.events)
        self.site.begin_round(round_.weather, machine.now_ahead + (EVERY if machine.rounds else timedelta(0)))
        if self.fill and round_.weather == "full disk":
            self.fill(True)
        if not machine.rounds:
            self.watch = machine.watch()
        else:
            machine.pass_time(EVERY, error=WRONG_BY if is_wrong else timedelta(0))
        code = machine.end_of_round(self.watch)
        if self.fill and round_.weather == "full disk":
            self.fill(False)
        if code != round_.code:
            self.lived.faults.append(f"{name}: exit code {code}, not {round_.code}")
        if is_wrong:
            machine.pass_time(timedelta(0))
            wait_a_moment()  # `watch` must notice that the clock was set right, before it is moved on
        self.expected += [f"{name}: {message}" for message in round_.messages]
        self.oracle.check_round(name, round_.outcome)
        self._collect(name)
        self.lived.rounds += 1

    def _collect(self, name: str) -> None:
        """Add the round to the messages that arrived in it."""
        for message in self.machine.messages[len(self.lived.messages) :]:
            self.lived.messages.append({**message, "round": name})

    def open_server(self) -> None:
        """Start `serve` and a visitor."""
        serve = self.machine.start("serve", "--port", "0")
        address = serve.wait_for(r"http://[\d.]+:\d+/")[0]
        self.visitor = Visitor(address, serve, self.machine.serve_memory)
        self.visitor.start()

    def end_watch(self) -> None:
        """Kill `watch`; `serve` goes on and must tell that a round is overdue."""
        self.watch.process.kill()
        self.watch.process.wait()
        self.machine.pass_time(4 * EVERY)
        self.machine.wait_for_messages(len(self.lived.messages) + 1)
        self.expected.append("the end: overdue schedule round town")
        self._collect("the end")

    def finish(self, *, has_alerts: bool) -> Lived:
        """Return what happened."""
        lived, machine = self.lived, self.machine
        lived.faults += self.oracle.faults
        lived.memory, lived.serve_memory = machine.watch_memory, machine.serve_memory
        if self.visitor is not None:
            self.visitor.stop()
            lived.answers, lived.slowest = self.visitor.answers, self.visitor.slowest
            lived.faults += self.visitor.faults
        told = [f"{one['round']}: {one['event']} {one['kind']} {one['subject']}" for one in lived.messages]
        if has_alerts and told != self.expected:
            lived.faults.append(f"the messages are {told}, not {self.expected}")
        logs = "".join(path.read_text(encoding="utf-8") for path in machine.beside.glob("*.log"))
        lived.faults += re.findall(r"Traceback[^\0]*?\n\S.*", logs)
        return lived
