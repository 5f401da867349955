"""`--only-changes`: a command under cron prints nothing, unless operators have something new to know."""

from __future__ import annotations

import pytest
from conftest import CommandLine
from support.listing_server import ListingServer
from support.listings import LISTING, page_name

ROUND = ("up", "town", "--no-serve", "--every", "6h", "--only-changes")


@pytest.fixture
def town(command: CommandLine, server: ListingServer) -> CommandLine:
    """A folder with one source on a server."""
    url = f"{server.origin}{LISTING}"
    (command.folder / "foreign-eyes.toml").write_text(f'[sources.town]\nurl = "{url}"\ndelay = 0\n')
    return command


@pytest.mark.parametrize("arguments", [ROUND, ("check", "--only-changes"), ("check", "--json", "--only-changes")])
def test_a_run_without_news_prints_nothing(town: CommandLine, arguments: tuple[str, ...]) -> None:
    assert town("up", "town", "--no-serve", "--quiet").returncode == 0
    done = town(*arguments)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_backup_prints_nothing_until_it_fails_and_then_once(town: CommandLine) -> None:
    town("up", "town", "--no-serve", "--quiet")
    good = town("backup", "copy.db", "--only-changes")
    (town.folder / "other.db").write_text("not a backup")
    bad, again = (town("backup", "other.db", "--only-changes") for _ in range(2))
    assert (good.returncode, good.stdout, good.stderr) == (0, "", "")
    assert bad.stdout.startswith("failed: backup, backup\n")
    assert (bad.returncode, again.returncode, again.stdout, again.stderr) == (73, 73, "", "")


def test_what_children_print_comes_after_the_messages_in_order(town: CommandLine, server: ListingServer) -> None:
    del server.site[page_name(2)]
    first = town(*ROUND)
    server.site.clear()
    done = town(*ROUND)
    assert (first.stdout, first.returncode) == ("", 75)  # a partial crawl is no news before its third day
    messages, _, printed = done.stdout.partition("This run printed:\n")
    assert messages.startswith("failed: crawl, source town\n")
    assert "error: town: " in printed
    assert done.stderr == ""


def test_a_mistake_that_no_state_can_record_is_printed_by_each_run(town: CommandLine) -> None:
    for _ in range(2):
        wrong = town("up", "--no-serve", "--only-changes", "--every", "6h", "--no-such-option")
        assert (wrong.returncode, "No such option" in wrong.stderr) == (64, True)
    (town.folder / "foreign-eyes.toml").write_text("[sources")
    for _ in range(2):
        done = town(*ROUND)
        assert (done.returncode, "not TOML" in done.stdout) == (78, True)


def test_no_temporary_file_is_left(town: CommandLine, tmp_path_factory: pytest.TempPathFactory) -> None:
    temporary = tmp_path_factory.mktemp("temporary")
    for _ in range(2):
        town(*ROUND, env={"TMPDIR": str(temporary)})
        town("up", "nowhere", "--no-serve", "--only-changes", env={"TMPDIR": str(temporary)})
    assert list(temporary.iterdir()) == []
