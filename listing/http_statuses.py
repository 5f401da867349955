"""What an HTTP status that is no page means for the operator. Pure."""

from __future__ import annotations

from http import HTTPStatus

_OF_KIND = {
    1: "no page comes with it: open the address in a browser",
    2: "no page comes with it: open the address in a browser",
    3: "it names no address to go on to: open the address in a browser",
    4: "the site refuses the request: open the address in a browser",
    5: "the site failed: try again later",
}
_OF_STATUS = {
    401: "the site wants a login: only public addresses can be archived",
    407: "a proxy on the way wants a login",
    451: "the site withholds the page for legal reasons",
    501: "the server cannot serve pages at that address: check it",
    505: "the server does not speak HTTP/1.1",
    511: "this machine's network wants a login: open any page in a browser",
}


def words_of_status(status: int) -> str:
    """Return a status with its name and what to do, such as `503 (Service Unavailable): ...`."""
    try:
        name = HTTPStatus(status).phrase
    except ValueError:
        name = "not an HTTP status" if not 100 <= status <= 599 else "unknown"
    words = _OF_STATUS.get(status) or _OF_KIND.get(status // 100) or "open the address in a browser"
    return f"{status} ({name}): {words}"
