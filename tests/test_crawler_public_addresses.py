"""The hosts that are public."""

from __future__ import annotations

import pytest

from foreign_eyes.crawler.public_addresses import is_private_name, is_public, literal_address


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
        # an IPv4 address inside: mapped, NAT64, 6to4
        ("64:ff9b::8.8.8.8", True),
        ("64:ff9b::127.0.0.1", False),
        ("64:ff9b::10.0.0.1", False),
        ("64:ff9b:1::8.8.8.8", False),
        ("2002:808:808::1", True),
        ("2002:7f00:1::", False),
        ("2002:a00:1::1", False),
        ("2002:c0a8:101::1", False),
        # deprecated or unassigned forms: IPv4-compatible, IPv4-translated, Teredo, site-local, outside 2000::/3
        ("::127.0.0.1", False),
        ("::8.8.8.8", False),
        ("::ffff:0:127.0.0.1", False),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", False),
        ("fec0::1", False),
        ("4000::1", False),
        ("5f00::1", False),
        ("3fff::1", False),
        ("100::1", False),
        # a zone names an interface of this machine
        ("fe80::1%eth0", False),
        ("ff02::1%1", False),
        ("192.0.0.8", False),
        ("192.88.99.1", False),
    ],
)
def test_only_globally_reachable_addresses_are_public(address: str, *, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize(
    "host",
    [
        *(
            "localhost",
            "LOCALHOST",
            "localhost.",
            "a.b.localhost",
            "localhost.localdomain",
            "ip6-localhost",
            "ip6-loopback",
        ),
        *("printer.local", "metadata.google.internal", "nas.home.arpa", "home.arpa."),
    ],
)
def test_names_of_this_machine_and_of_private_networks_are_private(host: str) -> None:
    assert is_private_name(host)


@pytest.mark.parametrize("host", ["town.example", "localhost.town.example", "notlocal", "local.town.example", "", "."])
def test_other_names_are_not_private(host: str) -> None:
    assert not is_private_name(host)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "::1"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("2130706433", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("0X7F.1", "127.0.0.1"),
        ("0177.0.0.01", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("10.0.513", "10.0.2.1"),
        ("0", "0.0.0.0"),  # noqa: S104 - what is refused
        ("0x", "0.0.0.0"),  # noqa: S104
        ("127.0.0.1.", "127.0.0.1"),
    ],
)
def test_an_ip_address_is_recognised_in_each_notation(host: str, address: str) -> None:
    assert literal_address(host) == address


@pytest.mark.parametrize(
    "host",
    [
        "town.example",
        "1.2.3.4.5",
        "256.0.0.1",
        "127.0.0.256",
        "4294967296",
        "1..2",
        "",
        ".",
        "08.1",
        "0xg",
        "1.example",
    ],
)
def test_a_name_is_not_an_ip_address(host: str) -> None:
    assert literal_address(host) is None
