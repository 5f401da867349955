"""Restyles: a change of style updates the texts without a change; a changed word boundary is a revision."""

from __future__ import annotations

import sqlite3
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from conftest import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils import Database
from support.settling import DAY, START, B, C, Column, LineParser, entry, listing

import foreign_eyes.archive.settling.settle
from foreign_eyes.archive.history import entry_history
from foreign_eyes.archive.rebuilding.rebuild import Rebuilt, rebuild, rebuild_if_outdated
from foreign_eyes.archive.schema import migrations
from foreign_eyes.archive.settling import record_rows
from foreign_eyes.archive.settling.edit_kinds import Edit, judge_edit
from foreign_eyes.cli.history_screen import show_history
from foreign_eyes.listing.text_digests import identity_digest
from foreign_eyes.listing.values import ListedEntry

LATER = START + 400 * DAY
TEXT = "Sales of the 'smart' loom rose by 83 million yuan - a first - at fifty-five mills."
LOOM = entry("Looms - at last", excerpt=TEXT, commentary="Patents pay, according to all.")
RESTYLES: dict[str, Callable[[str], str]] = {
    "no-break spaces": lambda line: line.replace(" ", "\u00a0"),
    "more spaces": lambda line: line.replace(" ", "  "),
    "quotes": lambda line: line.replace("'", "’"),
    "double quotes": lambda line: line.replace("'", '"'),
    "dashes": lambda line: line.replace("-", "—"),
    "ligatures": lambda line: line.replace("fi", "ﬁ"),
    "full-width figures": lambda line: line.replace("83", "８３"),
    "decomposed letters": lambda line: unicodedata.normalize("NFD", line.replace("Le", "Le")),
}
BOUNDARIES: dict[str, Callable[[str], str]] = {
    "glued words": lambda line: line.replace("according to", "accordingto"),
    "a glued figure": lambda line: line.replace("83 million", "83million"),
    "a parted word": lambda line: line.replace("yuan", "yu an"),
    "a glued title": lambda line: line.replace("at last", "atlast"),
}


@contextmanager
def in_memory() -> Iterator[Column]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        db = Database(connection)
        migrations.apply(db)
        yield Column(db)


@pytest.fixture
def column() -> Iterator[Column]:
    with in_memory() as column:
        yield column


def again(column: Column, **options: Any) -> Rebuilt:
    return rebuild(column.db, LineParser(), at=LATER, authority="example.org,2026", **options)


def texts(column: Column, table: str = "current_entries") -> list[tuple[Any, ...]]:
    return column.rows(f"SELECT title, attribution, excerpt, commentary FROM {table} ORDER BY 1")


def listed(line: str) -> ListedEntry:
    return LineParser().parse_listing(line.encode(), "").entries[0]


def shown(line: str) -> tuple[str | None, ...]:
    one = listed(line)
    return one.title, one.attribution, one.excerpt, one.commentary


@contextmanager
def earlier_rules() -> Iterator[None]:
    """Settle by earlier rules: white space was ignored, dashes and letter forms were not, and styles were not updated."""

    def judged(before: ListedEntry, after: ListedEntry, *_: object, **__: object) -> Edit:
        return "none" if identity_digest(before) == identity_digest(after) else "revision"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(record_rows, "judge_edit", judged)
        patch.setattr(foreign_eyes.archive.settling.settle, "wording_digest", identity_digest)
        yield


def crawl_by_earlier_rules(column: Column, *pages: str) -> None:
    with earlier_rules():
        column.crawl(*pages)
    column.db.execute("UPDATE crawls SET rules = NULL")
    column.db.execute("PRAGMA user_version=102")


@pytest.mark.parametrize("restyle", RESTYLES.values(), ids=RESTYLES.keys())
def test_a_restyle_updates_the_texts_without_a_change(column: Column, restyle: Callable[[str], str]) -> None:
    column.crawl(listing(LOOM, B))
    before = column.truth()
    counts = column.crawl(listing(restyle(LOOM), B))

    assert (counts.new, counts.revised, counts.withdrawn) == (0, 0, 0)
    assert {name: column.truth()[name] for name in ("revisions", "changes")} == {
        name: before[name] for name in ("revisions", "changes")
    }
    assert shown(restyle(LOOM)) in texts(column)
    assert column.rows("SELECT entry_id, c.crawl_id FROM restyles JOIN captures c USING (capture_id)") == (
        [(column.rows("SELECT entry_id FROM entries WHERE title LIKE 'Looms%' OR title LIKE 'Ｌ%'")[0][0], 2)]
        if shown(restyle(LOOM)) != shown(LOOM)
        else []
    )
    assert again(column).differences == ()


def test_a_restyle_is_found_by_search(column: Column) -> None:
    column.crawl(listing(entry("Efficiency", excerpt="An of\ufb01cial said so.")))
    column.crawl(listing(entry("Efficiency", excerpt="An official said so.")))
    assert column.rows("SELECT count(*) FROM entries_fts WHERE entries_fts MATCH 'official'") == [(1,)]


