"""The addresses that the crawler may connect to."""

from __future__ import annotations

import pytest

from foreign_eyes.crawler.download_errors import FetchFault
from foreign_eyes.crawler.ssrf_guard import AddressRules, check_host


def test_the_sources_own_host_may_be_private_and_no_other() -> None:
    rules = AddressRules(frozenset({"intranet.example"}))
    assert rules.permitted("intranet.example", ["10.0.0.1", "::1"]) == ["10.0.0.1", "::1"]
    assert rules.permitted("evil.example", ["10.0.0.1", "::1"]) == []
    assert rules.permitted("other.example", ["8.8.8.8"]) == ["8.8.8.8"]


def test_of_a_host_with_public_and_private_addresses_only_the_public_ones_are_connected_to() -> None:
    rules = AddressRules()
    assert rules.permitted("town.example", ["10.0.0.1", "2001:4860:4860::8888", "8.8.8.8"]) == [
        "2001:4860:4860::8888",
        "8.8.8.8",
    ]
    assert rules.refusal("town.example") is None


def test_a_refusal_names_the_host_and_its_address() -> None:
    rules = AddressRules()
    assert rules.refusal("evil.example") is None
    rules.permitted("evil.example", ["127.0.0.1"])
    refusal = rules.refusal("evil.example")
    assert refusal is not None
    assert refusal.fault == "refused"
    assert "evil.example (127.0.0.1)" in refusal.detail


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://[::1]:8080/",
        "https://10.0.0.1/x",
        "http://[::ffff:7f00:1]/",
        "http://[64:ff9b::a00:1]/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://127.1./",
    ],
)
def test_a_private_ip_address_is_refused_before_a_request(url: str) -> None:
    with pytest.raises(FetchFault, match="is not public"):
        check_host(url, AddressRules())


@pytest.mark.parametrize(
    "url", ["http://localhost:8080/", "http://LOCALHOST./", "http://nas.local/", "http://a.internal/"]
)
def test_a_name_of_a_private_network_is_refused_before_a_request(url: str) -> None:
    with pytest.raises(FetchFault, match="only the source's own host may be private"):
        check_host(url, AddressRules())


@pytest.mark.parametrize("url", ["http://8.8.8.8/", "http://town.example/", "http://127.0.0.2/", "http://localhost/"])
def test_names_public_ip_addresses_and_the_sources_own_host_pass(url: str) -> None:
    check_host(url, AddressRules(frozenset({"127.0.0.2", "localhost"})))
