"""`schedule` and `watch`: unattended rounds."""

from __future__ import annotations

import re
import signal
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest
from conftest import ROOT, CommandLine
from listing_server import ListingServer
from listings import LISTING, page_name
from processes import Gate, running, runs_in
from programs import needs

CRON_LINE = re.compile(r"((?:(?:\*(?:/\d+)?|\d+) ){5})(.+)")


@pytest.fixture
def odd(tmp_path: Path) -> CommandLine:
    """A folder whose name means something to shells, to cron and to systemd."""
    folder = tmp_path / "my 100% $HOME 'n stuff"
    folder.mkdir()
    return CommandLine(folder)


def as_cron_runs(line: str) -> str:
    """Return what cron gives to the shell: up to the first bare percent sign, escaped ones bare (crontab(5))."""
    found = CRON_LINE.fullmatch(line)
    assert found
    return re.split(r"(?<!\\)%", found[2])[0].replace(r"\%", "%")


@pytest.mark.parametrize(
    ("every", "times"),
    [
        ("1m", "*/1 * * * *"),
        ("15m", "*/15 * * * *"),
        ("30m", "*/30 * * * *"),
        ("60m", "17 * * * *"),
        ("1h", "17 * * * *"),
        ("6h", "17 */6 * * *"),
        ("12h", "17 */12 * * *"),
        ("24h", "17 4 * * *"),
        ("1d", "17 4 * * *"),
    ],
)
def test_cron_is_told_the_times_it_can_say(command: CommandLine, every: str, times: str) -> None:
    done = command("schedule", "cron", "--every", every)
    assert done.returncode == 0
    [line] = done.stdout.splitlines()
    assert line.startswith(f"{times} cd ")


@pytest.mark.parametrize("every", ["90s", "7m", "45m", "5h", "25h", "2d"])
def test_what_cron_cannot_say_is_refused_with_what_it_can(command: CommandLine, every: str) -> None:
    done = command("schedule", "cron", "--every", every)
    assert (done.returncode, done.stdout) == (64, "")
    assert "1m to 30m, 1h to 12h" in done.stderr


