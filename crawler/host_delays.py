"""Wait longer between requests to a host whose robots.txt asks for that."""

from __future__ import annotations

from scrapy import Request
from scrapy.core.downloader import Downloader


def set_floor(downloader: Downloader, request: Request, seconds: float) -> None:
    """Wait at least `seconds` before `request`, and between all requests to its host.

    Called before each request, because AutoThrottle lowers the delay to that of the settings after each response.
    """
    if seconds <= 0:
        return
    key = downloader.get_slot_key(request)
    floor = max(seconds, floor_of(downloader, key), downloader._delay)
    downloader.per_slot_settings[key] = {"delay": floor}  # Scrapy forgets a slot that was not used for a minute
    if slot := downloader.slots.get(key):
        slot.delay = max(slot.delay, floor)


def floor_of(downloader: Downloader, key: str) -> float:
    """Return the least delay of a host that `set_floor` set, or 0."""
    return float(downloader.per_slot_settings.get(key, {}).get("delay", 0.0))
