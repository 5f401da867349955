"""What the archive should know of one article."""

from __future__ import annotations

from dataclasses import dataclass, field

from simulation.prose import Wording
from simulation.source import Article
from simulation.survival import Survival


@dataclass(eq=False, slots=True)
class Memory:
    """What was shown of an article; `spoilt` articles are left out of the checks."""

    article: Article
    not_before: str | None
    first_seen: str
    entry_id: int | None = None
    wordings: list[Wording] = field(default_factory=list)
    # what the last pass that showed it did: two wordings while one of two places was edited
    shown: frozenset[Wording] = frozenset()
    # the same with the styles in which it was shown
    styles: frozenset[tuple[Wording, int]] = frozenset()
    # what survived of the wording before, where this crawl showed another one
    survived: Survival = "the same wording"
    changed_in: int | None = None
    missed: int = 0
    returned_in: int | None = None
    # the crawl that last showed it in several wordings at once that the reading before did not show
    several_in: int | None = None
    spoilt: bool = False
