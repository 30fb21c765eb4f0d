"""Here you find how delimited text is read: its encoding, its separator, and every line that does not fit."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from io import BufferedReader
from itertools import chain, islice
from pathlib import Path
from typing import IO

import pyarrow as pa

SEPARATORS = (",", ";", "\t", "|")
WHITE_SPACE = " "  # runs of it
CHUNK_ROWS = 100_000
SAMPLE_BYTES = 1 << 16
JUNK_SHARE = 0.02  # of control characters in the sample: then it is no text
FEW = 8  # of them are forgiven in a small file: its rows go to quarantine, the others are kept
LONGEST_RECORD_LINES = 200  # an open quote swallows no more than this
MARKS = {  # in this order: a mark of UTF-32 begins like one of UTF-16
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
GZIP_BEGINS = b"\x1f\x8b"


class NotTextError(ValueError):
    """What the file holds is no text; says why."""


Delimited = tuple[pa.Table, pa.Array, tuple[tuple[int, str], ...]]
"""Columns, all as text; the line number of each row; and the lines that do not fit the header."""


def read_delimited(path: Path) -> Delimited:
    """All of a text file at once; see :func:`delimited_parts`."""
    tables, numbers, misfits = zip(*delimited_parts(path), strict=True)
    return pa.concat_tables(tables), pa.concat_arrays(numbers), tuple(chain(*misfits))


def delimited_parts(path: Path) -> Iterator[Delimited]:
    """A text file, CHUNK_ROWS rows at a time; at least one part, all of the same columns.

    A quoted field may hold line breaks; a quote that is never closed costs its own line only. Empty lines are no rows.

    Raises:
        NotTextError: it is binary, or damaged.
    """
    csv.field_size_limit(1 << 24)
    try:
        encoding = _encoding_of(path)
        with _open(path) as stream:
            text = io.TextIOWrapper(stream, encoding=encoding, errors="replace", newline="")
            yield from _parts(text)
    except (EOFError, zlib.error, gzip.BadGzipFile, UnicodeError) as error:
        raise NotTextError(str(error)) from None


def _open(path: Path) -> gzip.GzipFile | BufferedReader:
    """The file unpacked where its first bytes, not its name, say that it is packed."""
    with path.open("rb") as file:
        is_packed = file.read(2) == GZIP_BEGINS
    return gzip.open(path, "rb") if is_packed else path.open("rb")


def _encoding_of(path: Path) -> str:
    """UTF-16 by its mark or its zeros, UTF-32 by its mark, UTF-8 where every byte fits, else Windows-1252."""
    with _open(path) as stream:
        sample = stream.read(SAMPLE_BYTES)
        for mark, encoding in MARKS.items():
            if sample.startswith(mark):
                return encoding
        if len(sample) > 3 and not sample[1:200:2].strip(b"\0"):
            return "utf-16-le"
        if len(sample) > 3 and not sample[0:200:2].strip(b"\0"):
            return "utf-16-be"
        junk = sum(sample.count(byte) for byte in range(32) if byte not in b"\t\n\v\f\r\x1a")
        if junk > max(FEW, len(sample) * JUNK_SHARE):
            raise NotTextError("it is binary")
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while sample:
                decoder.decode(sample)
                sample = stream.read(1 << 20)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8-sig"


def _parts(text: IO[str]) -> Iterator[Delimited]:
    lines = _Lines(text)
    header_line = lines.first_filled()
    if header_line is None:
        yield pa.table({}), pa.array([], pa.int64()), ()
        return
    separator = _separator_of(header_line, lines.peek())
    names = [name.strip() or f"column {at}" for at, name in enumerate(_split(header_line, separator), start=1)]
    records = lines.records(separator, len(names))
    while chunk := list(islice(records, CHUNK_ROWS)):
        yield _part(chunk, names)
    yield _part([], names)


def _part(records: Sequence[tuple[int, list[str] | str]], names: Sequence[str]) -> Delimited:
    misfits = tuple((line_no, fields) for line_no, fields in records if isinstance(fields, str))
    rows = [(line_no, fields) for line_no, fields in records if not isinstance(fields, str)]
    columns = list(zip(*(fields for _, fields in rows), strict=True)) if rows else [()] * len(names)
    table = pa.Table.from_arrays([pa.array(column, pa.string()) for column in columns], names=list(names))
    return table, pa.array([line_no for line_no, _ in rows], pa.int64()), misfits


class _Lines:
    """The physical lines of a text, numbered, which can be given back to be read anew."""

    def __init__(self, text: IO[str]) -> None:
        self._text = text
        self._returned: deque[str] = deque()
        self._taken: list[str] = []
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self._taken) >= LONGEST_RECORD_LINES:
            raise StopIteration
        line = self._returned.popleft() if self._returned else next(self._text)
        self.number += 1
        self._taken.append(line)
        return line

    def first_filled(self) -> str | None:
        """The first line that is not blank; None where there is none."""
        for line in self:
            self._taken.clear()
            if line.strip():
                return line.rstrip("\r\n")
        return None

    def peek(self) -> str:
        """The next line that is not blank, without taking it."""
        line = self.first_filled() or ""
        if line:
            self._returned.appendleft(line + "\n")
            self.number -= 1
        return line

    def records(self, separator: str, width: int) -> Iterator[tuple[int, list[str] | str]]:
        """Every record with the number of its first line: its fields, or its text where they are not ``width``."""
        if separator == WHITE_SPACE:
            for line in self:
                self._taken.clear()
                fields = line.split()
                if fields:
                    yield self.number, fields if len(fields) == width else line.rstrip("\r\n")
            return
        reader = csv.reader(self, delimiter=separator)
        while True:
            start = self.number + 1
            try:
                fields = next(reader)
            except csv.Error:
                fields = []
            except StopIteration:
                return
            fields = _without_blank_surplus(fields, width)
            taken, several = self._taken[0], len(self._taken) > 1
            fits = len(fields) == width and not (several and _is_torn(self._taken, separator))
            if not fits and several:
                self._returned.extendleft(reversed(self._taken[1:]))
                self.number = start
                reader = csv.reader(self, delimiter=separator)
            self._taken.clear()
            if fits:
                yield start, fields
            elif taken.strip():
                yield start, taken.rstrip("\r\n")


def _without_blank_surplus(fields: list[str], width: int) -> list[str]:
    """The fields up to ``width`` where those beyond are blank: separators at the end of a line say nothing."""
    return fields if any(field.strip() for field in fields[width:]) else fields[:width]


def _is_torn(lines: Sequence[str], separator: str) -> bool:
    """Whether a record of several lines is one only because a quote was never closed, or closed by a stray one."""
    try:
        list(csv.reader(lines, delimiter=separator, strict=True))
    except csv.Error:
        return True
    return False


def _separator_of(header: str, first_row: str) -> str:
    """The sign that parts most names and as many values; runs of white space where none does."""
    widths = {sign: len(_split(header, sign)) for sign in SEPARATORS}
    fitting = [sign for sign in SEPARATORS if widths[sign] > 1 and len(_split(first_row, sign)) == widths[sign]]
    best = max(fitting or SEPARATORS, key=lambda sign: widths[sign])
    if widths[best] > 1 or len(header.split()) < 2 or len(header.split()) != len(first_row.split()):
        return best
    return WHITE_SPACE


def _split(line: str, separator: str) -> list[str]:
    if separator == WHITE_SPACE:
        return line.split()
    return next(csv.reader([line], delimiter=separator), [])
