"""Choose the points to kill at: every kind of call, more of those with side effects."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from faults.strace import Call
from faults.trials import Point

# calls that change a file or a lock, or talk to the server; most points are drawn from these
TELLING = {
    *("pwrite64", "write", "fdatasync", "fsync", "ftruncate", "unlink", "rename", "openat", "close", "fcntl", "flock"),
    *("socket", "connect", "sendto", "sendmsg", "recvfrom", "getsockopt"),
}
WEIGHT = 5
START_UP = "start-up"


def draw(calls: Mapping[str, Sequence[Call]], seed: int) -> list[Point]:
    """Return all points of the scenarios' calls in an order whose every prefix is a fair sample.

    Scenarios and kinds of calls take turns; kinds with side effects get several turns. All calls before a crawl touches the
    archive (Python importing modules) count as one kind.
    """
    chance = random.Random(seed)
    ranked: list[tuple[float, float, Point]] = []
    for (_, kind), points in sorted(_by_kind(calls).items()):
        weight = WEIGHT if kind in TELLING else 1
        chance.shuffle(points)
        ranked += [(number // weight, chance.random(), point) for number, point in enumerate(points)]
    return [point for *_, point in sorted(ranked)]


def after_start_up(calls: Sequence[Call]) -> Iterator[Call]:
    """Yield the calls, starting with the first that touches the archive's lock."""
    started = False
    for call in calls:
        started = started or ".db.lock" in call.arguments
        if started:
            yield call


def _by_kind(calls: Mapping[str, Sequence[Call]]) -> dict[tuple[str, str], list[Point]]:
    kinds = defaultdict(list)
    for scenario, made in calls.items():
        late = set(after_start_up(made))
        # two threads may both make an Nth call of a kind: the process dies at whichever comes first
        points = {Point(scenario, call.syscall, call.when): call in late for call in reversed(made)}
        for point, is_late in points.items():
            kinds[scenario, point.syscall if is_late else START_UP].append(point)
    return kinds
