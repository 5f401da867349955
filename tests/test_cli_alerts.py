"""What commands report to operators, from first failure to recovery, and the schedules that they keep."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from conftest import CommandLine
from support.fake_clock import days_ahead
from support.listing_server import Answer, ListingServer, half_sent, status
from support.listings import LISTING

from foreign_eyes.alerts.state import AlertState, Task
from foreign_eyes.alerts.state_file import read_state, update_state
from foreign_eyes.alerts.tasks import begin
from foreign_eyes.alerts.transitions import not_after
from foreign_eyes.cli.alert_patrol import patrol, patrolling
from foreign_eyes.cli.context import Context
from foreign_eyes.cli.only_changes import PRINTED_VARIABLE

TWO_DAYS = timedelta(days=2)
TELLS = {PRINTED_VARIABLE: "1"}


def told(command: CommandLine) -> list[tuple[str, str, str]]:
    """Return event, kind and subject of all messages so far."""
    return [(one.event, one.kind, one.subject) for one in read_state(command.folder / "archive.db").recent]


def round_of(command: CommandLine, server: ListingServer, *options: str, env: dict[str, str] | None = None) -> int:
    """Run one round over the server's listing; return its exit code."""
    address = (server.origin + LISTING, "--name", "town", "--delay", "0")
    return command("up", *address, "--no-serve", "--quiet", *options, env={**TELLS, **(env or {})}).returncode


@pytest.mark.parametrize(("fault", "code"), [(status(412), 69), (status(500), 69), (status(404), 69)])
def test_a_crawl_that_fails_is_told_once_and_its_recovery_too(
    command: CommandLine, server: ListingServer, fault: Answer, code: int
) -> None:
    assert round_of(command, server) == 0
    server.faults[LISTING] = fault
    assert [round_of(command, server) for _ in range(2)] == [code, code]
    server.faults.clear()
    assert [round_of(command, server) for _ in range(2)] == [0, 0]
    assert told(command) == [("failed", "crawl", "source town"), ("recovered", "crawl", "source town")]


def test_a_partial_crawl_is_told_after_two_days_only(command: CommandLine, server: ListingServer) -> None:
    assert round_of(command, server) == 0
    last = max(name for name in server.site if name != LISTING and name.endswith(".htm"))
    server.faults[last] = half_sent(server.site[last])
    assert round_of(command, server) == 75
    assert told(command) == []
    update_state(command.folder / "archive.db", lambda state: (not_after(state, datetime.now(UTC) - TWO_DAYS), None))
    assert round_of(command, server) == 75
    assert told(command) == [("failed", "crawl", "source town")]


def test_a_folder_that_cannot_be_written_is_told_as_a_failed_publish(
    command: CommandLine, server: ListingServer
) -> None:
    (command.folder / "public").write_text("a file", encoding="utf-8")
    assert round_of(command, server) == 73
    (command.folder / "public").unlink()
    assert round_of(command, server) == 0
    assert told(command) == [("failed", "publish", "feeds of town"), ("recovered", "publish", "feeds of town")]


def test_a_clock_that_is_wrong_is_told_as_such(command: CommandLine, server: ListingServer) -> None:
    assert round_of(command, server, env=days_ahead(0)) == 0
    assert round_of(command, server, env=days_ahead(2.5)) == 65
    assert told(command) == [("failed", "clock", "clock")]
    assert round_of(command, server) == 0
    assert told(command)[1:] == [("recovered", "clock", "clock")]


def test_a_check_tells_what_crawls_do_not(command: CommandLine, server: ListingServer) -> None:
    assert round_of(command, server) == 0
    assert command("check", env=TELLS).returncode == 0
    (command.folder / "public" / "atom.xml").write_text("changed", encoding="utf-8")
    assert [command("check", env=TELLS).returncode for _ in range(2)] == [1, 1]
    command("publish", "--all", env=TELLS)
    assert command("check", env=TELLS).returncode == 0
    assert told(command) == [("failed", "check", "check"), ("recovered", "check", "check")]


@pytest.mark.parametrize("check", [("check", "--deep"), ("check", "--url", "http://127.0.0.1:9/")])
def test_a_check_that_could_not_run_is_told_by_its_command(
    command: CommandLine, server: ListingServer, check: tuple[str, ...]
) -> None:
    assert round_of(command, server) == 0
    damaged = command.folder / "archive.db"
    kept = damaged.read_bytes()
    damaged.write_bytes(b"no archive")
    assert command(*check, env=TELLS).returncode == 66
    damaged.write_bytes(kept)
    command("check", env=TELLS)
    assert told(command) == [("failed", "check", " ".join(check))]


