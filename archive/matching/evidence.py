"""What shows that a row and an entry are one, and what only casts a doubt. Pure.

Reports that recur share nearly all but their figures; reports of one agency share whole sentences; near-twins share a
subject, a publication and most of a commentary. So what survives must be long enough and rare enough to tell, and figures
and names must not contradict each other where little else speaks. docs/identity.md explains each rule and threshold.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Literal

from foreign_eyes.archive.matching.doubt_reasons import (
    FIGURES_CHANGED,
    LOW_SCORE,
    NAMES_CHANGED,
    NEARLY_EXCERPT,
    NEARLY_THE_REST,
    SAME_TITLE,
)
from foreign_eyes.archive.matching.neighbours import NONE, Agreement
from foreign_eyes.archive.matching.similarity import Likeness

Evidence = Literal["same excerpt", "title and publication", "title and neighbours", "near wording"]

# Least likeness of excerpts; those of different entries reach 0.32.
KINDRED_EXCERPT = 0.4  # beside a neighbour, and nearly the same title and commentary
TEMPLATE = 0.5  # from here on two excerpts are one text with other figures and names, if these contradict each other
WORN_EXCERPT = 0.6  # beside the same title and publication
NEAR_EXCERPT = 0.8  # beside a title that is nearly the same, or a neighbour
NEARER_EXCERPT = 0.9  # beside the same publication, or a commentary that is nearly the same
NEAREST_EXCERPT = 0.95  # by itself, as the same excerpt counts by itself
# Least likeness of titles and commentaries, which reach 0.47 and 0.40: beside an excerpt, and where they must do without
NEAR_PART = 0.6
NEARER_PART = 0.85
# Letters by which a title differs that was only misspelt: two that changed places; another word is more
TYPO = 2
# Least share of the row's rare words that the entry must hold for the excerpt to count
KEPT = 0.5
# Letters of an excerpt that speaks for itself; a shorter one may be a notice ("for subscribers only") of many articles
LONE_EXCERPT = 100
# Letters of a title that can stand for an entry that has nothing else: "City A" and "City B" are not one with a typo
SHORTEST_NEAR_TITLE = 16
SHORTEST_LONE_TITLE = 30
# For each name that was replaced so many must have stayed, if it is not the only one
NAMES_KEPT = 4
# A withdrawn entry from which a new one differs in more places is clearly another
MOST_CORRECTIONS = 2
# A score below is doubtful
LOW = 50


class Rank(IntEnum):
    """How strong a kind of evidence is: of two claims to one row or entry, the lower rank wins whatever the score."""

    EXCERPT_AND_MORE = 0
    TITLE_AND_TEXT = 1
    EXCERPT = 2
    NEAR = 3
    NEIGHBOURS = 4


@dataclass(frozen=True)
class Pair:
    """A row and an entry that it might be, with all that is known of them beside their texts.

    `same_title` is with the publication. `listed` says that the entry stood in the listing until now, so that a row may be
    what became of it. `rare_title`, `rare_excerpt` and `rare_commentary` say that no two entries, and no two rows, share
    what row or entry have there.
    """

    alike: Likeness
    same_title: bool = False
    agreement: Agreement = NONE
    listed: bool = True
    rare_title: bool = True
    rare_excerpt: bool = True
    rare_commentary: bool = True

    @cached_property
    def keeps_excerpt(self) -> bool:
        """Whether the words that survive of the excerpt are rare enough to go by, or all survive but for misspelt ones."""
        return self.alike.kept >= KEPT or self._misspelt

    @cached_property
    def _misspelt(self) -> bool:
        alike = self.alike
        return alike.excerpt_tells(NEAREST_EXCERPT) and alike.same_numbers and not alike.swaps.all

    @cached_property
    def same_commentary(self) -> bool:
        """Whether the commentary is the same, and no other entry's."""
        return self.alike.same_commentary and self.rare_commentary

    @cached_property
    def near_commentary(self) -> bool:
        """Whether the commentary survives but for typos, is long enough to compare, and no other entry has it."""
        return self.rare_commentary and self.alike.commentary_tells and self.alike.commentary >= NEARER_PART

    @cached_property
    def near_title(self) -> bool:
        """Whether the title survives but for a few letters: no word of it was replaced."""
        alike = self.alike
        return alike.title >= NEARER_PART and alike.title_numbers_agree and not alike.title_swaps.all

    @cached_property
    def facts_agree(self) -> bool:
        """Whether most figures in the excerpts are the same, and all but one name, or nearly all of many."""
        names = self.alike.swaps.names
        return self.alike.numbers_agree and (names <= 1 or NAMES_KEPT * names <= self.alike.shared_names)

    @cached_property
    def is_other_report(self) -> bool:
        """Whether the excerpts are one text with other figures or names in it: the next report of its kind."""
        alike = self.alike
        if not alike.excerpts_tell or alike.excerpt < TEMPLATE or self.facts_agree:
            return False
        # a single figure that was corrected is a correction, of an entry that was listed until now
        return not self.listed or alike.swaps.facts > 1


