"""The log of the server: one JSON object per line, on stderr, without customers."""

from __future__ import annotations

import logging
import sys

import structlog


def log_as_json() -> None:
    """Every event is a line of JSON with its time and level from now on; uvicorn's have no tracebacks."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    uvicorn_log = logging.getLogger("uvicorn")
    uvicorn_log.handlers, uvicorn_log.propagate = [_AsEvents()], False
    uvicorn_log.setLevel(logging.WARNING)


class _AsEvents(logging.Handler):
    """Turns records into events without their tracebacks, as an error's message may quote rows of the ledger."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger().log(record.levelno, record.getMessage().strip(), by=record.name)
