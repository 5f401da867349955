"""Resolving names: which addresses are passed on, and in which order."""

from __future__ import annotations

import pytest
from twisted.internet.address import IPv4Address, IPv6Address

from foreign_eyes.crawler.public_resolver import in_turn

A, B, C = (IPv4Address("TCP", f"192.0.2.{last}", 80) for last in (1, 2, 3))
V, W = (IPv6Address("TCP", f"2001:db8::{last}", 80) for last in (1, 2))


@pytest.mark.parametrize(
    ("addresses", "tried"),
    [
        ([], []),
        ([A, B], [A, B]),
        ([V, W, A, B], [V, A, W, B]),
        ([A, B, C, V], [A, V, B, C]),
    ],
)
def test_the_families_are_tried_in_turn(
    addresses: list[IPv4Address | IPv6Address], tried: list[IPv4Address | IPv6Address]
) -> None:
    assert in_turn(addresses) == tried
