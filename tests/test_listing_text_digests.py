"""Digests and keys of entries, and minting of ids."""

from __future__ import annotations

from dataclasses import replace

import pytest

from foreign_eyes.archive.entry_ids import ID_RANGE, entry_tag, mint_entry_id
from foreign_eyes.archive.matching.keys import excerpt_key, title_key
from foreign_eyes.listing.text_digests import folded_digest, identity_digest, publication_key, wording_digest
from foreign_eyes.listing.values import ListedEntry

ENTRY = ListedEntry(
    "A port teaches its cranes.", "——Cranes, by The Harbour Courier", "Cranes", "The Harbour Courier", "Filed at home."
)
UNSPLIT = replace(ENTRY, attribution="——Cranes The Harbour Courier", title=None, publication=None)


@pytest.mark.parametrize(
    "spelling",
    [
        "New York Times",
        "The New York Times",
        "the new york times",
        "NEW YORK TIMES",
        " The  New\u00a0York Times",
        "NewYorkTimes",
    ],
)
def test_spellings_of_a_publication_share_a_key(spelling: str) -> None:
    assert publication_key(spelling) == publication_key("The New York Times")


@pytest.mark.parametrize(
    ("one", "other"), [("The Times", "The New Times"), ("Le Monde", "El Mundo"), ("The", "Them"), ("Thes", "s")]
)
def test_different_publications_have_different_keys(one: str, other: str) -> None:
    assert publication_key(one) != publication_key(other)


def test_a_publication_called_the_still_has_a_key() -> None:
    assert publication_key("The") == "the"


@pytest.mark.parametrize(
    "edited",
    [
        replace(ENTRY, excerpt="A port  teaches\nits cranes."),
        replace(ENTRY, commentary="Filed\u00a0at home."),
        replace(ENTRY, publication="harbour courier"),
        replace(ENTRY, attribution="—— Cranes,The Harbour Courier"),
        replace(ENTRY, flags=("something",)),
    ],
)
def test_space_publication_spelling_and_a_split_attribution_line_do_not_count(edited: ListedEntry) -> None:
    assert wording_digest(edited) == wording_digest(ENTRY)


@pytest.mark.parametrize(
    "edited",
    [
        replace(ENTRY, excerpt="A port teaches its crane."),
        replace(ENTRY, excerpt="A Port teaches its cranes."),
        replace(ENTRY, commentary=""),
        replace(ENTRY, title="Cranes!"),
        replace(ENTRY, publication="The Harbour Herald"),
        replace(ENTRY, publication=None),
        UNSPLIT,
        # parts do not run into each other
        replace(ENTRY, excerpt=ENTRY.excerpt + ENTRY.commentary, commentary=""),
        replace(ENTRY, title="CranesThe", publication="Harbour Courier"),
    ],
)
def test_every_other_edit_is_another_wording(edited: ListedEntry) -> None:
    assert wording_digest(edited) != wording_digest(ENTRY)
    assert folded_digest(edited) != folded_digest(ENTRY)
    assert identity_digest(edited) != identity_digest(ENTRY)


@pytest.mark.parametrize(
    "edited",
    [
        replace(ENTRY, excerpt="A port teachesits cranes."),
        replace(ENTRY, commentary="Filed at home ."),
        replace(ENTRY, title="Cr anes"),
    ],
)
def test_a_changed_word_boundary_is_another_wording_of_the_same_identity(edited: ListedEntry) -> None:
    assert wording_digest(edited) != wording_digest(ENTRY)
    assert identity_digest(edited) == identity_digest(ENTRY)
    assert folded_digest(edited) == folded_digest(ENTRY)


def test_a_restyle_is_the_same_wording_and_shares_every_key() -> None:
    plain = replace(ENTRY, title="Cranes - first", excerpt="A port of fifty-five cranes, taught by 'its' port.")
    styled = replace(
        plain,
        title="Cranes \u2014 ﬁrst",
        excerpt="A port of ﬁfty\u2011five cranes，\u00a0taught by “its” port.",
    )
    assert wording_digest(styled) == wording_digest(plain)
    assert folded_digest(styled) == folded_digest(plain)
    assert title_key(styled) == title_key(plain)
    assert excerpt_key(styled.excerpt) == excerpt_key(plain.excerpt)


def test_identity_digests_never_change() -> None:
    assert identity_digest(ENTRY) == "233282afbf314735aa3f2891d895b1e1"
    assert identity_digest(UNSPLIT) == "16cb2d7fb7da57bfc07b4b546dbcb98f"
    assert identity_digest(replace(ENTRY, excerpt="“ﬁn–de\u00a0siècle” ５")) == "9b13fe5319df28e7889d63b9ae1c7f75"


def test_an_attribution_line_that_was_not_split_counts() -> None:
    assert wording_digest(UNSPLIT) != wording_digest(replace(UNSPLIT, attribution="——Cranes! The Harbour Courier"))


def test_quote_style_does_not_count() -> None:
    straight, curly = replace(ENTRY, excerpt='"It\'s ours"'), replace(ENTRY, excerpt="“It’s ours”")
    assert wording_digest(straight) == wording_digest(curly)


def test_a_digest_is_32_hexadecimal_digits() -> None:
    assert len(bytes.fromhex(wording_digest(ENTRY))) == 16


@pytest.mark.parametrize("title", [None, "", " ", "\u200b"])
def test_without_a_title_there_is_no_title_key(title: str | None) -> None:
    assert title_key(replace(ENTRY, title=title)) is None


def test_a_title_key_ignores_case_and_spelling_but_not_the_publication() -> None:
    assert title_key(replace(ENTRY, title="CRANES", publication="harbour courier")) == title_key(ENTRY)
    assert title_key(replace(ENTRY, publication="Another Paper")) != title_key(ENTRY)
    assert title_key(replace(ENTRY, excerpt="", commentary="")) == title_key(ENTRY)


def test_minting_avoids_ids_that_are_taken() -> None:
    draws = iter([7, 7, 8, 9])
    taken = {ID_RANGE.start + 7, ID_RANGE.start + 8}
    assert mint_entry_id(taken.__contains__, lambda below: next(draws)) == ID_RANGE.start + 9


@pytest.mark.parametrize("drawn", [0, len(ID_RANGE) - 1])
def test_a_minted_id_has_nine_digits(drawn: int) -> None:
    assert len(str(mint_entry_id(lambda entry_id: False, lambda below: drawn))) == 9


def test_minting_draws_from_the_whole_range_at_random() -> None:
    minted = {mint_entry_id(lambda entry_id: False) for _ in range(50)}
    assert len(minted) == 50
    assert all(entry_id in ID_RANGE for entry_id in minted)


def test_a_tag_is_made_of_authority_source_and_id() -> None:
    assert entry_tag("example.org,2026", "live", 123456789) == "tag:example.org,2026:live/123456789"
