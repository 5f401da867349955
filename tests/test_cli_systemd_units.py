"""`schedule systemd`: units that systemd accepts, in a tight sandbox, and that fail when a person is needed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, CommandLine
from support.programs import needs
from support.unit_files import files, units

from foreign_eyes.cli.context import Context
from foreign_eyes.cli.schedule_times import calendar_times
from foreign_eyes.cli.scheduled_notes import service_user
from foreign_eyes.cli.scheduled_paths import HOMES
from foreign_eyes.cli.scheduled_paths import is_at_home as needed_at_home

SERVICES = ["foreign-eyes.service", "foreign-eyes-check.service", "foreign-eyes-serve.service"]
# of the program
PLACES = [sys.executable, sys.prefix, sys.base_prefix, __file__]
TIMERS = ["foreign-eyes.timer", "foreign-eyes-check.timer"]


def test_systemd_is_given_rounds_checks_and_a_server(command: CommandLine) -> None:
    done = command("schedule", "systemd", "live", "--every", "6h")
    assert done.returncode == 0
    found = units(done.stdout)
    service, timer = found["foreign-eyes.service"], found["foreign-eyes.timer"]
    assert set(found) == {*SERVICES, *TIMERS}
    assert service["Service"]["Type"] == "oneshot"
    assert service["Service"]["WorkingDirectory"] == str(command.folder)
    assert service["Service"]["ExecStart"].endswith(
        f"--archive {command.folder}/archive.db up live --no-serve --scheduled --quiet --every 6h"
    )
    assert timer["Timer"]["OnCalendar"] == "*-*-* 00/6:00:00 UTC"
    assert (timer["Timer"]["Persistent"], timer["Timer"]["RandomizedDelaySec"]) == ("true", "600s")
    assert timer["Install"] == {"WantedBy": "timers.target"}


def test_systemd_lets_a_round_write_what_it_must(command: CommandLine) -> None:
    (command.folder / "foreign-eyes.toml").write_text('[publish]\noutput = "/srv/eyes"\n')
    found = units(command("--archive", "/var/lib/eyes/a.db", "schedule", "systemd").stdout)
    assert found["foreign-eyes.service"]["Service"]["ReadWritePaths"] == "/var/lib/eyes -/srv/eyes"


@pytest.mark.parametrize(
    ("archive", "output", "writes"),
    [
        ("archive.db", "public", "{here}"),
        ("archive.db", "/srv/eyes", "{here} -/srv/eyes"),
        ("/var/lib/eyes/a.db", "public", "{here} /var/lib/eyes"),
        ("/var/lib/eyes/a.db", "/var/lib/eyes/public", "/var/lib/eyes"),
    ],
)
def test_a_round_may_write_nothing_but_archive_and_output(
    command: CommandLine, archive: str, output: str, writes: str
) -> None:
    (command.folder / "foreign-eyes.toml").write_text(
        f'[archive]\nfile = "{archive}"\n[publish]\noutput = "{output}"\n'
    )
    service = units(command("schedule", "systemd").stdout)["foreign-eyes.service"]["Service"]
    assert service["ReadWritePaths"] == writes.format(here=command.folder)


def test_the_server_listens_where_the_documented_nginx_block_passes_on_to(command: CommandLine) -> None:
    found = units(command("--archive", "data/a.db", "schedule", "systemd").stdout)["foreign-eyes-serve.service"]
    page = (ROOT / "docs/serving.md").read_text(encoding="utf-8")
    [address] = re.findall(r"proxy_pass http://([\d.]+):(\d+);", page)
    assert found["Service"]["ExecStart"].endswith(
        f"--archive {command.folder}/data/a.db serve --host {address[0]} --port {address[1]}"
    )
    assert found["Service"]["Restart"] == "on-failure"
    assert found["Service"]["ProtectSystem"] == "strict"
    assert found["Service"]["ReadWritePaths"] == f"{command.folder}/data"  # what a killed round left half-done
    assert found["Install"] == {"WantedBy": "multi-user.target"}


@pytest.mark.parametrize("name", [*SERVICES, *TIMERS])
def test_one_unit_can_be_printed_alone(command: CommandLine, name: str) -> None:
    alone = command("schedule", "systemd", "--unit", name).stdout
    all_units = command("schedule", "systemd").stdout
    assert alone.startswith("[Unit]")
    assert f"# /etc/systemd/system/{name}\n{alone}" in all_units


def test_words_in_a_unit_are_quoted_for_systemd(odd: CommandLine) -> None:
    service = units(odd("schedule", "systemd").stdout)["foreign-eyes.service"]["Service"]
    escaped = str(odd.folder).replace("%", "%%")
    assert service["WorkingDirectory"] == escaped
    assert f'--archive "{escaped.replace("$", "$$")}/archive.db"' in service["ExecStart"]


@pytest.fixture
def odd(tmp_path: Path) -> CommandLine:
    """A folder whose name means something to shells and to systemd."""
    folder = tmp_path / "my 100% $HOME 'n stuff"
    folder.mkdir()
    return CommandLine(folder)


def written(command: CommandLine, folder: Path, *options: str) -> None:
    """Write the unit files of a schedule into `folder`."""
    for name, text in files(command("schedule", "systemd", "sample", *options).stdout).items():
        (folder / name).write_text(text)


def analyze(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = needs("systemd-analyze")
    return subprocess.run([program, *arguments], cwd=folder, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.parametrize("folder", ["plain", "my 100% $HOME 'n stuff"])
def test_systemd_accepts_the_units(tmp_path: Path, folder: str) -> None:
    command = CommandLine(tmp_path / folder)
    command.folder.mkdir()
    written(command, tmp_path)
    done = analyze(tmp_path, "verify", "--man=no", *(f"./{name}" for name in [*SERVICES, *TIMERS]))
    assert "foreign-eyes" not in done.stderr
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", SERVICES)
@pytest.mark.parametrize("user", [(), ("--user", "root")])
def test_services_are_exposed_at_most_at_level_2(
    command: CommandLine, tmp_path: Path, name: str, user: tuple[str, ...]
) -> None:
    written(command, tmp_path, *user)
    done = analyze(tmp_path, "security", "--offline=true", "--threshold=20", "--no-pager", f"./{name}")
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.search(r"Overall exposure level for \S+: (\d\.\d)", done.stdout)
    assert found
    assert float(found[1]) <= 2.0


@pytest.mark.parametrize("every", ["1m", "15m", "30m", "1h", "90m", "3h", "6h", "16m", "12h", "1d"])
def test_a_calendar_starts_rounds_at_the_interval(tmp_path: Path, every: str) -> None:
    minutes = int(every[:-1]) * {"m": 1, "h": 60, "d": 1440}[every[-1]]
    times = calendar_times(minutes * 60)
    number = 1440 // minutes + 1
    starts: set[str] = set()
    for time in times:
        of_time = 1 + number // len(times)
        done = analyze(tmp_path, "calendar", f"--iterations={of_time}", "--base-time=2026-03-28 23:59:59 UTC", time)
        assert done.returncode == 0, done.stderr
        starts.update(re.findall(r"(\d\d:\d\d):00 UTC", done.stdout))
    expected = {f"{at // 60:02}:{at % 60:02}" for at in range(0, 1440, minutes)}
    assert starts == expected


@pytest.mark.parametrize("every", ["90s", "7m", "5h", "25h", "2d"])
def test_an_interval_that_no_calendar_can_say_begins_with_the_machine(command: CommandLine, every: str) -> None:
    timer = units(command("schedule", "systemd", "--every", every).stdout)["foreign-eyes.timer"]["Timer"]
    assert "OnCalendar" not in timer
    assert timer["OnBootSec"] == "2min"
    assert timer["OnUnitActiveSec"].endswith("s")


def test_only_exit_code_75_is_no_failure(command: CommandLine) -> None:
    found = units(command("schedule", "systemd").stdout)
    for name in SERVICES:
        service = found[name]["Service"]
        assert service.get("SuccessExitStatus", "") in ("75", ""), name
        assert service["NoNewPrivileges"] == "true"
        assert service["User"] != "root"
    assert found["foreign-eyes.service"]["Service"]["TimeoutStartSec"] == "21600s"


def test_root_is_never_the_account_unless_it_is_named(command: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    context = Context(None, command.folder / "archive.db")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert service_user(context, None) == "foreign-eyes"
    assert service_user(context, "root") == "root"
    context.archive.touch()
    assert service_user(context, None) == (context.archive.owner() if os.getuid() else "foreign-eyes")
    text = command("schedule", "systemd", "--user", "nobody-yet").stdout
    assert "User=nobody-yet\n" in text
    assert (
        "# first: useradd --system --no-create-home --shell /usr/sbin/nologin nobody-yet && chown -R nobody-yet:"
        in text
    )


def test_the_check_may_write_backups_and_the_operators_feed_and_the_server_no_backups(command: CommandLine) -> None:
    found = units(command("--archive", "data/a.db", "schedule", "systemd", "--backups", "/mnt/copies").stdout)
    data = f"{command.folder}/data"
    assert found["foreign-eyes-check.service"]["Service"]["ReadWritePaths"] == f"{data} -/mnt/copies"
    assert found["foreign-eyes-serve.service"]["Service"]["ReadWritePaths"] == data


def test_an_archive_in_the_home_of_root_is_reported(command: CommandLine) -> None:
    options = ("--archive", "/root/eyes/archive.db", "schedule", "systemd", "sample")
    done = command(*options, "--user", "eyes")
    assert "the account eyes of the services cannot enter /root" in done.stderr
    assert "chown" not in done.stdout
    assert "cannot enter" not in command(*options, "--user", "root").stderr


def test_each_service_may_write_the_feed_of_operators(command: CommandLine) -> None:
    settings = '[archive]\nfile = "/var/lib/eyes/a.db"\n[publish]\noutput = "/srv/eyes"\n'
    (command.folder / "foreign-eyes.toml").write_text(f'{settings}[alerts]\nfeed = "/srv/operators/operator.xml"\n')
    found = units(command("schedule", "systemd").stdout)
    writes = {name: found[name]["Service"]["ReadWritePaths"] for name in SERVICES}
    assert writes == {
        "foreign-eyes.service": "/var/lib/eyes -/srv/eyes -/srv/operators",
        "foreign-eyes-check.service": "/var/lib/eyes -/srv/operators",
        "foreign-eyes-serve.service": "/var/lib/eyes -/srv/operators",
    }


@pytest.mark.parametrize(
    ("setting", "homes"),
    [
        ("", False),
        ('[alerts]\nping = { file = "/home/eyes/ping" }\n', True),
        ('[publish]\noutput = "/home/eyes/public"\n', True),
        ('[alerts]\nping = { file = "/etc/eyes/ping" }\n', False),
    ],
)
def test_homes_are_hidden_unless_a_file_is_needed_there(tmp_path: Path, setting: str, homes: bool) -> None:
    settings = tmp_path / "foreign-eyes.toml"
    settings.write_text(f'[archive]\nfile = "{tmp_path}/a.db"\n{setting}')
    context = Context(settings)
    at_home = {needed_at_home(context), needed_at_home(context, tmp_path / "backups")}
    program_at_home = any(Path(place).resolve().is_relative_to(home) for place in PLACES for home in HOMES)
    assert at_home == {homes or program_at_home}
    assert needed_at_home(context, Path("/home/eyes/backups"))


def test_the_daily_service_fails_by_the_check_and_still_makes_the_backup(command: CommandLine, tmp_path: Path) -> None:
    command("up", "sample", "--no-serve", "--quiet")
    (command.folder / "public/atom.xml").write_text("overwritten")
    start = units(command("schedule", "systemd").stdout)["foreign-eyes-check.service"]["Service"]["ExecStart"]
    shell, quoted = start.removeprefix("/bin/sh -c "), start.startswith("/bin/sh -c ")
    assert quoted
    script = shell.strip('"').replace("$$", "$").replace("%%", "%").replace('\\"', '"')
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["/bin/sh", "-c", script], cwd="/", env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 1
    assert "atom.xml" in done.stdout
    assert len(list((command.folder / "backups").glob("*.db"))) == 1


def test_a_dollar_sign_is_doubled_in_commands_only(odd: CommandLine) -> None:
    """In commands systemd replaces variables; it takes paths as they are but for quotes and %."""
    service = units(odd("schedule", "systemd", "sample").stdout)["foreign-eyes.service"]["Service"]
    assert "my 100%% $$HOME 'n stuff" in service["ExecStart"]
    assert service["ReadWritePaths"] == f'"{odd.folder}"'.replace("%", "%%")


@pytest.mark.parametrize("kind", ["cron", "systemd"])
def test_a_path_with_a_line_break_is_refused(tmp_path: Path, kind: str) -> None:
    command = CommandLine(tmp_path / "two\nlines")
    command.folder.mkdir()
    done = command("schedule", kind, "sample")
    assert (done.returncode, done.stdout) == (78, "")
    assert "two lines: a scheduler cannot be given this path" in done.stderr
