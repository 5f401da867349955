"""`status`: what is due, what waits and what is wrong, as a screen, as JSON and as metrics."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import CommandLine
from prometheus_client.parser import text_string_to_metric_families
from support.settling import Column

from foreign_eyes.alerts.state import AlertState, FailedChannel, Task, Trouble
from foreign_eyes.alerts.state_file import state_path, update_state
from foreign_eyes.alerts.values import Message
from foreign_eyes.archive.database import open_archive
from foreign_eyes.archive.times import now, to_text
from foreign_eyes.cli.status_metrics import write_metrics
from foreign_eyes.cli.status_schedules import disk_problems

HOUR = timedelta(hours=1)
TEXT = "One|Press|An excerpt|A comment"


@pytest.fixture
def town(command: CommandLine) -> CommandLine:
    """An archive whose source was read well a day ago and is blocked since."""
    crawled(command, "town", "complete", "blocked", "blocked")
    return command


def crawled(command: CommandLine, name: str, *outcomes: Any) -> None:
    """Crawl a source once a day until today, with these outcomes."""
    with open_archive(command.folder / "archive.db") as db:
        column = Column(db, name)
        # Column counts the days from its START
        column.day = (now() - datetime(2026, 3, 1, 9, tzinfo=UTC)).days - len(outcomes)
        for outcome in outcomes:
            column.crawl(TEXT, outcome=outcome)


def told(command: CommandLine, state: AlertState) -> None:
    """Store a state of alerts."""
    update_state(command.folder / "archive.db", lambda _: (state, None))


def report_of(command: CommandLine) -> dict[str, Any]:
    done = command("status", "--json")
    report: dict[str, Any] = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0 if report["ok"] else 1, "")
    return report


def values(text: str) -> dict[tuple[str, ...], float]:
    """Return the samples of metrics, as Prometheus reads them: by name and by values of labels, in order of their names."""
    return {
        (
            sample.name.removeprefix("foreign_eyes_"),
            *(sample.labels[label] for label in sorted(sample.labels)),
        ): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def a_round(began: datetime, **more: Any) -> AlertState:
    task = Task("round", ("town",), timedelta(hours=6), began=began, ended=began + HOUR / 60, code=69, **more)
    return AlertState(tasks={task.subject: task})


def test_a_source_that_is_blocked_says_since_when_and_what_changed(town: CommandLine) -> None:
    [source] = report_of(town)["sources"]
    assert source["failed_crawls"] == 2
    assert source["failing_since"] > source["last_good_crawl"]
    assert source["changes_7_days"] == {"new": 1}
    screen = town("status")
    assert screen.returncode == 1
    assert ": blocked\n" in screen.stdout
    assert "  not read well since " in screen.stdout
    assert "  last 7 days: 1 new\n" in screen.stdout


def test_a_scheduled_source_says_when_it_is_due(town: CommandLine) -> None:
    began = now() - HOUR
    told(town, a_round(began))
    report = report_of(town)
    assert report["sources"][0]["next_due"] == to_text(began + 6 * HOUR)
    [schedule] = report["schedules"]
    assert (schedule["schedule"], schedule["exit_code"], schedule["overdue"]) == ("round town", 69, False)
    assert "  next crawl due " in town("status").stdout


def test_an_overdue_round_is_a_problem(command: CommandLine) -> None:
    crawled(command, "town", "complete")
    assert report_of(command)["ok"]
    told(command, a_round(now() - 30 * HOUR))
    [problem] = report_of(command)["problems"]
    assert problem["where"] == "round town"
    assert "no round was started when one was due" in problem["what"]
    assert "round town: last " in command("status").stdout
    assert ", next overdue " in command("status").stdout


def test_messages_that_no_channel_took_are_a_problem(command: CommandLine) -> None:
    crawled(command, "town", "complete")
    at = now()
    message = Message("1", "failed", "crawl", "source town", "blocked", "wait", at, at)
    failed = {"command": FailedChannel(at, "exit code 3")}
    told(command, AlertState(outbox={"command": (message,)}, failed_channels=failed))
    [problem] = report_of(command)["problems"]
    assert problem["where"] == "channel command"
    assert "1 message not delivered" in problem["what"]
    assert "exit code 3" in problem["what"]
    assert "not delivered to command since " in command("status").stdout


@pytest.mark.parametrize("kind", ["publish", "backup"])
def test_what_runs_found_wrong_is_a_problem_until_one_finds_it_right(command: CommandLine, kind: Any) -> None:
    crawled(command, "town", "complete")
    told(command, AlertState(troubles={(kind, "x"): Trouble(kind, "x", "it failed", "run it", now(), now())}))
    assert report_of(command)["problems"] == [{"what": "it failed", "where": "x", "remedy": "run it"}]


def test_what_the_last_check_found_is_a_problem_with_its_time(command: CommandLine) -> None:
    crawled(command, "town", "complete")
    seen = datetime(2026, 11, 30, 3, 12, tzinfo=UTC)
    told(command, AlertState(troubles={("check", "check"): Trouble("check", "check", "x: y", "do it", seen, seen)}))
    [problem] = report_of(command)["problems"]
    assert problem["what"] == "the last one, at 2026-11-30 03:12 UTC, found: x: y"
    assert problem["remedy"] == "do it; if it is repaired: foreign-eyes check"


def test_a_state_of_alerts_that_cannot_be_read_is_a_problem(command: CommandLine) -> None:
    crawled(command, "town", "complete")
    state_path(command.folder / "archive.db").write_text("no json", encoding="utf-8")
    [problem] = report_of(command)["problems"]
    assert "cannot be read" in problem["what"]


def test_the_newest_backup_is_shown_and_missed(command: CommandLine) -> None:
    crawled(command, "town", "complete")
    copy = command.folder / "copy.db"
    copy.touch()
    task = Task("backup", ended=now(), code=0, path=str(copy))
    told(command, AlertState(tasks={"backup": task}))
    report = report_of(command)
    assert (report["ok"], report["backup"]["path"], report["backup"]["at"]) == (
        True,
        str(copy),
        to_text(task.ended or now()),
    )
    assert "newest backup 20" in command("status").stdout
    copy.unlink()
    [problem] = report_of(command)["problems"]
    assert problem == {
        "what": "the newest backup is missing",
        "where": str(copy),
        "remedy": f"foreign-eyes backup {copy}",
    }


def test_a_disk_that_is_full_soon_is_a_problem() -> None:
    at = datetime(2026, 11, 30, tzinfo=UTC)
    for days, number in ((3, 1), (20, 0)):
        disk = {"full_on": to_text(at + timedelta(days=days)), "growth_bytes_per_month": 5}
        found = list(disk_problems(disk, at, timedelta(days=14)))
        assert len(found) == number
    assert list(disk_problems({"full_on": None}, at, timedelta(days=14))) == []


def test_a_usual_archive_fits_one_screen(town: CommandLine) -> None:
    folder = town.folder / "backups"
    folder.mkdir()
    backup = Task("backup", every=timedelta(days=1), began=now(), ended=now(), code=0, path=str(folder))
    check = Task("check", every=timedelta(days=1), began=now(), ended=now(), code=0)
    tasks = {**a_round(now()).tasks, "backup": backup, "check": check}
    told(town, AlertState(tasks=tasks))
    lines = town("status").stdout.splitlines()
    assert len(lines) <= 24
    assert [line for line in lines if len(line) > 80 and str(folder) not in line] == []


def test_many_sources_have_one_line_each(command: CommandLine) -> None:
    for number in range(5):
        crawled(command, f"town-{number}", "complete", "blocked" if number == 3 else "unchanged")
    lines = command("status").stdout.splitlines()
    assert "5 sources: 4 read well, 1 not" in lines
    for number in range(5):
        [line] = [line for line in lines if line.startswith(f"town-{number} ")]
        assert ("blocked" if number == 3 else "unchanged") in line
        assert len(line) <= 80


def test_metrics_have_the_figures_of_the_report(town: CommandLine) -> None:
    began = now() - HOUR
    told(town, a_round(began))
    report = report_of(town)
    done = town("status", "--prometheus")
    assert (done.returncode, done.stderr) == (1, "")
    found = values(done.stdout)
    [source] = report["sources"]
    assert found["ok",] == 0
    assert found["problems",] == len(report["problems"])
    assert found["source_entries", "town"] == source["entries"]
    assert found["source_failed_crawls", "town"] == 2
    good = datetime.fromisoformat(source["last_good_crawl"]).timestamp()
    assert found["source_last_good_crawl_timestamp_seconds", "town"] == pytest.approx(good)
    outcomes = {labels[0]: value for (name, *labels), value in found.items() if name == "source_last_crawl_outcome"}
    assert {name for name, value in outcomes.items() if value == 1} == {"blocked"}
    assert len(outcomes) == 7
    assert found["schedule_exit_code", "round town"] == 69
    assert found["schedule_overdue", "round town"] == 0
    assert found["archive_size_bytes",] == report["bytes"]


def test_metrics_are_written_to_a_file_that_everybody_can_read(command: CommandLine) -> None:
    crawled(command, "town", "complete")
    path = command.folder / "metrics" / "eyes.prom"
    done = command("status", "--prometheus-file", str(path))
    assert (done.returncode, done.stdout) == (73, "")
    assert str(path) in done.stderr
    path.parent.mkdir()
    done = command("status", "--prometheus-file", str(path))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert values(path.read_text("utf-8"))["ok",] == 1
    assert path.stat().st_mode & 0o777 == 0o644
    assert list(path.parent.iterdir()) == [path]


def test_a_strict_umask_does_not_hide_the_metrics(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        write_metrics(tmp_path / "eyes.prom", "")
    finally:
        os.umask(before)
    assert (tmp_path / "eyes.prom").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_bytes(b"no archive")])
def test_metrics_of_an_archive_that_cannot_be_read_are_not_ok(command: CommandLine, spoil: Any) -> None:
    crawled(command, "town", "complete")
    path = command.folder / "eyes.prom"
    command("status", "--prometheus-file", str(path))
    assert values(path.read_text("utf-8"))["ok",] == 1
    spoil(command.folder / "archive.db")
    assert command("status", "--prometheus-file", str(path)).returncode == 66
    assert values(path.read_text("utf-8")) == {("ok",): 0, ("problems",): 1}


def test_only_one_form_of_output_is_allowed(town: CommandLine) -> None:
    done = town("status", "--json", "--prometheus")
    assert done.returncode == 64
    assert "only one of" in done.stderr
