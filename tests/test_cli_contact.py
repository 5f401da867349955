"""The contact: asked for once, sent with each request, and missed only where somebody else's site is crawled."""

from __future__ import annotations

import pytest
from conftest import CommandLine
from support.listing_server import ListingServer
from support.listings import LISTING

AT_ONCE = ("--delay", "0")


@pytest.fixture
def foreign(command: CommandLine, server: ListingServer) -> str:
    """The listing at an address that does not name this machine, though it leads to it; an archive is there already."""
    command.crawl(server)
    server.asked.clear()
    return f"{server.origin.replace('127.0.0.1', '0.0.0.0')}{LISTING}"  # noqa: S104 - to connect to, not to listen on


def agents(server: ListingServer) -> set[str]:
    return {asked.headers["User-Agent"].rpartition("contact: ")[2].rstrip(")") for asked in server.asked}


@pytest.mark.parametrize(
    ("top", "own", "option", "sent"),
    [
        (None, None, None, "none configured"),
        ("all@example.org", None, None, "all@example.org"),
        ("all@example.org", "own@example.org", None, "own@example.org"),
        ("all@example.org", "own@example.org", "once@example.org", "once@example.org"),
    ],
)
@pytest.mark.parametrize("name", ["crawl", "up --no-serve"])
def test_the_nearest_contact_is_sent(
    command: CommandLine,
    server: ListingServer,
    name: str,
    top: str | None,
    own: str | None,
    option: str | None,
    sent: str,
) -> None:
    (command.folder / "foreign-eyes.toml").write_text(
        (f'contact = "{top}"\n' if top else "")
        + f'[sources.town]\nurl = "{server.origin}{LISTING}"\n'
        + (f'contact = "{own}"\n' if own else "")
    )
    given = ["--contact", option] if option else []
    assert command(*name.split(), "town", *given).returncode == 0
    assert agents(server) == {sent}


def test_a_url_is_crawled_with_the_configured_contact(command: CommandLine, server: ListingServer) -> None:
    (command.folder / "foreign-eyes.toml").write_text('contact = "all@example.org"\n')
    command.crawl(server)
    assert agents(server) == {"all@example.org"}


@pytest.mark.parametrize("name", ["crawl", "up --no-serve"])
def test_a_missing_contact_is_reported_once_with_the_command_that_keeps_one(
    command: CommandLine, foreign: str, name: str
) -> None:
    told = command(*name.split(), foreign, *AT_ONCE).stderr
    assert told.count("no contact is configured") == 1
    assert "foreign-eyes init --contact you@example.org --yes" in told


@pytest.mark.parametrize("name", ["crawl", "up --no-serve"])
def test_a_quiet_round_does_not_report_a_missing_contact(command: CommandLine, foreign: str, name: str) -> None:
    done = command(*name.split(), foreign, *AT_ONCE, "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_sample_and_this_machine_need_no_contact(command: CommandLine, server: ListingServer) -> None:
    for source in ("sample", f"{server.origin}{LISTING}"):
        assert "no contact" not in command("crawl", source).stderr


@pytest.mark.parametrize("name", ["crawl", "up --no-serve"])
def test_a_contact_by_option_prints_how_to_store_it(command: CommandLine, foreign: str, name: str) -> None:
    told = command(*name.split(), foreign, *AT_ONCE, "--contact", "me@example.org").stderr
    assert told.count("foreign-eyes init --contact me@example.org --yes") == 1
    assert "no contact" not in told
    assert command(*name.split(), foreign, *AT_ONCE, "--contact", "me@example.org", "--quiet").stderr == ""


def test_with_settings_that_lack_one_they_are_named(command: CommandLine, foreign: str) -> None:
    (command.folder / "foreign-eyes.toml").touch()
    assert (
        'write contact = "you@example.org" at the top of foreign-eyes.toml'
        in command("crawl", foreign, *AT_ONCE).stderr
    )
    (command.folder / "foreign-eyes.toml").write_text('contact = "me@example.org"\n')
    for options in ([], ["--contact", "once@example.org"]):
        assert "contact" not in command("crawl", foreign, *AT_ONCE, *options).stderr


def test_watch_reports_a_missing_contact_once_and_passes_on_the_option(
    command: CommandLine, server: ListingServer, foreign: str
) -> None:
    (command.folder / "foreign-eyes.toml").write_text(f'[sources.far]\nurl = "{foreign}"\ndelay = 0.0\n')
    rounds = ("watch", "far", "--every", "1s", "--rounds", "2")
    assert command(*rounds).stderr.count("no contact is configured") == 1
    assert agents(server) == {"none configured"}
    server.asked.clear()
    assert "contact" not in command(*rounds, "--contact", "me@example.org").stderr
    assert agents(server) == {"me@example.org"}


@pytest.mark.parametrize("arguments", ["watch --contact two\u00a0words", "watch nope", "schedule cron nope"])
def test_what_no_round_could_do_is_refused_before_the_first(command: CommandLine, arguments: str) -> None:
    done = command(*arguments.split(" "))
    assert done.returncode == 64
    assert "round" not in done.stderr
