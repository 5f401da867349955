"""The addresses that the crawler may connect to."""

from __future__ import annotations

import pytest

from foreign_eyes.crawler.download_errors import FetchFault
from foreign_eyes.crawler.ssrf_guard import AddressRules, check_literal


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
