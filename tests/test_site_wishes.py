"""What a site asks for: a delay between requests (Crawl-delay), and a pause (Retry-After)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from subprocess import CompletedProcess
from time import monotonic
from typing import Any

import pytest
from conftest import CommandLine
from support.listing_server import Handler, ListingServer, status
from support.listings import LISTING, make_entries, make_site

from foreign_eyes.archive.times import to_text
from foreign_eyes.crawler.crawl_delay import describe_delay, kept_delay
from foreign_eyes.crawler.download_errors import FetchFault
from foreign_eyes.crawler.requested_pause import requested_pause
from foreign_eyes.crawler.robots_txt import read_robots

HOST = "town.example"
URL = f"http://{HOST}/index.htm"
THEN = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("asked", "kept"), [(None, 0), (0, 0), (0.5, 0.5), (10, 10), (60, 60), (61, 60), (86400, 60), (float("nan"), 0)]
)
def test_a_crawl_delay_is_kept_up_to_a_minute(asked: float | None, kept: float) -> None:
    assert kept_delay(asked) == kept


@pytest.mark.parametrize(
    ("asked", "configured", "said"),
    [
        (None, 2.0, None),
        (1.0, 2.0, None),
        (2.0, 2.0, None),
        (10.0, 2.0, "robots.txt asks for 10 s between requests: the crawl waits 10 s"),
        (600.0, 2.0, "robots.txt asks for 600 s between requests: the crawl waits 60 s, the longest delay"),
        (600.0, 120.0, None),
    ],
)
def test_a_crawl_delay_is_said_if_it_changes_something(
    asked: float | None, configured: float, said: str | None
) -> None:
    assert describe_delay(asked, configured) == said


@pytest.mark.parametrize(
    ("robots", "seconds"),
    [
        (b"User-agent: *\nCrawl-delay: 7\n", 7),
        (b"User-agent: other\nCrawl-delay: 7\n", 0),
        (b"User-agent: *\nCrawl-delay: 2\n\nUser-agent: foreign-eyes\nCrawl-delay: 3\n", 3),
        (b"User-agent: foreign-eyes\nCrawl-delay: 3\n\nUser-agent: Town\nCrawl-delay: 5\n", 5),
        (b"User-agent: *\nCrawl-delay: soon\n", 0),
        (b"User-agent: *\nCrawl-delay: 1e400\n", 0),
        (b"User-agent: *\nCrawl-delay: 900\n", 60),
    ],
)
def test_the_crawl_delay_for_our_names_is_read(robots: bytes, seconds: float) -> None:
    assert read_robots(200, robots, "text/plain", HOST, "Town/1.0").crawl_delay == seconds


def test_a_robots_txt_that_answers_429_allows_nothing() -> None:
    with pytest.raises(FetchFault, match="answers 429") as refusal:
        read_robots(429, b"", "text/plain", HOST).check(URL)
    assert refusal.value.fault == "disallowed"


def test_nothing_is_fetched_if_robots_txt_answers_429(command: CommandLine, server: ListingServer) -> None:
    server.faults["/robots.txt"] = status(429, b"")
    row = command.crawl(server)
    assert (row["outcome"], row["exit_code"]) == ("blocked", 69)
    assert "robots.txt" in row["reason"]
    assert {asked.path for asked in server.asked} == {"/robots.txt"}


def test_a_crawl_waits_between_requests_as_long_as_robots_txt_asks(command: CommandLine) -> None:
    """The delay in the settings is shorter, and AutoThrottle would lower the delay to it."""
    times: list[float] = []
    with ListingServer(make_site(make_entries(5))) as server:
        server.site["/robots.txt"] = b"User-agent: *\nCrawl-delay: 0.3\n"

        class Timed(dict[str, bytes]):
            def get(self, path: str, default: Any = None) -> Any:
                times.append(monotonic())
                return super().get(path, default)

        server.site = Timed(server.site)
        done = command("crawl", server.origin + LISTING, "--name", "town", "--delay", "0.05")
        assert done.returncode == 0, done.stderr
        assert "robots.txt asks for 0.3 s between requests: the crawl waits 0.3 s" in done.stdout
        assert len(times) >= 4
        # one delay less than there are, because a busy machine may serve the first request late
        assert times[-1] - times[0] > 0.3 * (len(times) - 2)


def exchange(
    purpose: str = "listing", *, url: str = URL, code: int | None = 503, at: datetime = THEN, **fields: str
) -> dict[str, Any]:
    headers = [[name.replace("_", "-"), value] for name, value in fields.items()]
    return {"purpose": purpose, "url": url, "status": code, "headers": json.dumps(headers), "fetched_at": to_text(at)}


ASKED = exchange(Retry_After="3600")


@pytest.mark.parametrize(
    ("exchanges", "minutes"),
    [
        pytest.param([ASKED], 60, id="seconds"),
        pytest.param([exchange(code=429, Retry_After="3600")], 60, id="429"),
        pytest.param([exchange("robots", url=f"http://{HOST}/robots.txt", Retry_After="60")], 1, id="robots.txt"),
        pytest.param([exchange(Retry_After="Mon, 30 Nov 2026 14:00:00 GMT")], 120, id="a date"),
        pytest.param(
            [exchange(Retry_After="Mon, 30 Nov 2026 16:00:00 GMT", Date="Mon, 30 Nov 2026 15:00:00 GMT")],
            60,
            id="a date by the site's clock",
        ),
        pytest.param([exchange(Retry_After="999999999")], 24 * 60, id="at most a day"),
        pytest.param([ASKED, exchange(url=f"{URL}?2", Retry_After="7200")], 120, id="the longest"),
        pytest.param([exchange(Retry_After="60"), ASKED], 60, id="the last of a URL"),
        pytest.param([ASKED, exchange(code=200)], None, id="answered later"),
        pytest.param([exchange(code=503)], None, id="no field"),
        pytest.param([exchange(Retry_After="soon")], None, id="no time"),
        pytest.param([exchange(Retry_After="0")], None, id="at once"),
        pytest.param([exchange(code=200, Retry_After="3600")], None, id="a page"),
        pytest.param([exchange(code=None, Retry_After="3600")], None, id="no response"),
        pytest.param([exchange("link", Retry_After="3600")], None, id="a link"),
        pytest.param([exchange(url="http://other.example/", Retry_After="3600")], None, id="another host"),
        pytest.param([exchange(at=THEN - timedelta(hours=2), Retry_After="3600")], None, id="over"),
        pytest.param([exchange(at=THEN + timedelta(days=9), Retry_After="3600")], None, id="a wrong clock then"),
        pytest.param([], None, id="nothing"),
    ],
)
def test_a_pause_is_derived_from_the_responses_of_the_last_crawl(
    exchanges: list[dict[str, Any]], minutes: int | None
) -> None:
    pause = requested_pause(exchanges, HOST, THEN)
    assert (pause.until if pause else None) == (THEN + timedelta(minutes=minutes) if minutes else None)


@dataclass
class Paused:
    """A source whose site asked to wait for two hours after one good crawl, and a scheduled round after that."""

    command: CommandLine
    server: ListingServer
    requests_before: int
    round: CompletedProcess[str]
    requests_after: int


@pytest.fixture(scope="module")
def paused(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Paused]:
    command = CommandLine(tmp_path_factory.mktemp("paused"))
    with ListingServer(make_site(make_entries(5))) as server:
        settings = f'default_source = "town"\n[sources.town]\nurl = "{server.origin}{LISTING}"\ndelay = 0\n'
        (command.folder / "foreign-eyes.toml").write_text(settings, encoding="utf-8")
        assert command("crawl", "town").returncode == 0
        server.faults[LISTING] = busy
        assert command("crawl", "town").returncode == 69
        before = len(server.asked)
        done = command("up", "--no-serve", "--scheduled", "--quiet")
        yield Paused(command, server, before, done, len(server.asked))


def busy(handler: Handler) -> None:
    handler.reply(503, b"", Retry_After="7200")


def test_a_scheduled_round_does_not_crawl_before_the_time_and_says_so(paused: Paused) -> None:
    assert paused.round.returncode == 75
    assert paused.requests_after == paused.requests_before
    assert "town: crawl skipped: the site answered 503 and asked to wait until 20" in paused.round.stderr
    assert "to crawl anyway: foreign-eyes crawl town" in paused.round.stderr


def test_a_scheduled_round_publishes_without_a_crawl(paused: Paused) -> None:
    assert (paused.command.folder / "public" / "atom.xml").exists()


def test_status_shows_until_when_the_site_asked_to_wait(paused: Paused) -> None:
    report = json.loads(paused.command("status", "--json").stdout)
    source = report["sources"][0]
    assert source["not_before"] > to_text(datetime.now(UTC) + timedelta(hours=1))
    assert source["pause"].startswith("the site answered 503 and asked to wait until ")
    assert source["crawl_delay"] is None
    assert source["pause"] in paused.command("status").stdout


@pytest.mark.parametrize("arguments", [("crawl", "town"), ("up", "town", "--no-serve", "--quiet")])
def test_a_crawl_by_hand_is_not_refused(paused: Paused, arguments: tuple[str, ...]) -> None:
    before = len(paused.server.asked)
    assert paused.command(*arguments).returncode == 69
    assert len(paused.server.asked) > before


def test_the_rounds_of_watch_wait_as_well(paused: Paused) -> None:
    before = len(paused.server.asked)
    done = paused.command("watch", "--every", "1s", "--rounds", "1")
    assert (done.returncode, len(paused.server.asked)) == (75, before)
    assert "crawl skipped" in done.stderr


def test_a_round_of_several_sources_leaves_out_those_that_wait_or_lack_a_secret(paused: Paused) -> None:
    with ListingServer(make_site(make_entries(5, 100))) as other:
        settings = paused.command.folder / "several.toml"
        town = (paused.command.folder / "foreign-eyes.toml").read_text(encoding="utf-8")
        others = f"""
[sources.city]
url = "{other.origin}{LISTING}"
delay = 0
[sources.village]
url = "{other.origin}{LISTING}?village"
headers = {{ X-Key = {{ env = "NO_SUCH_KEY" }} }}
"""
        settings.write_text(town + others, encoding="utf-8")
        before = len(paused.server.asked)
        round_ = ("up", "--all-sources", "--no-serve", "--scheduled", "--quiet")
        done = paused.command("--config", str(settings), *round_)
    assert done.returncode == 78, done.stderr
    assert len(paused.server.asked) == before
    assert "town: crawl skipped" in done.stderr
    assert "[sources.village] headers, X-Key: the environment variable NO_SUCH_KEY is not set" in done.stderr
    assert {asked.path for asked in other.asked} >= {"/robots.txt", LISTING}
    assert (paused.command.folder / "public" / "city" / "atom.xml").exists()


@pytest.mark.parametrize("kind", ["cron", "systemd"])
def test_the_commands_of_schedule_wait_as_well(paused: Paused, kind: str) -> None:
    assert "--no-serve --scheduled --quiet" in paused.command("schedule", kind).stdout
