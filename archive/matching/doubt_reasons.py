"""The reasons to review a match, as they are stored and shown. Pure."""

from __future__ import annotations

# of a new entry
SAME_EXCERPT = "near another entry: the same excerpt"
SAME_TITLE = "recurring title"
NEARLY_EXCERPT = "near another entry: nearly the same excerpt"
NEARLY_THE_REST = "near another entry: nearly the same title and commentary"

# of an entry that was recognised although its words changed
NEAR_ANOTHER = "near another entry"
FIGURES_CHANGED = "figures changed"
NAMES_CHANGED = "names changed"
LOW_SCORE = "low score"

# flags of revisions that rules before version 3 settled
OF_OLDER_RULES = (
    "same excerpt as another entry",
    "same title and publication as another entry",
    "nearly the excerpt of another entry",
    "nearly the title and commentary of another entry",
)

# of a withdrawn entry that is listed again with an edit
RETURNED = "returned with other words"

# of a row that was settled by the rules of an earlier version
OTHER_RULES = "other rules would choose another entry"
