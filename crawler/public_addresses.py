"""Decide whether a host is public: an IP address by its network, a name by its domain. Pure."""

from __future__ import annotations

import re
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

# the only block of global unicast addresses (IANA's IPv6 address space registry)
_GLOBAL_UNICAST = IPv6Network("2000::/3")
# IPv6 networks whose last 32 bits are an IPv4 address: IPv4-mapped (RFC 4291), NAT64 (RFC 6052)
_ENDS_IN_IPV4 = (IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96"))
# networks that `ipaddress` of some Python versions takes for global: IETF protocol assignments, 6to4 relays, documentation
_NOT_GLOBAL = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"), IPv6Network("3fff::/20"))

# names of this machine (RFC 6761), and domains reserved for private networks (RFC 6762, RFC 8375, ICANN's resolution
# 2024.07.29.06)
_PRIVATE_DOMAINS = ("localhost", "localdomain", "ip6-localhost", "ip6-loopback", "local", "internal", "home.arpa")


def is_public(address: str) -> bool:
    """Return whether an IP address is globally reachable.

    The source is IANA's special-purpose address registries. An IPv6 address that carries an IPv4 address is as public as
    that one.
    """
    ip = ip_address(address)
    if isinstance(ip, IPv6Address):
        carried = _carried_ipv4(ip)
        if carried is not None:
            return is_public(str(carried))
        if ip not in _GLOBAL_UNICAST:
            return False
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in _NOT_GLOBAL)


def is_private_name(host: str) -> bool:
    """Return whether a host name is reserved for this machine or for private networks."""
    name = host.lower().rstrip(".")
    return any(name == domain or name.endswith(f".{domain}") for domain in _PRIVATE_DOMAINS)


def _carried_ipv4(ip: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address to which packets for `ip` are sent in the end, or None."""
    if any(ip in network for network in _ENDS_IN_IPV4):
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.sixtofour


def literal_address(host: str) -> str | None:
    """Return the IP address that a host is, in any notation that resolvers accept; None for a name.

    These are `127.1`, `2130706433`, `0x7f.0.0.1` and `0177.0.0.1`, too, all of which are 127.0.0.1.
    """
    with suppress(ValueError):
        return str(ip_address(host))
    numbers = [_number(part) for part in host.removesuffix(".").split(".")]
    if len(numbers) > 4 or None in numbers:
        return None
    *firsts, last = [number for number in numbers if number is not None]
    if any(number > 255 for number in firsts) or last >= 256 ** (5 - len(numbers)):
        return None
    return str(IPv4Address(sum(number << (24 - 8 * place) for place, number in enumerate(firsts)) + last))


def _number(part: str) -> int | None:
    """Return a number as C writes it: decimal, octal after `0`, hexadecimal after `0x`; else None."""
    if not re.fullmatch(r"0[xX][0-9a-fA-F]*|[0-9]+", part):
        return None
    if part[:2].lower() == "0x":
        return int(part[2:] or "0", 16)
    try:
        return int(part, 8 if part.startswith("0") else 10)
    except ValueError:
        return None
