"""A Datasette plugin for the pages of questions: forms, pictures and word diffs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from datasette import hookimpl  # type: ignore[import-untyped]
from datasette.plugins import pm  # type: ignore[import-untyped]
from datasette.utils import tilde_decode  # type: ignore[import-untyped]
from markupsafe import Markup

from foreign_eyes.web.browse.metadata import DATABASE
from foreign_eyes.web.browse.pictures import Picture
from foreign_eyes.web.browse.pictures.from_rows import picture_of
from foreign_eyes.web.browse.question_cells import diff_markup, time_markup
from foreign_eyes.web.browse.question_forms import QuestionForms, errors_of_datasette, read_fields

if TYPE_CHECKING:
    from starlette.types import ASGIApp


# Datasette makes the first wrapper the innermost one, so the request guard runs before this
@hookimpl(tryfirst=True)  # type: ignore[untyped-decorator]
def asgi_wrapper(datasette: Any) -> Callable[[ASGIApp], ASGIApp]:
    """Fill in the parameters of questions."""
    return lambda app: QuestionForms(app, datasette, errors_of_datasette(datasette, pm.hook.handle_exception))


@hookimpl  # type: ignore[untyped-decorator]
def prepare_jinja2_environment(env: Any) -> None:
    """Add the function that draws the picture of a question."""
    env.globals["picture_of_rows"] = _picture_of_rows


@hookimpl  # type: ignore[untyped-decorator]
def extra_template_vars(
    datasette: Any, request: Any, template: str, database: str | None
) -> Callable[[], Awaitable[dict[str, Any]]]:
    """Return the fields of the form on the page of a question."""

    async def read() -> dict[str, Any]:
        if database != DATABASE or not template.startswith("query") or not request:
            return {}
        name = tilde_decode(request.url_vars.get("table") or "")
        query = await datasette.get_canned_query(DATABASE, name, request.actor) if name else None
        return {"fields": await read_fields(datasette, query, request.args) if query else []}

    return read


@hookimpl  # type: ignore[untyped-decorator]
def render_cell(row: Any, value: Any, column: str, table: str | None, datasette: Any) -> Markup | None:
    """Return the markup of a time, a word diff or a counted publication; None for other cells.

    A publication that is counted links to its entries.
    """
    if not isinstance(value, str):
        return None
    if table is None and column == "publication" and "entries" in row.keys():  # noqa: SIM118 - a sqlite3.Row
        path = datasette.urls.table(DATABASE, "current_entries")
        return Markup('<a href="{path}?{query}">{name}</a>').format(
            path=path, query=urlencode({column: value}), name=value
        )
    return diff_markup(value) if table is None and column.endswith("_diff") else time_markup(value)


def _picture_of_rows(metadata: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> Picture | None:
    """Return the picture of a question's rows as markup, or None if it has none."""
    about = metadata.get("picture") if isinstance(metadata, Mapping) else None
    picture = picture_of(about, metadata.get("title") or "", rows) if about else None
    return Picture(Markup(picture.svg), Markup(picture.table)) if picture else None  # noqa: S704 - escaped by pictures.markup
