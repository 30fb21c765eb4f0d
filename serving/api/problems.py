"""Errors over HTTP: problem+json (RFC 9457), from one table of error to status."""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from features.errors import CallfirstError
from features.ledger.store.database import StoreError
from serving import errors
from serving.api.security_headers import SAFE_HEADERS

MEDIA_TYPE = "application/problem+json"

STATUS: Mapping[type[CallfirstError], HTTPStatus] = {
    errors.NoKeyError: HTTPStatus.UNAUTHORIZED,
    errors.ForeignOriginError: HTTPStatus.FORBIDDEN,
    errors.NoPushRightError: HTTPStatus.FORBIDDEN,
    errors.ForeignRowsError: HTTPStatus.FORBIDDEN,
    errors.UnknownCustomerError: HTTPStatus.NOT_FOUND,
    errors.UnknownListError: HTTPStatus.NOT_FOUND,
    errors.BodyTooLargeError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.BodyTypeError: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    errors.UnreadableBodyError: HTTPStatus.BAD_REQUEST,
    errors.RepeatedQueryError: HTTPStatus.BAD_REQUEST,
    errors.NothingPublishedError: HTTPStatus.SERVICE_UNAVAILABLE,
    StoreError: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""The status of each error of the domain, which knows no HTTP; any other error is a 500."""

HEADERS: Mapping[HTTPStatus, Mapping[str, str]] = {
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": 'Bearer realm="callfirst"'},
    HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": "60"},
}


def problem(
    status: HTTPStatus,
    detail: str,
    *,
    hint: str = "",
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """An error as problem+json; it repeats nothing the caller sent."""
    content: dict[str, Any] = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail}
    content |= {"hint": hint} if hint else {}
    content |= {"errors": list(errors)} if errors else {}
    return JSONResponse(
        content, status.value, media_type=MEDIA_TYPE, headers={**HEADERS.get(status, {}), **(headers or {})}
    )


def problem_answer(error: CallfirstError) -> JSONResponse:
    """An error of the domain as problem+json; an error without a status keeps its sentence, which may quote rows."""
    status = STATUS.get(type(error))
    if status is None:
        structlog.get_logger().error("request_failed", error=type(error).__name__)
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong on our side; it has been logged.")
    return problem(status, error.sentence, hint=error.hint)


def install(app: FastAPI) -> None:
    """Every error of the app is answered as problem+json from now on."""
    app.add_exception_handler(CallfirstError, _domain)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _ours)


async def _domain(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, CallfirstError):
        raise error
    return problem_answer(error)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    return problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "The request does not match its contract.",
        hint="Compare it with the OpenAPI document.",
        errors=[_fault(fault) for fault in error.errors()[:20]],
    )


def _fault(error: Mapping[str, Any]) -> dict[str, str]:
    """Place and kind of a fault, without what was sent; an unknown field's name is the caller's, so it is left out."""
    where = error["loc"][:-1] if error["type"] == "extra_forbidden" else error["loc"]
    what = "unknown field" if error["type"] == "extra_forbidden" else str(error["msg"])
    return {"where": ".".join(str(part) for part in where), "what": what}


async def _http(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    status = HTTPStatus(error.status_code)
    return problem(status, f"{status.description or status.phrase}.", headers=error.headers)


async def _gone(_: Request, __: Exception) -> JSONResponse:
    """An answer for the log only: the client hung up before the end of the body."""
    return problem(HTTPStatus.BAD_REQUEST, "The request ended too early.")


async def _ours(_: Request, error: Exception) -> JSONResponse:
    where = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-5:]]
    structlog.get_logger().error("request_failed", error=type(error).__name__, where=where)  # its text may quote rows
    return problem(  # answered outside the middleware, so it carries the safe headers itself
        HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong on our side; it has been logged.", headers=SAFE_HEADERS
    )
