"""Every failure of the HTTP interface is one Chinese sentence: ``{"error": {"message": …, "field": …}}``."""

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import Field
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from bot.api.given import Documented
from bot.inputs import InputError
from bot.messages import has, say
from bot.metrics import REFUSED
from bot.store import Conflict
from bot.store.turns import NotNow
from eligibility.errors import DecisionError

logger = logging.getLogger(__name__)
_LATER = {"Retry-After": "5"}  # seconds


class Problem(Documented):
    """What went wrong, and in which input."""

    message: str = Field(description="一句话：哪里不对、怎么改")
    field: str | None = Field(None, description="不对的是哪一项")


class ProblemReply(Documented):
    """The body of every reply that is not a success."""

    error: Problem


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route may answer besides success, for its documentation. Every POST: 400, 408 and 413 (``guard.py``)."""
    return {status: {"model": ProblemReply, "description": say(f"status.s{status}")} for status in statuses}


class ApiError(Exception):
    """A refusal with its status; `after`: seconds until it is of use to come again."""

    def __init__(
        self, status: int, key: str, field: str | None = None, after: int | None = None, **details: Any
    ) -> None:
        super().__init__(key)
        self.status, self.field, self.message = status, field, say(key, field=field, **details)
        self.after = after


def problem(
    status: int, message: str, field: str | None = None, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Return the reply to a request that failed."""
    return JSONResponse(ProblemReply(error=Problem(message=message, field=field)).dict(), status, dict(headers or {}))


def install(app: FastAPI) -> None:
    """Give the application its sentences."""
    for kind, handler in _HANDLERS.items():
        app.exception_handler(kind)(handler)


def told(request: Request, error: Exception) -> dict[str, Any] | None:
    """What is told of an error where there is no status line: message, field, status, retry_after (seconds).

    None: it is none of those that have a sentence of their own.
    """
    handler = next((_HANDLERS[kind] for kind in type(error).__mro__ if kind in _HANDLERS), None)
    if handler is None:
        return None
    response = handler(request, error)
    after = response.headers.get("Retry-After")
    said = json.loads(bytes(response.body))["error"]
    return {**said, "status": response.status_code, "retry_after": None if after is None else int(after)}


def _refused(request: Request, error: ApiError) -> JSONResponse:
    return problem(
        error.status, error.message, error.field, {} if error.after is None else {"Retry-After": str(error.after)}
    )


def _undecidable(request: Request, error: DecisionError | InputError) -> JSONResponse:
    return problem(422, str(error), error.field)


def _not_kept(request: Request, error: SQLAlchemyError) -> JSONResponse:
    REFUSED.labels("not_kept").inc()
    logger.error("database: %s", type(error).__name__)  # its words repeat what was to be stored
    return problem(503, say("api.not_kept"), headers=_LATER)


def _busy(request: Request, error: Exception) -> JSONResponse:
    REFUSED.labels("busy").inc()
    return problem(503, say("api.busy"), headers=_LATER)


def _not_now(request: Request, error: NotNow) -> JSONResponse:
    REFUSED.labels(error.reason).inc()
    return problem(503, say(f"api.{error.reason}"), headers=_LATER)


def _http(request: Request, error: HTTPException) -> JSONResponse:
    key = {404: "api.not_found", 405: "api.wrong_method"}.get(error.status_code, "api.refused")
    return problem(error.status_code, say(key, method=request.method, status=error.status_code), None, error.headers)


def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
    first = error.errors()[0]
    place = [part for part in first["loc"] if isinstance(part, str) and part not in ("body", "query", "path")]
    field = place[0] if place else str(first["loc"][-1])
    return problem(422, _sentence(first, field), field)


_HANDLERS: dict[type[Exception], Callable[[Request, Any], JSONResponse]] = {
    ApiError: _refused,
    DecisionError: _undecidable,
    InputError: _undecidable,
    RequestValidationError: _invalid,
    HTTPException: _http,
    SQLAlchemyError: _not_kept,
    Conflict: _busy,
    TimeoutError: _busy,
    NotNow: _not_now,
}

_KEYS = {
    "type_error.str": "api.wrong_text",
    "str.type": "api.wrong_text",
    "type_error.integer": "api.wrong_number",
    "value_error.strictbool": "api.wrong_boolean",
    "value_error.const": "api.wrong_word",
    "type_error.list": "api.wrong_list",
    "type_error.dict": "api.wrong_object",
    "value_error.extra": "api.unknown_field",
    "value_error.list.max_items": "api.too_long",
    "value_error.any_str.max_length": "api.too_long",
    "value_error.any_str.min_length": "api.too_short",
    "value_error.number.not_ge": "api.too_small",
    "value_error.number.not_le": "api.too_big",
}


def _sentence(found: Mapping[str, Any], field: str) -> str:
    kind, context = found["type"], found.get("ctx") or {}
    if kind == "value_error.input":  # raised by our own validators, already a sentence
        return str(found["msg"])
    if kind == "value_error.missing":
        return say("api.missing", field=field, what=_what(field))
    if kind == "value_error.str.regex":
        return say("api.wrong_form", field=field, what=_what(field))
    return say(_KEYS.get(kind, "api.wrong_value"), field=field, limit=context.get("limit_value"))


def _what(field: str) -> str:
    return say(f"what.{field}") if has(f"what.{field}") else field
