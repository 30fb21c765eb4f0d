"""DuckDB tables through which an ingest passes its rows from step to step."""

from __future__ import annotations

from enum import StrEnum


class WorkTable(StrEnum):
    """The work tables by their SQL names, in the order they are made; they live as long as their connection."""

    CHECKED = "checked"
    """Every row of the ingest with its values, or the reason why it cannot be used."""

    TEXTS = "texts"
    """The raw rows of one source under our column names; dropped when they are checked."""

    RENAMED = "renamed"
    """Rows of ``checked`` in which a customer id was replaced by the id it is kept under."""

    READ = "read"
    """A copy of ``checked`` with money as its sender wrote it, before any conversion."""

    STORED_RATES = "stored_rates"
    """The exchange rates of the ledger."""

    RATED = "rated"
    """The exchange rate of each row of ``checked`` in another currency than the ledger's."""

    STORED = "stored"
    """Rows of the ledger that the new rows are compared with; a second relation has its name behind it."""

    STORED_REPLACEMENTS = "stored_replacements"
    """From when on which rows of ``stored`` are superseded."""

    STORED_PAIRS = "stored_pairs"
    """Sales and returns of the ledger that cancel each other."""

    GOOD = "good"
    """The usable rows of ``checked``, with the instant from which each is visible and a place in their order."""

    HELD = "held"
    """Keys and digests of the rows in ``stored``."""

    FATES = "fates"
    """Whether each row of ``good`` is new, and which copy of its content in its file it is."""

    JUDGED = "judged"
    """Every row of ``checked`` with its fate: accepted, merged or quarantined."""

    ACCEPTED = "accepted"
    """The new rows as they are stored; a second relation has its name behind it."""

    REPLACED = "replaced"
    """Rows that the new rows supersede, or that are superseded themselves, each with the instant."""

    CANCELLED = "cancelled"
    """The pairs of sale and return among the new rows that cancel each other."""
