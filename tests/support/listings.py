"""Listing pages in the column's markup, made of invented entries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

FOLDER = "/specialtopic/chinasipinforeigneyes"
LISTING = f"{FOLDER}/index.htm"
PATENT_SEARCH = "/patentsearch/index.htm"


@dataclass(frozen=True)
class Entry:
    """An entry to be rendered on a listing page."""

    title: str
    publication: str
    excerpt: str
    commentary: str
    style: str = ", by "

    @property
    def attribution(self) -> str:
        return f"——{self.title}{self.style}{self.publication}"


def make_entries(count: int, first: int = 1) -> list[Entry]:
    """Return entries that differ in every part; each title contains its number."""
    papers = ["Le Monde", "Der Spiegel", "The Straits Times", "Nikkei"]
    subjects = ["lithium", "porcelain", "satellite", "rice", "violin", "turbine", "subway", "tea"]
    return [
        Entry(
            title=f"Workshop {n} bets on {subjects[n % 8]} patents",
            publication=papers[n % 4],
            excerpt=f"In town number {n} a {subjects[n % 8]} maker has filed its {n * 7}th claim, and the neighbours watch.",
            commentary=f"Filing {n * 7} claims shows how workshop {n} values what it knows about {subjects[n % 8]}.",
        )
        for n in range(first, first + count)
    ]


def page_name(page: int) -> str:
    return f"{FOLDER}/index{page - 1 or ''}.htm"


def make_site(entries: Sequence[Entry], per_page: int = 5, patent_search: str = PATENT_SEARCH) -> dict[str, bytes]:
    """Return the site by path: listing pages, the Patent Search page and robots.txt."""
    count = max(1, -(-len(entries) // per_page))
    site = {
        page_name(page): make_page(entries[(page - 1) * per_page : page * per_page], page, count, patent_search)
        for page in range(1, count + 1)
    }
    site[PATENT_SEARCH] = b"<!DOCTYPE html><html><title>Patent Search</title><p>Search by number.</p></html>"
    site["/robots.txt"] = b"User-agent: *\nDisallow: /private/\n"
    return site


def make_page(entries: Sequence[Entry], page: int, count: int, patent_search: str = PATENT_SEARCH) -> bytes:
    blocks = "\n".join(
        f"<li><p>{escape(entry.excerpt)}</p><p>{escape(entry.attribution)}</p><p>{escape(entry.commentary)}</p></li>"
        for entry in entries
    )
    return f"""<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>China's IP in Foreign Eyes</title></head>
<body><div class="content"><h1>China's IP in Foreign Eyes</h1><ul>{blocks}</ul>{make_pager(page, count)}</div>
<div class="foot"><a href="{patent_search}">Patent Search</a></div></body></html>""".encode()


def make_pager(page: int, count: int, next_name: str | None = None) -> str:
    following = next_name or (f"index{page}.htm" if page < count else f"index{page - 1 or ''}.htm")
    numbers = " ".join(f'<a href="index{n - 1 or ""}.htm">{n}</a>' for n in range(1, min(count, 6) + 1))
    return (
        f'<div class="index_page01"><font>共{count}页</font>&nbsp;&nbsp; <a href="index.htm">首页</a>&nbsp;&nbsp; {numbers} '
        f'<a href="{following}">下一页</a>&nbsp;&nbsp; <a href="index{count - 1 or ""}.htm">尾页</a>&nbsp;&nbsp; 转到</div>'
    )
