"""The channel that runs a command of the operator's: a script that sends a mail, or shows a notification.

The command gets the message as text on standard input, and as JSON in the environment variable FOREIGN_EYES_ALERT. Its
output is discarded, because it can contain secrets.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress

from foreign_eyes.alerts.message_text import json_of, text_of
from foreign_eyes.alerts.values import ChannelFailed, Message

VARIABLE = "FOREIGN_EYES_ALERT"
TIMEOUT_SECONDS = 30.0


class CommandChannel:
    """Runs a command for each message.

    Args:
        words: the program and its arguments; no shell reads them. No message shows the arguments, which can hold secrets.
        origin: the machine and the archive that the messages are about.
        timeout: seconds after which the command and the processes that it started are killed.
    """

    name = "command"

    def __init__(self, words: Sequence[str], origin: str, timeout: float = TIMEOUT_SECONDS) -> None:
        self._words = list(words)
        self._origin = origin
        self._timeout = timeout

    def send(self, message: Message) -> None:
        """Run the command.

        Raises:
            ChannelFailed: it could not be started, took too long, or did not exit with 0.
        """
        environment = {**os.environ, VARIABLE: json_of(message, self._origin)}
        try:
            process = subprocess.Popen(  # noqa: S603
                self._words,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment,
                process_group=0,  # so that all its processes can be killed, and Ctrl-C reaches only us
            )
        except (OSError, ValueError) as error:  # ValueError: a NUL in a word
            raise self._failure(f"cannot be started ({getattr(error, 'strerror', None) or 'wrong word'})") from None
        text = text_of(message, self._origin).encode("utf-8", "replace")
        try:
            process.communicate(text, timeout=self._timeout)
        except subprocess.TimeoutExpired:
            raise self._failure(f"was killed after {self._timeout:g} s") from None
        finally:
            _end(process)
        if process.returncode > 0:
            raise self._failure(f"ended with exit code {process.returncode}")
        if process.returncode < 0:
            raise self._failure(f"was ended by signal {-process.returncode}")

    def _failure(self, what: str) -> ChannelFailed:
        return ChannelFailed(
            f"the command {self._words[0]} {what}; run it by hand with a text on standard input to see why, and check"
            " [alerts] command in the settings"
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the command, and the processes that it started, if it has not ended."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.stdin:
        with suppress(OSError):
            process.stdin.close()
