"""Keep the URLs of requests, which are secrets here, out of logs."""

from __future__ import annotations

import logging

# each writes URLs or response bodies to its log
_LIBRARIES = ("apprise", "httpcore", "httpx", "requests", "urllib3")


def silence_libraries() -> None:
    """Switch off the logs of the HTTP libraries in this process, at every level."""
    for name in _LIBRARIES:
        logger = logging.getLogger(name)
        logger.setLevel(logging.CRITICAL + 1)
        logger.propagate = False
