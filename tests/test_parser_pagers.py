"""The pager: page count, next page, and URL patterns."""

from __future__ import annotations

import pytest

from foreign_eyes.listing.parser import parse_listing
from foreign_eyes.listing.values import Pager

FOLDER = "https://ip.example/column/"
URL = FOLDER + "index.htm"
ENTRY = "<ul><li>a<br>——One is first, CNN<br>b</li></ul>"


def paged(markup: str, url: str = URL) -> tuple[Pager, int | None]:
    parsed = parse_listing(f"<html><body>{ENTRY}{markup}</body></html>".encode(), url)
    assert len(parsed.entries) == 1
    assert parsed.entries[0].commentary == "b"
    return parsed.pager, parsed.page_count


@pytest.mark.parametrize(
    ("markup", "count"),
    [
        ("<div><font>共8页</font>&nbsp; 首页</div>", 8),
        ("<div>共 <b>８</b> 页</div>", 8),
        ("<div>共<span>\n12\n</span>页</div>", 12),
        ("<div>Page 1 of 7</div>", 7),
        ("<div>共1000000页</div>", 1_000_000),
        ('<script>createPageHTML(8, 0, "index", "htm")</script>', 8),
        ("<script>createPageHTML('pages', 8, 1, 'index', 'htm', 41);</script>", 8),
        ("<script>var countPage = 8; var currentPage = 0;</script>", 8),
        ("<script>// createPageHTML(3, 0, 'old', 'htm')\ncreatePageHTML(8, 0, 'index', 'htm')</script>", 8),
        ("<script>/* createPageHTML(3,0,'a','b') */ var u='http://x/'; createPageHTML(8,0,'index','htm')</script>", 8),
        ("<script>function createPageHTML(total, now) {}\ncreatePageHTML(8,0,'index','htm')</script>", 8),
        ("<script>// createPageHTML(3, 0, 'old', 'htm')</script>", None),
        ("<!-- <div>共3页 <a href='index1.htm'>下一页</a></div> -->", None),
        ("<!-- 共3页 --><div>共8页</div>", 8),
        ("<form><select><option>1</option><option>2</option><option>3</option></select></form>", 3),
        ("<div>共8页</div><select><option>1</option><option>2</option></select>", 8),
        ("<select><option>2019</option><option>2020</option></select>", None),
        ("", None),
    ],
)
def test_the_page_count_is_what_the_live_pager_announces(markup: str, count: int | None) -> None:
    assert paged(markup)[1] == count


@pytest.mark.parametrize(
    ("markup", "address"),
    [
        ("<a href='index1.htm'>下一页</a>", FOLDER + "index1.htm"),
        ("<a href='index1.htm'><img alt='下一页'></a>", FOLDER + "index1.htm"),
        ("<a href='/x/?page=2#top'>Next page</a>", "https://ip.example/x/?page=2"),
        ("<a href='index1.htm'>Next &gt;</a>", FOLDER + "index1.htm"),
        ("<a href='index1.htm'>&gt;</a><a href='index7.htm'>尾页</a>", FOLDER + "index1.htm"),
        ("<a href='index1.htm' rel='nofollow next'>more</a>", FOLDER + "index1.htm"),
        ("<link rel=next href=index1.htm>", FOLDER + "index1.htm"),
        ("<base href='https://other.example/z/'><a href='i1.htm'>下一页</a>", "https://other.example/z/i1.htm"),
        ("<a href='http://h:8x/'>下一页</a><a href='i2.htm'>下一页</a>", FOLDER + "i2.htm"),
        ("<a href='javascript:go(2)'>下一页</a>", None),
        ("<a href='#'>下一页</a>", None),
        ("<a href='ftp://ip.example/2'>下一页</a>", None),
        ("下一页", None),
    ],
)
def test_the_next_page_is_the_link_that_says_so(markup: str, address: str | None) -> None:
    assert paged(markup)[0].next_url == address


def test_numbered_pages_come_from_links_and_from_options_with_urls() -> None:
    pager, count = paged(
        "<div>共4页 <b>1</b> <a href=index1.htm>2</a> <a href='#'>3</a> <a href=index8.htm>9</a></div>"
        "<select><option value=index.htm>1</option><option value=index1.htm>2</option>"
        "<option value=index2.htm>3</option><option value=4>4</option></select>"
    )
    assert count == 4
    assert pager.numbered == {1: URL, 2: FOLDER + "index1.htm", 3: FOLDER + "index2.htm"}
    assert pager.kind == "column"


