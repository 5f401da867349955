"""What shows that a row and an entry are one, and what only casts a doubt. Pure.

Reports that recur share nearly all but their figures; near-twins share a subject, a publication and most of a commentary.
So what survives must be long enough to tell, and figures must not contradict each other where little else speaks.
"""

from __future__ import annotations

from typing import Literal

from archive.identity.doubts import NEARLY_EXCERPT, NEARLY_THE_REST, SAME_TITLE
from archive.identity.likeness import Likeness
from archive.identity.neighbours import BOTH

Evidence = Literal["title and publication", "title and neighbours", "near wording"]

# Least likeness of excerpts; those of different entries reach 0.32.
KINDRED_EXCERPT = 0.4  # beside a neighbour, and nearly the same title and commentary
WORN_EXCERPT = 0.6  # beside the same title and publication
NEAR_EXCERPT = 0.8  # beside a title that is nearly the same, or a neighbour
NEARER_EXCERPT = 0.9  # beside the same publication, or a commentary that is nearly the same
NEAREST_EXCERPT = 0.95  # by itself, as the same excerpt counts by itself
# Least likeness of titles and commentaries, which reach 0.47 and 0.40: beside an excerpt, and where they must do without
NEAR_PART = 0.6
NEARER_PART = 0.85
# Letters by which a title differs that was only misspelt: two that changed places; another word is more
TYPO = 2


def judge(alike: Likeness, *, same_title: bool, agreement: int, listed: bool) -> Evidence | None:
    """Say why row and entry are one, or None.

    `same_title` is with the publication, `agreement` that of neighbours; `listed` tells that the entry stood in the
    listing until now, so that a row of its title may be what became of it.
    """
    if same_title and _text_survives(alike, listed=listed):
        return "title and publication"
    if same_title and agreement == BOTH:
        return "title and neighbours"
    return "near wording" if _near_by_excerpt(alike, agreement) or _near_by_title(alike, agreement) else None


def doubt(alike: Likeness, *, same_title: bool) -> str | None:
    """Say why an operator should look, though row and entry are two."""
    if same_title:
        return SAME_TITLE
    if alike.excerpt >= NEAR_EXCERPT:
        return NEARLY_EXCERPT
    return NEARLY_THE_REST if _all_but_excerpt(alike) else None


def _text_survives(alike: Likeness, *, listed: bool) -> bool:
    """Tell whether excerpt or commentary does; "Good news." may be said of another article, when this one is long gone."""
    worn = alike.excerpt >= WORN_EXCERPT and alike.numbers_agree and (alike.excerpts_tell or alike.same_commentary)
    same_commentary = alike.same_commentary and (alike.commentary_tells or listed or not alike.excerpts_tell)
    return worn or alike.same_excerpt or same_commentary


def _near_by_excerpt(alike: Likeness, agreement: int) -> bool:
    """Tell whether most of the excerpt survives, and something beside it unless it is all but the same."""
    return _is_no_other_report(alike, agreement) and (
        alike.excerpt_tells(NEAREST_EXCERPT)
        or (alike.excerpt_tells(NEARER_EXCERPT) and (alike.same_publication or alike.commentary >= NEAR_PART))
        or (alike.excerpt_tells(NEAR_EXCERPT) and (alike.title >= NEAR_PART or agreement > 0))
    )


def _is_no_other_report(alike: Likeness, agreement: int) -> bool:
    """Tell whether figures leave it open that it is one report; the more may differ, the more stands beside them."""
    if alike.same_numbers:
        return alike.title < NEAR_PART or alike.title_numbers_agree
    if _same_commentary(alike) and agreement > 0:
        return True
    same_title = alike.title >= NEARER_PART and alike.title_numbers_agree
    near_commentary = alike.commentary_tells and alike.commentary >= NEARER_PART
    return alike.numbers_agree and (same_title or near_commentary or agreement == BOTH)


def _near_by_title(alike: Likeness, agreement: int) -> bool:
    """Tell whether all but the excerpt survives nearly, beside neighbours.

    A near-twin can share all that, but for a word in title and commentary, and come where the other went: so of a wholly
    new excerpt the title must be the same but for a typo. Where excerpts are too short to tell anything, they must be
    nearly the same too.
    """
    if not _all_but_excerpt(alike):
        return False
    if not alike.excerpts_tell:
        return alike.excerpt >= NEARER_PART and agreement == BOTH
    kindred = alike.excerpt >= KINDRED_EXCERPT and alike.numbers_agree and agreement > 0
    return alike.commentary_tells and (kindred or (alike.title_edits <= TYPO and agreement == BOTH))


def _all_but_excerpt(alike: Likeness) -> bool:
    near = min(alike.title, alike.commentary) >= NEARER_PART
    return near and alike.same_publication and alike.title_numbers_agree


def _same_commentary(alike: Likeness) -> bool:
    return alike.same_commentary and alike.commentary_tells
