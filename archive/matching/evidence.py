"""The evidence that a row and an entry are the same, and the reasons to doubt it. Pure.

Recurring reports differ in little but their figures. Reports of one agency share whole sentences. Near-duplicates share
a subject, a publication and most of a commentary. So the text that survives an edit must be long and rare enough to
identify the entry, and if there is little of it, figures and names must not contradict. docs/identity.md explains each
rule and threshold.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Literal

from foreign_eyes.archive.matching.doubt_reasons import (
    FIGURES_CHANGED,
    LOW_SCORE,
    NAMES_CHANGED,
    NEARLY_EXCERPT,
    NEARLY_THE_REST,
    SAME_TITLE,
)
from foreign_eyes.archive.matching.pair import Pair
from foreign_eyes.archive.matching.thresholds import (
    LONE_EXCERPT,
    LOW,
    MOST_CORRECTIONS,
    NEAR_EXCERPT,
    NEAR_PART,
    NEARER_EXCERPT,
    NEARER_PART,
    NEAREST_EXCERPT,
    PARTIAL_EXCERPT,
    RELATED_EXCERPT,
    SHORTEST_LONE_TITLE,
    SHORTEST_NEAR_TITLE,
    TEMPLATE_EXCERPT,
    TYPO,
)

Evidence = Literal["same excerpt", "title and publication", "title and neighbours", "near wording"]


class Rank(IntEnum):
    """The strength of evidence.

    Of two pairs with the same row or entry, the lower rank wins, whatever their scores.
    """

    EXCERPT_AND_MORE = 0
    TITLE_AND_TEXT = 1
    EXCERPT = 2
    NEAR = 3
    NEIGHBOURS = 4


def judge(pair: Pair) -> tuple[Rank, Evidence] | None:
    """Return the evidence for a pair with its rank, or None if it does not suffice."""
    if (
        pair.similarity.same_excerpt
        and pair.similarity.excerpts_are_long
        and (rank := _by_same_excerpt(pair)) is not None
    ):
        return rank, "same excerpt"
    if pair.same_title and _text_survives(pair):
        return Rank.TITLE_AND_TEXT, "title and publication"
    if _near_by_excerpt(pair) or _near_by_title(pair) or _near_with_little_text(pair):
        return Rank.NEAR, "near wording"
    if pair.same_title and _title_in_place(pair):
        return Rank.NEIGHBOURS, "title and neighbours"
    return None


def doubt_of_new(pair: Pair, *, title_recurs: bool) -> str | None:
    """Return why an operator should review a row that was not matched to an entry, or None.

    `title_recurs` is whether the title is known to recur.
    """
    similarity = pair.similarity
    if pair.same_title:
        return None if title_recurs else SAME_TITLE
    if similarity.excerpt >= NEAR_EXCERPT and pair.rare_excerpt and pair.keeps_excerpt:
        return NEARLY_EXCERPT if pair.listed or similarity.replacements.total <= MOST_CORRECTIONS else None
    return NEARLY_THE_REST if _all_but_excerpt(pair) and pair.rare_commentary else None


def doubt_of_match(pair: Pair, evidence: Evidence) -> str | None:
    """Return why an operator should review a match, or None."""
    similarity = pair.similarity
    if similarity.excerpts_are_long and similarity.excerpt >= TEMPLATE_EXCERPT and similarity.replacements.figures:
        return None if _is_corrected_figure(pair) else FIGURES_CHANGED
    if similarity.excerpts_are_long and similarity.excerpt >= TEMPLATE_EXCERPT and similarity.replacements.names:
        return NAMES_CHANGED
    is_notice = similarity.excerpt_length < LONE_EXCERPT and not (pair.same_title or pair.near_title)
    is_stock = evidence == "title and publication" and not pair.rare_commentary and _is_another_excerpt(pair)
    is_low = similarity.score < LOW or evidence == "title and neighbours" or (evidence == "same excerpt" and is_notice)
    return LOW_SCORE if is_low or is_stock else None


def _is_another_excerpt(pair: Pair) -> bool:
    similarity = pair.similarity
    return similarity.excerpts_are_long and similarity.excerpt < PARTIAL_EXCERPT and not similarity.contains_excerpt


def _is_corrected_figure(pair: Pair) -> bool:
    """Return whether the change is clearly a correction.

    A correction changes one figure of a long excerpt, and at most a word of the commentary.

    A short excerpt may be a report of that one figure, and a title that other entries had may recur.
    """
    similarity = pair.similarity
    is_identified = pair.listed and pair.same_title and pair.rare_title and similarity.excerpt_length >= LONE_EXCERPT
    if not is_identified or similarity.replacements.total > 1:
        return False
    if similarity.commentary == 1:
        return True
    one_word = similarity.commentary >= NEAR_PART and similarity.commentary_replacements.total <= 1
    return one_word and pair.agreement.in_place and similarity.excerpt >= NEAREST_EXCERPT


def _by_same_excerpt(pair: Pair) -> Rank | None:
    """Return the rank of an equal excerpt.

    A shared excerpt is evidence only with a similar title or commentary.
    """
    has_title, has_commentary = pair.same_title or pair.near_title, pair.same_commentary or pair.near_commentary
    # with a shared excerpt the commentary is the only evidence, and it may be a stock phrase that recurs
    if has_commentary and not has_title and not pair.rare_excerpt:
        has_commentary = pair.listed and pair.agreement.on_any_side
    if (has_title or has_commentary) and (pair.rare_excerpt or pair.rare_title or pair.rare_commentary):
        return Rank.EXCERPT_AND_MORE
    suffices = pair.similarity.excerpt_length >= LONE_EXCERPT or _short_excerpt_may_survive(pair)
    return Rank.EXCERPT if pair.rare_excerpt and suffices else None


def _short_excerpt_may_survive(pair: Pair) -> bool:
    """Return whether a short excerpt can be the only part that survived.

    Under another publication it may be a notice.
    """
    return pair.listed and pair.agreement.in_place and pair.similarity.same_publication


def _text_survives(pair: Pair) -> bool:
    """Return whether excerpt or commentary survives, given an equal title and publication."""
    similarity = pair.similarity
    if pair.is_other_report and not (pair.listed and pair.agreement.between_entries):
        return False
    if similarity.same_excerpt or similarity.contains_excerpt:
        return pair.rare_title or (similarity.excerpts_are_long and pair.rare_excerpt and pair.keeps_excerpt)
    return _most_of_excerpt_survives(pair) or _commentary_survives(pair) or _only_gained_text(pair)


def _commentary_survives(pair: Pair) -> bool:
    similarity = pair.similarity
    if similarity.same_commentary:
        return _same_commentary_suffices(pair)
    return pair.near_commentary and (pair.agreement.on_any_side or not similarity.excerpts_are_long)


def _only_gained_text(pair: Pair) -> bool:
    """Return whether the entry was only a title to which text was added, at the same place."""
    similarity = pair.similarity
    if not (pair.rare_title and similarity.lacks_excerpt and similarity.lacks_commentary):
        return False
    return pair.agreement.in_place or (pair.listed and (similarity.excerpt == 1 or similarity.commentary == 1))


def _most_of_excerpt_survives(pair: Pair) -> bool:
    similarity = pair.similarity
    if similarity.excerpt < PARTIAL_EXCERPT:
        return False
    if not similarity.excerpts_are_long:
        return similarity.same_commentary
    return pair.keeps_excerpt and (pair.facts_agree or similarity.replacements.facts <= 1)


def _same_commentary_suffices(pair: Pair) -> bool:
    """Return whether an equal commentary suffices with an equal title.

    "Good news." may comment on another article.
    """
    if not pair.rare_commentary:
        return pair.rare_title and pair.listed
    return pair.similarity.commentaries_are_long or pair.listed or not pair.similarity.excerpts_are_long


def _near_by_excerpt(pair: Pair) -> bool:
    """Return whether most of the excerpt survives.

    Other evidence is required, too, unless the excerpts are nearly equal.
    """
    similarity = pair.similarity
    if not similarity.excerpt_reaches(NEAR_EXCERPT) or not pair.rare_excerpt or not pair.keeps_excerpt:
        return False
    if not _may_be_same_report(pair):
        return False
    if similarity.excerpt_length < LONE_EXCERPT:
        return pair.near_title or pair.near_commentary or pair.same_commentary or _short_excerpt_may_survive(pair)
    if similarity.excerpt >= NEAREST_EXCERPT:
        return similarity.replacements.total <= 1 or _another_part_survives(pair)
    if similarity.excerpt >= NEARER_EXCERPT and (similarity.same_publication or similarity.commentary >= NEAR_PART):
        return True
    return similarity.title >= NEAR_PART or pair.agreement.on_any_side


def _another_part_survives(pair: Pair) -> bool:
    return pair.near_title or pair.near_commentary or pair.same_commentary or pair.agreement.in_place


def _may_be_same_report(pair: Pair) -> bool:
    """Return whether figures and names allow one report.

    The more of them differ, the more other evidence is needed.
    """
    similarity = pair.similarity
    if not similarity.replacements.facts and similarity.same_numbers:
        return similarity.title < NEAR_PART or similarity.title_numbers_agree
    if not pair.facts_agree:
        return pair.same_commentary and pair.near_title and pair.agreement.between_entries
    if pair.same_commentary and pair.agreement.in_place:
        return True
    return pair.near_title or pair.near_commentary or (pair.agreement.in_place and similarity.replacements.total <= 1)


def _near_by_title(pair: Pair) -> bool:
    """Return whether all parts but the excerpt are similar, with shared neighbours.

    A near-duplicate can differ in one word of title and commentary and take the place of the other. So with an entirely
    new excerpt, the titles may differ only in a typo.
    """
    similarity = pair.similarity
    if (
        not _all_but_excerpt(pair)
        or not pair.rare_commentary
        or not similarity.commentaries_are_long
        or not similarity.excerpts_are_long
    ):
        return False
    if pair.is_other_report:
        return False
    is_related = similarity.excerpt >= RELATED_EXCERPT and similarity.numbers_agree and pair.agreement.on_any_side
    return is_related or (similarity.title_edits <= TYPO and pair.agreement.in_place)


def _near_with_little_text(pair: Pair) -> bool:
    """Return whether an entry with little or no excerpt differs only in a typo of its title."""
    similarity = pair.similarity
    if similarity.excerpts_are_long or not (pair.near_title and similarity.same_publication and pair.rare_title):
        return False
    if similarity.title_length < SHORTEST_NEAR_TITLE or similarity.excerpt < NEARER_PART:
        return False
    if pair.same_commentary:
        return True
    if similarity.commentary < NEARER_PART:
        return False
    long_title = similarity.title_length >= SHORTEST_LONE_TITLE and similarity.title_edits <= TYPO
    return pair.agreement.in_place or pair.near_commentary or (long_title and pair.listed)


def _title_in_place(pair: Pair) -> bool:
    """Return whether the title identifies the entry.

    It does at the same place, or anywhere if it is long and the entry has no excerpt.
    """
    if pair.agreement.between_entries:
        return pair.listed
    similarity = pair.similarity
    is_long_title_alone = (
        similarity.lacks_excerpt and similarity.excerpt == 1 and similarity.title_length >= SHORTEST_LONE_TITLE
    )
    return (
        (pair.agreement.in_place or (is_long_title_alone and pair.listed))
        and pair.rare_title
        and not pair.is_other_report
    )


def _all_but_excerpt(pair: Pair) -> bool:
    similarity = pair.similarity
    are_similar = min(similarity.title, similarity.commentary) >= NEARER_PART
    return are_similar and similarity.same_publication and similarity.title_numbers_agree
