"""`schedule` and `watch`: unattended rounds."""

from __future__ import annotations

import re
import signal
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT, CommandLine
from support.listing_server import ListingServer
from support.listings import LISTING, page_name
from support.processes import Gate, running, runs_in
from support.unit_files import units

from foreign_eyes.cli.proxy_note import proxy_note
from foreign_eyes.cli.schedule_times import minute_of
from foreign_eyes.crawler.jobs import Job
from foreign_eyes.crawler.sources import SourceSettings

CRON_LINE = re.compile(r"((?:(?:(?:\*|\d+(?:-\d+)?)(?:/\d+)?) ){5})(.+)")


@pytest.fixture
def odd(tmp_path: Path) -> CommandLine:
    """A folder whose name means something to shells, to cron and to systemd."""
    folder = tmp_path / "my 100% $HOME 'n stuff"
    folder.mkdir()
    return CommandLine(folder)


def as_cron_runs(line: str) -> str:
    """Return what cron gives to the shell: up to the first bare percent sign, escaped ones bare (crontab(5))."""
    found = CRON_LINE.fullmatch(line)
    assert found, line
    return re.split(r"(?<!\\)%", found[2])[0].replace(r"\%", "%")


def run_by_cron(line: str) -> subprocess.CompletedProcess[str]:
    """Run a crontab line as cron does: by sh, in another folder, almost without variables."""
    return subprocess.run(
        ["sh", "-c", as_cron_runs(line)],
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "HOME": "/", "LOGNAME": "nobody", "SHELL": "/bin/sh", "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize(
    ("every", "times"),
    [
        ("1m", r"\* \* \* \* \*"),
        ("15m", r"([0-9]|1[0-4])-59/15 \* \* \* \*"),
        ("30m", r"[12]?[0-9]-59/30 \* \* \* \*"),
        ("60m", r"[1-5]?[0-9] \* \* \* \*"),
        ("1h", r"[1-5]?[0-9] \* \* \* \*"),
        ("6h", r"[1-5]?[0-9] \*/6 \* \* \*"),
        ("12h", r"[1-5]?[0-9] \*/12 \* \* \*"),
        ("24h", r"[1-5]?[0-9] 4 \* \* \*"),
        ("1d", r"[1-5]?[0-9] 4 \* \* \*"),
    ],
)
def test_cron_is_told_the_times_of_rounds_and_of_a_daily_check(command: CommandLine, every: str, times: str) -> None:
    done = command("schedule", "cron", "--every", every)
    assert done.returncode == 0
    comment, round_, check = done.stdout.splitlines()
    assert comment == "# Foreign Eyes: sample"
    assert re.match(rf"{times} cd ", round_), round_
    assert re.match(r"[1-5]?[0-9] [345] \* \* \* cd ", check), check


def test_the_minute_depends_on_the_machine_and_the_archive() -> None:
    machines = [minute_of(f"eyes{number}.example", "/srv/archive.db") for number in range(1000)]
    assert set(machines) == set(range(60))
    assert minute_of("eyes.example", "/srv/a.db") == minute_of("eyes.example", "/srv/a.db")
    assert len({minute_of("eyes.example", f"/srv/{number}.db") for number in range(1000)}) == 60


@pytest.mark.parametrize("every", ["90s", "7m", "45m", "5h", "25h", "2d"])
def test_what_cron_cannot_say_is_refused_with_what_it_can(command: CommandLine, every: str) -> None:
    done = command("schedule", "cron", "--every", every)
    assert (done.returncode, done.stdout) == (64, "")
    assert "1m to 30m or 1h to 12h" in done.stderr


def test_the_commands_in_the_crontab_run_and_are_silent(odd: CommandLine) -> None:
    lines = odd("--archive", "my archive.db", "schedule", "cron", "sample").stdout.splitlines()[1:]
    for line in lines:
        done = run_by_cron(line)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), line
    assert (odd.folder / "my archive.db").is_file()
    assert (odd.folder / "public" / "atom.xml").is_file()
    assert len(list((odd.folder / "backups").glob("*.db"))) == 1


def test_cron_mails_once_that_rounds_fail_and_once_that_they_work_again(
    command: CommandLine, server: ListingServer
) -> None:
    (command.folder / "foreign-eyes.toml").write_text(f'[sources.town]\nurl = "{server.origin}{LISTING}"\n')
    round_ = command("schedule", "cron", "town").stdout.splitlines()[1]
    site = dict(server.site)
    server.site.clear()
    failed, same = run_by_cron(round_), run_by_cron(round_)
    server.site.update(site)
    recovered, quiet = run_by_cron(round_), run_by_cron(round_)
    assert failed.stdout.startswith("failed: crawl, source town\n")
    assert "This run printed:" in failed.stdout
    assert "to do: foreign-eyes crawl town" in failed.stdout
    assert recovered.stdout.startswith("recovered: crawl, source town\n")
    assert (same.stdout, quiet.stdout) == ("", "")
    assert [one.stderr for one in (failed, same, recovered, quiet)] == [""] * 4
    assert [one.returncode != 0 for one in (failed, same, recovered, quiet)] == [True, True, False, False]