def judge(pair: Pair) -> tuple[Rank, Evidence] | None:
    """Say why row and entry are one, and how strong that evidence is, or None."""
    if pair.alike.same_excerpt and pair.alike.excerpts_tell and (rank := _by_same_excerpt(pair)) is not None:
        return rank, "same excerpt"
    if pair.same_title and _text_survives(pair):
        return Rank.TITLE_AND_TEXT, "title and publication"
    if _near_by_excerpt(pair) or _near_by_title(pair) or _near_with_little_text(pair):
        return Rank.NEAR, "near wording"
    if pair.same_title and _stands_in_place(pair):
        return Rank.NEIGHBOURS, "title and neighbours"
    return None


def doubt(pair: Pair, *, most_titles: bool) -> str | None:
    """Say why an operator should look, though row and entry are two; `most_titles`: the title is known to recur."""
    alike = pair.alike
    if pair.same_title:
        return None if most_titles else SAME_TITLE
    if alike.excerpt >= NEAR_EXCERPT and pair.rare_excerpt and pair.keeps_excerpt:
        return NEARLY_EXCERPT if pair.listed or alike.swaps.all <= MOST_CORRECTIONS else None
    return NEARLY_THE_REST if _all_but_excerpt(pair) and pair.rare_commentary else None


def doubt_of_match(pair: Pair, evidence: Evidence) -> str | None:
    """Say why an operator should look at row and entry that were found to be one."""
    alike = pair.alike
    if alike.excerpts_tell and alike.excerpt >= TEMPLATE and alike.swaps.figures:
        return None if _is_corrected_figure(pair) else FIGURES_CHANGED
    if alike.excerpts_tell and alike.excerpt >= TEMPLATE and alike.swaps.names:
        return NAMES_CHANGED
    is_notice = alike.excerpt_length < LONE_EXCERPT and not (pair.same_title or pair.near_title)
    is_stock = evidence == "title and publication" and not pair.rare_commentary and _is_another_excerpt(pair)
    is_low = alike.score < LOW or evidence == "title and neighbours" or (evidence == "same excerpt" and is_notice)
    return LOW_SCORE if is_low or is_stock else None


def _is_another_excerpt(pair: Pair) -> bool:
    alike = pair.alike
    return alike.excerpts_tell and alike.excerpt < WORN_EXCERPT and not alike.contains_excerpt


def _is_corrected_figure(pair: Pair) -> bool:
    """Tell whether an entry was plainly corrected.

    That is one figure of a long excerpt, beside text that was added or dropped; or that figure and a word of the commentary.

    A short excerpt may be a report of that one figure, and a title that others had may recur.
    """
    alike = pair.alike
    known = pair.listed and pair.same_title and pair.rare_title and alike.excerpt_length >= LONE_EXCERPT
    if not known or alike.swaps.all > 1:
        return False
    if alike.commentary == 1:
        return True
    one_word = alike.commentary >= NEAR_PART and alike.commentary_swaps.all <= 1
    return one_word and pair.agreement.in_place and alike.excerpt >= NEAREST_EXCERPT


def _by_same_excerpt(pair: Pair) -> Rank | None:
    """Return how strong an equal excerpt is: one that several entries share needs the title or a commentary of its own."""
    titled, commented = pair.same_title or pair.near_title, pair.same_commentary or pair.near_commentary
    # a commentary beside an excerpt of several is the commentary alone, and may be a stock one that is seen again
    if commented and not titled and not pair.rare_excerpt:
        commented = pair.listed and pair.agreement.on_any_side
    if (titled or commented) and (pair.rare_excerpt or pair.rare_title or pair.rare_commentary):
        return Rank.EXCERPT_AND_MORE
    speaks_alone = pair.alike.excerpt_length >= LONE_EXCERPT or _may_be_edited_around(pair)
    return Rank.EXCERPT if pair.rare_excerpt and speaks_alone else None


def _may_be_edited_around(pair: Pair) -> bool:
    """Tell whether a short excerpt may be all that survives: beside another publication, too, it is rather a notice."""
    return pair.listed and pair.agreement.in_place and pair.alike.same_publication


def _text_survives(pair: Pair) -> bool:
    """Tell whether beside the same title and publication the excerpt or the commentary does."""
    alike = pair.alike
    if pair.is_other_report and not (pair.listed and pair.agreement.between_entries):
        return False
    if alike.same_excerpt or alike.contains_excerpt:
        return pair.rare_title or (alike.excerpts_tell and pair.rare_excerpt and pair.keeps_excerpt)
    return _excerpt_wears_on(pair) or _commentary_survives(pair) or _only_gained_text(pair)


