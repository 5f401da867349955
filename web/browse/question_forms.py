"""Fills in missing parameters of questions, and reads the suggestions of their forms.

request | find the question | check values | fill in defaults | Datasette
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from datasette.utils import await_me_maybe, tilde_decode  # type: ignore[import-untyped]
from datasette.utils.asgi import BadRequest, Request  # type: ignore[import-untyped]

from foreign_eyes.web.browse.metadata import DATABASE
from foreign_eyes.web.browse.questions import (
    Field,
    Parameter,
    WrongValue,
    check_option,
    check_order,
    check_value,
    parameters_of,
    with_options,
)

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_QUESTION = re.compile(rf"/{DATABASE}/([^/.]+)(?:\.\w+)?/?")
# suggestions in one field
MOST_OPTIONS = 300

AnswerError = Callable[[Any, Exception], Awaitable[Any]]


class QuestionForms:
    """An ASGI middleware that gives missing and empty parameters of questions their defaults.

    The values become part of the request, so the form shows them and links to other formats contain them. For an invalid
    value, `answer_error` returns the response for a request and an exception.
    """

    def __init__(self, app: ASGIApp, datasette: Any, answer_error: AnswerError) -> None:
        self._app = app
        self._datasette = datasette
        self._answer_error = answer_error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            filled = await self._fill(scope) if scope["type"] == "http" else scope
        except Exception as error:
            ending = str(scope["path"]).rpartition("/")[2].partition(".")[2]
            # attributes that Datasette adds to requests
            added = {"url_route": {"kwargs": {"format": ending or None}}, "csrftoken": lambda: ""}
            response = await self._answer_error(Request({**scope, **added}, receive), error)
            await response.asgi_send(send)
            return
        await self._app(filled, receive, send)

    async def _fill(self, scope: Scope) -> Scope:
        query = await self._datasette.get_canned_query(DATABASE, name, None) if (name := _name_of(scope)) else None
        if query is None or not (parameters := parameters_of(query)):
            return scope
        given = parse_qsl(scope["query_string"].decode("utf-8", "replace"), keep_blank_values=True)
        try:
            values = {p.name: check_value(p, dict(reversed(given)).get(p.name, "")) for p in parameters}
            for parameter in parameters:
                if parameter.only_options and values[parameter.name]:
                    check_option(parameter, values[parameter.name], await _options(self._datasette, parameter))
                values[parameter.name] = values[parameter.name] or await self._default(parameter)
            check_order(parameters, values)
        except WrongValue as error:
            raise BadRequest(str(error)) from error
        others = [(key, value) for key, value in given if key not in values]
        return {**scope, "query_string": urlencode([*values.items(), *others]).encode("ascii")}

    async def _default(self, parameter: Parameter) -> str:
        if parameter.default is None:
            return ""
        row = (await self._datasette.get_database(DATABASE).execute(parameter.default)).first()
        return "" if row is None or row[0] is None else str(row[0])


async def read_fields(datasette: Any, query: Mapping[str, Any], values: Mapping[str, str]) -> list[Field]:
    """Return the fields of a question's form, with values and suggestions."""
    fields = []
    for parameter in parameters_of(query):
        field = Field(parameter, values.get(parameter.name) or "")
        if parameter.options:
            field = with_options(field, (await _options(datasette, parameter))[:MOST_OPTIONS])
        fields.append(field)
    return fields


async def _options(datasette: Any, parameter: Parameter) -> tuple[str, ...]:
    found = await datasette.get_database(DATABASE).execute(parameter.options)
    return tuple(str(row[0]) for row in found.rows if row[0] is not None)


def errors_of_datasette(datasette: Any, handlers: Callable[..., list[Any]]) -> AnswerError:
    """Return a function that returns Datasette's response for an exception.

    `handlers` is its plugin hook `handle_exception`.
    """

    async def answer_error(request: Any, error: Exception) -> Any:
        for handler in handlers(datasette=datasette, request=request, exception=error):
            if (response := await await_me_maybe(handler)) is not None:
                return response
        raise error

    return answer_error


def _name_of(scope: Scope) -> str | None:
    """Return the name of the canned query in the path, if it may be one."""
    path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1").partition("?")[0]
    found = _QUESTION.fullmatch(path)
    return tilde_decode(found[1]) if found else None
