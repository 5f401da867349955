"""The reader of a listing: the order of its requests, and what ends a crawl."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

import pytest
from support.known_listings import KnownEntries

from foreign_eyes.listing.fetch_results import FetchResult
from foreign_eyes.listing.known_listing import KnownListing, SettledListing
from foreign_eyes.listing.reader import CrawlProgress, ListingReader
from foreign_eyes.listing.values import Fault, Link, ListedEntry, ListingPage, Pager, Verdict

SITE = "http://town.example/"
INDEX = f"{SITE}index.htm"
SEARCH = Link("Patent Search", "http://search.example/")


def make_page(
    *titles: str,
    count: int | None = 3,
    next_url: str | None = None,
    numbered: dict[int, str] | None = None,
    guesses: tuple[tuple[str, int], ...] = (),
    has_heading: bool = True,
    links: tuple[Link, ...] = (),
) -> ListingPage:
    entries = tuple(ListedEntry(f"About {title}.", f"——{title}, by P", title, "P", "c") for title in titles)
    return ListingPage(entries, count, links, Pager("any", next_url, numbered or {}, guesses), has_heading, "utf-8")


@dataclass
class Site:
    """A simulated site: by URL a page, a status, a fault, or a function that returns one of these.

    It is both fetcher and parser: a body is a key of the page that it represents.
    """

    pages: dict[str, Any]
    asked: list[tuple[str, int, int]] = field(default_factory=list)
    shown: dict[bytes, ListingPage] = field(default_factory=dict)
    PARSER_VERSION = 1

    async def __call__(self, url: str, *, page: int, pass_number: int) -> FetchResult:
        self.asked.append((url.removeprefix(SITE), page, pass_number))
        answer = self.pages.get(url.removeprefix(SITE), 404)
        if isinstance(answer, Callable):  # type: ignore[arg-type]
            answer = answer()
        if isinstance(answer, int):
            return FetchResult(url, url, answer, b"an error page", "-")
        if isinstance(answer, str):
            return FetchResult(url, url, fault=answer, detail="as the tests have it")  # type: ignore[arg-type]
        body = repr(answer).encode()
        self.shown[body] = answer
        return FetchResult(url, url, 200, body, sha256(body).hexdigest())

    def parse_listing(self, body: bytes, url: str, content_type: str | None = None) -> ListingPage:
        """Return the page that the body represents."""
        return self.shown[body]

    def blocking_sign(self, status: int, body: bytes, content_type: str | None = None) -> str | None:
        """Return a sign of a block for status 412."""
        return "a challenge" if status == 412 else None

    def read(self, known: KnownListing | None = None, **options: Any) -> Verdict:
        reader = ListingReader(INDEX, self, self, known or KnownEntries(), **options)
        return asyncio.run(reader.read())

    def bodies(self) -> tuple[str, ...]:
        """Return the digests of the site's pages, in order."""
        return tuple(sha256(repr(page).encode()).hexdigest() for page in self.pages.values())


def linked_site() -> Site:
    """Return three pages with links to the next one; the last links itself, as in the real column."""
    return Site(
        {
            "index.htm": make_page("Apples", "Bears", next_url=f"{SITE}index1.htm", links=(SEARCH,)),
            "index1.htm": make_page("Cranes", "Dunes", next_url=f"{SITE}index2.htm", links=(SEARCH,)),
            "index2.htm": make_page("Eels", next_url=f"{SITE}index2.htm"),
        }
    )


ONE_PASS = ["index.htm", "index1.htm", "index2.htm"]


def addresses(site: Site) -> list[str]:
    return [url for url, _, _ in site.asked]


def test_pages_are_read_in_order_until_two_passes_are_equal() -> None:
    site = linked_site()
    assert site.read() == Verdict("complete")
    assert site.asked == [(url, page, number) for number in (1, 2) for page, url in enumerate(ONE_PASS, start=1)]


def test_one_pass_that_equals_the_settled_state_is_enough() -> None:
    site = linked_site()
    assert site.read(KnownEntries(SettledListing(bodies=site.bodies()))) == Verdict("unchanged")
    assert addresses(site) == ONE_PASS


def test_progress_is_reported_for_every_page() -> None:
    seen: list[CrawlProgress] = []
    linked_site().read(on_page=seen.append)
    assert [(step.pass_number, step.page, step.pages, step.entries) for step in seen[:3]] == [
        (1, 1, 3, 2),
        (1, 2, 3, 2),
        (1, 3, 3, 1),
    ]


