"""Rows spilled to disk while a source is read: rows by customer, to sort them; keys, to compare them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Codes = npt.NDArray[np.uint8] | npt.NDArray[np.int64]
KEYS = np.dtype([("key", np.uint64), ("row_id", np.int64)])
KEY_FILES = 64
KEY_SHIFT = np.uint64(58)  # the first six bits of a key are the number of its file
FAST = pa.ipc.IpcWriteOptions(compression="lz4")


@dataclass
class Spill:
    """Rows in one file per code, in the order they came; read back one file at a time.

    Attributes:
        folder: of the files; created by the first row.
    """

    folder: Path
    _writers: dict[int, pa.ipc.RecordBatchFileWriter] = field(default_factory=dict)
    _open: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Spill:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def add(self, rows: pa.Table, codes: Codes) -> None:
        """Appends rows to the file of their code."""
        if not len(rows):
            return
        self.folder.mkdir(exist_ok=True)
        rows = rows.take(pa.array(np.argsort(codes, kind="stable"))).combine_chunks()
        ends = np.cumsum(np.bincount(codes))
        for code, (start, end) in enumerate(zip([0, *ends[:-1]], ends, strict=True)):
            if end > start:
                self._writer(code, rows.schema).write_table(rows.slice(start, end - start))

    def close(self) -> None:
        """Completes every file."""
        self._open.close()
        self._writers.clear()

    @property
    def codes(self) -> list[int]:
        """The codes with rows."""
        return sorted(int(path.stem) for path in self.folder.glob("*.arrow"))

    def read(self, code: int) -> pa.Table:
        """The rows of a code."""
        with pa.OSFile(str(self._path(code))) as file:
            return pa.ipc.open_file(file).read_all()

    def take(self, code: int) -> pa.Table:
        """The rows of a code; its file is deleted."""
        rows = self.read(code)
        self._path(code).unlink()
        return rows

    def _writer(self, code: int, schema: pa.Schema) -> pa.ipc.RecordBatchFileWriter:
        if code not in self._writers:
            writer = pa.ipc.new_file(str(self._path(code)), schema, options=FAST)
            self._writers[code] = self._open.enter_context(writer)
        return self._writers[code]

    def _path(self, code: int) -> Path:
        return self.folder / f"{code:03d}.arrow"


@dataclass(frozen=True)
class KeySpill:
    """The 64-bit keys of rows on disk, to find keys that several rows share.

    Attributes:
        folder: of the files.
    """

    folder: Path

    def add(self, keys: npt.NDArray[np.uint64], row_ids: npt.NDArray[np.int64]) -> None:
        """Adds rows to compare."""
        self.folder.mkdir(exist_ok=True)
        code = (keys >> KEY_SHIFT).astype(np.uint8)
        order = np.argsort(code, kind="stable")
        both = np.empty(len(keys), KEYS)
        both["key"], both["row_id"] = keys[order], row_ids[order]
        ends = np.cumsum(np.bincount(code, minlength=KEY_FILES))
        for at, part in enumerate(np.split(both, ends[:-1])):
            with (self.folder / f"{at:02d}").open("ab") as file:
                part.tofile(file)

    def shared(self) -> npt.NDArray[np.void]:
        """KEYS of the rows with a shared key, by row_id."""
        keys = [np.empty(0, KEYS), *map(_shared_in, self._files())]
        all_keys = np.concatenate(keys)
        return all_keys[np.argsort(all_keys["row_id"])]

    def _files(self) -> Iterator[npt.NDArray[np.void]]:
        for path in sorted(self.folder.glob("*")):
            yield np.fromfile(path, KEYS)
            path.unlink()


def _shared_in(rows: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
    keys = np.sort(rows["key"])
    shared = np.unique(keys[1:][keys[1:] == keys[:-1]])
    if not len(shared):
        return rows[:0]
    at = np.searchsorted(shared, rows["key"])
    return np.asarray(rows[shared[np.minimum(at, len(shared) - 1)] == rows["key"]])
