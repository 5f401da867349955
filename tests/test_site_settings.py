"""The settings of a source that are for its site only: headers, cookies, User-Agent."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import ROOT, CommandLine
from support.listing_server import Asked, ListingServer, page, redirect
from support.listings import LISTING, PATENT_SEARCH, make_entries, make_site, page_name

from foreign_eyes.crawler.settings import user_agent
from foreign_eyes.crawler.site_access import SiteAccess, read_site_access
from foreign_eyes.crawler.site_settings import SettingSource, check_cookies, check_headers
from foreign_eyes.crawler.sources import SiteSettingError, SourceSettings

URL = "https://town.example/column/index.htm"
TOKEN, KEY, SESSION = "t0ken-of-the-environment", "k3y-of-the-file", "s3ssion-of-the-site"

# loopback has one address that may be crawled; a process without the address rules has two hosts on it
ANY_ADDRESS = (
    "from foreign_eyes.crawler import ssrf_guard\n"
    "ssrf_guard.is_public, ssrf_guard.is_private_name = lambda _: True, lambda _: False\n"
    "from foreign_eyes.cli.main import run\n"
    "run()"
)


@dataclass
class Crawled:
    """A crawl of `own`, whose page 2 redirects to `other`; both hosts are links of the listing."""

    own: list[Asked]
    other: list[Asked]
    output: str
    folder: Path


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    folder = tmp_path_factory.mktemp("crawled")
    site = make_site(make_entries(15))
    with ListingServer(site) as own, ListingServer(make_site(make_entries(15))) as other:
        elsewhere = other.origin.replace("127.0.0.1", "localhost")
        own.headers |= {"Set-Cookie": f"session={SESSION}; Path=/"}
        own.faults[page_name(2)] = redirect(elsewhere + page_name(2))
        links = f'<a href="{elsewhere}{PATENT_SEARCH}">Patent Search</a>'.encode()
        site[LISTING] = site[LISTING].replace(b"</body>", links + b"</body>")
        (folder / "key").write_text(f"{KEY}\n", encoding="utf-8")
        (folder / "foreign-eyes.toml").write_text(
            f"""[sources.town]
