"""Which address to ask for the next listing page. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from urllib.parse import urldefrag

from foreign_eyes.listing.values import ListingPage


def next_addresses(page: int, listings: Sequence[ListingPage], visited: Collection[str]) -> tuple[list[str], list[str]]:
    """Return the addresses to try for listing page `page` (2 or more): those that are linked, then those made up.

    `listings` are the pages read so far, `visited` their URLs. The literal "next" link comes first, then the link that
    bears the number; addresses made up from the pager's pattern must be checked by the caller, since a wrong guess can
    show page 1 again or silently skip one.
    """
    newest = listings[-1].pager
    linked = [newest.next_url, *(listing.pager.numbered.get(page) for listing in reversed(listings))]
    guessed = [template.format(page - 1 + first) for template, first in listings[0].pager.guesses]
    fresh = [urldefrag(url).url for url in linked if url and urldefrag(url).url not in visited]
    made_up = [url for url in guessed if url not in visited and url not in fresh]
    return list(dict.fromkeys(fresh)), list(dict.fromkeys(made_up))