@pytest.mark.parametrize("edit", BOUNDARIES.values(), ids=BOUNDARIES.keys())
def test_a_changed_word_boundary_is_a_revision_of_the_same_entry(column: Column, edit: Callable[[str], str]) -> None:
    for one, other in ((LOOM, edit(LOOM)), (edit(LOOM), LOOM)):
        column.crawl(listing(one, B))
        ids = sorted(column.ids().values())
        counts = column.crawl(listing(other, B))

        assert (counts.new, counts.revised) == (0, 1)
        assert sorted(column.ids().values()) == ids
        assert shown(other) in texts(column)
        assert column.rows("SELECT match_method FROM revisions ORDER BY revision_id DESC LIMIT 1") in (
            [("same wording",)],
            [("earlier wording",)],
        )
    assert column.rows("SELECT count(*) FROM restyles") == [(0,)]
    assert again(column).differences == ()


def test_restyling_a_whole_listing_makes_no_changes(column: Column) -> None:
    lines = [entry(f"Loom {n} - 'first'", excerpt=f"{TEXT} Number {n}.") for n in range(60)]
    column.crawl(listing(*lines[:30]), listing(*lines[30:]))
    before = column.rows("SELECT entry_id FROM entries ORDER BY 1")
    restyled = [line.replace("-", "–").replace("'", "’").replace(" ", "\u00a0") for line in lines]
    counts = column.crawl(listing(*restyled[:30]), listing(*restyled[30:]))

    assert (counts.new, counts.revised, counts.withdrawn, counts.returned) == (0, 0, 0, 0)
    assert column.rows("SELECT entry_id FROM entries ORDER BY 1") == before
    assert column.rows("SELECT count(*), count(DISTINCT entry_id) FROM restyles") == [(60, 60)]


def test_two_rows_that_differ_in_style_alone_are_one_entry_and_keep_its_style(column: Column) -> None:
    other = LOOM.replace(" - ", " — ")
    column.crawl(listing(LOOM, B, other))
    assert sorted(column.ids()) == ["Bears", "Looms - at last"]
    column.crawl(listing(other, B, LOOM))
    column.crawl(listing(LOOM, B, other))
    assert column.rows("SELECT count(*) FROM restyles") == [(0,)]
    assert column.kinds() == ["new", "new"]

    column.crawl(listing(B, other))
    assert column.rows("SELECT count(*) FROM restyles") == [(1,)]
    assert again(column).differences == ()


def test_a_withdrawn_entry_returns_in_another_style(column: Column) -> None:
    column.crawl(listing(LOOM, B))
    for _ in range(2):
        column.crawl(listing(B))
    counts = column.crawl(listing(LOOM.replace("-", "–"), B))
    assert (counts.new, counts.returned, counts.revised) == (0, 1, 0)


def test_a_restyle_with_an_edit_is_only_a_revision(column: Column) -> None:
    column.crawl(listing(LOOM, B))
    column.crawl(listing(LOOM.replace("-", "–").replace("mills", "mill"), B))
    assert column.rows("SELECT count(*) FROM restyles") == [(0,)]
    assert column.kinds()[-1] == "revised"


def test_every_restyle_is_stored_with_its_texts_and_its_capture(column: Column) -> None:
    column.crawl(listing(LOOM))
    for line in (LOOM.replace("'", "’"), LOOM):
        column.crawl(listing(line))
    kept = column.rows("SELECT excerpt, first_seen, page, position, capture_id FROM restyles ORDER BY restyle_id")
    assert [row[0] for row in kept] == [TEXT.replace("'", "’"), TEXT]
    assert [row[2:4] for row in kept] == [(1, 1), (1, 1)]
    captures = column.rows("SELECT fetched_at, capture_id FROM captures WHERE capture_id > 1 ORDER BY capture_id")
    assert [(row[1], row[4]) for row in kept] == captures


def test_history_lists_restyles_and_an_edit_is_compared_with_the_last_style(
    column: Column, capsys: pytest.CaptureFixture[str]
) -> None:
    curly = LOOM.replace("'", "’")
    for line in (LOOM, curly, curly.replace("mills", "farms")):
        column.crawl(listing(line))
    told = entry_history(column.db, column.rows("SELECT entry_id FROM entries")[0][0])

    [restyle] = told.restyles
    assert (restyle.revision, restyle.capture_id, restyle.texts["excerpt"]) == (1, 2, TEXT.replace("'", "’"))
    assert told.timeline() == [told.revisions[0], restyle, told.revisions[1]]
    show_history(told)
    written = capsys.readouterr().out
    assert "restyled · " in written
    assert "· capture 2\n" in written
    assert "[-mills-]{+farms+}" in " ".join(written.split())
    assert written.count("[-") == 1


# archives of versions that told wordings apart otherwise