url = "{own.origin}{LISTING}"
delay = 0
contact = "you@town.example"
user_agent = "TownArchive/2.0"
cookies = true
[sources.town.headers]
Authorization = {{ env = "TOWN_TOKEN" }}
X-Key = {{ file = "key" }}
Accept = "text/html"
""",
            encoding="utf-8",
        )
        done = subprocess.run(
            [sys.executable, "-c", ANY_ADDRESS, "crawl", "town", "--verbose"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TOWN_TOKEN": TOKEN},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        exported = CommandLine(folder)("export", "crawled.warc.gz")
        assert exported.returncode == 0, exported.stderr
        yield Crawled(own.asked, other.asked, done.stdout + done.stderr, folder)


def is_link(asked: Asked) -> bool:
    return asked.path == PATENT_SEARCH


def test_headers_reach_the_sources_host_with_every_page_and_robots_txt(crawled: Crawled) -> None:
    for asked in crawled.own:
        if not is_link(asked):
            assert (asked.headers["Authorization"], asked.headers["X-Key"]) == (TOKEN, KEY)
            assert asked.headers["Accept"] == "text/html"


def test_headers_and_cookies_reach_no_other_host_after_a_redirect(crawled: Crawled) -> None:
    assert {asked.path for asked in crawled.other} >= {"/robots.txt", page_name(2), PATENT_SEARCH}
    for asked in crawled.other:
        assert not {"Authorization", "X-Key", "Cookie"} & set(asked.headers)
        assert asked.headers["Accept"].startswith("text/html,application/xhtml+xml")


def test_headers_and_cookies_are_not_sent_to_links_even_of_the_own_host(crawled: Crawled) -> None:
    links = [asked for asked in crawled.own if is_link(asked)]
    assert links
    assert all(not {"Authorization", "X-Key", "Cookie"} & set(asked.headers) for asked in links)


def test_cookies_are_kept_within_a_crawl(crawled: Crawled) -> None:
    pages = [asked for asked in crawled.own if not is_link(asked)]
    assert "Cookie" not in pages[0].headers
    assert all(asked.headers["Cookie"] == f"session={SESSION}" for asked in pages[1:])


def test_the_user_agent_of_a_source_is_sent_with_the_contact(crawled: Crawled) -> None:
    asked = [*crawled.own, *crawled.other]
    assert {one.headers["User-Agent"] for one in asked} == {"TownArchive/2.0 (contact: you@town.example)"}


@pytest.mark.parametrize("secret", [TOKEN, KEY, SESSION])
def test_secrets_are_neither_logged_nor_stored_nor_exported(crawled: Crawled, secret: str) -> None:
    assert "Crawled (200)" in crawled.output
    assert secret not in crawled.output
    assert secret.encode() not in (crawled.folder / "archive.db").read_bytes()
    exported = gzip.decompress((crawled.folder / "crawled.warc.gz").read_bytes())
    assert b"Content-Type: text/html" in exported
    assert secret.encode() not in exported


def test_another_port_of_the_host_gets_no_headers(command: CommandLine) -> None:
    site = make_site(make_entries(10))
    with ListingServer(site) as own, ListingServer(dict(site)) as other:
        own.faults[page_name(2)] = redirect(other.origin + page_name(2))
        settings = f'[sources.town]\nurl = "{own.origin}{LISTING}"\ndelay = 0\nheaders = {{ X-Key = "{KEY}" }}\n'
        (command.folder / "foreign-eyes.toml").write_text(settings, encoding="utf-8")
        done = command("crawl", "town")
    assert done.returncode == 0, done.stderr
    assert own.asked[0].headers["X-Key"] == KEY
    assert other.asked
    assert all("X-Key" not in asked.headers for asked in other.asked)


def test_without_the_setting_no_cookie_is_sent(command: CommandLine, server: ListingServer) -> None:
    server.headers |= {"Set-Cookie": "session=1"}
    assert command.crawl(server)["outcome"] == "complete"
    assert all("Cookie" not in asked.headers for asked in server.asked)


SIDE_BY_SIDE = """
import sys
from pathlib import Path
from foreign_eyes.crawler.jobs import Job
from foreign_eyes.crawler.run import CrawlWatcher, crawl_side_by_side
from foreign_eyes.crawler.site_settings import SettingSource
from foreign_eyes.crawler.sources import SourceSettings

