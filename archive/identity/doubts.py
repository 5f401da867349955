"""The reasons for which an operator should look at a match, as they are stored and shown. Pure."""

from __future__ import annotations

# of a new entry
SAME_EXCERPT = "same excerpt as another entry"
SAME_TITLE = "same title and publication as another entry"
NEARLY_EXCERPT = "nearly the excerpt of another entry"
NEARLY_THE_REST = "nearly the title and commentary of another entry"

# of a withdrawn entry that is listed again and edited at once
RETURNED = "returned with other words"
