"""The settings of a source that are for its site only: types and checks. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

import msgspec

# printable ASCII with spaces inside
UserAgent = Annotated[str, msgspec.Meta(pattern=r"^[\x21-\x7e]([\x20-\x7e]{0,398}[\x21-\x7e])?\Z")]

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e\t]{0,8190}[\x21-\x7e])?")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# a crawl or the HTTP client sets them
_OURS = frozenset({
    "accept-encoding", "cache-control", "connection", "content-encoding", "content-length", "content-type", "expect", "host",
    "if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "keep-alive", "pragma",
    "proxy-authorization", "proxy-connection", "range", "te", "trailer", "transfer-encoding", "upgrade",
})  # fmt: skip


class SettingSource(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a secret value is: `{ env = "NAME" }` or `{ file = "PATH" }`."""

    env: str | None = None
    file: str | None = None

    def __post_init__(self) -> None:
        """Check that exactly one place is given."""
        if bool(self.env) == bool(self.file):
            raise ValueError('give either env = "NAME" or file = "PATH"')
        if self.env and not _VARIABLE.fullmatch(self.env):
            raise ValueError("env must be the name of an environment variable")


Headers = Mapping[str, str | SettingSource]


def check_headers(headers: Headers) -> None:
    """Check the names and the written values of request headers.

    Raises:
        ValueError: one is not allowed; the message has its name, never its value.
    """
    seen: dict[str, str] = {}
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name):
            raise ValueError(f"{name!r} is not the name of a header: use letters, digits and dashes")
        if name.lower() == "user-agent":
            raise ValueError(f"{name}: use the key user_agent of the source instead")
        if name.lower() in _OURS:
            raise ValueError(f"{name}: a crawl sets this header itself; remove it")
        if other := seen.get(name.lower()):
            raise ValueError(f"{name} and {other} are the same header: remove one")
        seen[name.lower()] = name
        if isinstance(value, str) and (problem := header_value_problem(value)):
            raise ValueError(f"{name}: its value {problem}")


def check_cookies(headers: Headers, *, cookies: bool) -> None:
    """Check that cookies have one origin only.

    Raises:
        ValueError: the crawl would keep cookies, and a header would set others.
    """
    if cookies and any(name.lower() == "cookie" for name in headers):
        raise ValueError("a Cookie header and cookies = true exclude each other: remove one")


def header_value_problem(value: str) -> str | None:
    """Return what is wrong with the value of a header, without quoting it; None if it can be sent."""
    if not value:
        return "is empty: give a value"
    if not _VALUE.fullmatch(value):
        return "cannot be sent: use one line of at most 8192 ASCII characters, without spaces at its ends"
    return None
