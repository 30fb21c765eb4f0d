"""Middleware around every request: a limit on bodies, safe headers, and a log that names no customer."""

from __future__ import annotations

import time

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.api.problems import problem_answer
from serving.api.security_headers import SAFE_HEADERS
from serving.errors import BodyTooLargeError


class BodyLimit:
    """Refuses a body beyond the limit: at once if its length is declared, otherwise while it streams in."""

    def __init__(self, app: ASGIApp, limit_bytes: int) -> None:
        self.app = app
        self.limit_bytes = limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        if not declared.isdecimal() or int(declared[:20]) > self.limit_bytes:
            await problem_answer(BodyTooLargeError(self.limit_bytes))(scope, receive, send)
            return
        received_bytes = 0

        async def counted() -> Message:
            nonlocal received_bytes
            message = await receive()
            received_bytes += len(message.get("body", b""))
            if received_bytes > self.limit_bytes:
                raise BodyTooLargeError(self.limit_bytes)
            return message

        await self.app(scope, counted, send)


class SafeAndLogged:
    """Sets the safe headers that an answer has not set itself, and logs one line: method, route, status, time."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.log = structlog.get_logger()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started_at, status = time.perf_counter(), 500

        async def with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
                headers = MutableHeaders(scope=message)
                for name, value in SAFE_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self.app(scope, receive, with_headers)
        finally:
            self.log.info(
                "request",
                method=scope["method"] if scope["method"].isalpha() else "other",
                route=getattr(scope.get("route"), "path", "none"),  # the template: a path may name a customer
                status=status,
                milliseconds=round(1_000 * (time.perf_counter() - started_at), 1),
            )
