"""A Datasette plugin that gives its pages the frame and the look of the published pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from datasette import hookimpl  # type: ignore[import-untyped]
from datasette.utils import path_with_added_args  # type: ignore[import-untyped]

from foreign_eyes.feeds.render.html_pages import share_templates
from foreign_eyes.web.browse.home import read_home


@hookimpl  # type: ignore[untyped-decorator]
def prepare_jinja2_environment(env: Any, datasette: Any) -> None:
    """Share the templates of the published pages.

    Datasette renders its error pages without `extra_template_vars`, so the environment holds the frame, too.
    """
    share_templates(env)
    env.globals.update(datasette.frame.values(), path_with_added_args=path_with_added_args)


@hookimpl  # type: ignore[untyped-decorator]
def extra_template_vars(datasette: Any, request: Any, view_name: str) -> Callable[[], Awaitable[dict[str, Any]]]:
    """Return the variables of the frame, and those of the home."""

    async def read() -> dict[str, Any]:
        await datasette.frame.refresh(datasette)
        datasette.jinja_env.globals.update(datasette.frame.values())
        values: dict[str, Any] = datasette.frame.values(f"{request.scheme}://{request.host}" if request else "")
        if view_name == "index":
            values["home"] = await read_home(datasette, request.actor)
        return values

    return read
