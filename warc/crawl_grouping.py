"""Group captures of a listing into crawls, and judge each crawl.

Pure.

WARC files have no crawl boundaries, so a page that is captured again starts a new crawl, and so does a pause of an hour.
A single pass proves which entries were listed, but not which were missing: an entry may have moved between two pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from foreign_eyes.listing.quality_gate import suspect_page, texts_of
from foreign_eyes.listing.values import ListingPage
from foreign_eyes.warc.listing_search import address_key
from foreign_eyes.warc.responses import Response

PAUSE = timedelta(hours=1)
_MOST_REDIRECTS = 5


@dataclass(frozen=True, slots=True)
class PageSeen:
    """A response that is listing page `number`, with its parsed content."""

    number: int
    response: Response
    listing: ListingPage


@dataclass(frozen=True, slots=True)
class LinkAnswer:
    """The response to a link of the listing; after a redirect its URL differs from the link's."""

    asked_url: str
    response: Response


@dataclass(frozen=True, slots=True)
class FoundCrawl:
    """The captures of one crawl, in order of time.

    `doubt` is the reason why the quality gate refuses it.
    """

    pages: tuple[PageSeen, ...]
    links: tuple[LinkAnswer, ...] = ()
    doubt: str | None = None


def group_crawls(pages: Iterable[PageSeen], others: Sequence[Response]) -> list[FoundCrawl]:
    """Group `pages` into crawls, and add the responses to their links among `others`."""
    groups: list[list[PageSeen]] = []
    for page in sorted(pages, key=lambda seen: seen.response.at):
        if not groups or _starts_crawl(groups[-1], page):
            groups.append([])
        groups[-1].append(page)
    links = _answers(groups, others)
    return [
        FoundCrawl(tuple(group), tuple(answers), _doubt(group)) for group, answers in zip(groups, links, strict=True)
    ]


def _starts_crawl(group: Sequence[PageSeen], page: PageSeen) -> bool:
    return page.response.at - group[-1].response.at > PAUSE or any(page.number == seen.number for seen in group)


def _doubt(group: Sequence[PageSeen]) -> str | None:
    """Return why a crawl must not be settled: a page looks wrong, or two pages are equal.

    Return None otherwise.
    """
    lists: dict[tuple[str, ...], int] = {}
    for page in sorted(group, key=lambda seen: seen.number):
        if doubt := suspect_page(page.number, page.listing):
            return doubt
        other = lists.setdefault(texts_of(page.listing), page.number)
        if other != page.number:
            return f"page {page.number} ({page.response.url}) lists the same entries as page {other}"
    return None


def _answers(groups: Sequence[Sequence[PageSeen]], others: Sequence[Response]) -> list[list[LinkAnswer]]:
    """Return for each group the responses to its links, in order of time, each response once."""
    by_address: dict[str, list[Response]] = {}
    for response in others:
        by_address.setdefault(address_key(response.url), []).append(response)
    answers: list[list[LinkAnswer]] = [[] for _ in groups]
    taken: set[int] = set()
    for found, group in zip(answers, groups, strict=True):
        for url in dict.fromkeys(link.url for page in group for link in page.listing.links):
            fresh = [
                response
                for response in _followed(url, by_address)
                if id(response) not in taken and _is_in_group(response, group, groups)
            ]
            taken.update(map(id, fresh))
            found += [LinkAnswer(url, response) for response in fresh]
        found.sort(key=lambda answer: answer.response.at)
    return answers


def _followed(url: str, by_address: Mapping[str, Sequence[Response]]) -> list[Response]:
    """Return the responses at `url` and at the targets of their redirects."""
    found: list[Response] = []
    waiting = [address_key(url)]
    for key in waiting:
        for response in by_address.get(key, ()):
            found.append(response)
            if response.moved_to and len(waiting) <= _MOST_REDIRECTS and address_key(response.moved_to) not in waiting:
                waiting.append(address_key(response.moved_to))
    return found


def _is_in_group(response: Response, group: Sequence[PageSeen], groups: Sequence[Sequence[PageSeen]]) -> bool:
    """Return whether a response belongs to a group of pages.

    It does if it is within an hour of the group, and no other group is nearer in time.
    """
    distance = _distance(response, group)
    return distance <= PAUSE and all(distance <= _distance(response, other) for other in groups)


def _distance(response: Response, group: Sequence[PageSeen]) -> timedelta:
    begin, end = group[0].response.at, group[-1].response.at
    return max(begin - response.at, response.at - end, timedelta(0))