def test_the_daily_backup_is_made_even_if_the_check_finds_a_problem(command: CommandLine) -> None:
    command("up", "sample", "--no-serve", "--quiet")
    (command.folder / "public/atom.xml").write_text("overwritten")
    check = command("schedule", "cron", "sample").stdout.splitlines()[2]
    mailed = run_by_cron(check).stdout
    assert mailed.startswith("failed: check, check\n")
    assert "atom.xml" in mailed
    assert len(list((command.folder / "backups").glob("*.db"))) == 1


def test_backups_go_where_the_operator_chooses(command: CommandLine) -> None:
    for kind in ("cron", "systemd"):
        text = command("schedule", kind, "sample", "--backups", "/mnt/my backups").stdout
        assert "backup '/mnt/my backups' --keep 14 --every 1d --quiet" in text
        assert f"{command.folder}/backups" not in text


@pytest.mark.parametrize("kind", ["cron", "systemd"])
def test_variables_that_the_settings_read_are_named(command: CommandLine, kind: str) -> None:
    (command.folder / "foreign-eyes.toml").write_text(
        '[sources.town]\nurl = "https://town.example/"\nproxy = { env = "TOWN_PROXY" }\n'
    )
    done = command("schedule", kind, "town", env={"TOWN_PROXY": "http://me:s3cret@proxy.example:1"})
    assert "the settings read TOWN_PROXY from the environment" in done.stderr
    assert "s3cret" not in done.stdout + done.stderr


def test_the_crontab_line_names_settings_and_archive_by_whole_paths(command: CommandLine) -> None:
    (command.folder / "s.toml").touch()
    line = command("--config", "s.toml", "schedule", "cron", "live").stdout.splitlines()[1]
    assert f"--config {command.folder}/s.toml --archive {command.folder}/archive.db up live --no-serve" in line


@pytest.mark.parametrize("kind", ["cron", "systemd"])
def test_settings_that_were_found_are_named_by_whole_paths(command: CommandLine, tmp_path: Path, kind: str) -> None:
    settings = tmp_path / "home/foreign-eyes/foreign-eyes.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text('[archive]\nfile = "/srv/eyes.db"\n')
    done = command("schedule", kind, "sample", env={"XDG_CONFIG_HOME": str(tmp_path / "home")})
    assert f"--config {settings} --archive /srv/eyes.db up sample --no-serve" in done.stdout


@pytest.mark.parametrize("arguments", ["cron live", "systemd live"])
def test_a_contact_is_carried_into_the_rounds(command: CommandLine, arguments: str) -> None:
    done = command("schedule", *arguments.split(), "--contact", "me@example.org")
    assert "up live --contact me@example.org --no-serve --scheduled --quiet" in done.stdout
    assert "no contact" not in done.stderr
    assert command("schedule", *arguments.split(), "--contact", "a b").returncode == 64


@pytest.mark.parametrize("arguments", ["cron live", "systemd live"])
def test_a_contact_that_is_configured_needs_no_option(command: CommandLine, arguments: str) -> None:
    assert "no contact is configured" in command("schedule", *arguments.split()).stderr
    (command.folder / "foreign-eyes.toml").write_text('contact = "me@example.org"\n')
    done = command("schedule", *arguments.split())
    assert "--contact" not in done.stdout
    assert "no contact" not in done.stderr


def test_a_proxy_of_the_shell_is_said_not_to_reach_the_rounds(command: CommandLine) -> None:
    done = command("schedule", "cron", "live", env={"https_proxy": "http://me:s3cret@proxy.example:3128"})
    assert done.returncode == 0
    assert "the proxy of the environment variable https_proxy, which cron and systemd do not pass on" in done.stderr
    assert 'write into [sources.live] of the settings: proxy = { file = "PATH" }' in done.stderr
    assert "s3cret" not in done.stdout + done.stderr


def test_a_proxy_of_the_settings_needs_no_note() -> None:
    source = SourceSettings(url="https://town.example/", proxy="http://a:1")
    environment = {"all_proxy": "http://b:2"}
    assert proxy_note([Job("town", source, Path("archive.db"))], environment) is None
    source = SourceSettings(url="https://town.example/")
    assert 'proxy = "http://b:2"' in (proxy_note([Job("town", source, Path("archive.db"))], environment) or "")


def test_rounds_are_as_far_apart_whichever_program_runs_them(command: CommandLine) -> None:
    cron = command("schedule", "cron").stdout.splitlines()[1]
    timer = units(command("schedule", "systemd").stdout)["foreign-eyes.timer"]["Timer"]
    assert cron.split()[1] == "*/6"
    assert timer["OnCalendar"] == "*-*-* 00/6:00:00 UTC"
    for name in ("watch", "schedule cron", "schedule systemd"):
        assert "[default: 6h]" in " ".join(command(*name.split(), "--help").stdout.split())


def test_watch_does_its_rounds_and_ends(command: CommandLine) -> None:
    done = command("watch", "sample", "--every", "1s", "--rounds", "2")
    assert done.returncode == 0
    assert [line.rpartition(" round ")[2] for line in done.stderr.splitlines()] == ["1: done", "2: done"]
    outcomes = [row["outcome"] for row in command.rows("SELECT outcome FROM crawl_log ORDER BY crawl_id")]
    assert outcomes == ["complete"] * 6  # five days of the sample, and one more
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