def test_a_listing_that_moved_during_a_pass_is_read_once_more() -> None:
    site = linked_site()
    first = [make_page("Old", next_url=f"{SITE}index1.htm")]
    settled = site.pages["index.htm"]
    site.pages["index.htm"] = lambda: first.pop() if first else settled
    assert site.read() == Verdict("complete")
    assert addresses(site) == ONE_PASS * 3


def test_a_listing_that_changes_in_every_pass_is_partial_after_five_passes() -> None:
    site, number = linked_site(), iter(range(100))
    site.pages["index.htm"] = lambda: make_page(f"Entry {next(number)}", next_url=f"{SITE}index1.htm")
    assert site.read() == Verdict("partial", "the listing changed during each of 5 passes")
    assert addresses(site) == ONE_PASS * 5


def test_a_single_page_is_a_listing() -> None:
    site = Site({"index.htm": make_page("Apples", count=1)})
    assert site.read() == Verdict("complete")
    assert addresses(site) == ["index.htm"] * 2


@pytest.mark.parametrize("last_link", [f"{SITE}index2.htm", None], ids=["itself", "none"])
def test_without_a_page_count_the_next_links_are_followed_to_their_end(last_link: str | None) -> None:
    site = linked_site()
    for name, page in site.pages.items():
        onward = page.pager.next_url if name != "index2.htm" else last_link
        site.pages[name] = make_page(name, count=None, next_url=onward)
    assert site.read() == Verdict("complete")
    assert addresses(site) == ONE_PASS * 2


def test_without_a_page_count_a_loop_of_next_links_is_refused() -> None:
    site = linked_site()
    for name, page in site.pages.items():
        onward = page.pager.next_url if name != "index2.htm" else INDEX
        site.pages[name] = make_page(name, count=None, next_url=onward)
    verdict = site.read()
    assert (verdict.outcome, addresses(site)) == ("suspect", ONE_PASS)
    assert "leads back to" in (verdict.reason or "")


def test_endless_links_are_refused_at_the_limit() -> None:
    endless = {f"{n}.htm": make_page(str(n), count=None, next_url=f"{SITE}{n + 1}.htm") for n in range(1, 300)}
    site = Site({"index.htm": make_page("0", count=None, next_url=f"{SITE}1.htm"), **endless})
    verdict = site.read(KnownEntries(SettledListing(page_count=8)))
    assert verdict == Verdict("suspect", "the pager continues after 25 pages, the most that are accepted")
    assert len(site.asked) == 25


@pytest.mark.parametrize(("count", "last_pages"), [(1_000_000, None), (201, None), (26, 8), (0, None), (-3, None)])
def test_an_implausible_page_count_is_refused_after_one_request(count: int, last_pages: int | None) -> None:
    site = Site({"index.htm": make_page("Apples", count=count, next_url=f"{SITE}index1.htm")})
    verdict = site.read(KnownEntries(SettledListing(page_count=last_pages)))
    assert verdict.outcome == "suspect"
    assert f"announces {count} pages" in (verdict.reason or "")
    assert len(site.asked) == 1


def test_pages_that_disagree_on_the_count_are_read_again_and_then_partial() -> None:
    site = linked_site()
    site.pages["index2.htm"] = make_page("Eels", count=4, next_url=f"{SITE}index2.htm")
    assert site.read() == Verdict("partial", "page 1 announces 3 pages, page 3 4")
    assert addresses(site) == ONE_PASS * 2


def test_a_later_page_that_is_not_found_twice_makes_the_crawl_partial() -> None:
    site = linked_site()
    site.pages["index2.htm"] = 404
    assert site.read() == Verdict("partial", f"page 3 answers 404 ({SITE}index2.htm)")
    assert addresses(site) == ONE_PASS * 2


def test_after_a_later_page_that_is_not_found_once_another_pass_follows() -> None:
    site = linked_site()
    answers = [404, 410]
    settled = site.pages["index2.htm"]
    site.pages["index2.htm"] = lambda: answers.pop() if answers else settled
    assert site.read() == Verdict("complete")
    assert len(site.asked) == 4 * 3


