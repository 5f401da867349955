"""A Datasette plugin that gives its pages the frame and the look of the published pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from datasette import hookimpl  # type: ignore[import-untyped]
from datasette.utils import path_with_added_args  # type: ignore[import-untyped]
from datasette.utils.asgi import NotFound  # type: ignore[import-untyped]

from foreign_eyes.archive.times import from_text
from foreign_eyes.feeds.compose.sentences import minute
from foreign_eyes.feeds.render.html_pages import share_templates
from foreign_eyes.web.browse.entry_row import read_entry_row
from foreign_eyes.web.browse.home import read_home


@hookimpl  # type: ignore[untyped-decorator]
def prepare_jinja2_environment(env: Any, datasette: Any) -> None:
    """Share the templates of the published pages.

    Datasette renders its error pages without `extra_template_vars`, so the environment also holds the frame.
    """
    share_templates(env)
    env.filters["in_words"] = lambda timestamp: minute(from_text(timestamp))
    env.globals.update(datasette.frame.values(), path_with_added_args=path_with_added_args)


@hookimpl  # type: ignore[untyped-decorator]
def extra_template_vars(
    datasette: Any, request: Any, view_name: str, table: str | None
) -> Callable[[], Awaitable[dict[str, Any]]]:
    """Return the variables of the frame, and those of the home page or the page of an entry."""

    async def read() -> dict[str, Any]:
        if view_name != "error":  # perhaps because the archive cannot be read
            await datasette.frame.refresh(datasette)
        datasette.jinja_env.globals.update(datasette.frame.values())
        origin = f"{request.scheme}://{request.host}" if request else ""
        values: dict[str, Any] = datasette.frame.values(origin)
        if view_name == "index":
            values["home"] = await read_home(datasette, request.actor)
        if view_name == "row" and table == "entries":
            # Datasette has found the row, but also by keys such as 1.5e8 or 150000000,1
            if not (key := request.url_vars["pks"].strip()).isdecimal():
                raise NotFound("no such entry")
            values["shown"] = await read_entry_row(datasette, origin, int(key))
        return values

    return read
