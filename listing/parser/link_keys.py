"""What a link is known by: its address without what differs from one visit to the next.

Session ids, time stamps and campaign tags say nothing about where a link leads. w3lib does the cleaning; the lists here
say what is cleaned away.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

from w3lib.url import canonicalize_url, url_query_cleaner

# Parameters that hold a session id, whatever its value; also in the path, as in `/search;jsessionid=1F2E`
_SESSION = r"jsessionid|phpsessid|aspsessionid\w*|asp\.net_sessionid|session_?id|sessid|cfid|cftoken|zenid|oscsid"
_SESSION_NAME = re.compile(_SESSION, re.IGNORECASE)
_SESSION_IN_PATH = re.compile(rf";(?:{_SESSION})=[^;/]*", re.IGNORECASE)
_SESSION_IN_QUERY = re.compile(rf"%3B(?:{_SESSION})%3D.*?(?=%3B|&|$)", re.IGNORECASE)
# ASP.NET without cookies: a path segment such as `(S(lit3py55t21z5v55vlm25s55))`
_SESSION_SEGMENT = re.compile(r"/\((?:[A-Z]\([A-Za-z0-9_-]+\))+\)(?=/|$)")
# `sid` names a session where its value is long, else perhaps a site
_SHORT_NAME = re.compile(r"s(?:id|ess)", re.IGNORECASE)
_LONG = 12
# Parameters of campaigns and of those who count visitors
_CAMPAIGN_NAME = re.compile(
    r"utm_\w*|mtm_\w*|pk_\w*|hsa_\w*|mc_[ce]id|_hs\w+|_ga|_gl|gclid|dclid|fbclid|msclkid|yclid|twclid|igshid|spm|scm",
    re.IGNORECASE,
)
# Parameters that hold a time stamp or a random number, unless their value is a word: `t=1770000000`, but not `t=patents`
_STAMP_NAME = re.compile(
    r"_+|_?ts?|_?time|_?time_?stamp|_?stamp|_?date_?time|now|_?rnd|_?rand|_?random|_?dc|_?cb|no_?cache|cache_?bust(?:er)?|nonce",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+")


def link_key(url: str) -> str:
    """Return what tells the link at `url` from others. Pure, total, and equal for a key itself.

    Two addresses have one key only if they differ in session ids, time stamps and campaign tags, in the order of their
    parameters, or in how the same signs are written.
    """
    try:
        path, _, query = canonicalize_url(url).partition("?")
        path = _SESSION_SEGMENT.sub("", _SESSION_IN_PATH.sub("", path))
        query = _SESSION_IN_QUERY.sub("", query)
        cleaned = url_query_cleaner(f"{path}?{query}", sorted(_noise_in(query)), remove=True, unique=False)
        return canonicalize_url(cleaned)
    except ValueError:  # w3lib cannot read the address
        return url


def _noise_in(query: str) -> set[str]:
    """Return the names, as written, of the parameters that are noise; a name is noise if each of its values is."""
    verdicts: dict[str, bool] = {}
    for pair in query.split("&"):
        written, _, value = pair.partition("=")
        verdicts[written] = verdicts.get(written, True) and _is_noise(unquote_plus(written), unquote_plus(value))
    return {written for written, is_noise in verdicts.items() if is_noise}


def _is_noise(name: str, value: str) -> bool:
    if _SESSION_NAME.fullmatch(name) or _CAMPAIGN_NAME.fullmatch(name):
        return True
    if _SHORT_NAME.fullmatch(name):
        return len(value) >= _LONG
    return _STAMP_NAME.fullmatch(name) is not None and _WORD.fullmatch(value) is None
