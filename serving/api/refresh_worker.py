"""The refresh worker: a thread beside the server that refreshes dirty customers until it is stopped."""

from __future__ import annotations

import threading

import duckdb
import structlog
from sqlalchemy.exc import SQLAlchemyError

from features import clock
from features.errors import CallfirstError
from features.home import Home
from features.ledger.store.database import Store
from serving.refresh import Refreshed, Refresher

REST_SECONDS = 10.0
"""The pause after an error of the database, the disk or the mirror."""


class Refreshing:
    """The worker; it has a thread of its own, so that no request waits for it."""

    def __init__(self, home: Home, store: Store, *, every_seconds: float) -> None:
        self._refresher, self._every = Refresher(home, store), every_seconds
        self._stopped, self._logged_waiting = threading.Event(), ""
        self._thread = threading.Thread(target=self._work, name="refreshing", daemon=True)

    def start(self) -> None:
        """The worker runs from now on."""
        self._thread.start()

    def stop(self) -> None:
        """The worker has stopped, after the refresh it was in."""
        self._stopped.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._stopped.wait(self._every):
            try:
                self._log(self._refresher.refresh(now=clock.now()))
            except (CallfirstError, SQLAlchemyError, duckdb.Error, OSError) as error:
                structlog.get_logger().error("refresh_failed", error=type(error).__name__)  # its text may quote rows
                self._stopped.wait(REST_SECONDS)

    def _log(self, result: Refreshed) -> None:
        if result.customers or result.failed:
            structlog.get_logger().info("refreshed", customers=result.customers, failed=sorted(result.failed))
        if result.waiting != self._logged_waiting:
            self._logged_waiting = result.waiting
            if result.waiting:
                structlog.get_logger().info("refresh_waits", why=result.waiting)
