"""Simulated years against the oracle: no false merge, no false split, nothing missed, nothing falsely withdrawn."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import fields, replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from conftest import CommandLine
from simulation.events import Editor, Rates, Weather
from simulation.oracle import Oracle
from simulation.report import FEW_SPLITS, Report
from simulation.server import Html, SimulatedServer
from simulation.simulator import PLAIN, Scene, Simulation, simulate, weather_of
from simulation.source import Column, Site
from support.listing_server import ListingServer

from foreign_eyes.archive.database import open_archive
from foreign_eyes.archive.matching.matcher import Candidate, ListingRow, Match
from foreign_eyes.listing.values import Verdict

BUSY = Weather(quiet=0.2, clock_leaps=0.02, clock_zones=0.02)
# so that a short run in a small column has each event
RATES = Rates(restore_backup=0.03, yearly_report=0.1, yearly_report_as_other_goes=0.06, join=0.1)
SHORT = Scene(entries=24, per_page=8, rates=RATES, weather=BUSY)
ROUGH = Weather(blocked=0.1, unreachable=0, cut_short=0, half_read=0.1, shifting=0.3, restless=0)


def told(report: Report) -> list[str]:
    """Return the first failures, but for splits of which a few in a hundred are tolerated."""
    return [str(failure) for failure in report.failures if failure.kind not in FEW_SPLITS][:3]


def kinds(report: Report) -> set[str]:
    return {kind.partition(":")[0] for kind in report.kinds()}


def test_months_of_hostile_edits_break_no_promise() -> None:
    report = simulate(1, years=0.25, scene=SHORT)
    assert told(report) == []
    assert {"complete", "unchanged", "suspect"} <= report.crawls.keys()


@pytest.mark.long
def test_a_hostile_year_breaks_no_promise() -> None:
    report = simulate(2, years=1, scene=SHORT)
    assert told(report) == []
    assert {name for name, count in report.events.items() if count} >= {one.name for one in fields(Rates)}


def test_a_column_of_the_real_size_breaks_no_promise() -> None:
    assert told(simulate(seed=5, years=0.03, scene=Scene())) == []


def test_simulated_months_are_derived_the_same_again_from_their_captures() -> None:
    with open_archive(Path(":memory:")) as db:
        simulation = Simulation(9, SHORT, db)
        for _ in range(50):
            simulation.live_a_day()
        found = simulation.derive_again()
    assert (found.differences, found.minted) == ((), 0)
    assert found.crawls > 40


def test_a_seed_can_be_replayed() -> None:
    once, again = (simulate(seed=6, years=0.05, scene=SHORT) for _ in range(2))
    assert once == again


@pytest.mark.long
@pytest.mark.parametrize("seed", [7, 8])
def test_days_through_the_real_spider_and_a_real_server(seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    column = Column(random, entries=20, per_page=5)
    site, editor = Site(column, Html()), Editor(column, PLAIN)
    oracle = Oracle(seed, site.shown)
    command = CommandLine(tmp_path)
    with ListingServer() as server:
        source = SimulatedServer(server, site, editor)
        for day in range(8):
            column.day = oracle.day = day
            editor.work_a_day(pace=2.0)
            before = source.begin_a_day(weather_of(random, ROUGH, column), random)
            row = command.crawl(server)
            with closing(sqlite3.connect(tmp_path / "archive.db")) as db:
                oracle.check_crawl(db, row["crawl_id"], before & {article.number for article in column.listed})
            if row["outcome"] in ("complete", "unchanged"):
                column.rest(also_touched=source.touched)
        with closing(sqlite3.connect(tmp_path / "archive.db")) as db:
            oracle.check_all(db)
    assert [str(failure) for failure in oracle.failures[:3]] == []


def by_title_only(rows: Sequence[ListingRow], candidates: Sequence[Candidate], *_: Any, **__: Any) -> dict[int, Match]:
    known = {candidate.title_key: candidate.entry_id for candidate in candidates}
    return {row.place: found(known.pop(row.title_key, None)) for row in rows}


def by_position(rows: Sequence[ListingRow], candidates: Sequence[Candidate], *_: Any, **__: Any) -> dict[int, Match]:
    known = [candidate.entry_id for candidate in candidates]
    return {row.place: found(known.pop(0) if known else None) for row in rows}


def by_nothing(rows: Sequence[ListingRow], *_: Any, **__: Any) -> dict[int, Match]:
    return {row.place: found(None) for row in rows}


def found(entry_id: int | None) -> Match:
    return Match(entry_id, "same wording" if entry_id else "new")


@pytest.mark.parametrize(
    ("broken", "due"),
    [
        (by_title_only, {"false merge without a doubt", "false split"}),
        (by_position, {"false merge without a doubt"}),
        (by_nothing, {"false split"}),
    ],
)
def test_the_oracle_tells_of_a_matcher_that_is_wrong(
    broken: Callable[..., dict[int, Match]], due: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("foreign_eyes.archive.settling.match_beside.match", broken)
    assert due <= kinds(simulate(seed=9, years=0.1, scene=SHORT))


@pytest.mark.parametrize(
    ("weather", "kind"),
    [
        (replace(BUSY, clock_leaps=0.3), "a clock that leapt was believed"),
        (replace(BUSY, clock_zones=0.3), "a clock that changed was believed at once"),
    ],
)
def test_the_oracle_tells_of_a_clock_that_is_believed(
    weather: Weather, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def believe(db: object, crawl_id: int, verdict: Verdict, *, accept: bool) -> Verdict:
        return verdict

    monkeypatch.setattr("simulation.simulator.judge_times", believe)
    assert kind in kinds(simulate(seed=9, years=0.03, scene=replace(SHORT, weather=weather)))


@pytest.mark.parametrize(
    ("harm", "kind"),
    [
        ("UPDATE entries SET feed_date = '2001' WHERE entry_id = (SELECT min(entry_id) FROM entries)", "moved"),
        ("UPDATE entries SET tag_uri = 'tag:x' WHERE entry_id = (SELECT min(entry_id) FROM entries)", "moved"),
        ("UPDATE entries SET first_seen = '2001' WHERE entry_id = (SELECT min(entry_id) FROM entries)", "moved"),
        ("UPDATE entries SET withdrawn_at = '2026' WHERE missed = 0", "false withdrawal"),
        ("UPDATE entries SET withdrawn_at = NULL, missed = 0", "missed withdrawal"),
        ("UPDATE revisions SET title = 'Another' WHERE revision_id = 1", "wrong history"),
        ("UPDATE readings SET shown = (SELECT json_group_array(1) FROM json_each(shown))", "false merge"),
        ("DELETE FROM readings", "missed entry"),
        ("UPDATE revisions SET number = number + 7", "false edit"),
    ],
)
def test_the_oracle_tells_of_an_archive_that_was_harmed(harm: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_archive(Path(":memory:")) as db:
        simulation = Simulation(10, replace(SHORT, entries=16), db)
        for _ in range(12):
            simulation.live_a_day()
        check = Oracle.check_crawl

        def check_harmed(self: Oracle, *arguments: object) -> None:
            db.execute(harm)
            check(self, *arguments)

        monkeypatch.setattr(Oracle, "check_crawl", check_harmed)
        for _ in range(5):
            simulation.live_a_day()
        assert any(one.startswith(kind) for one in kinds(simulation.report()))