def test_a_word_boundary_that_earlier_rules_ignored_changes_no_revision_number(column: Column) -> None:
    glued = LOOM.replace("according to", "accordingto")
    for line in (glued, LOOM, LOOM.replace("mills", "farms")):
        crawl_by_earlier_rules(column, listing(line, B))
    told = column.rows("SELECT change_id, at, kind, announced, entry_id FROM changes ORDER BY 1")
    ids = column.ids()
    assert column.rows("SELECT number FROM revisions JOIN entries USING (entry_id) WHERE number > 1") == [(2,)]

    rebuild_if_outdated(column.db, LineParser(), at=LATER, authority="example.org,2026")
    assert column.ids() == ids
    assert column.rows("SELECT change_id, at, kind, announced, entry_id FROM changes ORDER BY 1") == told
    assert column.rows(
        "SELECT number, technical, commentary FROM revisions WHERE title LIKE 'Looms%' ORDER BY revision_id"
    ) == [
        (1, 0, "Patents pay, accordingto all."),
        (1, 1, "Patents pay, according to all."),
        (2, 0, "Patents pay, according to all."),
    ]
    assert again(column).differences == ()


def test_a_changed_dash_that_was_a_revision_by_earlier_rules_remains_one(column: Column) -> None:
    for line in (LOOM, LOOM.replace("-", "–"), LOOM.replace("-", "–").replace("mills", "farms")):
        crawl_by_earlier_rules(column, listing(line, B))
    before = column.rows("SELECT revision_id, entry_id, number, technical, excerpt FROM revisions ORDER BY 1")
    changes = column.rows("SELECT * FROM changes ORDER BY 1")
    assert len(before) == 4

    rebuild_if_outdated(column.db, LineParser(), at=LATER, authority="example.org,2026")
    assert column.rows("SELECT revision_id, entry_id, number, technical, excerpt FROM revisions ORDER BY 1") == before
    assert column.rows("SELECT * FROM changes ORDER BY 1") == changes
    assert again(column).differences == ()

    column.crawl(listing(LOOM.replace("mills", "farms"), B))
    assert column.rows("SELECT count(*) FROM restyles") == [(1,)]
    assert len(column.kinds()) == len(changes)


def test_rows_that_were_two_entries_by_earlier_rules_remain_two(column: Column) -> None:
    other = LOOM.replace("-", "–")
    crawl_by_earlier_rules(column, listing(LOOM, B))
    crawl_by_earlier_rules(column, listing(LOOM, B, other))
    ids = column.ids()
    assert len(ids) == 3

    rebuild_if_outdated(column.db, LineParser(), at=LATER, authority="example.org,2026")
    assert column.ids() == ids
    for page in (listing(other, B, LOOM), listing(LOOM, C, other)):
        column.crawl(page)
    assert {title: ids[title] for title in ids} == {title: column.ids()[title] for title in ids}
    assert column.rows("SELECT count(*) FROM entries WHERE missed > 0") == [(1,)]  # B, which is gone
    assert again(column).differences == ()


@settings(max_examples=examples(8, in_ci=20))
@given(st.data())
def test_deriving_again_is_a_fixed_point_after_any_restyles_and_edits(data: st.DataObject) -> None:
    edits = [*RESTYLES.values(), *BOUNDARIES.values(), lambda line: line.replace("mills", "farms"), lambda line: line]
    with in_memory() as column:
        told: list[tuple[Any, ...]] = []
        for day in range(data.draw(st.integers(2, 5), "days")):
            lines = [
                data.draw(st.sampled_from(edits), "edit")(data.draw(st.sampled_from(edits), "edit")(line))
                for line in (LOOM, LOOM.replace("Looms", "Mules").replace("fifty", "sixty"))
            ]
            if day < 2 and data.draw(st.booleans(), "earlier"):
                crawl_by_earlier_rules(column, listing(*lines))
                told = column.rows("SELECT change_id, kind, announced, entry_id FROM changes ORDER BY 1")
                rebuild_if_outdated(column.db, LineParser(), at=LATER, authority="example.org,2026")
                assert column.rows("SELECT change_id, kind, announced, entry_id FROM changes ORDER BY 1") == told
            else:
                column.crawl(listing(*lines))
            assert sorted(texts(column)) == sorted(map(shown, lines))
        assert column.rows("SELECT count(*) FROM entries") == [(2,)]
        assert again(column).differences == ()


# the decision itself

SPACED, GLUED, DASHED = listed(LOOM), listed(LOOM.replace("83 million", "83million")), listed(LOOM.replace("-", "–"))


@pytest.mark.parametrize(
    ("before", "after", "edit", "by_earlier_rules"),
    [
        (SPACED, SPACED, "none", "none"),
        (SPACED, GLUED, "revision", "uncounted revision"),
        (SPACED, DASHED, "restyle", "revision"),
        (SPACED, listed(LOOM.replace(" ", "  ")), "restyle", "restyle"),
        (SPACED, listed(LOOM.replace("mills", "mill")), "revision", "revision"),
    ],
)
def test_an_edit_is_judged_by_the_rules_that_settled_it(
    before: ListedEntry, after: ListedEntry, edit: Edit, by_earlier_rules: Edit
) -> None:
    assert judge_edit(before, after) == edit
    assert judge_edit(before, after, by_earlier_rules=True) == by_earlier_rules


def test_an_entry_keeps_its_style_while_one_of_its_places_has_it() -> None:
    assert judge_edit(SPACED, DASHED, (SPACED,)) == "none"
