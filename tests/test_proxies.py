"""Crawls through a real squid: what is asked of it, what never is, and how its errors are told from the site's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import CommandLine
from support.certificates import Holder
from support.listing_server import ListingServer, redirect
from support.listings import LISTING, PATENT_SEARCH, make_entries, make_site, page_name
from support.named_hosts import named_hosts
from support.squid import Squid, squid
from support.tls_listing import TlsListing, answering

# names that only the proxy can resolve
HOSTS = "127.0.0.1 town.example\n127.0.0.1 xn--bcher-kva.example\n"
CRAWL = ("--name", "town", "--delay", "0", "--json")
NO_ADDRESS = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def open_squid() -> Iterator[Squid]:
    """Run a squid without a login, which forbids forbidden.example."""
    with squid(hosts=HOSTS, forbidden="forbidden.example") as running:
        yield running


@pytest.fixture(scope="module")
def closed_squid() -> Iterator[Squid]:
    """Run a squid that requires a login."""
    with squid(hosts=HOSTS, login=True) as running:
        yield running


def reason_of(command: CommandLine, url: str, **environment: str) -> str:
    """Return the reason of a crawl that is unreachable."""
    done = command("crawl", url, *CRAWL, env=environment)
    assert done.returncode == 69, done.stderr
    return str(json.loads(done.stdout)["reason"])


def test_a_site_is_reached_through_the_proxy_of_the_environment_and_private_hosts_are_not_asked_for(
    command: CommandLine, server: ListingServer, open_squid: Squid
) -> None:
    open_squid.forget()
    port = server.port
    links = [
        f"http://10.0.0.1:{port}/",
        f"http://localhost:{port}/",
        f"http://2130706433:{port}/",
        f"http://nas.local:{port}/",
    ]
    anchors = "".join(f'<a href="{url}">Patent Search</a>' for url in links).encode()
    server.site[LISTING] = server.site[LISTING].replace(b"</body>", anchors + b"</body>")
    server.faults[PATENT_SEARCH] = redirect(f"http://127.0.0.1:{port}/")
    url = f"http://bücher.example:{port}{LISTING}"
    done = command("crawl", url, *CRAWL, env={"HTTP_PROXY": open_squid.url, "https_proxy": NO_ADDRESS})
    assert json.loads(done.stdout)["outcome"] == "complete", done.stderr
    origin = f"http://xn--bcher-kva.example:{port}"
    assert open_squid.has_asked(f"GET {origin}{LISTING} 200")
    asked = open_squid.asked()
    assert f"GET {origin}/robots.txt 200" in asked
    assert all(line.split()[1].startswith(origin) for line in asked), asked
    outcomes = {row["url"]: row["outcome"] for row in command.rows("SELECT url, outcome FROM patent_search_links")}
    assert set(outcomes.values()) == {"refused"}
    assert len(outcomes) == 5


def test_a_source_has_a_proxy_of_its_own_with_a_login_that_is_never_shown(
    command: CommandLine, closed_squid: Squid
) -> None:
    root = Holder.root("Town CA")
    (command.folder / "ca.pem").write_bytes(root.pem())
    (command.folder / "proxy").write_text(f"{closed_squid.url_with_login}\n", encoding="ascii")
    closed_squid.forget()
    site = make_site(make_entries(5))
    with TlsListing(
        site, context=root.issue("town", "town.example").context(command.folder), host="town.example"
    ) as server:
        settings = (
            f'[sources.town]\nurl = "{server.origin}{LISTING}"\nproxy = {{ file = "proxy" }}\nca_file = "ca.pem"\n'
        )
        (command.folder / "foreign-eyes.toml").write_text(settings, encoding="utf-8")
        done = command("crawl", "town", "--delay", "0", "--verbose", env={"https_proxy": NO_ADDRESS, "no_proxy": "*"})
        shown = command("config")
    assert done.returncode == 0, done.stderr
    assert closed_squid.has_asked(f"CONNECT town.example:{server.port} 200")
    assert {line for line in closed_squid.asked() if not line.startswith("CONNECT")} == set()
    stored = b"".join(path.read_bytes() for path in command.folder.glob("archive.db*"))
    for text in ("s3cret", "ZXllczpzM2NyZXQ6d29yZA"):
        assert text not in done.stdout + done.stderr + shown.stdout
        assert text.encode() not in stored
    assert "file proxy" in shown.stdout


@pytest.mark.long
def test_the_login_of_a_proxy_is_not_sent_to_a_host_that_needs_none(
    command: CommandLine, server: ListingServer, closed_squid: Squid
) -> None:
    names = named_hosts(command.folder, {"town.example": ("127.0.0.1",)})
    with ListingServer(server.site) as direct:
        server.faults[page_name(2)] = redirect(f"http://town.example:{direct.port}{page_name(2)}")
        proxies = {"http_proxy": closed_squid.url_with_login, "no_proxy": f"town.example:{direct.port}"}
        done = command("crawl", f"http://town.example:{server.port}{LISTING}", *CRAWL, env=names | proxies)
        assert done.returncode == 0, done.stderr
        assert [asked.path for asked in direct.asked].count(page_name(2)) == 2
        assert not any("Proxy-Authorization" in asked.headers for asked in direct.asked)
    assert closed_squid.has_asked(f"GET http://town.example:{server.port}{LISTING} 200")


@pytest.mark.long
def test_a_proxy_that_closes_the_connection_is_not_waited_for(command: CommandLine) -> None:
    with answering(lambda connection: connection.recv(65536)) as port:
        reason = reason_of(command, f"https://town.example{LISTING}", https_proxy=f"http://127.0.0.1:{port}")
    assert f"the proxy http://127.0.0.1:{port} closed the connection instead of opening a tunnel" in reason


def test_a_probe_goes_through_the_proxy_and_names_it(
    command: CommandLine, server: ListingServer, open_squid: Squid
) -> None:
    url = f"http://town.example:{server.port}{LISTING}"
    done = command("probe", url, env={"all_proxy": open_squid.url})
    assert done.returncode == 0, done.stderr
    assert f"proxy: {open_squid.url}, from the environment variable all_proxy" in done.stdout
    assert open_squid.has_asked(f"GET {url} 200")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_missing_or_wrong_login_is_said(command: CommandLine, closed_squid: Squid, scheme: str) -> None:
    url = f"{scheme}://town.example:9{LISTING}"
    variable = f"{scheme}_proxy"
    if scheme == "http":
        reason = reason_of(command, url, http_proxy=closed_squid.url)
        assert f"the proxy {closed_squid.url} requires a login" in reason
    else:
        reason = reason_of(command, url, https_proxy=closed_squid.url_with_login.replace("s3cret", "wrong"))
        assert f"the proxy http://[::1]:{closed_squid.port} refuses the login" in reason
        assert "wrong" not in reason
    assert variable in reason


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_site_that_the_proxy_forbids_is_said(command: CommandLine, open_squid: Squid, scheme: str) -> None:
    reason = reason_of(command, f"{scheme}://forbidden.example{LISTING}", all_proxy=open_squid.url)
    assert f"the proxy {open_squid.url} answers 403" in reason
    assert "for forbidden.example: it forbids this site" in reason


def test_a_proxy_that_does_not_run_is_said_and_the_sample_needs_none(command: CommandLine, tmp_path: Path) -> None:
    reason = reason_of(command, f"https://town.example{LISTING}", https_proxy=NO_ADDRESS)
    assert f"the proxy {NO_ADDRESS} (from the environment variable https_proxy) refuses the connection" in reason
    done = command("--archive", "sample.db", "crawl", "sample", env={"http_proxy": NO_ADDRESS})
    assert done.returncode == 0, done.stderr


def test_a_proxy_that_cannot_be_used_is_a_fault_of_configuration(command: CommandLine) -> None:
    done = command(
        "crawl", f"http://town.example{LISTING}", *CRAWL, env={"all_proxy": "socks5://me:s3cret@127.0.0.1:9"}
    )
    assert done.returncode == 78
    assert "the environment variable all_proxy must be the http:// URL of a proxy" in done.stderr
    assert "s3cret" not in done.stderr + done.stdout
    assert not (command.folder / "archive.db").exists()
