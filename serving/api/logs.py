"""How a server logs: one JSON object a line, on stderr, and no customer in it."""

from __future__ import annotations

import logging
import sys

import structlog


def log_as_json() -> None:
    """From now on every event is a line of JSON with its time and level; uvicorn's own come without tracebacks."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    for_uvicorn = logging.getLogger("uvicorn")
    for_uvicorn.handlers, for_uvicorn.propagate = [_AsEvents()], False
    for_uvicorn.setLevel(logging.WARNING)


class _AsEvents(logging.Handler):
    """Turns records into events without their tracebacks, for an error's message may quote rows of the ledger."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger().log(record.levelno, record.getMessage().strip(), by=record.name)