own = {
    "one": dict(cookies=True, headers={"X-Key": "key-of-one"}, user_agent="One/1"),
    "two": dict(cookies=True, headers={"X-Key": "key-of-two"}, user_agent="Two/2"),
    "bad": dict(headers={"X-Key": SettingSource(env="NO_SUCH_KEY")}),
}
urls = {"one": sys.argv[1], "two": sys.argv[2], "bad": "http://[::1]:1/"}
jobs = [Job(n, SourceSettings(url=urls[n], delay=0, **own[n]), Path("archive.db")) for n in ("one", "two", "bad", "one")]
done = crawl_side_by_side(jobs, CrawlWatcher())
print(*sorted(f"{crawl.log_row['source']}:{crawl.log_row['outcome']}" for crawl in done.ended), *done.refused)
"""


def test_crawls_in_one_process_share_no_cookies_headers_or_user_agent(command: CommandLine) -> None:
    with ListingServer(make_site(make_entries(5))) as one, ListingServer(make_site(make_entries(5, 100))) as two:
        one.headers |= {"Set-Cookie": "session=one; Path=/"}
        two.headers |= {"Set-Cookie": "session=two; Path=/"}
        urls = (one.origin + LISTING, two.origin.replace("127.0.0.1", "localhost") + LISTING)
        done = subprocess.run(
            [sys.executable, "-c", SIDE_BY_SIDE, *urls],
            cwd=command.folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
            timeout=300,
        )  # fmt: skip
    assert done.stdout.split() == ["one:complete", "one:unchanged", "two:complete", "bad"], done.stderr
    for asked, name, agent in ((one.asked, "one", "One/1"), (two.asked, "two", "Two/2")):
        pages = [page for page in asked if not is_link(page)]
        assert {page.headers["X-Key"] for page in pages} == {f"key-of-{name}"}
        assert {page.headers["User-Agent"] for page in asked} == {agent}
        assert {page.headers["Cookie"] for page in pages if "Cookie" in page.headers} == {f"session={name}"}
    robots = [page for page in one.asked if page.path == "/robots.txt"]
    assert ["Cookie" in page.headers for page in robots] == [False, False]  # nor does the next crawl of a source


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        (
            {"X-Key": SettingSource(env="NO_SUCH_KEY")},
            "headers, X-Key: the environment variable NO_SUCH_KEY is not set",
        ),
        ({"X-Key": SettingSource(file="no-such-file")}, "headers, X-Key: the file no-such-file cannot be read"),
        (
            {"X-Key": SettingSource(env="TWO_LINES")},
            "headers, X-Key: the environment variable TWO_LINES cannot be sent",
        ),
        ({"X-Key": SettingSource(env="EMPTY")}, "headers, X-Key: the environment variable EMPTY is empty"),
    ],
)
def test_a_missing_or_bad_secret_is_named_by_key_and_place_and_never_shown(
    headers: dict[str, SettingSource], words: str
) -> None:
    environment = {"TWO_LINES": f"{TOKEN}\r\nX: y", "EMPTY": ""}
    with pytest.raises(SiteSettingError) as error:
        read_site_access("town", SourceSettings(url=URL, headers=headers), environment)
    assert words in str(error.value)
    assert "[sources.town]" in str(error.value)
    assert TOKEN not in str(error.value)


def test_a_missing_secret_ends_a_crawl_as_a_fault_of_configuration_without_an_archive(command: CommandLine) -> None:
    settings = f'[sources.town]\nurl = "{URL}"\nheaders = {{ X-Key = {{ env = "NO_SUCH_KEY" }} }}\n'
    (command.folder / "foreign-eyes.toml").write_text(settings, encoding="utf-8")
    done = command("crawl", "town")
    assert done.returncode == 78, done.stderr
    assert "[sources.town] headers, X-Key: the environment variable NO_SUCH_KEY is not set" in done.stderr
    assert not (command.folder / "archive.db").exists()


def test_check_reports_files_of_the_settings_that_are_missing(command: CommandLine, server: ListingServer) -> None:
    assert command.crawl(server)["outcome"] == "complete"
    settings = f"""[sources.town]
url = "{server.origin}{LISTING}"
ca_file = "no.pem"
[sources.other]
url = "{URL}"
headers = {{ X-Key = {{ file = "no.key" }}, X-Token = {{ env = "NO_SUCH_TOKEN" }} }}
"""
    (command.folder / "foreign-eyes.toml").write_text(settings, encoding="utf-8")
    problems = json.loads(command("check", "--json").stdout)["problems"]
    found = [
        (problem["where"], problem["what"], problem["remedy"]) for problem in problems if "sources." in problem["what"]
    ]
    missing = "cannot be read (No such file or directory)"
    assert found == [
        ("source town", f"[sources.town] ca_file: no.pem {missing}", "check path and owner"),
        ("source other", f"[sources.other] headers, X-Key: the file no.key {missing}", "check path and owner"),
    ]


def test_a_source_without_secrets_shows_none() -> None:
    access = SiteAccess(URL, {"X-Key": KEY})
    assert KEY not in repr(access)


@pytest.mark.parametrize("value", [f'"{KEY}\\n"', f'["{KEY}"]', f'{{ value = "{KEY}" }}', f'{{ env = "{KEY}" }}'])
def test_a_wrong_header_in_the_settings_is_refused_without_its_value(command: CommandLine, value: str) -> None:
    settings = f'[sources.town]\nurl = "{URL}"\nheaders = {{ X-Key = {value} }}\n'
    (command.folder / "foreign-eyes.toml").write_text(settings, encoding="utf-8")
    done = command("config")
    assert done.returncode == 78
    assert "[sources.town] headers" in done.stderr
    assert KEY not in done.stderr


def test_config_shows_where_headers_are_and_not_their_values(command: CommandLine) -> None:
    settings = f"""[sources.town]
