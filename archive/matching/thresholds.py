"""The thresholds of the rules in `archive.matching.evidence`. Pure.

They were measured on real pages; see docs/identity.md.
"""

from __future__ import annotations

# Least similarity of excerpts for a match; excerpts of different entries reach 0.32
RELATED_EXCERPT = 0.4  # with a shared neighbour and a similar title and commentary
TEMPLATE_EXCERPT = 0.5  # from here on, contradicting figures or names show two reports made from one template
PARTIAL_EXCERPT = 0.6  # with the same title and publication
NEAR_EXCERPT = 0.8  # with a similar title or a shared neighbour
NEARER_EXCERPT = 0.9  # with the same publication or a similar commentary
NEAREST_EXCERPT = 0.95  # without other evidence, like an equal excerpt
# Least similarity of titles and commentaries, with a similar excerpt and without one; different entries reach 0.47 and 0.40
NEAR_PART = 0.6
NEARER_PART = 0.85
# Most edits of a title with a typo: two letters that are swapped count two; another word counts more
TYPO = 2
# Least weighted share of the row's words that the entry must have; below it, the excerpt is not evidence
LEAST_WORD_OVERLAP = 0.5
# Letters of an excerpt that is evidence alone; a shorter one may be a notice ("for subscribers only") of many articles
LONE_EXCERPT = 100
# Letters of a title that can identify an entry with little other text: "City A" is not a misspelling of "City B"
SHORTEST_NEAR_TITLE = 16
SHORTEST_LONE_TITLE = 30
# For each replaced name this many must be equal, if more than one was replaced
NAMES_KEPT = 4
# A new row that differs from a withdrawn entry in more places is another entry, without doubt
MOST_CORRECTIONS = 2
# A lower score is doubtful
LOW = 50