FAULTS: list[tuple[str, Any, str]] = [
    ("index.htm", 404, "unreachable"),
    ("index.htm", 410, "unreachable"),
    *[
        (page, answer, outcome)
        for page in ("index.htm", "index1.htm")
        for answer, outcome in [
            (412, "blocked"),
            (403, "blocked"),
            (401, "blocked"),
            (500, "unreachable"),
            (503, "unreachable"),
            (204, "unreachable"),
            ("disallowed", "blocked"),
            ("refused", "blocked"),
            ("unreachable", "unreachable"),
            ("incomplete", "partial"),
            ("oversized", "suspect"),
            (make_page(has_heading=False), "blocked"),
            (make_page(), "suspect"),
            (make_page("", ""), "suspect"),
        ]
    ],
]


@pytest.mark.parametrize(("page", "answer", "outcome"), FAULTS)
def test_a_response_that_is_not_a_listing_page_ends_the_crawl_and_the_reason_names_the_page(
    page: str, answer: int | Fault | ListingPage, outcome: str
) -> None:
    site = linked_site()
    site.pages[page] = answer
    verdict = site.read()
    assert verdict.outcome == outcome
    assert verdict.reason
    assert page in verdict.reason or f"page {ONE_PASS.index(page) + 1}" in verdict.reason
    assert addresses(site) == ONE_PASS[: ONE_PASS.index(page) + 1]


@pytest.mark.parametrize(("last", "outcome"), [(10, "complete"), (11, "suspect")])
def test_a_listing_of_less_than_half_the_entries_is_suspect(last: int, outcome: str) -> None:
    assert linked_site().read(KnownEntries(SettledListing(entry_count=last))).outcome == outcome


@pytest.mark.parametrize(
    "doubtful", [make_page("", "", next_url=f"{SITE}index2.htm"), make_page(next_url=f"{SITE}index2.htm")]
)
def test_an_operator_can_accept_a_suspect_listing(doubtful: ListingPage) -> None:
    site = linked_site()
    site.pages["index1.htm"] = doubtful
    assert site.read(KnownEntries(SettledListing(entry_count=100)), accept=True) == Verdict("complete")


@pytest.mark.parametrize("answer", [412, "disallowed", 500, make_page(has_heading=False)])
def test_an_operator_cannot_accept_a_block(answer: Any) -> None:
    site = linked_site()
    site.pages["index1.htm"] = answer
    assert not site.read(accept=True).settles


BOTH = ((SITE + "index_{}.htm", 0), (SITE + "index_{}.htm", 1))


def unlinked_site(pages: dict[str, str]) -> Site:
    """Return three pages that link only themselves, so that URLs must be guessed."""
    return Site({name: make_page(title, guesses=BOTH, next_url=INDEX) for name, title in pages.items()})


def test_on_a_site_that_counts_from_0_index_1_is_page_2() -> None:
    site = unlinked_site({"index.htm": "Apples", "index_1.htm": "Bears", "index_2.htm": "Cranes"})
    assert site.read() == Verdict("complete")
    assert addresses(site) == ["index.htm", "index_1.htm", "index_2.htm"] * 2


def test_on_a_site_that_counts_from_1_a_copy_of_page_1_at_index_1_is_skipped() -> None:
    site = unlinked_site(
        {"index.htm": "Apples", "index_1.htm": "Apples", "index_2.htm": "Bears", "index_3.htm": "Cranes"}
    )
    assert site.read() == Verdict("complete")
    found = ["index.htm", "index_2.htm", "index_3.htm"]
    assert addresses(site) == ["index.htm", "index_1.htm", "index_2.htm", "index_3.htm", *found]


def test_the_urls_of_the_last_settled_crawl_are_requested_first() -> None:
    site = unlinked_site({"index.htm": "Apples", "index_2.htm": "Bears", "index_3.htm": "Cranes"})
    known = KnownEntries(
        SettledListing(urls=tuple(SITE + name for name in ("index.htm", "index_2.htm", "index_3.htm")))
    )
    assert site.read(known) == Verdict("complete")
    assert addresses(site) == ["index.htm", "index_2.htm", "index_3.htm"] * 2


def test_a_linked_page_that_repeats_an_earlier_one_is_suspect() -> None:
    site = linked_site()
    site.pages["index2.htm"] = make_page("Apples", "Bears", next_url=f"{SITE}index2.htm")
    assert site.read().outcome == "suspect"


def test_on_a_site_that_counts_from_1_a_missing_index_1_is_skipped() -> None:
    site = unlinked_site({"index.htm": "Apples", "index_2.htm": "Bears", "index_3.htm": "Cranes"})
    assert site.read() == Verdict("complete")


