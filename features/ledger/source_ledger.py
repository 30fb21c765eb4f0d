"""Here you find a ledger read in place from a file or Parquet folder, through the same checks as ingest."""

from __future__ import annotations

from pathlib import Path

from features.ledger.files import read_file
from features.ledger.intake import ledger_of
from features.ledger.ledger import Ledger, LedgerError
from features.policy import Policy


class RaggedFileError(LedgerError):
    """A file read in place has lines that do not fit its header."""

    def __init__(self, path: Path, lines: int, first: int) -> None:
        super().__init__(
            f"{lines} lines of {path.name} have another number of fields than its header, first line {first}.",
            "Correct them, or ingest the file: that sets them aside in quarantine.",
        )


def read_source_ledger(path: Path, policy: Policy) -> Ledger:
    """The order lines of a file as a ledger; nothing is stored.

    Raises:
        SourceError, ColumnsError: the file cannot be read, or lacks a required column.
        RaggedFileError, RejectedRowsError: rows of it cannot be used; ingest would set them aside in quarantine.
    """
    raw = read_file(path)
    if raw.misfits:
        raise RaggedFileError(path, len(raw.misfits), raw.misfits[0][0])
    return ledger_of(raw.table, None, policy)
