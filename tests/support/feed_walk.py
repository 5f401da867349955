"""Follow the links of published feeds and pages, from files, without a server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from urllib.parse import urljoin

import lxml.html
from lxml import etree

ATOM = "{http://www.w3.org/2005/Atom}"


def walk_atom(folder: Path, base_url: str, start: str = "atom.xml") -> Iterator[dict[str, str]]:
    """Yield the first occurrence of each entry along `prev-archive` (RFC 5005 section 4)."""
    met: set[str] = set()
    address: str | None = base_url + start
    while address:
        feed = etree.fromstring((folder / address.removeprefix(base_url)).read_bytes())
        for entry in feed.iterfind(f"{ATOM}entry"):
            told = {child.tag.removeprefix(ATOM): child.text or "" for child in entry}
            if told["id"] not in met:
                met.add(told["id"])
                yield told
        links = {link.get("rel"): link.get("href") for link in feed.iterfind(f"{ATOM}link")}
        assert links["self"] == address
        address = links.get("prev-archive")


def walk_json(folder: Path, base_url: str) -> Iterator[dict[str, str]]:
    """Yield the first occurrence of each item along `next_url`."""
    met: set[str] = set()
    address: str | None = f"{base_url}feed.json"
    while address:
        feed = json.loads((folder / address.removeprefix(base_url)).read_bytes())
        assert feed["feed_url"] == address
        for item in feed["items"]:
            if item["id"] not in met:
                met.add(item["id"])
                yield item
        address = feed.get("next_url")


def dangling_links(folder: Path, base_url: str) -> list[str]:
    """Return links to missing files in all pages and feeds reachable from the well-known ones."""
    known = ["index.html", "atom.xml", "rss.xml", "feed.json", "changes.xml", "subscriptions.opml"]
    return _follow(folder, base_url, [name for name in known if (folder / name).is_file()])[1]


def reached(folder: Path, base_url: str, known: list[str]) -> set[str]:
    """Return the files reachable by links from the files in `known`."""
    return _follow(folder, base_url, known)[0]


def _follow(folder: Path, base_url: str, known: list[str]) -> tuple[set[str], list[str]]:
    ahead = list(known)
    reached = set(ahead)
    dangling: list[str] = []
    while ahead:
        name = ahead.pop()
        file = folder / name
        for address in _links(file.read_bytes(), file.suffix, urljoin(base_url, name)):
            if not address.startswith(base_url) or address.startswith(f"{base_url}browse/"):
                continue
            target = address.removeprefix(base_url).partition("#")[0]
            target += "index.html" if not target or target.endswith("/") else ""
            if not (folder / target).is_file():
                dangling.append(f"{name} -> {target}")
            elif target not in reached:
                reached.add(target)
                ahead.append(target)
    return reached, dangling


@lru_cache(maxsize=2048)  # tests walk the same files many times
def _links(content: bytes, suffix: str, address: str) -> tuple[str, ...]:
    """Return the addresses that a file links to."""
    return tuple(_find_links(content, suffix, address))


def _find_links(content: bytes, suffix: str, address: str) -> Iterator[str]:
    if suffix == ".html":
        page = lxml.html.document_fromstring(content.decode())
        yield from (urljoin(address, one.get("href")) for one in page.xpath("//a[@href] | //link[@href]"))
    elif suffix in (".xml", ".opml", ".rss"):
        document = etree.fromstring(content)
        for element in document.iter():
            yield from (element.get(name) for name in ("href", "xmlUrl", "htmlUrl") if element.get(name))
            if etree.QName(element).localname in ("link", "icon", "logo", "loc") and element.text:
                yield element.text
    elif suffix == ".json":
        feed = json.loads(content)
        yield from (feed[name] for name in ("next_url", "home_page_url", "icon", "favicon") if name in feed)
        yield from (item["url"] for item in feed["items"])