def test_a_page_without_a_link_or_a_right_guess_makes_the_listing_suspect() -> None:
    site = unlinked_site({"index.htm": "Apples", "index_1.htm": "Apples", "index_2.htm": "Apples"})
    verdict = site.read()
    assert verdict.outcome == "suspect"
    assert "page 2 of 3 is not linked" in (verdict.reason or "")


def test_a_block_at_a_guessed_url_is_a_block() -> None:
    site = unlinked_site({"index.htm": "Apples"})
    site.pages["index_1.htm"] = 412
    assert site.read().outcome == "blocked"


def knows(*titles: str, bodies: tuple[str, ...] | None = None) -> KnownEntries:
    """Return an archive that lists these entries."""
    return KnownEntries(SettledListing(bodies), make_page(*titles).entries)


def test_a_quick_crawl_stops_at_the_first_page_without_news() -> None:
    site = linked_site()
    assert site.read(knows("Bears", "Cranes", "Dunes", "Eels"), mode="quick") == Verdict("complete")
    assert addresses(site) == ["index.htm", "index1.htm"]


def test_a_quick_crawl_of_an_unchanged_first_page_needs_one_request() -> None:
    site = linked_site()
    known = knows("Apples", "Bears", bodies=site.bodies())
    assert site.read(known, mode="quick") == Verdict("unchanged")
    assert addresses(site) == ["index.htm"]


def test_a_quick_crawl_of_new_entries_reads_to_the_end() -> None:
    site = linked_site()
    assert site.read(mode="quick") == Verdict("complete")
    assert addresses(site) == ONE_PASS


def test_a_quick_crawl_with_an_aborted_pass_is_partial() -> None:
    site = linked_site()
    site.pages["index1.htm"] = 404
    assert site.read(mode="quick") == Verdict("partial", f"page 2 answers 404 ({SITE}index1.htm)")


def test_a_page_that_has_lost_the_columns_heading_is_suspect_unless_it_is_accepted() -> None:
    site = Site({"index.htm": make_page("Apples", "Bears", count=1, has_heading=False)})
    verdict = site.read(KnownEntries(heading=True))
    assert verdict == Verdict(
        "suspect", "page 1 has lost the column's heading above its 2 entries; is it another listing?"
    )
    assert site.read(KnownEntries(heading=True), accept=True) == Verdict("complete")


def test_a_listing_that_never_had_the_heading_is_accepted_without_it() -> None:
    site = Site({"index.htm": make_page("Apples", count=1, has_heading=False)})
    assert site.read(KnownEntries(heading=False)) == Verdict("complete")


def test_the_settled_heading_is_queried_only_if_the_page_lacks_it() -> None:
    known = KnownEntries(heading=True)
    assert linked_site().read(known) == Verdict("complete")
    assert "had_heading" not in known.calls


def test_a_listing_without_its_heading_that_never_settled_is_refused_with_the_given_reason() -> None:
    site = Site({"index.htm": make_page("Apples", count=1, has_heading=False)})
    unknown: dict[str, Any] = {"describe_unknown": lambda listing: "is this the listing?"}
    assert site.read(KnownEntries(any_settled=False), **unknown) == Verdict("suspect", "is this the listing?")
    assert site.read(KnownEntries(any_settled=False), accept=True, **unknown) == Verdict("complete")
    assert site.read(KnownEntries(), **unknown) == Verdict("complete")


LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def lettered_site(prefix: str = "", *, commentary: str = "c", count: int = 3) -> Site:
    """Return pages of four entries each."""
    pages = {}
    for number in range(count):
        titles = [prefix + letter for letter in LETTERS[number * 4 : number * 4 + 4]]
        page = make_page(*titles, count=count, next_url=f"{SITE}index{number + 1}.htm")
        entries = tuple(replace(entry, commentary=commentary) for entry in page.entries)
        pages[f"index{number or ''}.htm"] = replace(page, entries=entries)
    return Site(pages)


def acquainted(site: Site, **more: Any) -> KnownEntries:
    """Return an archive in which the listing of the site is settled."""
    entries = [entry for page in site.pages.values() for entry in page.entries]
    return KnownEntries(SettledListing(site.bodies(), entry_count=len(entries)), entries, **more)


@pytest.mark.parametrize("mode", ["full", "quick"])
def test_pages_that_have_lost_their_commentaries_are_suspect_until_accepted(mode: Any) -> None:
    site, known = lettered_site(commentary=""), acquainted(lettered_site())
    verdict = site.read(known, mode=mode)
    assert verdict == Verdict(
        "suspect",
        "page 1: 4 of 4 entries lack a commentary; the last good crawl had 0 of 12; has its layout changed?",
    )
    assert addresses(site) == ["index.htm"]
    assert site.read(known, mode=mode, accept=True) == Verdict("complete")


