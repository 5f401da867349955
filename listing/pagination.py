"""Choose the URL to request for the next listing page. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from urllib.parse import urldefrag

from foreign_eyes.listing.values import ListingPage


def next_urls(page: int, listings: Sequence[ListingPage], visited: Collection[str]) -> tuple[list[str], list[str]]:
    """Return the linked and the guessed URLs to try for listing page `page` (2 or more).

    Of the linked URLs, the "next" link comes first, then the link with the page number. Guessed URLs follow the pager's
    URL patterns. The caller must check what they show: a wrong guess can show page 1 again, or skip a page.

    Args:
        page: the number of the page, from 1.
        listings: the pages read so far, in order.
        visited: their URLs.
    """
    newest = listings[-1].pager
    linked = [newest.next_url, *(listing.pager.numbered.get(page) for listing in reversed(listings))]
    guessed = [template.format(page - 1 + first) for template, first in listings[0].pager.guesses]
    linked_urls = [urldefrag(url).url for url in linked if url and urldefrag(url).url not in visited]
    guessed_urls = [url for url in guessed if url not in visited and url not in linked_urls]
    return list(dict.fromkeys(linked_urls)), list(dict.fromkeys(guessed_urls))
