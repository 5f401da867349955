"""Judging how a row differs from its entry: not at all, in style, or by a revision. Pure.

A crawl keeps the rules that settled it first, so that a rebuild gives each revision the number that readers know. Before
version 3 of the rules, another identity digest made a revision: white space did not count, but dashes, ligatures and
full-width forms did.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from foreign_eyes.listing.text_digests import identity_digest, wording_digest
from foreign_eyes.listing.values import ListedEntry

Edit = Literal["none", "restyle", "revision", "uncounted revision"]


def judge_edit(
    before: ListedEntry, after: ListedEntry, twins: Collection[ListedEntry] = (), *, by_earlier_rules: bool = False
) -> Edit:
    """Return the kind of change of an entry's texts since they were last seen.

    An uncounted revision is a changed word boundary in a crawl that earlier rules settled. It repeats the number of the
    revision before, so that later revisions keep the numbers that readers know. `twins` are the texts with the same
    wording at other places of the listing: an entry keeps its style while one of its places has it.
    """
    same_wording = wording_digest(before) == wording_digest(after)
    if by_earlier_rules:
        if identity_digest(before) != identity_digest(after):
            return "revision"
        if not same_wording:
            return "uncounted revision"
    elif not same_wording:
        return "revision"
    return "none" if texts_of(before) in map(texts_of, (after, *twins)) else "restyle"


def texts_of(entry: ListedEntry) -> tuple[str | None, ...]:
    """Return the texts except the publication, which keeps its first spelling."""
    return entry.title, entry.attribution, entry.excerpt, entry.commentary
