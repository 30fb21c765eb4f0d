"""The refresher at work beside a server: every moment it refreshes who is dirty, until told to stop."""

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
"""After what the database, the disk or a mirror refused."""


class Refreshing:
    """A thread of its own, so that no request waits for it."""

    def __init__(self, home: Home, store: Store, *, every_seconds: float) -> None:
        self._refresher, self._every = Refresher(home, store), every_seconds
        self._stopped, self._said = threading.Event(), ""
        self._thread = threading.Thread(target=self._work, name="refreshing", daemon=True)

    def start(self) -> None:
        """It begins."""
        self._thread.start()

    def stop(self) -> None:
        """It has ended, after what it was at."""
        self._stopped.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._stopped.wait(self._every):
            try:
                self._tell(self._refresher.refresh(now=clock.now()))
            except (CallfirstError, SQLAlchemyError, duckdb.Error, OSError) as error:
                structlog.get_logger().error("refresh_failed", error=type(error).__name__)  # its text may quote rows
                self._stopped.wait(REST_SECONDS)

    def _tell(self, done: Refreshed) -> None:
        if done.customers or done.failed:
            structlog.get_logger().info("refreshed", customers=done.customers, failed=sorted(done.failed))
        if done.waiting != self._said:
            self._said = done.waiting
            if done.waiting:
                structlog.get_logger().info("refresh_waits", why=done.waiting)
