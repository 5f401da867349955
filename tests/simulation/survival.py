"""What survives an edit: the rules by which the oracle calls a split false or defensible.

A part identifies an article if no other article ever had it, and if it is not stock text, even with a few typos. The classes,
from the strongest:

- "the same wording", current or earlier;
- "excerpt": it identifies the article, and is equal except for a few typos;
- "title, publication and one more": title and publication are equal, and an identifying commentary or excerpt is equal except
  for a few typos, or half of the excerpt's sentences are equal;
- "all but a typo in the title": nothing else changed, and no other article has a similar title;
- "title and publication": these identify, nothing else survives, and the entry was listed until now;
- "little": anything less. Both readings are defensible.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from rapidfuzz.distance import Levenshtein

from simulation.boilerplate import AGENCIES, STOCK_COMMENTARIES, STOCK_EXCERPTS
from simulation.prose import Wording

Survival = Literal[
    "the same wording",
    "excerpt",
    "title, publication and one more",
    "all but a typo in the title",
    "title and publication",
    "little",
]

# Maximum number of letters that differ after a few typos or a corrected figure
TYPOS = 8
# In letters: shorter texts identify nothing
SHORTEST = 40
SHORTEST_TITLE = 16
TITLE_TYPO = 2

Identifies = Callable[[str, str], bool]
_STOCK = {"excerpt": STOCK_EXCERPTS, "commentary": STOCK_COMMENTARIES}


def survival(old: Wording, new: Wording, alone: Identifies, *, listed: bool) -> Survival:
    """Return what of `old` survives in `new`; `alone` says whether only one article had a part."""

    def identifies(part: str, text: str) -> bool:
        return alone(part, text) and not any(_survives(stock, text) for stock in _STOCK.get(part, ()))

    if _survives(old.excerpt, new.excerpt) and identifies("excerpt", old.excerpt):
        return "excerpt"
    if (old.title, old.publication) == (new.title, new.publication):
        if _one_more_survives(old, new, identifies):
            return "title, publication and one more"
        return "title and publication" if listed and identifies("name", name_of(old)) else "little"
    rest = ("publication", "excerpt", "commentary")
    if (
        all(getattr(old, part) == getattr(new, part) for part in rest)
        and len(old.title) >= SHORTEST_TITLE
        and Levenshtein.distance(old.title, new.title) <= TITLE_TYPO
        and identifies("name", name_of(old))
    ):
        return "all but a typo in the title"
    return "little"


def name_of(wording: Wording) -> str:
    """Return title and publication as one key."""
    return f"{wording.title}\x1f{wording.publication}"


def _one_more_survives(old: Wording, new: Wording, identifies: Identifies) -> bool:
    commentary = _survives(old.commentary, new.commentary) and identifies("commentary", old.commentary)
    return commentary or (identifies("excerpt", old.excerpt) and _half_survives(old.excerpt, new.excerpt))


def _survives(old: str, new: str) -> bool:
    return len(old) >= SHORTEST and Levenshtein.distance(old, new, score_cutoff=TYPOS) <= TYPOS


def _half_survives(old: str, new: str) -> bool:
    if _survives(old, new):
        return True
    sentences = [sentence for sentence in _sentences(old) if sentence not in _PRINTED]
    kept = [sentence for sentence in sentences if sentence in new]
    return 2 * sum(map(len, kept)) >= sum(map(len, sentences)) > SHORTEST


def _sentences(text: str) -> list[str]:
    return [sentence for sentence in re.split(r"(?<=\.) ", text) if sentence]


# boilerplate identifies nothing
_PRINTED = {sentence for agency in AGENCIES for sentence in _sentences(agency.boilerplate)}
