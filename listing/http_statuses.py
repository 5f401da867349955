"""Explain an HTTP status that has no page. Pure."""

from __future__ import annotations

from http import HTTPStatus

_BY_CLASS = {
    1: "the response has no page: open the URL in a browser",
    2: "the response has no page: open the URL in a browser",
    3: "the redirect has no target: open the URL in a browser",
    4: "the site refuses the request: open the URL in a browser",
    5: "the site failed: try again later",
}
_BY_STATUS = {
    401: "the site requires a login: only public pages can be archived",
    407: "a proxy requires a login: check this machine's network",
    451: "the site withholds the page for legal reasons: open the URL in a browser",
    501: "the server does not support the request: check the URL of the source",
    505: "the server does not support HTTP/1.1: check the URL of the source",
    511: "this machine's network requires a login: open any page in a browser",
}


def describe_status(status: int) -> str:
    """Return a status with its name and what to do.

    For example, `503 (Service Unavailable): the site failed: try again later`.
    """
    try:
        name = HTTPStatus(status).phrase
    except ValueError:
        name = "not an HTTP status" if not 100 <= status <= 599 else "unknown"
    explanation = _BY_STATUS.get(status) or _BY_CLASS.get(status // 100) or "open the URL in a browser"
    return f"{status} ({name}): {explanation}"