def test_a_part_lost_on_pages_of_one_entry_each_is_found_at_the_end() -> None:
    site = one_to_a_page(lettered_site(commentary=""))
    reason = site.read(acquainted(one_to_a_page(lettered_site()))).reason or ""
    assert reason.startswith("the listing: 12 of 12 entries lack a commentary; the last good crawl had 0 of 12")


def one_to_a_page(site: Site) -> Site:
    """Return the same entries, one per page."""
    entries = [entry for page in site.pages.values() for entry in page.entries]
    return Site(
        {
            f"index{number or ''}.htm": replace(
                make_page(count=len(entries), next_url=f"{SITE}index{number + 1}.htm"), entries=(entry,)
            )
            for number, entry in enumerate(entries)
        }
    )


@pytest.mark.parametrize("mode", ["full", "quick"])
def test_another_listing_under_the_same_heading_is_suspect_until_accepted(mode: Any) -> None:
    site, known = lettered_site("Other "), acquainted(lettered_site())
    verdict = site.read(known, mode=mode)
    assert verdict == Verdict(
        "suspect",
        "the listing shows 12 entries, of which none are known; the last good crawl found 12; is it another listing?",
    )
    assert addresses(site) == ONE_PASS
    assert site.read(known, mode=mode, accept=True) == Verdict("complete")


def test_a_listing_that_grew_too_much_is_not_read_to_the_end() -> None:
    site, known = lettered_site(count=20), acquainted(lettered_site(), most=12)
    site.pages["index2.htm"] = make_page(*(f"Stranger {n}" for n in range(45)), count=20, next_url=f"{SITE}index3.htm")
    verdict = site.read(known)
    assert verdict == Verdict(
        "suspect",
        "the listing shows 53 entries up to page 3; the most that a complete crawl found is 12;"
        ' among the new: "Stranger 0", "Stranger 1", "Stranger 2"; is it another listing?',
    )
    assert addresses(site) == ONE_PASS


def test_a_listing_that_grew_is_read_to_the_end_if_accepted_or_if_nothing_has_settled() -> None:
    site = lettered_site(count=6)
    site.pages["index2.htm"] = make_page(*(f"Stranger {n}" for n in range(45)), count=6, next_url=f"{SITE}index3.htm")
    known = KnownEntries(most=12)
    assert site.read(known).outcome == "suspect"
    assert site.read(known, accept=True) == Verdict("complete")
    assert site.read(KnownEntries()) == Verdict("complete")


def test_growth_on_the_first_page_is_found_on_the_last() -> None:
    """The last pages are unchanged; the new entries are on page 1."""
    site, known = lettered_site(count=3), acquainted(lettered_site(), most=12)
    site.pages["index.htm"] = make_page(*(f"Stranger {n}" for n in range(43)), next_url=f"{SITE}index1.htm")
    assert site.read(known).outcome == "complete"  # 51
    site.pages["index.htm"] = make_page(*(f"Stranger {n}" for n in range(45)), next_url=f"{SITE}index1.htm")
    assert (site.read(known).reason or "").startswith("the listing shows 53 entries up to page 3")


def test_a_quick_crawl_that_stops_early_is_not_compared_with_the_whole_listing() -> None:
    site, known = lettered_site(), lettered_site(count=6)
    for name in ("index.htm", "index1.htm"):
        known.pages[name] = lettered_site("Older ").pages[name]
    assert site.read(acquainted(known), mode="quick") == Verdict("complete")
    assert addresses(site) == ONE_PASS


def test_an_unchanged_listing_needs_no_further_query() -> None:
    site = lettered_site()
    known = acquainted(site)
    assert site.read(known) == Verdict("unchanged")
    assert known.calls == []
    assert site.read(known, mode="quick") == Verdict("unchanged")
    assert known.calls == ["new_wordings"]


def test_an_accepted_listing_is_unchanged_in_the_next_crawl() -> None:
    site = lettered_site(commentary="")
    site.pages["index1.htm"] = make_page("", "", "", next_url=f"{SITE}index2.htm", has_heading=False)
    known = acquainted(lettered_site(), heading=True)
    assert site.read(known).outcome == "suspect"
    settled_since = replace(known, settled=SettledListing(site.bodies(), entry_count=12))
    assert site.read(settled_since) == Verdict("unchanged")
