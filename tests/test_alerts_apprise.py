"""Notification URLs by Apprise: what a service gets, and what is told if it refuses."""

from __future__ import annotations

import json
import logging
import threading

import pytest
from support.alert_messages import ORIGIN, message
from support.monitor import Monitor

from foreign_eyes.alerts.channels.apprise_urls import AppriseChannel
from foreign_eyes.alerts.values import ChannelFailed, Event

HIDDEN = "s3cret-token"


@pytest.mark.parametrize(
    ("event", "shown"),
    [
        ("failed", "failure"),
        ("overdue", "failure"),
        ("still failing", "warning"),
        ("recovered", "success"),
        ("test", "info"),
    ],
)
def test_a_service_gets_title_text_and_weight(event: Event, shown: str) -> None:
    with Monitor() as monitor:
        AppriseChannel(1, f"json://{monitor.address}/{HIDDEN}", ORIGIN).send(message(event=event))
    sent = json.loads(monitor.bodies[0])
    assert (sent["title"], sent["type"]) == (f"Foreign Eyes: {event}: crawl, source live", shown)
    assert "to repair it: foreign-eyes probe live" in sent["message"]


def test_a_refusal_is_told_by_the_number_of_the_url_and_without_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with Monitor(statuses=[500]) as monitor:
        channel = AppriseChannel(2, f"json://user:{HIDDEN}@{monitor.address}/{HIDDEN}", ORIGIN)
        with pytest.raises(ChannelFailed, match=r"URL 2 of \[alerts\] apprise did not take the message") as caught:
            channel.send(message())
    assert channel.name == "apprise 2"
    assert HIDDEN not in str(caught.value) + caplog.text


def test_a_service_that_does_not_answer_is_given_up() -> None:
    with Monitor(hangs=threading.Event()) as monitor:
        channel = AppriseChannel(1, f"json://{monitor.address}/?rto=60", ORIGIN, deadline=0.3)
        with pytest.raises(ChannelFailed, match=r"no answer within 0\.3 s"):
            channel.send(message())


@pytest.mark.parametrize("url", [HIDDEN, f"nosuchservice://{HIDDEN}", f"mailtos://{HIDDEN}", "slack://x"])
def test_what_is_no_notification_url_is_refused_without_showing_it(url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(ValueError, match="not a notification URL") as caught:
        AppriseChannel(1, url, ORIGIN)
    assert HIDDEN not in str(caught.value) + caplog.text