url = "{URL}"
headers = {{ X-Key = "{KEY}", X-Token = {{ env = "TOWN_TOKEN" }}, X-File = {{ file = "key" }} }}
"""
    (command.folder / "foreign-eyes.toml").write_text(settings, encoding="utf-8")
    for options in ((), ("--json",)):
        done = command("config", *options, env={"TOWN_TOKEN": TOKEN})
        assert done.returncode == 0, done.stderr
        assert "X-Key" in done.stdout
        assert "variable TOWN_TOKEN" in done.stdout
        assert "file key" in done.stdout
        assert not {KEY, TOKEN} & set(done.stdout.split('"'))
        assert KEY not in done.stdout
        assert TOKEN not in done.stdout


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"X Key": "x"}, "is not the name of a header"),
        ({"user-agent": "x"}, "user_agent"),
        ({"Host": "x"}, "a crawl sets this header itself"),
        ({"If-None-Match": "x"}, "a crawl sets this header itself"),
        ({"X-Key": "x", "x-key": "y"}, "the same header"),
        ({"X-Key": ""}, "is empty"),
        ({"X-Key": " x"}, "cannot be sent"),
        ({"X-Key": "x\ny"}, "cannot be sent"),
        ({"X-Key": "é"}, "cannot be sent"),
    ],
)
def test_a_header_that_cannot_be_sent_is_refused(headers: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        check_headers(headers)


def test_a_cookie_header_and_kept_cookies_exclude_each_other() -> None:
    check_cookies({"Cookie": "a=b"}, cookies=False)
    with pytest.raises(ValueError, match="exclude each other"):
        check_cookies({"cookie": "a=b"}, cookies=True)


@pytest.mark.parametrize(
    ("url", "is_own"),
    [
        ("https://town.example/other", True),
        ("https://TOWN.example:443/", True),
        ("http://town.example/", False),
        ("https://town.example:8443/", False),
        ("https://www.town.example/", False),
        ("https://town.example.evil.example/", False),
        ("https://evil.example/https://town.example/", False),
    ],
)
def test_headers_are_for_the_scheme_host_and_port_of_the_source(url: str, *, is_own: bool) -> None:
    assert SiteAccess(URL, {}).is_own_origin(url) is is_own


def test_the_contact_is_appended_to_the_user_agent_unless_it_has_it() -> None:
    assert user_agent("you@town.example", "Town/1") == "Town/1 (contact: you@town.example)"
    assert user_agent("you@town.example", "Town/1 (you@town.example)") == "Town/1 (you@town.example)"
    assert user_agent(None, "Town/1") == "Town/1"


def test_a_response_is_stored_without_its_cookies_if_they_could_open_a_session(
    command: CommandLine, server: ListingServer
) -> None:
    server.faults[LISTING] = page(server.site[LISTING], Set_Cookie=f"session={SESSION}")
    settings = f'[sources.town]\nurl = "{server.origin}{LISTING}"\ndelay = 0\nheaders = {{ X-Key = "{KEY}" }}\n'
    (command.folder / "foreign-eyes.toml").write_text(settings, encoding="utf-8")
    assert command("crawl", "town").returncode == 0
    stored = [row["headers"] for row in command.rows("SELECT headers FROM captures")]
    assert any("Content-Type" in headers for headers in stored)
    assert not any("Set-Cookie" in headers for headers in stored)
