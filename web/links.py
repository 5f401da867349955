"""The `Link` field of an answer (RFC 8288): what a feed or page says of itself in words that RSS and JSON lack. Pure.

Inside RSS all `atom:link` but `self` draw warnings of validators, and JSON Feed has none; as a header field they hurt
nobody, and WebSub wants the hub there (section 4).
"""

from __future__ import annotations

from urllib.parse import quote

from foreign_eyes.web.kinds import FEEDS, archive_number, is_feed_folder, is_subscription, split_name

_PAGE = "index.html"
# what RFC 3986 lets stand in a URL, and the percent sign of what is quoted already
_URL_SIGNS = "%:/?#[]@!$&'()*+,;=-._~"


def links_of(name: str, base_url: str | None, hub: str | None) -> str:
    """Return the value of the `Link` field for the published file `name`, "" where it needs none.

    A subscription document tells itself, the hub and its page; an archive document itself, what is current, its neighbour
    (RFC 5005 section 4) and the page, and no hub, since nothing will ever be told of it. A page tells its feeds. With no
    `base_url` the references are relative to the file (RFC 8288 section 3.2).
    """
    folder, last = split_name(name)

    def link(target: str, rel: str, kind: str = "") -> str:
        return f'<{_reference(target, name, base_url)}>; rel="{rel}"' + (f'; type="{kind}"' if kind else "")

    links: list[str] = []
    if is_subscription(name):
        links.append(link(name, "self"))
        if hub:
            links.append(f'<{quote(hub, safe=_URL_SIGNS)}>; rel="hub"')
        links.append(link("changes/" if last.startswith("changes.") else folder, "alternate", "text/html"))
    elif (number := archive_number(name)) is not None:
        ending = name.rpartition(".")[2]
        links += [link(name, "self"), link("atom.xml" if ending == "xml" else "feed.json", "current")]
        if number == 0:
            links.append(link(f"archive/1.{ending}", "next-archive"))
        elif ending == "xml" or number > 1:
            links.append(link(f"archive/{number - 1}.{ending}", "prev-archive"))
        links.append(link("", "alternate", "text/html"))
    elif last == _PAGE and is_feed_folder(folder):
        links += [link(folder + feed, "alternate", kind) for feed, kind in FEEDS.items()]
    return ", ".join(links)


def _reference(target: str, name: str, base_url: str | None) -> str:
    """Return where `target` is, as seen from `name`: both are below the base URL, and quoted to stand in `<>`."""
    quoted = quote(target, errors="surrogateescape")
    if base_url is None:
        return "../" * name.count("/") + quoted or "./"
    return quote(base_url, safe=_URL_SIGNS) + quoted
