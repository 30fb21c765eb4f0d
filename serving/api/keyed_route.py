"""Routes of /v1: a valid key is checked first, then that the body is strict JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from serving.access import Caller, caller_of_key
from serving.errors import BodyTypeError, NoKeyError, RepeatedQueryError, UnreadableBodyError

JSON_TYPE = "application/json"
LONGEST_KEY = 200


def parsed(body: bytes) -> Any:
    """The value of a JSON text after RFC 8259: UTF-8, no NaN or infinity, no name twice in an object.

    Raises:
        UnreadableBodyError: the body is not such a text.
    """
    try:
        return json.loads(
            body.decode("utf-8"),
            parse_constant=_no_constant,
            parse_float=_finite,
            object_pairs_hook=_no_name_twice,
        )
    except UnicodeDecodeError:
        raise UnreadableBodyError("it is not UTF-8", "Write it in UTF-8.") from None
    except RecursionError:
        raise UnreadableBodyError("it is nested too deeply", "Send plain values.") from None
    except ValueError:  # not JSON, or a whole number of thousands of digits
        raise UnreadableBodyError("it is not JSON", "Send a complete JSON text.") from None


class StrictRequest(Request):
    """A request whose JSON body is read strictly."""

    async def json(self) -> Any:
        """The body as :func:`parsed` reads it, read once."""
        if not hasattr(self, "_json"):
            self._json = parsed(await self.body())
        return self._json


class KeyedRoute(APIRoute):
    """A route that requires a valid key before it reads anything else, and JSON if it takes a body."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler with both checks before it."""
        answer = super().get_route_handler()
        takes_body = self.body_field is not None

        async def checked(request: Request) -> Response:
            strict = StrictRequest(request.scope, request.receive)
            strict.state.caller = await run_in_threadpool(caller_of, strict)
            _require_unique_query(strict)
            if takes_body:
                _require_json(strict)
                await strict.json()  # here, because FastAPI would turn our error into its own
            return await answer(strict)

        return checked


def caller_of(request: Request) -> Caller:
    """The caller, by the key in ``Authorization: Bearer`` or ``X-API-Key``.

    Raises:
        NoKeyError: there is no key, or it is not valid.
    """
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    key = bearer.strip() if scheme.lower() == "bearer" else request.headers.get("x-api-key", "")
    caller = caller_of_key(request.app.state.engine, key) if 0 < len(key) <= LONGEST_KEY else None
    if caller is None:
        raise NoKeyError
    return caller


def _require_unique_query(request: Request) -> None:
    names = [name for name, _ in request.query_params.multi_items()]
    if len(names) > len(set(names)):
        raise RepeatedQueryError


def _require_json(request: Request) -> None:
    media_type, _, parameter = request.headers.get("content-type", "").partition(";")
    charset = parameter.strip().lower().removeprefix("charset=").strip('"')
    if media_type.strip().lower() != JSON_TYPE or charset not in ("", "utf-8"):
        raise BodyTypeError(JSON_TYPE)


def _no_constant(_: str) -> NoReturn:
    raise UnreadableBodyError("NaN and infinity are not JSON", "Write null, or leave the value out.")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise UnreadableBodyError("a number is too large", "Send a number that a double can hold.")
    return number


def _no_name_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise UnreadableBodyError("a name stands twice in one object", "Give each once.")
    return values
