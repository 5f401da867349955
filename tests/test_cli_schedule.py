"""`schedule` and `watch`: unattended rounds."""

from __future__ import annotations

import re
import signal
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest
from conftest import ROOT, CommandLine
from support.listing_server import ListingServer
from support.listings import LISTING, page_name
from support.processes import Gate, running, runs_in
from support.programs import needs

from foreign_eyes.cli.proxy_note import proxy_note
from foreign_eyes.crawler.jobs import Job
from foreign_eyes.crawler.sources import SourceSettings

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
def test_cron_is_reported_the_times_it_can_say(command: CommandLine, every: str, times: str) -> None:
    done = command("schedule", "cron", "--every", every)
    assert done.returncode == 0
    [line] = done.stdout.splitlines()
    assert line.startswith(f"{times} cd ")


@pytest.mark.parametrize("every", ["90s", "7m", "45m", "5h", "25h", "2d"])
def test_what_cron_cannot_say_is_refused_with_what_it_can(command: CommandLine, every: str) -> None:
    done = command("schedule", "cron", "--every", every)
    assert (done.returncode, done.stdout) == (64, "")
    assert "1m to 30m or 1h to 12h" in done.stderr


def test_the_command_in_the_crontab_runs_and_is_silent(odd: CommandLine) -> None:
    line = odd("--archive", "my archive.db", "schedule", "cron", "sample").stdout.rstrip("\n")
    done = subprocess.run(
        ["sh", "-c", as_cron_runs(line)],
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "HOME": "/", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
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


def test_systemd_is_given_a_service_its_timer_and_a_server(command: CommandLine) -> None:
    done = command("schedule", "systemd", "live", "--every", "90m")
    assert done.returncode == 0
    found = units(done.stdout)
    service, timer = found["foreign-eyes.service"], found["foreign-eyes.timer"]
    assert set(found) == {"foreign-eyes.service", "foreign-eyes.timer", "foreign-eyes-serve.service"}
    assert service["Service"]["Type"] == "oneshot"
    assert service["Service"]["WorkingDirectory"] == str(command.folder)
    assert service["Service"]["ExecStart"].endswith(
        f"--archive {command.folder}/archive.db up live --no-serve --scheduled --quiet"
    )
    assert timer["Timer"]["OnUnitActiveSec"] == "5400s"
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


@pytest.mark.parametrize("name", ["foreign-eyes.service", "foreign-eyes.timer", "foreign-eyes-serve.service"])
def test_one_unit_can_be_printed_alone(command: CommandLine, name: str) -> None:
    alone = command("schedule", "systemd", "--unit", name).stdout
    all_units = command("schedule", "systemd").stdout
    assert alone.startswith("[Unit]")
    assert f"# /etc/systemd/system/{name}\n{alone}" in all_units


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
    [cron] = command("schedule", "cron").stdout.splitlines()
    timer = units(command("schedule", "systemd").stdout)["foreign-eyes.timer"]["Timer"]
    assert cron.startswith("17 */6 ")
    assert timer["OnUnitActiveSec"] == "21600s"
    for name in ("watch", "schedule cron", "schedule systemd"):
        assert "[default: 6h]" in " ".join(command(*name.split(), "--help").stdout.split())


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
        [
            program,
            "verify",
            "--man=no",
            "./foreign-eyes.service",
            "./foreign-eyes.timer",
            "./foreign-eyes-serve.service",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert "foreign-eyes" not in done.stderr
    assert done.returncode == 0, done.stderr


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