def second(pager: Pager) -> list[str]:
    return [template.format(2 - 1 + first) for template, first in pager.guesses]


@pytest.mark.parametrize(
    ("markup", "url", "kind", "page_two"),
    [
        ("共8页", URL, "column", [FOLDER + "index1.htm", FOLDER + "index_1.htm", FOLDER + "index_2.htm"]),
        ("共8页", FOLDER, "column", [FOLDER + "index1.htm", FOLDER + "index_1.htm", FOLDER + "index_2.htm"]),
        (
            "共8页",
            FOLDER + "index3.htm",
            "column",
            [FOLDER + "index1.htm", FOLDER + "index_1.htm", FOLDER + "index_2.htm"],
        ),
        ("共8页", "https://h.example/{a}/index.htm", "column", ["https://h.example/{a}/index1.htm"]),
        ("<script>createPageHTML(8,0,'list','shtml')</script>", URL, "trs", [FOLDER + "list_1.shtml"]),
        ("<script>var countPage = 8;</script>", URL, "trs", [FOLDER + "index_1.htm"]),
        ("<a href=index_2.jhtml>下一页</a>", FOLDER + "index.jhtml", "jeecms", [FOLDER + "index_2.jhtml"]),
        ("<a href='?page=2'>下一页</a>", FOLDER + "list?k=a{b", "query", [FOLDER + "list?k=a%7Bb&page=2"]),
        ("<a href=p-12.htm>2</a><a href=p-13.htm>3</a>", URL, "column", [FOLDER + "index1.htm"]),
        ("<a href=p-2.htm>2</a><a href=p-3.htm>3</a>", URL, "column", [FOLDER + "p-2.htm", FOLDER + "index1.htm"]),
        ("", URL, "none", []),
    ],
)
def test_urls_are_guessed_by_the_kind_of_pager_zero_based_first(
    markup: str, url: str, kind: str, page_two: list[str]
) -> None:
    pager, _ = paged(markup, url)
    assert pager.kind == kind
    assert second(pager)[: len(page_two)] == page_two
    assert bool(pager.guesses) == bool(page_two)


def store(records: int, total: int, group: str = "") -> str:
    rows = "".join(
        f"<record><![CDATA[<li>a<br>——Story {n} of a town, CNN<br>b</li>]]></record>" for n in range(records)
    )
    counts = f"<totalrecord>{total}</totalrecord><totalpage>3</totalpage>"
    return f"<datastore>{counts}{group}<recordset>{rows}</recordset></datastore>"


GROUP = '<nextgroup><![CDATA[<a href="/module/web/jpage/dataproxy.jsp?page=2&webid=1&columnid=9"></a>]]></nextgroup>'
PROXY = "https://ip.example/module/web/jpage/dataproxy.jsp?page={}&webid=1&columnid=9"


def test_the_pages_of_a_store_are_its_responses_and_the_next_group_is_the_next_page() -> None:
    parsed = parse_listing(f"<ul></ul><script type='text/xml'>{store(18, 41, GROUP)}</script>".encode(), URL)
    assert len(parsed.entries) == 18
    assert (parsed.page_count, parsed.pager.kind) == (3, "jpage")
    assert parsed.pager.next_url == PROXY.format(2)
    assert second(parsed.pager) == [PROXY.format(2)]


def test_the_last_response_of_a_store_announces_the_same_count() -> None:
    parsed = parse_listing(store(5, 41).encode(), PROXY.format(3), "text/xml")
    assert (len(parsed.entries), parsed.page_count, parsed.pager.next_url) == (5, 3, None)


@pytest.mark.parametrize(
    ("anchor", "links"),
    [
        ("<a href='/s'>Patent Search</a><a href='/s'>patent  search</a>", ["https://ip.example/s"]),
        ("<a href='/s'><img alt='PATENT SEARCH'></a>", ["https://ip.example/s"]),
        ("<a href='/s' title='PatentSearch'></a>", ["https://ip.example/s"]),
        (
            "<a href='/s'>Patent Search</a><a href='http://t.example/'>Patent Search</a>",
            ["https://ip.example/s", "http://t.example/"],
        ),
        ("<a href='javascript:s()'>Patent Search</a><a href='http://h:8x/'>Patent Search</a>", []),
        ("<a href='/s'>Search</a>", []),
    ],
)
def test_patent_search_links_are_listed_once_each(anchor: str, links: list[str]) -> None:
    parsed = parse_listing(f"{ENTRY}<div>{anchor}</div>".encode(), URL)
    assert [link.url for link in parsed.links] == links
    assert parsed.entries[0].commentary == "b"
