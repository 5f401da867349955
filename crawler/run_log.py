"""Where Scrapy's log goes: to a log handler of the command line if there is one, otherwise to standard error as text."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scrapy.settings import Settings

# the name of the handler that the command line installs for a log as JSON
LOG_HANDLER = "foreign-eyes"


@contextmanager
def logging_to_own_handler(settings: Settings, log_level: str) -> Iterator[None]:
    """Log at this level; if the command line has a handler of its own, the log goes there and nowhere else."""
    settings.set("LOG_LEVEL", log_level, priority="project")
    root = logging.getLogger()
    own = [handler for handler in root.handlers if handler.get_name() == LOG_HANDLER]
    settings.set("LOG_INSTALL_ROOT_HANDLER", not own, priority="project")
    levels = [(handler, handler.level) for handler in own]
    before = root.level
    for handler in own:
        handler.setLevel(log_level)
        root.setLevel(logging.NOTSET)
    try:
        yield
    finally:
        for handler, level in levels:
            handler.setLevel(level)
        if own:
            root.setLevel(before)
