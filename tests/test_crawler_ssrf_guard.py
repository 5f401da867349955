"""The addresses that the crawler may connect to."""

from __future__ import annotations

import pytest

from foreign_eyes.crawler.download_errors import FetchFault
from foreign_eyes.crawler.ssrf_guard import AddressRules, check_literal, is_public


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("1.1.1.1", True),
        ("2001:4860:4860::8888", True),
        ("::ffff:8.8.8.8", True),
        ("127.0.0.1", False),
        ("127.255.255.254", False),
        ("10.0.0.1", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 - what is refused
        ("255.255.255.255", False),
        ("192.0.2.1", False),
        ("198.18.0.1", False),
        ("224.0.0.1", False),
        ("239.255.255.250", False),
        ("240.0.0.1", False),
        ("::1", False),
        ("::", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:a9fe:a9fe", False),
        ("fe80::1", False),
        ("fc00::1", False),
        ("fd12:3456::1", False),
        ("ff02::1", False),
        ("ff0e::1", False),
        ("2001:db8::1", False),
    ],
)
def test_only_globally_reachable_addresses_are_public(address: str, *, public: bool) -> None:
    assert is_public(address) is public


def test_the_sources_own_host_may_be_private_and_no_other() -> None:
    rules = AddressRules(frozenset({"intranet.example"}))
    assert rules.allows("intranet.example", "10.0.0.1")
    assert not rules.allows("evil.example", "10.0.0.1")
    assert rules.allows("other.example", "8.8.8.8")


def test_a_refusal_names_the_host_and_its_address() -> None:
    rules = AddressRules()
    assert rules.refusal("evil.example") is None
    rules.allows("evil.example", "127.0.0.1")
    refusal = rules.refusal("evil.example")
    assert refusal is not None
    assert refusal.fault == "refused"
    assert "evil.example (127.0.0.1)" in refusal.detail


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "http://[::1]:8080/", "https://10.0.0.1/x", "http://[::ffff:7f00:1]/"]
)
def test_a_private_ip_address_is_refused_before_a_request(url: str) -> None:
    with pytest.raises(FetchFault, match="is not public"):
        check_literal(url, AddressRules())


@pytest.mark.parametrize("url", ["http://8.8.8.8/", "http://town.example/", "http://127.0.0.2/"])
def test_names_public_ip_addresses_and_the_sources_own_host_pass(url: str) -> None:
    check_literal(url, AddressRules(frozenset({"127.0.0.2"})))
