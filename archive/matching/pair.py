"""A row and an entry that it might be, with the evidence for the rules of matching. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from foreign_eyes.archive.matching.neighbours import NO_AGREEMENT, Agreement
from foreign_eyes.archive.matching.similarity import Similarity
from foreign_eyes.archive.matching.thresholds import (
    LEAST_WORD_OVERLAP,
    NAMES_KEPT,
    NEARER_PART,
    NEAREST_EXCERPT,
    TEMPLATE_EXCERPT,
)


@dataclass(frozen=True)
class Pair:
    """A row and an entry that it might be, with the evidence of their texts and of the listing.

    `same_title` is whether title and publication are equal. `listed` is whether the entry was in the previous listing, so
    that the row may be an edit of it. `rare_title`, `rare_excerpt` and `rare_commentary` are whether no other entry or
    row has that part of row or entry.
    """

    similarity: Similarity
    same_title: bool = False
    agreement: Agreement = NO_AGREEMENT
    listed: bool = True
    rare_title: bool = True
    rare_excerpt: bool = True
    rare_commentary: bool = True

    @cached_property
    def keeps_excerpt(self) -> bool:
        """Whether the excerpts share enough rare words, or differ only in typos."""
        return self.similarity.word_overlap >= LEAST_WORD_OVERLAP or self._has_only_typos

    @cached_property
    def _has_only_typos(self) -> bool:
        similarity = self.similarity
        return (
            similarity.excerpt_reaches(NEAREST_EXCERPT)
            and similarity.same_numbers
            and not similarity.replacements.total
        )

    @cached_property
    def same_commentary(self) -> bool:
        """Whether the commentary is equal, and no other entry has it."""
        return self.similarity.same_commentary and self.rare_commentary

    @cached_property
    def near_commentary(self) -> bool:
        """Whether the commentaries are similar, long enough to compare, and no other entry's."""
        return (
            self.rare_commentary and self.similarity.commentaries_are_long and self.similarity.commentary >= NEARER_PART
        )

    @cached_property
    def near_title(self) -> bool:
        """Whether the titles differ only in a few letters: no word was replaced."""
        similarity = self.similarity
        return (
            similarity.title >= NEARER_PART
            and similarity.title_numbers_agree
            and not similarity.title_replacements.total
        )

    @cached_property
    def facts_agree(self) -> bool:
        """Whether most figures of the excerpts are equal and few names were replaced.

        One name may be replaced, or few of many.
        """
        names = self.similarity.replacements.names
        return self.similarity.numbers_agree and (names <= 1 or NAMES_KEPT * names <= self.similarity.shared_names)

    @cached_property
    def is_other_report(self) -> bool:
        """Whether row and entry are two reports: one text with other figures or names."""
        similarity = self.similarity
        if not similarity.excerpts_are_long or similarity.excerpt < TEMPLATE_EXCERPT or self.facts_agree:
            return False
        # one replaced fact in an entry that was listed until now is a correction
        return not self.listed or similarity.replacements.facts > 1
