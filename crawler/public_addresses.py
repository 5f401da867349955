"""Decide whether a host is public: an IP address by its network, a name by its domain. Pure."""

from __future__ import annotations

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
