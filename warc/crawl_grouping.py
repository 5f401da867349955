"""Which captures of a listing were one crawl, and how well it was read. Pure.

Files tell no crawl boundaries, so a page that comes a second time begins another crawl, and so does an hour's pause. What
a single pass shows was there; what it lacks may have slipped from one page to another meanwhile.
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
    """A response that is listing page `number`, and what it lists."""

    number: int
    response: Response
    listing: ListingPage


@dataclass(frozen=True, slots=True)
class LinkAnswer:
    """A response that came of following a link of the listing; its address differs from the link's after a redirect."""

    asked_url: str
    response: Response


@dataclass(frozen=True, slots=True)
class FoundCrawl:
    """The captures of one crawl, in order of time; `doubt` says why the gate refuses it."""

    pages: tuple[PageSeen, ...]
    links: tuple[LinkAnswer, ...] = ()
    doubt: str | None = None


def group_crawls(pages: Iterable[PageSeen], others: Sequence[Response]) -> list[FoundCrawl]:
    """Part the `pages` into crawls, and give each what `others` hold of the links on it."""
    groups: list[list[PageSeen]] = []
    for page in sorted(pages, key=lambda seen: seen.response.at):
        if not groups or _begins_another(groups[-1], page):
            groups.append([])
        groups[-1].append(page)
    links = _answers(groups, others)
    return [
        FoundCrawl(tuple(group), tuple(answers), _doubt(group)) for group, answers in zip(groups, links, strict=True)
    ]


def _begins_another(group: Sequence[PageSeen], page: PageSeen) -> bool:
    return page.response.at - group[-1].response.at > PAUSE or any(page.number == seen.number for seen in group)


def _doubt(group: Sequence[PageSeen]) -> str | None:
    """Say why a crawl is not to be settled: a page looks wrong, or is a copy of another."""
    lists: dict[tuple[str, ...], int] = {}
    for page in sorted(group, key=lambda seen: seen.number):
        if doubt := suspect_page(page.number, page.listing):
            return doubt
        other = lists.setdefault(texts_of(page.listing), page.number)
        if other != page.number:
            return f"page {page.number} ({page.response.url}) lists the same entries as page {other}"
    return None


def _answers(groups: Sequence[Sequence[PageSeen]], others: Sequence[Response]) -> list[list[LinkAnswer]]:
    """Return for each group what its links were answered with, in order of time, each response once."""
    by_address: dict[str, list[Response]] = {}
    for response in others:
        by_address.setdefault(address_key(response.url), []).append(response)
    answers: list[list[LinkAnswer]] = [[] for _ in groups]
    taken: set[int] = set()
    for found, group in zip(answers, groups, strict=True):
        for url in dict.fromkeys(link.url for page in group for link in page.listing.links):
            fresh = [one for one in _followed(url, by_address) if id(one) not in taken and _is_of(one, group, groups)]
            taken.update(map(id, fresh))
            found += [LinkAnswer(url, one) for one in fresh]
        found.sort(key=lambda answer: answer.response.at)
    return answers


def _followed(url: str, by_address: Mapping[str, Sequence[Response]]) -> list[Response]:
    """Return the responses at `url`, and at where these redirect to."""
    found: list[Response] = []
    waiting = [address_key(url)]
    for key in waiting:
        for response in by_address.get(key, ()):
            found.append(response)
            if response.moved_to and len(waiting) <= _MOST_REDIRECTS and address_key(response.moved_to) not in waiting:
                waiting.append(address_key(response.moved_to))
    return found


def _is_of(response: Response, group: Sequence[PageSeen], groups: Sequence[Sequence[PageSeen]]) -> bool:
    """Tell whether a response belongs to this group: it came within the hour, and no other group is nearer in time."""
    distance = _distance(response, group)
    return distance <= PAUSE and all(distance <= _distance(response, other) for other in groups)


def _distance(response: Response, group: Sequence[PageSeen]) -> timedelta:
    begin, end = group[0].response.at, group[-1].response.at
    return max(begin - response.at, response.at - end, timedelta(0))
