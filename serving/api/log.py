"""Here you find how a server logs: one JSON object a line, on stderr, and no customer in it."""

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
    logging.getLogger("uvicorn.error").addFilter(_without_traceback)


def _without_traceback(record: logging.LogRecord) -> bool:
    """True, always: the record stays, its traceback goes, for an error's message may quote rows of the ledger."""
    record.exc_info = record.exc_text = None
    return True
