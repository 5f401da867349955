"""The `Link` field of an answer (RFC 8288): what a feed or page says of itself in words that RSS and JSON lack. Pure.

The site map (feeds/site_map.py) says which links a file has. Inside RSS, validators warn of every `atom:link` but `self`, and
JSON Feed has none; a header field disturbs nobody.
"""

from __future__ import annotations

from urllib.parse import quote

from foreign_eyes.feeds import site_map

# the characters that RFC 3986 allows in a URL, and the percent sign of parts that are quoted already
_URL_SIGNS = "%:/?#[]@!$&'()*+,;=-._~"


def links_of(name: str, base_url: str | None, hub: str | None) -> str:
    """Return the value of the `Link` field for the published file `name`, "" if it has no links.

    Without a `base_url` the references are relative to the file (RFC 8288 section 3.2); without a `hub` none is named.
    """
    links: list[str] = []
    for link in site_map.links_of(name):
        if link.target is not None:
            target = _reference(link.target, name, base_url)
        elif hub:
            target = quote(hub, safe=_URL_SIGNS)
        else:
            continue
        links.append(f'<{target}>; rel="{link.rel}"' + (f'; type="{link.media_type}"' if link.media_type else ""))
    return ", ".join(links)


def _reference(target: str, name: str, base_url: str | None) -> str:
    """Return where `target` is, as seen from `name`: both are below the base URL, and quoted to stand in `<>`."""
    quoted = quote(target, errors="surrogateescape")
    if base_url is None:
        return "../" * name.count("/") + quoted or "./"
    return quote(base_url, safe=_URL_SIGNS) + quoted
