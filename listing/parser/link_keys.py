"""Compute the key of a link: its URL without the parts that differ from visit to visit.

Session ids, timestamps and campaign tags do not change where a link leads. w3lib removes them; the patterns here select
them.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

from w3lib.url import canonicalize_url, url_query_cleaner

# parameters with a session id, also in the path, as in `/search;jsessionid=1F2E`
_SESSION = r"jsessionid|phpsessid|aspsessionid\w*|asp\.net_sessionid|session_?id|sessid|cfid|cftoken|zenid|oscsid"
_SESSION_NAME = re.compile(_SESSION, re.IGNORECASE)
_SESSION_IN_PATH = re.compile(rf";(?:{_SESSION})=[^;/]*", re.IGNORECASE)
_SESSION_IN_QUERY = re.compile(rf"%3B(?:{_SESSION})%3D.*?(?=%3B|&|$)", re.IGNORECASE)
# ASP.NET without cookies: a path segment such as `(S(lit3py55t21z5v55vlm25s55))`
_SESSION_SEGMENT = re.compile(r"/\((?:[A-Z]\([A-Za-z0-9_-]+\))+\)(?=/|$)")
# `sid` is a session if its value is long; else it may be a site
_SHORT_NAME = re.compile(r"s(?:id|ess)", re.IGNORECASE)
_LONG = 12
# parameters of campaigns and of web analytics
_CAMPAIGN_NAME = re.compile(
    r"utm_\w*|mtm_\w*|pk_\w*|hsa_\w*|mc_[ce]id|_hs\w+|_ga|_gl|gclid|dclid|fbclid|msclkid|yclid|twclid|igshid|spm|scm",
    re.IGNORECASE,
)
# parameters with a timestamp or a random number; ignored if the value is a word: `t=1770000000`, but not `t=patents`
_STAMP_NAME = re.compile(
    r"_+|_?ts?|_?time|_?time_?stamp|_?stamp|_?date_?time|now|_?rnd|_?rand|_?random|_?dc|_?cb|no_?cache|cache_?bust(?:er)?|nonce",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+")


def link_key(url: str) -> str:
    """Return the key of the link at `url`. Never raises; idempotent.

    Two URLs have the same key only if they differ in session ids, timestamps, campaign tags, the order of parameters or
    percent-encoding.
    """
    try:
        path, _, query = canonicalize_url(url).partition("?")
        path = _SESSION_SEGMENT.sub("", _SESSION_IN_PATH.sub("", path))
        query = _SESSION_IN_QUERY.sub("", query)
        cleaned = url_query_cleaner(f"{path}?{query}", sorted(_noise_in(query)), remove=True, unique=False)
        return canonicalize_url(cleaned)
    except ValueError:  # w3lib cannot parse the URL
        return url


def _noise_in(query: str) -> set[str]:
    """Return the names, as written, of parameters to remove: those of which each value is noise."""
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
