"""The log as JSON: with `--log-format json` each line on standard error is one object with time, level and event.

    messages of commands | lines of libraries | Python's logging, which Scrapy and uvicorn use -> one object per line

Messages for people begin with their level ("warning: …"), which becomes the level of the object.
"""

from __future__ import annotations

import atexit
import io
import json
import logging
import sys
import traceback
from collections.abc import Mapping, Sequence
from itertools import pairwise
from threading import RLock
from typing import Any, TextIO

from foreign_eyes.archive.times import now, to_text
from foreign_eyes.crawler.run_log import LOG_HANDLER

FORMATS = ("text", "json")
# for the processes that a command starts, and for operators who set it once
LOG_FORMAT_VARIABLE = "FOREIGN_EYES_LOG_FORMAT"
# what messages for people begin with, besides levels
_OTHER_WORDS = {"note": "info"}
_LEVELS = ("debug", "info", "notice", "warning", "error", "critical")


class JsonLines(io.TextIOBase):
    """A standard error that writes each line as a JSON object. It is not a terminal: nothing moves a cursor on it."""

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self._begun = ""
        self._lock = RLock()

    def writable(self) -> bool:
        """Return True."""
        return True

    def isatty(self) -> bool:
        """Return False: progress is not drawn into a log."""
        return False

    def write(self, text: str) -> int:
        """Write the lines that `text` completes."""
        with self._lock:
            *lines, self._begun = (self._begun + text).split("\n")
            for line in lines:
                self.write_line(line)
        return len(text)

    def write_line(self, line: str) -> None:
        """Write one message; an empty one is dropped."""
        if line.strip():
            self.write_event(*level_and_event(line.rstrip()))

    def write_event(self, level: str, event: str, **more: str) -> None:
        """Write one object."""
        with self._lock:
            self._stream.write(event_line(to_text(now()), level, event, more))
            self._stream.flush()

    def flush(self) -> None:
        """Flush the stream; a line that is not complete waits for its end."""
        if not self.closed:
            self._stream.flush()

    def end(self) -> None:
        """Write a last line that has no end."""
        with self._lock:
            self.write_line(self._begun)
            self._begun = ""


class JsonHandler(logging.Handler):
    """A handler that writes the records of Python's logging as JSON objects."""

    def __init__(self, stream: JsonLines) -> None:
        super().__init__()
        self.set_name(LOG_HANDLER)
        self._stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, with its logger and the traceback of its exception."""
        try:
            level = record.levelname.lower()
            more = {"logger": record.name}
            if record.exc_info and record.exc_info[1] is not None:
                more["traceback"] = "".join(traceback.format_exception(record.exc_info[1]))
            self._stream.write_event(level if level in _LEVELS else "info", record.getMessage(), **more)
        except Exception:
            self.handleError(record)


def log_as_json() -> None:
    """Write the log of this process as JSON from now on."""
    if isinstance(sys.stderr, JsonLines) or sys.stderr is None:
        return
    stream = JsonLines(sys.stderr)
    sys.stderr = stream
    logging.getLogger().addHandler(JsonHandler(stream))
    logging.captureWarnings(True)
    atexit.register(stream.end)


def wants_json(arguments: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Return whether a command line asks for a log as JSON, also one that cannot be parsed. Pure."""
    chosen = environment.get(LOG_FORMAT_VARIABLE)
    for word, following in pairwise([*arguments, ""]):
        if word == "--log-format":
            chosen = following
        elif word.startswith("--log-format="):
            chosen = word.partition("=")[2]
    return chosen == "json"


def level_and_event(line: str) -> tuple[str, str]:
    """Return the level that a message for people begins with, and the rest of it. Pure."""
    word, colon, rest = line.partition(":")
    level = _OTHER_WORDS.get(word.strip().lower(), word.strip().lower())
    return (level, rest.strip()) if colon and rest.strip() and level in _LEVELS else ("info", line)


def event_line(time: str, level: str, event: str, more: Mapping[str, str]) -> str:
    """Return one line of the log, in ASCII, so that no character in it can end the line. Pure."""
    fields: dict[str, Any] = {"time": time, "level": level, "event": event, **more}
    return json.dumps(fields) + "\n"
