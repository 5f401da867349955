"""A Datasette plugin that lets other requests run while a large page is rendered.

Datasette renders all cells of a page on the event loop. Without these pauses, two pages of 40,000 cells delay each step
of a small page by a second.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from typing import Any

from datasette import hookimpl  # type: ignore[import-untyped]

from foreign_eyes.web.browse.request_budgets import current_budget

# seconds of work between pauses
_SLICE = 0.002


@hookimpl(tryfirst=True)  # type: ignore[untyped-decorator]
def render_cell() -> Coroutine[Any, Any, None] | None:
    """Return a pause that Datasette awaits, if one is due; other plugins render the cell."""
    return _pause() if time.monotonic() - current_budget().resumed > _SLICE else None


@hookimpl  # type: ignore[untyped-decorator]
def prepare_jinja2_environment(env: Any) -> None:
    """Add `pause` for the rows of large tables: templates await functions that they call."""
    env.globals["pause"] = pause


async def pause() -> str:
    """Pause if a pause is due; return an empty text for the template."""
    if time.monotonic() - current_budget().resumed > _SLICE:
        await _pause()
    return ""


async def _pause() -> None:
    await asyncio.sleep(0)
    current_budget().resumed = time.monotonic()