def test_the_command_in_the_crontab_runs_and_is_silent(odd: CommandLine) -> None:
    line = odd("--archive", "my archive.db", "schedule", "cron", "sample").stdout.rstrip("\n")
    done = subprocess.run(
        ["sh", "-c", as_cron_runs(line)],
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "HOME": "/", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (odd.folder / "my archive.db").is_file()
    assert (odd.folder / "public" / "atom.xml").is_file()


def test_the_crontab_line_names_settings_and_archive_by_whole_paths(command: CommandLine) -> None:
    (command.folder / "s.toml").touch()
    line = command("--config", "s.toml", "schedule", "cron", "live").stdout
    assert f"--config {command.folder}/s.toml --archive {command.folder}/archive.db up live --no-serve" in line


def units(text: str) -> dict[str, dict[str, dict[str, str]]]:
    """Return the unit files by name, as sections of keys."""
    found: dict[str, dict[str, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    name = section = ""
    for line in text.splitlines():
        if path := re.fullmatch(r"# /etc/systemd/system/(\S+)", line):
            name = path[1]
        elif heading := re.fullmatch(r"\[(\w+)\]", line):
            section = heading[1]
        elif line and not line.startswith("#"):
            key, equals, value = line.partition("=")
            assert equals, line
            found[name][section][key] = value
    return found


def test_systemd_is_given_a_service_and_its_timer(command: CommandLine) -> None:
    done = command("schedule", "systemd", "live", "--every", "90m")
    assert done.returncode == 0
    found = units(done.stdout)
    service, timer = found["foreign-eyes.service"], found["foreign-eyes.timer"]
    assert set(found) == {"foreign-eyes.service", "foreign-eyes.timer"}
    assert service["Service"]["Type"] == "oneshot"
    assert service["Service"]["WorkingDirectory"] == str(command.folder)
    assert service["Service"]["ExecStart"].endswith(f"--archive {command.folder}/archive.db up live --no-serve --quiet")
    assert timer["Timer"]["OnUnitActiveSec"] == "5400s"
    assert timer["Install"] == {"WantedBy": "timers.target"}


def test_systemd_lets_a_round_write_what_it_must(command: CommandLine) -> None:
    (command.folder / "foreign-eyes.toml").write_text('[publish]\noutput = "/srv/eyes"\n')
    found = units(command("--archive", "/var/lib/eyes/a.db", "schedule", "systemd").stdout)
    assert found["foreign-eyes.service"]["Service"]["ReadWritePaths"] == f"{command.folder} /var/lib/eyes -/srv/eyes"


def test_words_in_a_unit_are_quoted_for_systemd(odd: CommandLine) -> None:
    service = units(odd("schedule", "systemd").stdout)["foreign-eyes.service"]["Service"]
    escaped = str(odd.folder).replace("%", "%%")
    assert service["WorkingDirectory"] == escaped
    assert f'--archive "{escaped.replace("$", "$$")}/archive.db"' in service["ExecStart"]


@pytest.mark.parametrize("folder", ["plain", "my 100% $HOME 'n stuff"])
def test_systemd_accepts_the_units(tmp_path: Path, folder: str) -> None:
    program = needs("systemd-analyze")
    command = CommandLine(tmp_path / folder)
    command.folder.mkdir()
    text = command("schedule", "systemd", "sample").stdout
    for part in re.split(r"(?=^# /etc/systemd)", text, flags=re.MULTILINE)[1:]:
        name = part.splitlines()[0].rpartition("/")[2]
        (tmp_path / name).write_text(part)
    done = subprocess.run(
        [program, "verify", "--man=no", "./foreign-eyes.service", "./foreign-eyes.timer"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "foreign-eyes" not in done.stderr
    assert done.returncode == 0, done.stderr


def test_watch_does_its_rounds_and_ends(command: CommandLine) -> None:
    done = command("watch", "sample", "--every", "1s", "--rounds", "2")
    assert done.returncode == 0
    assert [line.rpartition(" round ")[2] for line in done.stderr.splitlines()] == ["1: done", "2: done"]
    outcomes = [row["outcome"] for row in command.rows("SELECT outcome FROM crawl_log ORDER BY crawl_id")]
    assert outcomes == ["complete", "unchanged"]
    assert (command.folder / "public" / "atom.xml").is_file()


def test_watch_tells_of_a_bad_round_and_goes_on(command: CommandLine, server: ListingServer) -> None:
    server.site.clear()
    (command.folder / "foreign-eyes.toml").write_text(f'[sources.town]\nurl = "{server.origin}{LISTING}"\n')
    done = command("watch", "town", "--every", "1s", "--rounds", "2")
    assert done.returncode != 0
    assert f"round 1: exit code {done.returncode}" in done.stderr
    assert f"round 2: exit code {done.returncode}" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_watch_stops_between_rounds(command: CommandLine, number: int) -> None:
    with running(command, "watch", "sample", "--every", "1h") as watch:
        watch.wait_for("round 1: done")
        assert watch.stop(number) == 0
        assert "Traceback" not in watch.output
    assert runs_in(command.folder) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("group", [False, True])
def test_watch_stops_in_the_middle_of_a_crawl_and_leaves_no_child(
    command: CommandLine, server: ListingServer, number: int, group: bool
) -> None:
    (command.folder / "foreign-eyes.toml").write_text(f'[sources.town]\nurl = "{server.origin}{LISTING}"\n')
    with Gate(server.site[page_name(2)]) as gate:
        server.faults[page_name(2)] = gate
        with running(command, "watch", "town", "--every", "1h") as watch:
            assert gate.asked.wait(30)
            assert watch.stop(number, group=group) == 0
            assert "Traceback" not in watch.output
            assert runs_in(command.folder) == []
    assert command.rows("SELECT outcome FROM crawl_log") == [{"outcome": "failed"}]