def test_a_check_leaves_it_to_the_crawl_to_tell_that_it_failed(command: CommandLine, server: ListingServer) -> None:
    assert round_of(command, server) == 0
    server.faults[LISTING] = status(412)
    round_of(command, server)
    assert command("check", env=TELLS).returncode == 1
    assert told(command) == [("failed", "crawl", "source town")]


def test_a_backup_that_fails_is_told_and_one_that_succeeds_is_recorded(
    command: CommandLine, server: ListingServer
) -> None:
    assert round_of(command, server) == 0
    assert command("backup", "missing/copy.db", "--every", "1d", env=TELLS).returncode == 73
    assert command("backup", "copy.db", "--every", "1d", env=TELLS).returncode == 0
    assert told(command) == [("failed", "backup", "backup"), ("recovered", "backup", "backup")]
    task = read_state(command.folder / "archive.db").tasks["backup"]
    assert (task.path, task.code, task.every) == (str(command.folder / "copy.db"), 0, timedelta(days=1))


def test_a_lost_archive_is_told_by_the_state_beside_it(command: CommandLine, server: ListingServer) -> None:
    assert round_of(command, server, "--every", "6h") == 0
    (command.folder / "archive.db").unlink()
    assert round_of(command, server, "--every", "6h") == 66
    assert told(command) == [("failed", "crawl", "source town")]


def test_a_run_without_anyone_to_tell_leaves_the_message_to_the_next(
    command: CommandLine, server: ListingServer
) -> None:
    assert round_of(command, server) == 0
    server.faults[LISTING] = status(412)
    assert round_of(command, server, env={PRINTED_VARIABLE: ""}) == 69
    assert told(command) == []
    assert round_of(command, server) == 69
    assert told(command) == [("failed", "crawl", "source town")]


def test_a_wrong_command_line_of_a_person_is_no_alarm_and_that_of_a_scheduler_is(
    command: CommandLine, server: ListingServer
) -> None:
    assert round_of(command, server) == 0
    assert command("up", "nosuch", "--no-serve", env=TELLS).returncode == 64
    assert told(command) == []
    assert command("up", "nosuch", "--no-serve", "--every", "6h", env=TELLS).returncode == 64
    assert told(command) == [("failed", "crawl", "source nosuch")]


def test_a_round_that_did_not_begin_is_told_by_the_next_check_and_recovers(
    command: CommandLine, server: ListingServer
) -> None:
    assert round_of(command, server, "--every", "6h") == 0
    assert command("check", env={**TELLS, **days_ahead(0.3)}).returncode == 0
    assert told(command) == []
    command("check", env={**TELLS, **days_ahead(0.5)})
    command("check", env={**TELLS, **days_ahead(0.5)})
    assert [one for one in told(command) if one[1] == "schedule"] == [
        ("overdue", "schedule", f"round {address(server)}")
    ]
    assert round_of(command, server, "--every", "6h") == 0
    assert told(command)[-1] == ("recovered", "schedule", f"round {address(server)}")


def address(server: ListingServer) -> str:
    return server.origin + LISTING


def test_watch_records_its_rounds_and_ends_its_schedule(command: CommandLine) -> None:
    done = command("watch", "sample", "--every", "6h", "--rounds", "1", env=TELLS)
    assert done.returncode == 0, done.stderr
    assert read_state(command.folder / "archive.db").tasks == {}


def test_a_schedule_that_has_ended_is_forgotten(command: CommandLine, server: ListingServer) -> None:
    assert round_of(command, server, "--every", "6h") == 0
    assert command("alerts", "--forget", "round nosuch").returncode == 64
    assert command("alerts", "--forget", f"round {address(server)}").returncode == 0
    command("check", env={**TELLS, **days_ahead(1)})
    assert [one for one in told(command) if one[1] == "schedule"] == []


def test_a_forgotten_source_and_a_renamed_one_have_no_troubles(command: CommandLine, server: ListingServer) -> None:
    assert round_of(command, server) == 0
    server.faults[LISTING] = status(412)
    round_of(command, server)
    assert command("rename", "town", "city", env=TELLS).returncode == 0
    assert read_state(command.folder / "archive.db").troubles == {}


def test_a_message_reaches_a_command_and_one_that_fails_gets_it_later(
    command: CommandLine, server: ListingServer
) -> None:
    (command.folder / "foreign-eyes.toml").write_text('[alerts]\ncommand = ["sh", "tell"]\n', encoding="utf-8")
    (command.folder / "tell").write_text("exit 1", encoding="utf-8")
    silent = {PRINTED_VARIABLE: ""}
    assert round_of(command, server, env=silent) == 0
    server.faults[LISTING] = status(412)
    assert round_of(command, server, env=silent) == 69
    (command.folder / "tell").write_text("cat >> got", encoding="utf-8")
    assert round_of(command, server, env=silent) == 69
    got = (command.folder / "got").read_text(encoding="utf-8")
    assert got.count("source town") == 1
    assert "412" in got


