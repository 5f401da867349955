"""The quality gate: which crawls are complete, and which pages and listings are suspect."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pytest

from foreign_eyes.listing.quality_gate import (
    CHECKED_PARTS,
    MAX_PASSES,
    ListedCounts,
    ListingPass,
    fingerprint,
    judge_passes,
    most_plausible,
    page_limit,
    suspect_count,
    suspect_growth,
    suspect_page,
    suspect_parts,
    suspect_strangers,
)
from foreign_eyes.listing.text_digests import wording_digest
from foreign_eyes.listing.values import Link, ListedEntry, ListingPage, Pager, Verdict

A, B = ListingPass(("a1", "a2"), ("A1", "A2")), ListingPass(("b1", "a2"), ("B1", "A2"))
OTHER_BYTES = ListingPass(("x1", "x2"), ("A1", "A2"))  # a counter or a comment in the page: the same entries
SHORTER = ListingPass(("a1",), ("A1",))
TORN, TORN_ELSEWHERE = (
    ListingPass(("a1",), ("A1",), "page 2 answers 404"),
    ListingPass(("a1",), ("A1",), "page 3 answers 404"),
)
ENTRY = ListedEntry("Excerpt.", "——T, by P", "T", "P", "Commentary.")
COMPLETE, UNCHANGED = Verdict("complete"), Verdict("unchanged")


def listing(*entries: ListedEntry, count: int = 2, replacements: int = 0, links: tuple[Link, ...] = ()) -> ListingPage:
    return ListingPage(entries, count, links, Pager("none"), True, "gb18030", replacements)


@pytest.mark.parametrize(
    ("passes", "settled", "verdict"),
    [
        ([A], None, None),
        ([A], ("b1", "a2"), None),
        ([A], ("a1", "a2"), UNCHANGED),
        ([A], ("a1", "a2", "a3"), None),
        ([A], ("a2", "a1"), None),
        ([A], (), None),
        ([A, A], None, COMPLETE),
        ([A, OTHER_BYTES], None, COMPLETE),
        ([A, B], None, None),
        ([A, B, A], None, None),
        ([A, B, B], None, COMPLETE),
        ([A, SHORTER], None, None),
        ([B, A], ("a1", "a2"), COMPLETE),  # what the first pass showed is yet to be settled
        ([TORN], None, None),
        ([TORN], ("a1",), None),
        ([TORN, TORN], None, Verdict("partial", "page 2 answers 404")),
        ([TORN, TORN_ELSEWHERE], None, None),
        ([TORN, A], None, None),
        ([TORN, A, A], None, COMPLETE),
        ([A, TORN, A], None, None),
        ([A, B, A, B, A], None, Verdict("partial", "the listing changed during each of 5 passes")),
        ([A, B, A, B, B], None, COMPLETE),
        ([A, TORN, B, TORN_ELSEWHERE, TORN], None, Verdict("partial", "page 2 answers 404")),
    ],
)
def test_two_equal_passes_are_complete_and_one_equal_to_the_settled_state_is_unchanged(
    passes: list[ListingPass], settled: tuple[str, ...] | None, verdict: Verdict | None
) -> None:
    assert judge_passes(passes, settled) == verdict


def test_no_listing_is_read_more_than_five_times() -> None:
    restless = [ListingPass((str(number),), (str(number),)) for number in range(MAX_PASSES)]
    assert [judge_passes(restless[:number], None) is None for number in range(1, 6)] == [True] * 4 + [False]


@pytest.mark.parametrize(
    ("outcome", "settles"),
    [
        ("complete", True),
        ("unchanged", True),
        ("partial", True),
        ("suspect", False),
        ("blocked", False),
        ("unreachable", False),
        ("failed", False),
    ],
)
def test_only_complete_unchanged_and_partial_crawls_settle(outcome: str, settles: bool) -> None:
    assert Verdict(outcome).settles is settles  # type: ignore[arg-type]


@pytest.mark.parametrize(("last", "limit"), [(None, 200), (1, 25), (8, 25), (9, 27), (100, 300)])
def test_a_page_count_up_to_three_times_the_last_one_is_accepted(last: int | None, limit: int) -> None:
    assert page_limit(last) == limit


@pytest.mark.parametrize(
    ("page", "doubt"),
    [
        (listing(), "page 3 lists no entries"),
        (listing(ENTRY), None),
        (listing(ENTRY, replacements=10), None),
        (listing(ENTRY, replacements=11), "page 3 has 11 replacement characters (decoded as gb18030); is it damaged?"),
        (listing(ListedEntry("", "", None, None, "c")), None),  # a single slip is an editor's
        (listing(ENTRY, ListedEntry("", "", None, None, "c")), None),
        (
            listing(*[ListedEntry("e", "", None, None, "c")] * 2, ENTRY),
            "page 3: 2 of 3 entries lack an excerpt or a title; has its layout changed?",
        ),
        (
            listing(*[ListedEntry("", "——T, by P", "T", "P", "c")] * 2),
            "page 3: 2 of 2 entries lack an excerpt or a title; has its layout changed?",
        ),
    ],
)
def test_a_page_without_entries_or_with_damaged_ones_is_suspect(page: ListingPage, doubt: str | None) -> None:
    assert suspect_page(3, page) == doubt


@pytest.mark.parametrize(
    ("entries", "last", "suspect"), [(10, None, False), (10, 0, False), (5, 10, False), (4, 10, True), (0, 1, True)]
)
def test_a_listing_that_lost_more_than_half_its_entries_is_suspect(
    entries: int, last: int | None, suspect: bool
) -> None:
    assert (suspect_count(entries, last) is not None) is suspect


@pytest.mark.parametrize(
    ("entries", "most", "suspect"),
    [
        (60, 20, False),  # three times as many, but 40 more
        (61, 20, True),
        (120, 80, False),
        (121, 80, True),
        (480, 320, False),  # half as many again
        (481, 320, True),
        (40, 0, False),
        (41, 0, True),
    ],
)
def test_growth_by_more_than_half_and_by_more_than_forty_is_suspect(entries: int, most: int, suspect: bool) -> None:
    assert (suspect_growth(1, numbered(entries), most, all_of) is not None) is suspect
    assert (entries > most_plausible(most)) is suspect


def test_the_reason_for_growth_quotes_the_first_new_titles() -> None:
    known, asked = {wording_digest(entry) for entry in numbered(150)}, []

    def new_wordings(wordings: Collection[str]) -> Collection[str]:
        asked.append(len(wordings))
        return set(wordings) - known

    assert suspect_growth(2, numbered(5000), 80, new_wordings) == (
        "the listing shows 5000 entries up to page 2; the most that a complete crawl found is 80;"
        ' among the new: "T 151", "T 152", "T 153"; is it another listing?'
    )
    assert asked == [100, 100]  # no more than is needed


@pytest.mark.parametrize(
    ("title", "told"),
    [
        ("A\x1b[31mred\x07 title", "A[31mred title"),
        ("Chips \u202egnisrever\u202c and\u2066\u2069 more", "Chips gnisrever and more"),
        ("Two\n\tlines", "Two lines"),
        ("x" * 100, "x" * 79 + "…"),
        (None, "——Untitled, by P"),
    ],
)
def test_titles_in_a_reason_have_no_terminal_codes(title: str | None, told: str) -> None:
    strangers = [replace(entry, title=title, attribution="——Untitled, by P") for entry in numbered(50)]
    assert f'among the new: "{told}", ' in (suspect_growth(1, strangers, 2, all_of) or "")


@pytest.mark.parametrize("part", [*CHECKED_PARTS, "attribution"])
@pytest.mark.parametrize(("sign", "most"), [("x", 65536), ("é", 32768), ("中", 21845)])
def test_a_page_with_a_part_of_more_than_64_kilobytes_is_suspect(part: str, sign: str, most: int) -> None:
    article = "an" if part in ("excerpt", "attribution") else "a"
    long = [replace(entry, **{part: sign * most}) for entry in numbered(1)]  # type: ignore[arg-type]
    assert suspect_page(3, listing(*numbered(5, first=9), *long)) is None
    longer = [replace(entry, **{part: sign * (most + 1)}) for entry in numbered(1)]  # type: ignore[arg-type]
    assert suspect_page(3, listing(*numbered(5, first=9), *longer)) == (
        f"page 3: an entry has {article} {part} of 64 KB; at most 64 KB are accepted; has its layout changed?"
    )


def test_a_fingerprint_depends_on_the_entries_in_order_and_the_page_count() -> None:
    other = ListedEntry("Another.", "——U, by P", "U", "P", "c")
    pages = [
        listing(ENTRY, other),
        listing(other, ENTRY),
        listing(ENTRY),
        listing(ENTRY, other, count=3),
    ]
    assert len({fingerprint(page) for page in pages}) == len(pages)
    assert fingerprint(listing(ENTRY, other, replacements=5)) == fingerprint(pages[0])
    assert fingerprint(listing(ENTRY, other, links=(Link("Patent Search", "http://x/"),))) == fingerprint(pages[0])


WHOLE = ListedCounts(320, dict.fromkeys(CHECKED_PARTS, 0))
MISSING = {"excerpt": "", "title": None, "publication": None, "commentary": ""}


def numbered(count: int, part: str | None = None, first: int = 1) -> list[ListedEntry]:
    """Return entries with different texts that all lack `part`."""
    entries = [
        ListedEntry(f"Excerpt {n}.", f"——T {n}, by P", f"T {n}", "P", f"Commentary {n}.")
        for n in range(first, first + count)
    ]
    return [replace(entry, **{part: MISSING[part]}) for entry in entries] if part else entries


def all_of(wordings: Collection[str]) -> Collection[str]:
    return wordings


@pytest.mark.parametrize("part", CHECKED_PARTS)
def test_a_page_that_has_lost_a_part_is_suspect(part: str) -> None:
    article = "an" if part == "excerpt" else "a"
    assert suspect_page(3, listing(*numbered(40, part)), before=WHOLE, new_wordings=all_of) == (
        f"page 3: 40 of 40 entries lack {article} {part}; the last good crawl had 0 of 320; has its layout changed?"
    )


@pytest.mark.parametrize("part", CHECKED_PARTS)
@pytest.mark.parametrize(
    ("lack", "have", "before", "suspect"),
    [
        (10, 30, 0, False),  # a quarter
        (11, 29, 0, True),
        (30, 10, 160, False),  # half of them lacked it before
        (31, 9, 160, True),
        (40, 0, 320, False),
        (1, 0, 0, False),  # a single slip is an editor's
        (2, 0, 0, True),
        (1, 2, 0, False),
    ],
)
def test_a_part_is_lost_if_a_quarter_more_of_the_entries_lack_it(
    part: str, lack: int, have: int, before: int, suspect: bool
) -> None:
    entries = numbered(lack, part) + numbered(have, first=100)
    doubt = suspect_parts("page 1", entries, ListedCounts(320, {part: before}), all_of)
    assert (doubt is not None) is suspect


@pytest.mark.parametrize(("new", "suspect"), [(0, False), (1, False), (10, False), (11, True)])
def test_entries_that_lacked_a_part_before_may_be_on_one_page(new: int, suspect: bool) -> None:
    """For example, if the newest entries have no commentary, they fill page 1 one by one."""
    entries = numbered(40, "commentary")
    digests = {wording_digest(entry) for entry in entries[:new]}
    doubt = suspect_parts("page 1", entries, ListedCounts(320, {"commentary": 40 - new}), lambda wordings: digests)
    assert (doubt is not None) is suspect


def test_a_part_that_most_entries_lacked_before_is_not_lost() -> None:
    page = listing(*numbered(40, "title"))
    assert suspect_page(1, page) is not None
    assert suspect_page(1, page, before=ListedCounts(320, {"title": 300}), new_wordings=all_of) is None


@pytest.mark.parametrize("part", ["publication", "commentary"])
def test_a_first_crawl_accepts_missing_publications_and_commentaries(part: str) -> None:
    assert suspect_page(1, listing(*numbered(40, part)), new_wordings=all_of) is None


@pytest.mark.parametrize(
    ("entries", "strangers", "before", "suspect"),
    [
        (320, 318, 320, True),
        (320, 320, 320, True),
        (8, 8, 8, True),
        (7, 7, 320, False),  # that it has shrunk is another alarm
        (320, 320, 7, False),
        (320, 320, 0, False),
        (320, 240, 320, False),  # three quarters
        (320, 241, 320, True),
        (320, 241, 158, False),  # it has grown: all that was listed may still stand there
        (320, 0, 320, False),
    ],
)
def test_a_listing_of_unknown_entries_is_another_listing(
    entries: int, strangers: int, before: int, suspect: bool
) -> None:
    assert (suspect_strangers(entries, strangers, before) is not None) is suspect


def test_the_reason_for_another_listing_has_the_counts() -> None:
    assert suspect_strangers(320, 318, 321) == (
        "the listing shows 320 entries, of which 2 are known; the last good crawl found 321; is it another listing?"
    )
