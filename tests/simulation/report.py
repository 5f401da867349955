"""What a simulation did and found, and the targets that it is held to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields

from simulation.failures import Failure

# false merges per 1,000 events, each with a doubt on record; and the part of edits after which an article may be split
FEW_MERGES, MOST_MERGES = "false merge", 0.05
FEW_SPLITS = {"false split: title and publication survived": "title and publication"}
MOST_SPLITS = 0.01
NOTHING_HAPPENED = ("restyle", "restyle_all", "lay_out_anew")


@dataclass(slots=True)
class Report:
    """What a run did and found; reports add up."""

    years: float = 0
    crawls: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    methods: Counter[str] = field(default_factory=Counter)
    # edits by what survived them, readings other than the oracle's that may be right, and doubts on record by their reason
    edits: Counter[str] = field(default_factory=Counter)
    defensible: Counter[str] = field(default_factory=Counter)
    doubts: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)

    def __add__(self, other: Report) -> Report:
        return Report(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    @property
    def happened(self) -> int:
        """How many events happened to articles: what false merges are counted against."""
        return sum(count for name, count in self.events.items() if name not in NOTHING_HAPPENED)

    def kinds(self) -> Counter[str]:
        """Return the failures by kind."""
        return Counter(failure.kind for failure in self.failures)

    def missed_targets(self) -> list[str]:
        """Say which targets the run missed; docs/simulation.md lists them."""
        kinds = self.kinds()
        merges = {kind: count for kind, count in kinds.items() if kind.startswith("false merge")}
        rate = 1000 * sum(merges.values()) / max(self.happened, 1)
        missed = [f"{count} {kind}" for kind, count in kinds.items() if kind not in {FEW_MERGES, *FEW_SPLITS}]
        if rate > MOST_MERGES:
            missed.append(f"{rate:.3f} false merges per 1,000 events; at most {MOST_MERGES}")
        for kind, survived in FEW_SPLITS.items():
            if kinds[kind] > MOST_SPLITS * self.edits[survived]:
                missed.append(f"{kinds[kind]} of {self.edits[survived]}: {kind}; at most {MOST_SPLITS:.0%}")
        return missed
