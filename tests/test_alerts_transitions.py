"""Which messages findings cause, for any sequence of findings."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foreign_eyes.alerts.state import AlertState, Task
from foreign_eyes.alerts.tasks import begin, end, overdue_findings
from foreign_eyes.alerts.transitions import advance
from foreign_eyes.alerts.values import Finding, Kind, Message

START = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)
TWO_DAYS = timedelta(days=2)
BAD = Finding("crawl", "source live", "the last crawl was blocked: 412", "wait some hours")
GOOD = Finding("crawl", "source live")
PARTIAL = replace(BAD, what="the last crawl was partial", patience=TWO_DAYS)


def told(*rounds: tuple[float, Finding], state: AlertState | None = None) -> list[str]:
    """Return the events of the messages that findings cause, each found some hours after the start."""
    state, events = state or AlertState(), list[str]()
    for hours, finding in rounds:
        state, messages = advance(state, [finding], START + timedelta(hours=hours))
        events += [message.event for message in messages]
    return events


@pytest.mark.parametrize(
    ("rounds", "events"),
    [
        ([(0, GOOD)], []),
        ([(0, BAD)], ["failed"]),
        ([(0, BAD), (6, BAD), (12, BAD)], ["failed"]),
        ([(0, BAD), (6, GOOD), (12, GOOD)], ["failed", "recovered"]),
        ([(0, BAD), (6, GOOD), (12, BAD)], ["failed", "recovered", "failed"]),
        ([(0, BAD), (24, BAD), (30, BAD), (48, BAD)], ["failed", "still failing", "still failing"]),
        ([(0, BAD), (23.9, BAD)], ["failed", "still failing"]),
        ([(12, BAD), (15, BAD)], ["failed"]),
        ([(0, PARTIAL), (24, PARTIAL), (47, PARTIAL), (48, PARTIAL)], ["failed"]),
        ([(0, PARTIAL), (47, PARTIAL), (47.5, GOOD)], []),
        ([(0, PARTIAL), (6, BAD)], ["failed"]),
        ([(0, BAD), (6, PARTIAL), (12, GOOD)], ["failed", "recovered"]),
        ([(1000, BAD), (0, BAD), (24, BAD)], ["failed", "still failing"]),
    ],
    ids=[
        *(
            "in order",
            "first failure",
            "told once",
            "recovered",
            "again",
            "a reminder each day",
            "at the same hour or so",
        ),
        *(
            "midnight is no other day",
            "after its patience",
            "too short to tell",
            "grew worse",
            "better is not yet good",
        ),
        "a clock that was ahead",
    ],
)
def test_the_messages_of_a_sequence(rounds: list[tuple[float, Finding]], events: list[str]) -> None:
    assert told(*rounds) == events


def test_a_message_says_since_when_and_a_recovery_says_what_was_wrong() -> None:
    state, _ = advance(AlertState(), [BAD], START)
    _, [message] = advance(state, [GOOD], START + timedelta(hours=6))
    assert (message.event, message.what, message.remedy) == ("recovered", BAD.what, "")
    assert (message.since, message.at) == (START, START + timedelta(hours=6))


def test_a_kind_whose_findings_are_all_there_are_has_no_other_troubles() -> None:
    state, _ = advance(AlertState(), [replace(BAD, kind="check"), BAD], START)
    state, messages = advance(state, [], START + timedelta(hours=1), whole=["check"])
    assert [(message.event, message.kind) for message in messages] == [("recovered", "check")]
    assert list(state.troubles) == [("crawl", "source live")]


def test_a_clock_that_leaps_makes_no_trouble_forgotten() -> None:
    leapt = 400 * 24
    events = told(
        (0, Finding("crawl", "source live", "blocked")),
        (leapt, Finding("clock", "clock", "it leapt")),
        (12, Finding("crawl", "source live")),
        (12, Finding("clock", "clock")),
    )
    assert events == ["failed", "failed", "recovered", "recovered"]


def test_a_trouble_that_no_run_looks_at_any_more_is_forgotten() -> None:
    state, _ = advance(AlertState(), [BAD], START)
    state, messages = advance(state, [], START + timedelta(days=31))
    assert (state.troubles, messages) == ({}, ())


def test_a_run_that_tells_nobody_leaves_it_to_the_next_that_does() -> None:
    state, told_nobody = advance(AlertState(), [BAD], START, tells=False)
    state, [failed] = advance(state, [BAD], START + timedelta(hours=6))
    state, said_nothing = advance(state, [GOOD], START + timedelta(hours=12), tells=False)
    _, [recovered] = advance(state, [GOOD], START + timedelta(hours=18))
    assert (told_nobody, said_nothing) == ((), ())
    assert (failed.event, failed.since, recovered.event) == ("failed", START, "recovered")


KINDS: list[Kind] = ["crawl", "publish", "check"]
findings = st.builds(
    Finding,
    kind=st.sampled_from(KINDS),
    subject=st.sampled_from(["source live", "source other"]),
    what=st.sampled_from([None, None, "blocked", "down"]),
    patience=st.sampled_from([timedelta(0), timedelta(hours=5), TWO_DAYS]),
)
# minutes between runs: a clock may be set back; together less than the 30 days after which troubles are forgotten
steps = st.lists(st.tuples(st.integers(-1000, 1000), st.lists(findings, max_size=4)), max_size=40)


@given(steps)
def test_any_sequence_of_findings_tells_each_failure_once_and_each_recovery_once(
    sequence: list[tuple[int, list[Finding]]],
) -> None:
    state, now = AlertState(), START
    open_since_told: set[tuple[str, str]] = set()
    wrong: set[tuple[str, str]] = set()
    per_day: Counter[tuple[str, str, str]] = Counter()
    ids: list[str] = []
    for minutes, found in sequence:
        now += timedelta(minutes=minutes)
        if minutes < 0:
            per_day.clear()  # the same day may come twice
        unique = {(one.kind, one.subject): one for one in found}
        state, messages = advance(state, unique.values(), now)
        wrong = wrong.difference(k for k, f in unique.items() if f.what is None).union(
            k for k, f in unique.items() if f.what is not None
        )
        for message in messages:
            key = (message.kind, message.subject)
            assert key in unique, "a thing that no run looked at"
            _check(message, unique[key], key in open_since_told)
            open_since_told = open_since_told - {key} if message.event == "recovered" else open_since_told | {key}
            per_day[(*key, f"{now:%F}")] += message.event == "still failing"
        recovered = {(m.kind, m.subject) for m in messages if m.event == "recovered"}
        assert not {k for k, f in unique.items() if f.what is None} & open_since_told, f"no recovery told {recovered}"
        assert {one.key for one in state.troubles.values()} == wrong
        ids += [message.message_id for message in messages if minutes > 0]
    assert all(number <= 1 for number in per_day.values())
    assert len(ids) == len(set(ids)) or any(minutes < 0 for minutes, _ in sequence)


def _check(message: Message, finding: Finding, is_told: bool) -> None:
    if message.event == "recovered":
        assert is_told
        assert finding.what is None
    else:
        assert finding.what == message.what
        assert (message.event == "still failing") == is_told


ROUND = Task("round", ("live",), every=timedelta(hours=6))


@pytest.mark.parametrize(
    ("hours", "is_overdue"), [(0, False), (6, False), (8.9, False), (9.1, True), (100, True)], ids=str
)
def test_a_round_is_overdue_half_an_interval_after_it_was_due(hours: float, is_overdue: bool) -> None:
    state = end(begin(AlertState(), ROUND, START), ROUND, START + timedelta(minutes=5), 0)
    [finding] = overdue_findings(state, START + timedelta(hours=hours))
    assert (finding.what is not None) == is_overdue
    assert finding.subject == "round live"


def test_after_a_start_of_the_machine_its_scheduler_has_time_to_catch_up() -> None:
    state = begin(AlertState(), ROUND, START)
    awake = START + timedelta(days=3)
    found = [
        next(overdue_findings(state, awake + timedelta(minutes=minutes), awake)).what is not None
        for minutes in (1, 14, 16)
    ]
    assert found == [False, False, True]


def test_a_round_longer_than_its_interval_is_not_overdue_when_it_ends() -> None:
    state = end(begin(AlertState(), ROUND, START), ROUND, START + timedelta(hours=20), 0)
    [finding] = overdue_findings(state, START + timedelta(hours=21))
    assert finding.what is None


@pytest.mark.parametrize(
    ("sources", "left"),
    [
        (("live",), ["round live", "round other"]),
        (("live", "other"), ["round live other"]),
        (("--all-sources",), ["round --all-sources"]),
    ],
    ids=["another source", "both sources", "all sources"],
)
def test_a_round_of_more_sources_replaces_those_of_some(sources: tuple[str, ...], left: list[str]) -> None:
    state = begin(AlertState(), replace(ROUND, sources=("other",)), START)
    state = begin(state, replace(ROUND, sources=sources), START)
    assert sorted(state.tasks) == left


def test_an_overdue_round_is_told_as_overdue_and_recovers_when_it_begins() -> None:
    late = START + timedelta(hours=10)
    state = begin(AlertState(), ROUND, START)
    state, [overdue] = advance(state, overdue_findings(state, late), late)
    state = begin(state, ROUND, late)
    _, [recovered] = advance(state, overdue_findings(state, late), late)
    assert [overdue.event, recovered.event] == ["overdue", "recovered"]
    assert "foreign-eyes alerts --forget 'round live'" in overdue.remedy
