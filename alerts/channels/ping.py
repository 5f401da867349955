"""The ping of each round, in the style of healthchecks.io: a monitor elsewhere tells when rounds stop or fail.

    URL/start when a round begins | URL when it succeeded | URL/EXITCODE when it failed

The URL is a secret: anyone who knows it can send pings. So no message, log or error shows it.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

import httpx

from foreign_eyes.alerts.channels.deadlines import Task, TooSlow, run_within
from foreign_eyes.alerts.channels.quiet_logs import silence_libraries
from foreign_eyes.alerts.values import ChannelFailed

STEP_SECONDS = 3.0
DEADLINE_SECONDS = 12.0
# before the second and the third attempt
PAUSES = (0.5, 1.5)
# statuses after which another attempt can succeed
_TRANSIENT = frozenset({408, 425, 429, *range(500, 600)})
_REASONS: dict[type[BaseException], str] = {
    httpx.ProxyError: "the proxy refused it",
    httpx.RemoteProtocolError: "the answer is not HTTP",
    ValueError: "the proxy that the environment names cannot be used",  # raised when the client is made
    ImportError: "the proxy that the environment names cannot be used",
}
_WRONG_HOST = 62  # X509_V_ERR_HOSTNAME_MISMATCH, whose text has the host


class Ping:
    """Tells a monitor that a round begins and how it ended; never raises, and never waits longer than `deadline`.

    Args:
        url: where the monitor listens.
        warn: called with a sentence if the end of the round could not be told.
        pauses: seconds before each further attempt.
        deadline: seconds for all attempts together.

    Raises:
        ValueError: the URL cannot be requested; the message does not show it.
    """

    def __init__(
        self,
        url: str,
        warn: Callable[[str], None],
        *,
        pauses: Sequence[float] = PAUSES,
        deadline: float = DEADLINE_SECONDS,
    ) -> None:
        try:
            self._url = httpx.URL(url)
        except (httpx.InvalidURL, UnicodeError):
            raise ValueError("not a URL that can be requested") from None
        self._warn = warn
        self._pauses = pauses
        self._deadline = deadline
        self._start: Task | None = None

    def start(self) -> None:
        """Tell the monitor, in the background, that a round begins."""
        self._start = Task(lambda: self._request("start"))

    def success(self) -> None:
        """Tell the monitor that the round succeeded."""
        self._end("")

    def failure(self, code: int) -> None:
        """Tell the monitor that the round ended with this exit code."""
        self._end(str(code % 256 or 1))

    def test(self) -> None:
        """Send a line to the monitor's log, which changes no state of healthchecks.

        Raises:
            ChannelFailed: the monitor did not take it.
        """
        self._within("log")

    def _end(self, suffix: str) -> None:
        if self._start is not None:  # the monitor must not get the start after the end
            with suppress(Exception):
                self._start.wait(self._deadline)
            self._start = None
        try:
            self._within(suffix)
        except ChannelFailed as error:
            self._warn(f"the end of this round could not be told to the monitor: {error}")

    def _within(self, suffix: str) -> None:
        try:
            run_within(self._deadline, lambda: self._request(suffix))
        except TooSlow as error:
            raise ping_failure(str(error)) from None

    def _request(self, suffix: str) -> None:
        """Request the URL, several times if need be.

        Raises:
            ChannelFailed: no attempt succeeded.
        """
        silence_libraries()
        url = below(self._url, suffix)
        for pause in (*self._pauses, None):
            try:
                problem, again = _attempt(url)
            except Exception as error:  # of the network, of TLS, of a wrong proxy in the environment
                problem, again = without_secrets(error), True
            if problem is None:
                return
            if pause is None or not again:
                raise ping_failure(problem)
            time.sleep(pause)


def ping_failure(why: str) -> ChannelFailed:
    """Return the error of a ping that was not taken."""
    return ChannelFailed(
        f"the ping failed ({why}); check the URL of [alerts] ping in the settings, then: foreign-eyes alerts --test"
    )


def below(url: httpx.URL, suffix: str) -> httpx.URL:
    """Return the URL with `/suffix` after its path and before its query. Pure."""
    path, mark, query = url.raw_path.partition(b"?")
    if suffix:
        path = path.rstrip(b"/") + b"/" + suffix.encode("ascii")
    return url.copy_with(raw_path=path + mark + query)


def without_secrets(error: BaseException) -> str:
    """Return why a request failed, without the words of the error, which can have the URL or a proxy's password. Pure."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            wrong_host = cause.verify_code == _WRONG_HOST
            return f"the certificate is {'for another host' if wrong_host else f'not trusted: {cause.verify_message}'}"
    for cause in reversed(list(_causes(error))):
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror if not isinstance(cause, ssl.SSLError) else "the TLS handshake failed"
        if isinstance(cause, httpx.TimeoutException):
            return f"no answer within {STEP_SECONDS:g} s"
    return next((text for kind, text in _REASONS.items() if isinstance(error, kind)), type(error).__name__)


def _attempt(url: httpx.URL) -> tuple[str | None, bool]:
    """Return what is wrong with the answer, or None; and whether another attempt can succeed."""
    with (
        httpx.Client(timeout=STEP_SECONDS, follow_redirects=False) as client,
        client.stream("GET", url) as answer,  # the body is not needed and may never end
    ):
        if answer.is_success:
            return None, False
        moved = ", a redirect, which is not followed" if answer.is_redirect else ""
        return f"HTTP status {answer.status_code}{moved}", answer.status_code in _TRANSIENT


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
