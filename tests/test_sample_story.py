"""The sample's story: what happens to its listing from day to day, and that the program sees just that."""

from __future__ import annotations

import re
from html import unescape

import pytest
from conftest import CommandLine

from foreign_eyes import sample
from foreign_eyes.sample.server import MODIFIED, last_modified
from foreign_eyes.sample.source import LISTING_PATH, ROBOTS_PATH
from foreign_eyes.sample.story import Day, StoryError, days, next_day

MOON = "China's space agency lands first probe on the far side of the Moon"
# by day: new, revised, withdrawn and returned entries
STORY = [
    (40, 0, 0, 0),
    (1, 1, 0, 0),
    # day 2 takes one entry and adds another, as a stale cache would show it: the withdrawal waits until the next page changes
    (0, 1, 0, 0),
    (1, 0, 2, 0),
    (1, 0, 0, 1),
    (0, 1, 0, 0),
    (0, 0, 0, 0),
    (0, 0, 0, 0),
    (1, 0, 1, 0),
    (0, 1, 0, 1),
]


def attributions(day: int) -> list[str]:
    text = "\n".join(
        body.decode("gbk" if b"charset=iso-8859-1" in body else "utf-8")
        for path, body in sample.pages(day).items()
        if path.startswith("/specialtopic/")
    )
    return [line for line in unescape(re.sub(r"<[^>]+>", "", text)).splitlines() if line.startswith("——")]


def test_the_story_has_as_many_days_as_it_announces() -> None:
    assert len(days()) == sample.DAYS == len(STORY)
    assert 1 < sample.FIRST_DAYS < sample.DAYS


@pytest.mark.parametrize("day", range(1, sample.DAYS + 1))
def test_the_pages_of_a_day_list_its_entries_in_order(day: int) -> None:
    assert attributions(day) == [entry["attribution"].strip() for entry in days()[day - 1].entries]


def test_entries_move_on_to_the_next_page_when_one_comes_in_above() -> None:
    first, second = attributions(1), attributions(2)
    assert second[1:6] == first[0:5]
    assert sample.pages(2)[LISTING_PATH].count("——".encode()) == 5


def test_after_the_last_day_nothing_changes() -> None:
    assert sample.pages(sample.DAYS + 7) == sample.pages(sample.DAYS)


def test_a_restored_entry_stands_where_it_stood() -> None:
    before, after = attributions(1), attributions(5)
    place = next(place for place, line in enumerate(before) if "Anta Sports" in line)
    returned = next(place for place, line in enumerate(after) if "Anta Sports" in line)
    assert after[returned - 1] == before[place - 1]
    assert after[returned + 1] == before[place + 1]


def test_a_page_is_modified_on_the_last_day_that_changed_it() -> None:
    modified = last_modified(7)
    assert modified[ROBOTS_PATH] == MODIFIED
    assert (modified[LISTING_PATH] - MODIFIED).days == 5
    assert last_modified(sample.DAYS + 7) == last_modified(sample.DAYS)


@pytest.mark.parametrize(
    ("event", "why"),
    [
        ({"remove": [{"entry": "——Nobody"}]}, "is listed 0 times"),
        ({"restore": [{"entry": "——One, by CNN"}]}, "no earlier day of story.toml removes"),
        ({"edit": [{"entry": "——One, by CNN", "part": "excerpt", "old": "no such", "new": "y"}]}, "'no such' 0 times"),
    ],
)
def test_an_event_that_does_not_fit_its_day_is_refused(event: dict[str, list[dict[str, str]]], why: str) -> None:
    day = Day(({"excerpt": "An excerpt.", "attribution": "——One, by CNN", "commentary": "A comment."},))
    with pytest.raises(StoryError, match=why):
        next_day(day, event)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """An archive that has seen the whole story, and two days more."""
    command = CommandLine(tmp_path_factory.mktemp("told"))
    assert command("crawl", "sample", "--days", str(sample.DAYS + 2), "--quiet").returncode == 0
    return command


def test_each_crawl_that_ends_well_is_a_day_of_the_story(told: CommandLine) -> None:
    rows = told.rows("SELECT new, revised, withdrawn, returned FROM crawl_log ORDER BY crawl_id")
    assert [tuple(row.values()) for row in rows] == [*STORY, (0, 0, 0, 0), (0, 0, 0, 0)]


def test_times_are_those_of_the_crawls_and_not_of_the_story(told: CommandLine) -> None:
    [row] = told.rows(
        "SELECT count(*) AS crawls FROM crawls WHERE started_at < finished_at"
        " AND abs(julianday(started_at) - julianday('now')) < 0.1"
    )
    assert row == {"crawls": sample.DAYS + 2}


def test_one_entry_is_edited_twice_and_keeps_its_id(told: CommandLine) -> None:
    rows = told.rows(
        f"SELECT entry_id, revision FROM current_entries WHERE title = {MOON!r}".replace('"', "'").replace(
            "China's", "China''s"
        )
    )
    assert [row["revision"] for row in rows] == [3]


def test_one_entry_is_withdrawn_and_two_have_returned(told: CommandLine) -> None:
    gone = told.rows("SELECT title FROM current_entries WHERE withdrawn_at IS NOT NULL")
    assert [row["title"] for row in gone] == ["This Coffee Company Thinks it Can Beat Starbucks in China"]
    returned = told.rows("SELECT count(*) AS times FROM changes WHERE kind = 'returned'")
    assert returned == [{"times": 2}]


def test_the_near_twins_are_two_entries(told: CommandLine) -> None:
    rows = told.rows("SELECT DISTINCT entry_id FROM entry_history WHERE title LIKE 'A Library in % Lends Tools%'")
    assert len(rows) == 2


def test_an_excerpt_that_is_used_again_and_an_entry_that_returns_edited_raise_doubts(told: CommandLine) -> None:
    rows = told.rows(
        "SELECT title, match_method = 'new' AS is_new FROM doubts JOIN current_entries USING (entry_id) ORDER BY at"
    )
    assert [(row["title"], row["is_new"]) for row in rows] == [
        ("Five Questions on the Next Mobile Standard", 1),
        ("Tencent Music aims to raise $2bn in US IPO", 0),
    ]


def test_the_patent_search_link_moves(told: CommandLine) -> None:
    urls = [row["url"] for row in told.rows("SELECT url FROM patent_search_links ORDER BY first_seen")]
    assert [url.removeprefix(sample.ORIGIN) for url in urls] == [
        "/patentsearch/index.htm",
        "/sipopublicsearch/portal/index.htm",
    ]
    assert told.rows("SELECT count(*) AS times FROM changes WHERE kind = 'link changed'") == [{"times": 1}]