def test_a_monitor_gets_the_start_and_the_end_of_each_round(command: CommandLine, server: ListingServer) -> None:
    with ListingServer({f"/ping{end}": b"OK" for end in ("", "/start", "/69")}) as monitor:
        (command.folder / "foreign-eyes.toml").write_text('[alerts]\nping = { env = "PING" }\n', encoding="utf-8")
        env = {"PING": f"{monitor.origin}/ping"}
        assert round_of(command, server, env=env) == 0
        server.faults[LISTING] = status(412)
        assert round_of(command, server, env=env) == 69
        assert [asked.path for asked in monitor.asked] == ["/ping/start", "/ping", "/ping/start", "/ping/69"]


def test_each_of_several_sources_has_a_state_of_its_own(command: CommandLine, server: ListingServer) -> None:
    with ListingServer(server.site) as other:
        tables = [
            f'[sources.{name}]\nurl = "{one.origin}{LISTING}"\nheading = "Foreign Eyes"\ndelay = 0\n'
            for name, one in (("town", server), ("city", other))
        ]
        settings = command.folder / "foreign-eyes.toml"
        run = ("up", "--all-sources", "--no-serve", "--quiet", "--every", "6h")
        settings.write_text("[sources]\n", encoding="utf-8")
        assert command(*run, env=TELLS).returncode == 78
        settings.write_text("".join(tables), encoding="utf-8")
        other.faults[LISTING] = status(412)
        assert command(*run, env=TELLS).returncode == 69
        other.faults.clear()
        assert command(*run, env=TELLS).returncode == 0
    assert told(command) == [
        ("failed", "crawl", "all sources"),
        ("failed", "crawl", "source city"),
        ("recovered", "crawl", "all sources"),
        ("recovered", "crawl", "source city"),
    ]
    assert list(read_state(command.folder / "archive.db").tasks) == ["round --all-sources"]


def test_a_disk_that_is_almost_full_is_told_as_such(command: CommandLine, server: ListingServer) -> None:
    settings = command.folder / "foreign-eyes.toml"
    assert round_of(command, server) == 0
    settings.write_text("[archive]\nmin_free_mb = 1000000000\n", encoding="utf-8")
    assert [round_of(command, server) for _ in range(2)] == [73, 73]
    assert command("publish", env=TELLS).returncode == 73
    assert told(command) == [("failed", "disk", "disk")]
    settings.unlink()
    assert round_of(command, server) == 0
    assert told(command)[1:] == [("recovered", "disk", "disk")]


def test_a_dry_run_reports_nothing(command: CommandLine, server: ListingServer) -> None:
    assert round_of(command, server) == 0
    server.faults[LISTING] = status(412)
    done = command("crawl", address(server), "--name", "town", "--delay", "0", "--dry-run", env=TELLS)
    assert (done.returncode, told(command)) == (69, [])


def wait_until(happened: Callable[[], object]) -> None:
    until = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_server_finds_overdue_rounds_and_tells_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, PRINTED_VARIABLE, "1")
    archive = tmp_path / "archive.db"
    ago = datetime.now(UTC) - timedelta(seconds=200)

    def started(state: AlertState) -> tuple[AlertState, None]:
        return begin(state, Task("round", ("live",), every=timedelta(seconds=10)), ago), None

    update_state(archive, started)
    monkeypatch.setattr("foreign_eyes.alerts.tasks._CATCH_UP", timedelta(0))
    with patrolling(Context(None, archive, "a test"), seconds=0.02):
        wait_until(lambda: read_state(archive).recent)
        time.sleep(0.2)
    [message] = read_state(archive).recent
    assert (message.event, message.subject) == ("overdue", "round live")


def test_the_schedule_of_the_default_source_is_not_replaced_by_that_of_another(
    command: CommandLine, server: ListingServer
) -> None:
    assert command("up", "--no-serve", "--quiet", "--every", "6h").returncode == 0
    assert round_of(command, server, "--every", "6h") == 0
    tasks = read_state(command.folder / "archive.db").tasks
    assert list(tasks) == ["round sample", f"round {server.origin}{LISTING}"]


def test_a_server_finds_overdue_rounds_after_a_clock_was_years_ahead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, PRINTED_VARIABLE, "1")
    archive, now = tmp_path / "archive.db", datetime.now(UTC)
    task = Task("round", ("live",), every=timedelta(seconds=10))
    update_state(archive, lambda state: (begin(state, task, now + timedelta(days=3650)), None))
    patrol(Context(None, archive, "a test"), now)
    stored = read_state(archive).tasks["round live"].began
    assert stored
    assert stored < now + timedelta(minutes=5)
