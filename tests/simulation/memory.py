"""What the archive should know about one article."""

from __future__ import annotations

from dataclasses import dataclass, field

from simulation.prose import Wording
from simulation.source import Article
from simulation.survival import Survival


@dataclass(eq=False, slots=True)
class Memory:
    """The wordings that were shown of an article; the checks skip `spoilt` articles."""

    article: Article
    not_before: str | None
    first_seen: str
    entry_id: int | None = None
    wordings: list[Wording] = field(default_factory=list)
    # the wordings in the last pass that showed it: two while one of two positions is edited
    shown: frozenset[Wording] = frozenset()
    # the same wordings with the styles in which they were shown
    styles: frozenset[tuple[Wording, int]] = frozenset()
    # what survived of the previous wording, if this crawl showed a new one
    survived: Survival = "the same wording"
    changed_in: int | None = None
    missed: int = 0
    returned_in: int | None = None
    # the last crawl that showed several wordings at once which the previous pass did not show
    several_in: int | None = None
    spoilt: bool = False
