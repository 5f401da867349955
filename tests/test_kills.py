"""A crawl killed at a telling moment: nothing is torn, nothing is decided, and one rerun reaches what would have been.

A sample of what `tests/faults/kills.py` does at hundreds of system calls; and whether those checks find what they are for.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest
from faults.scenarios import SCENARIOS
from faults.states import damage, differences, lost_identities, read_state
from faults.strace import Call, hindrance, read_calls
from faults.trials import ARCHIVE, ROOT, Bench, PatientServer, Point, Result, not_revalidated
from support.listing_server import Asked, etag
from support.listings import LISTING, make_entries, make_site
from support.programs import lacking

JOURNAL, FILE = r"/archive\.db-journal[>\"]", r"/archive\.db>"
NEWBORN = r"/\.archive\.db\.\w+\.new"
SYNC, UNLINK = "fdatasync|fsync", "unlink|unlinkat"
# with a question mark: which of them there are depends on the machine
WATCHED = ",".join(
    f"?{name}"
    for name in ("openat", "pwrite64", *f"{SYNC}|{UNLINK}".split("|"), "connect", "sendto", "recvfrom", "exit_group")
)


class Moment(NamedTuple):
    """A call of a kind, on a file or not, and which of them: 0 is the first, 1 the last before the last commits.

    After the settling two commits come: the capture of a link, and what answered behind the links.
    How often a file is written varies a little with the random ids of entries, so no moment is the very last write.
    """

    what: str
    syscalls: str
    arguments: str = ""
    part: float = 0.0
    commits_after: int = 0


MOMENTS = {
    "first crawl": (
        Moment("taking the lock", "openat", r"\.db\.lock"),
        Moment("the tables half-written, under a temporary name", "pwrite64", NEWBORN, 0.5),
        Moment("the tables in the file, not yet on the disk", SYNC, NEWBORN),
        Moment("the archive with its own name and the temporary one", UNLINK, NEWBORN),
        Moment("the first write to a journal", "pwrite64", JOURNAL),
        Moment("connecting", "connect", "sin_port"),
        Moment("in the middle of reading", "recvfrom", "socket:", 0.5),
        Moment("halfway through settling", "pwrite64", FILE, 0.9, 2),
    ),
    "edits": (
        Moment("asking", "sendto", "socket:", 0.3),
        Moment("recording a capture", SYNC, JOURNAL, 0.5),
        Moment("settling, its journal not yet on the disk", SYNC, JOURNAL, 1, 2),
        Moment("settling, about to be committed", UNLINK, JOURNAL, 1, 2),
        Moment("recording the capture of a link", UNLINK, JOURNAL, 1, 1),
        Moment("recording what answered behind the links", UNLINK, JOURNAL, 1),
    ),
    "withdrawal": (
        Moment("recording a capture, half-written", "pwrite64", FILE, 0.4),
        Moment("settling, not yet on the disk", SYNC, FILE, 1, 2),
        Moment("leaving after all is committed", "exit_group"),
    ),
    "return": (
        Moment("settling, its file half-written", "pwrite64", FILE, 0.95, 2),
        Moment("settling, about to be committed", UNLINK, JOURNAL, 1, 2),
    ),
}


AFTER_SETTLING = ("leaving", "recording the capture of a link", "recording what answered")


def is_of(call: Call, syscalls: str, arguments: str) -> bool:
    return bool(re.fullmatch(syscalls, call.syscall) and re.search(arguments, call.arguments))


def find(calls: Sequence[Call], scenario: str, moment: Moment) -> Point:
    commits = [n for n, call in enumerate(calls) if is_of(call, UNLINK, JOURNAL)]
    end = commits[-1 - moment.commits_after] if moment.commits_after else len(calls)
    fitting = [call for call in calls[: end + 1] if is_of(call, moment.syscalls, moment.arguments)]
    assert fitting, f"{scenario}: no call is {moment.what}"
    call = fitting[round(moment.part * (len(fitting) - 1))]
    return Point(scenario, call.syscall, call.when)


def kill_at(bench: Bench, name: str, moment: Moment, calls: Sequence[Call]) -> Result:
    """Kill at a moment; look for it anew where the run was killed at another call, or ended before the call came.

    Some random ids make SQLite set pages aside in a temporary file, and the calls on that file count too.
    """
    for _ in range(5):
        point = find(calls, name, moment)
        result = bench.try_point(point)
        seen = read_calls(bench.killed_log.read_text(encoding="utf-8", errors="replace"))
        if result.killed and rank_of(point, seen, moment) == rank_of(point, calls, moment):
            break
        calls = bench.calls(SCENARIOS[name], WATCHED)
    return result


def rank_of(point: Point, calls: Iterable[Call], moment: Moment) -> int | None:
    """Return how many calls on the moment's file came up to the point; None where the point's call is not one of them."""
    fitting = [call for call in calls if call.when <= point.when and is_of(call, point.syscall, moment.arguments)]
    return len(fitting) if any(call.when == point.when for call in fitting) else None


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Where crawls are killed; skips where nothing can be traced, but fails where that is meant to be possible."""
    if reason := hindrance():
        lacking(reason)
    with PatientServer() as server:
        yield Bench(tmp_path_factory.mktemp("bench"), server)


