"""The ping of a round: what a monitor is asked, and that no answer can hold up or end a round."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import httpx
import pytest
from support.monitor import Monitor

from foreign_eyes.alerts.channels.ping import Ping, below
from foreign_eyes.alerts.values import ChannelFailed

HIDDEN = "s3cret-uuid"


@pytest.fixture
def monitor() -> Iterator[Monitor]:
    with Monitor() as running:
        yield running


def ping(monitor: Monitor, warnings: list[str], deadline: float = 12) -> Ping:
    return Ping(f"http://{monitor.address}/{HIDDEN}", warnings.append, pauses=(0.01, 0.01), deadline=deadline)


@pytest.mark.parametrize(("code", "end"), [(0, ""), (1, "/1"), (69, "/69"), (-9, "/247"), (256, "/1")])
def test_a_monitor_gets_the_start_and_the_end_of_a_round(monitor: Monitor, code: int, end: str) -> None:
    warnings: list[str] = []
    one = ping(monitor, warnings)
    one.start()
    one.failure(code) if code else one.success()
    assert monitor.paths == [f"/{HIDDEN}/start", f"/{HIDDEN}{end}"]
    assert warnings == []


def test_an_error_of_the_moment_is_tried_again(monitor: Monitor) -> None:
    warnings: list[str] = []
    monitor.statuses = [503, 429]
    ping(monitor, warnings).success()
    assert monitor.paths == [f"/{HIDDEN}"] * 3
    assert warnings == []


@pytest.mark.parametrize(
    ("statuses", "asked", "why"),
    [
        ([500, 500, 500], 3, "HTTP status 500"),
        ([404], 1, "HTTP status 404"),
        ([302], 1, "HTTP status 302, a redirect, which is not followed"),
    ],
)
def test_a_refused_ping_is_a_warning_without_the_url(
    monitor: Monitor, statuses: list[int], asked: int, why: str
) -> None:
    warnings: list[str] = []
    monitor.statuses = statuses
    ping(monitor, warnings).failure(69)
    assert monitor.paths == [f"/{HIDDEN}/69"] * asked
    assert [why in warning and "foreign-eyes alerts --test" in warning for warning in warnings] == [True]
    assert HIDDEN not in warnings[0]


def test_a_start_that_fails_is_no_warning_if_the_end_is_taken(monitor: Monitor) -> None:
    warnings: list[str] = []
    monitor.statuses = [404]
    one = ping(monitor, warnings)
    one.start()
    one.success()
    assert (len(monitor.paths), warnings) == (2, [])


def test_a_monitor_that_does_not_answer_holds_a_round_up_for_the_deadline_only(monitor: Monitor) -> None:
    warnings: list[str] = []
    monitor.hangs = threading.Event()
    one = ping(monitor, warnings, deadline=0.3)
    one.start()  # returns at once
    one.success()
    assert [warning for warning in warnings if "no answer within 0.3 s" in warning] == warnings != []


def test_an_answer_without_end_is_not_waited_for(monitor: Monitor) -> None:
    warnings: list[str] = []
    monitor.drips = True
    ping(monitor, warnings).success()
    assert warnings == []


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.1:1/s3cret-uuid", "Connection refused"),
        ("http://s3cret-uuid.invalid/", "Name or service not known|Temporary failure in name resolution|No address"),
        ("http://x:s3cret-uuid@127.0.0.1:1/", "Connection refused"),
    ],
)
def test_a_monitor_that_cannot_be_reached_is_told_without_the_url(
    url: str, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(ChannelFailed, match=why) as caught:
        Ping(url, print, pauses=()).test()
    assert HIDDEN not in str(caught.value) + caplog.text


@pytest.mark.parametrize(
    ("proxy", "why"),
    [
        (f"http://u:{HIDDEN}@127.0.0.1:1", "Connection refused"),
        (f"socks9://u:{HIDDEN}@127.0.0.1:1", "the proxy that the environment names cannot be used"),
        (f"socks5://u:{HIDDEN}@127.0.0.1:1", "the proxy that the environment names cannot be used"),
    ],
)
def test_a_proxy_of_the_environment_that_fails_is_told_without_its_password(
    monkeypatch: pytest.MonkeyPatch, proxy: str, why: str
) -> None:
    monkeypatch.setenv("http_proxy", proxy)
    with pytest.raises(ChannelFailed, match=why) as caught:
        Ping("http://monitor.invalid/", print, pauses=()).test()
    assert HIDDEN not in str(caught.value)


def test_requests_write_no_url_to_a_log(monitor: Monitor, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    ping(monitor, []).test()
    assert monitor.paths == [f"/{HIDDEN}/log"]
    assert HIDDEN not in caplog.text


@pytest.mark.parametrize(
    ("url", "end", "whole"),
    [
        ("https://h.example/uuid", "start", "https://h.example/uuid/start"),
        ("https://h.example/uuid/", "69", "https://h.example/uuid/69"),
        ("https://h.example/ping?key=a%2Fb", "start", "https://h.example/ping/start?key=a%2Fb"),
        ("https://h.example/a%20b", "", "https://h.example/a%20b"),
        ("https://h.example", "", "https://h.example/"),
        ("https://h.example", "start", "https://h.example/start"),
    ],
)
def test_the_ending_goes_before_the_query(url: str, end: str, whole: str) -> None:
    assert str(below(httpx.URL(url), end)) == whole