def _commentary_survives(pair: Pair) -> bool:
    alike = pair.alike
    if alike.same_commentary:
        return _commentary_speaks(pair)
    return pair.near_commentary and (pair.agreement.on_any_side or not alike.excerpts_tell)


def _only_gained_text(pair: Pair) -> bool:
    """Tell whether the title was all there was to survive, so that nothing contradicts it, and stands where it stood."""
    alike = pair.alike
    if not (pair.rare_title and alike.one_excerpt_lacks and alike.one_commentary_lacks):
        return False
    return pair.agreement.in_place or (pair.listed and (alike.excerpt == 1 or alike.commentary == 1))


def _excerpt_wears_on(pair: Pair) -> bool:
    alike = pair.alike
    if alike.excerpt < WORN_EXCERPT:
        return False
    if not alike.excerpts_tell:
        return alike.same_commentary
    return pair.keeps_excerpt and (pair.facts_agree or alike.swaps.facts <= 1)


def _commentary_speaks(pair: Pair) -> bool:
    """Tell whether the same commentary beside the same title is enough: "Good news." may be said of another article."""
    if not pair.rare_commentary:
        return pair.rare_title and pair.listed
    return pair.alike.commentary_tells or pair.listed or not pair.alike.excerpts_tell


def _near_by_excerpt(pair: Pair) -> bool:
    """Tell whether most of the excerpt survives, and something beside it unless it is all but the same."""
    alike = pair.alike
    if not alike.excerpt_tells(NEAR_EXCERPT) or not pair.rare_excerpt or not pair.keeps_excerpt:
        return False
    if not _is_no_other_report(pair):
        return False
    if alike.excerpt_length < LONE_EXCERPT:
        return pair.near_title or pair.near_commentary or pair.same_commentary or _may_be_edited_around(pair)
    if alike.excerpt >= NEAREST_EXCERPT:
        return alike.swaps.all <= 1 or _something_stays(pair)
    if alike.excerpt >= NEARER_EXCERPT and (alike.same_publication or alike.commentary >= NEAR_PART):
        return True
    return alike.title >= NEAR_PART or pair.agreement.on_any_side


def _something_stays(pair: Pair) -> bool:
    return pair.near_title or pair.near_commentary or pair.same_commentary or pair.agreement.in_place


def _is_no_other_report(pair: Pair) -> bool:
    """Tell whether figures and names leave it open that it is one report; the more differ, the more must stand beside."""
    alike = pair.alike
    if not alike.swaps.facts and alike.same_numbers:
        return alike.title < NEAR_PART or alike.title_numbers_agree
    if not pair.facts_agree:
        return pair.same_commentary and pair.near_title and pair.agreement.between_entries
    if pair.same_commentary and pair.agreement.in_place:
        return True
    return pair.near_title or pair.near_commentary or (pair.agreement.in_place and alike.swaps.all <= 1)


def _near_by_title(pair: Pair) -> bool:
    """Tell whether all but the excerpt survives nearly, beside neighbours.

    A near-twin can share all that, but for a word in title and commentary, and come where the other went: so of a wholly
    new excerpt the title must be the same but for a typo.
    """
    alike = pair.alike
    if not _all_but_excerpt(pair) or not pair.rare_commentary or not alike.commentary_tells or not alike.excerpts_tell:
        return False
    if pair.is_other_report:
        return False
    kindred = alike.excerpt >= KINDRED_EXCERPT and alike.numbers_agree and pair.agreement.on_any_side
    return kindred or (alike.title_edits <= TYPO and pair.agreement.in_place)


def _near_with_little_text(pair: Pair) -> bool:
    """Tell whether an entry with little or no excerpt survives but for a typo in its title."""
    alike = pair.alike
    if alike.excerpts_tell or not (pair.near_title and alike.same_publication and pair.rare_title):
        return False
    if alike.title_length < SHORTEST_NEAR_TITLE or alike.excerpt < NEARER_PART:
        return False
    if pair.same_commentary:
        return True
    if alike.commentary < NEARER_PART:
        return False
    long_title = alike.title_length >= SHORTEST_LONE_TITLE and alike.title_edits <= TYPO
    return pair.agreement.in_place or pair.near_commentary or (long_title and pair.listed)


def _stands_in_place(pair: Pair) -> bool:
    """Tell whether a title stands where it stood, at an end nobody else's; a long one without excerpt needs no place."""
    if pair.agreement.between_entries:
        return pair.listed
    alike = pair.alike
    bare = alike.one_excerpt_lacks and alike.excerpt == 1 and alike.title_length >= SHORTEST_LONE_TITLE
    return (pair.agreement.in_place or (bare and pair.listed)) and pair.rare_title and not pair.is_other_report


def _all_but_excerpt(pair: Pair) -> bool:
    alike = pair.alike
    near = min(alike.title, alike.commentary) >= NEARER_PART
    return near and alike.same_publication and alike.title_numbers_agree