@pytest.mark.long
@pytest.mark.parametrize("name", MOMENTS)
def test_a_killed_crawl_decides_nothing_and_one_rerun_reaches_what_would_have_been(bench: Bench, name: str) -> None:
    calls = bench.calls(SCENARIOS[name], WATCHED)
    results = {moment.what: kill_at(bench, name, moment, calls) for moment in MOMENTS[name]}
    # before a fresh crawl has ended well, the next one is fresh, too: it asks for each page without a condition
    revalidates = name != "first crawl"
    assert {what: result for what, result in results.items() if result.is_bad(revalidates=revalidates)} == {}
    assert [what for what, result in results.items() if not result.killed] == []
    assert [what for what, result in results.items() if result.settled] == [
        moment.what for moment in MOMENTS[name] if moment.what.startswith(AFTER_SETTLING)
    ]


def test_a_settling_in_pieces_would_be_found(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its transaction each statement is committed by itself: what the trials are to find."""
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "sitecustomize.py").write_text(
        "import contextlib, foreign_eyes.archive.settling.settle\n"
        "foreign_eyes.archive.settling.settle.writing = lambda db: contextlib.nullcontext()\n"
    )
    monkeypatch.setitem(bench.environment, "PYTHONPATH", f"{tmp_path / 'broken'}{os.pathsep}{ROOT}")
    calls = bench.calls(SCENARIOS["first crawl"], WATCHED)
    result = bench.try_point(find(calls, "first crawl", Moment("settling", UNLINK, JOURNAL, 0.9)))
    assert result.killed
    assert result.torn
    assert result.is_bad(revalidates=False)


TAMPERINGS = {
    "a word": ("current_entries", "UPDATE entries SET commentary = commentary || ' More.' WHERE last_page = 2"),
    "a place": ("current_entries", "UPDATE entries SET last_position = last_position + 1 WHERE last_page = 3"),
    "a withdrawal": ("current_entries", "UPDATE entries SET withdrawn_at = first_seen WHERE last_page = 1"),
    "an old wording": ("entry_history", "UPDATE revisions SET excerpt = '' WHERE page = 1"),
    "a change": ("changes", "DELETE FROM changes WHERE change_id = (SELECT max(change_id) FROM changes)"),
    "a link": ("patent_search_links", "DELETE FROM changes WHERE link_id IS NOT NULL; DELETE FROM links"),
    "an outcome": ("crawl_log", "UPDATE crawls SET outcome = 'partial'"),
}


def test_a_difference_between_archives_is_found(bench: Bench, tmp_path: Path) -> None:
    good = bench.archive_after(("original",)) / ARCHIVE
    state = read_state(good)
    for name, (table, statements) in TAMPERINGS.items():
        tampered = tmp_path / "tampered.db"
        shutil.copy(good, tampered)
        with closing(sqlite3.connect(tampered)) as connection:
            connection.executescript(statements)
        found = list(differences(read_state(tampered), state))
        assert any(line.startswith(table) for line in found), name
    assert list(differences(read_state(good), state)) == []


def test_a_new_id_for_an_old_entry_and_a_damaged_file_are_found(bench: Bench, tmp_path: Path) -> None:
    good = bench.archive_after(("original",)) / ARCHIVE
    other = tmp_path / "other.db"
    shutil.copy(good, other)
    with closing(sqlite3.connect(other)) as connection:
        connection.executescript("UPDATE entries SET tag_uri = 'tag:' || tag_uri WHERE last_page = 1")
    assert len(list(lost_identities(read_state(other), read_state(good)))) == 5
    assert list(damage(good)) == []
    body = bytearray(good.read_bytes())
    body[4096 * 3 : 4096 * 12] = bytes(4096 * 9)
    other.write_bytes(body)
    assert list(damage(other))


def test_a_page_that_was_captured_and_is_asked_for_as_if_it_were_not_is_found() -> None:
    server = PatientServer(make_site(make_entries(5)))
    killed = [Asked("/robots.txt", {}), Asked(LISTING, {}), Asked(LISTING, {})]
    unconditional = [Asked("/robots.txt", {}), Asked(LISTING, {})]
    conditional = [Asked(asked.path, {"If-None-Match": etag(server.site[asked.path])}) for asked in unconditional]
    assert list(not_revalidated(killed, unconditional, server)) == ["/robots.txt", LISTING]
    assert list(not_revalidated(killed, conditional, server)) == []
    assert list(not_revalidated(killed[:1], unconditional, server)) == []  # killed while it was answered


def test_a_point_is_read_as_it_is_written() -> None:
    point = Point("first crawl", "unlink", 3)
    assert Point.read(str(point)) == point
    assert not Result(point, killed=True).is_bad(revalidates=True)
