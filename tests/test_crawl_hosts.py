"""Crawls of hosts as the network has them: IPv6, international names, names with several addresses."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from conftest import CommandLine
from support.listing_server import ListingServer
from support.listings import LISTING, make_entries, make_site
from support.named_hosts import named_hosts


@pytest.fixture
def server_on_ipv6() -> Iterator[ListingServer]:
    """Serve a listing of one page on ::1."""
    with ListingServer(make_site(make_entries(5)), address="::1") as running:
        yield running


def hosts_of(server: ListingServer) -> set[str]:
    """Return the hosts that were asked for."""
    return {asked.headers["Host"] for asked in server.asked}


def test_a_listing_at_an_ipv6_address_is_crawled(command: CommandLine, server_on_ipv6: ListingServer) -> None:
    row = command.crawl(server_on_ipv6)
    assert (row["outcome"], row["entries"]) == ("complete", 5), row["reason"]
    assert hosts_of(server_on_ipv6) == {f"[::1]:{server_on_ipv6.port}"}


def test_an_international_name_with_an_ipv6_address_only_is_crawled(
    command: CommandLine, server_on_ipv6: ListingServer
) -> None:
    port = server_on_ipv6.port
    names = named_hosts(command.folder, {"xn--fa-hia.example": ("::1",)})
    direct = {"all_proxy": "http://127.0.0.1:9", "no_proxy": "faß.example"}  # an exception to a proxy that does not run
    url = f"http://faß.example:{port}{LISTING}"
    done = command("crawl", url, "--name", "town", "--delay", "0", env=names | direct)
    assert done.returncode == 0, done.stderr
    assert "faß.example (xn--fa-hia.example) cannot tell whom to write to" in done.stderr
    assert hosts_of(server_on_ipv6) == {f"xn--fa-hia.example:{port}"}
    assert command.rows("SELECT DISTINCT url FROM sources") == [{"url": f"http://xn--fa-hia.example:{port}{LISTING}"}]


def test_a_host_whose_ipv6_address_does_not_answer_is_crawled_by_ipv4(
    command: CommandLine, server: ListingServer
) -> None:
    names = named_hosts(command.folder, {"both.example": ("::1", "127.0.0.1")})
    with silent_address("::1", server.port):
        done = command(
            "crawl", f"http://both.example:{server.port}{LISTING}", "--name", "town", "--delay", "0", env=names
        )
    assert done.returncode == 0, done.stderr


def silent_address(address: str, port: int) -> ExitStack:
    """Occupy a port so that it drops further connections: Linux does so when the queue of a listening socket is full."""
    resources = ExitStack()
    listener = resources.enter_context(socket.socket(socket.AF_INET6))
    listener.bind((address, port))
    listener.listen(0)
    for _ in range(2):
        client = resources.enter_context(socket.socket(socket.AF_INET6))
        client.setblocking(False)
        client.connect_ex((address, port))
    return resources
