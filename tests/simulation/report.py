"""The results of a simulation, and its targets."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields

from simulation.failures import Failure

# false merges per 1,000 events (each needs a stored doubt), and false splits as a share of edits
FEW_MERGES, MOST_MERGES = "false merge", 0.05
FEW_SPLITS = {"false split: title and publication survived": "title and publication"}
MOST_SPLITS = 0.01
NOTHING_HAPPENED = ("restyle", "restyle_all", "lay_out_anew")


@dataclass(slots=True)
class Report:
    """The results of a run; reports can be added."""

    years: float = 0
    crawls: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    methods: Counter[str] = field(default_factory=Counter)
    # edits by class of survival, defensible readings that differ from the oracle's, stored doubts by reason
    edits: Counter[str] = field(default_factory=Counter)
    defensible: Counter[str] = field(default_factory=Counter)
    doubts: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)

    def __add__(self, other: Report) -> Report:
        return Report(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    @property
    def happened(self) -> int:
        """Return the number of events that changed articles."""
        return sum(count for name, count in self.events.items() if name not in NOTHING_HAPPENED)

    def kinds(self) -> Counter[str]:
        """Return the number of failures by kind."""
        return Counter(failure.kind for failure in self.failures)

    def missed_targets(self) -> list[str]:
        """Return the targets that the run missed (docs/simulation.md)."""
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
