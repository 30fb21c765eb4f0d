"""Delimited text as raw rows: its header, its separator, and every line that does not fit."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from io import BufferedReader
from itertools import islice
from pathlib import Path
from typing import IO

import pyarrow as pa

from features.ledger.reading.encodings import Encoding, NotTextError, encoding_of
from features.ledger.reading.raw_rows import Misfit, RawRows
from features.ledger.schema.quarantine_reasons import QuarantineReason
from features.ledger.schema.record_types import name_key

SEPARATORS = (",", ";", "\t", "|")
WHITE_SPACE = " "  # runs of it
CHUNK_ROWS = 100_000
LONGEST_RECORD_LINES = 200  # an open quote swallows no more than this
LONGEST_FIELD = 1 << 24
MOST_LINES_ABOVE = 30  # the header
LEAST_KNOWN = 2  # known names that distinguish a header from a title
END_OF_FILE = "\x1a \t\r\n"  # old systems end a text with the first
GZIP_BEGINS = b"\x1f\x8b"


def read_delimited(path: Path, *, known: Collection[str] = (), encoding: str | None = None) -> RawRows:
    """All of a text file at once; see :func:`delimited_parts`."""
    parts = list(delimited_parts(path, known=known, encoding=encoding))
    return RawRows(
        path.name,
        pa.concat_tables([part.table for part in parts]),
        pa.concat_arrays([part.line_numbers for part in parts]),
        tuple(misfit for part in parts for misfit in part.misfits),
        tuple(remark for part in parts for remark in part.remarks),
    )


def delimited_parts(path: Path, *, known: Collection[str] = (), encoding: str | None = None) -> Iterator[RawRows]:
    """The rows of a text file, at most CHUNK_ROWS a part; at least one part, all with the same text columns.

    The header is the first line that has two of the ``known`` names (see name_key), else the first line. A quoted
    field may hold line breaks; a quote that is never closed costs its own line only. Lines without any value are no
    rows. Without ``encoding`` the bytes decide.

    Raises:
        NotTextError: it is binary or damaged.
        UnknownEncodingError: its bytes do not tell its encoding.
    """
    csv.field_size_limit(LONGEST_FIELD)
    try:
        with _open(path) as stream:
            known_encoding = Encoding(encoding) if encoding else encoding_of(stream)
        with _open(path) as stream:
            text = io.TextIOWrapper(stream, encoding=known_encoding.name, errors="replace", newline="")
            yield from _parts(path.name, _Lines(text), known, known_encoding)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise NotTextError(f"it is packed, and breaks off or is damaged ({error})") from None
    except csv.Error:
        raise NotTextError(
            "its header has a field of more than 16 million letters; it may lack its line ends"
        ) from None
    except UnicodeError as error:
        raise NotTextError(str(error)) from None


def _open(path: Path) -> gzip.GzipFile | BufferedReader:
    """The file, unpacked where its first bytes (not its name) say that it is packed."""
    with path.open("rb") as file:
        is_packed = file.read(2) == GZIP_BEGINS
    return gzip.open(path, "rb") if is_packed else path.open("rb")


def _parts(name: str, lines: _Lines, known: Collection[str], encoding: Encoding) -> Iterator[RawRows]:
    lines_above, header, separator = lines.header(known)
    if header is None:
        yield RawRows(name, pa.table({}), pa.array([], pa.int64()))
        return
    remarks = _remarks(name, lines_above, encoding)
    records = lines.records(separator, len(header))
    while chunk := list(islice(records, CHUNK_ROWS)):
        yield _part(name, chunk, header, separator, remarks)
        remarks = ()
    if not lines.ends_whole:
        remarks += (f"The last line of {name} has no line end: check that the file was not cut off.",)
    yield _part(name, [], header, separator, remarks)


def _remarks(name: str, lines_above: int, encoding: Encoding) -> tuple[str, ...]:
    remarks = (
        f"{name} was read as Windows-1252, for example '{encoding.word}'; if it is of another encoding, say so: "
        "--encoding.",
        f"Lines above the header of {name}, left out: {lines_above}.",
    )
    return tuple(remark for remark, applies in zip(remarks, (encoding.word, lines_above), strict=True) if applies)


def _part(
    name: str,
    records: Sequence[tuple[int, list[str] | str]],
    header: Sequence[str],
    separator: str,
    remarks: tuple[str, ...],
) -> RawRows:
    misfits: list[Misfit] = []
    rows: list[list[str]] = []
    lines: list[int] = []
    for line, fields in records:
        if isinstance(fields, str):
            misfits.append(Misfit(line, fields))
        elif fields == header:
            misfits.append(Misfit(line, separator.join(fields), QuarantineReason.HEADER))
        elif fields[0] or any(map(str.strip, fields)):
            rows.append(fields)
            lines.append(line)
    names = [field.strip() or f"column {at}" for at, field in enumerate(header, start=1)]
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    table = pa.Table.from_arrays([pa.array(column, pa.string()) for column in columns], names=names)
    return RawRows(name, table, pa.array(lines, pa.int64()), tuple(misfits), remarks)


class _Lines:
    """The numbered physical lines of a text; lines can be returned and read again."""

    def __init__(self, text: IO[str]) -> None:
        self._text = text
        self._returned: deque[str] = deque()
        self._taken: list[str] = []
        self._last = "\n"
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self._taken) >= LONGEST_RECORD_LINES:
            raise StopIteration
        if self._returned:
            line = self._returned.popleft()
        else:
            line = self._last = next(self._text)
        self.number += 1
        self._taken.append(line)
        return line

    @property
    def ends_whole(self) -> bool:
        """Whether the last line has a line end; True for a text of one line."""
        return self.number < LEAST_KNOWN or self._last.endswith(("\n", "\r"))

    def header(self, known: Collection[str]) -> tuple[int, list[str] | None, str]:
        """The number of filled lines above the header, its fields (None: an empty text), and the separator."""
        lines = self._peek(MOST_LINES_ABOVE)
        filled = [(number, line.rstrip("\r\n")) for number, line in enumerate(lines, start=1) if line.strip()]
        if not filled:
            return 0, None, SEPARATORS[0]
        at = next((at for at, (_, line) in enumerate(filled) if _names_known(line, known) >= LEAST_KNOWN), 0)
        number, line = filled[at]
        separator = _separator_of(line, filled[at + 1][1] if at + 1 < len(filled) else "")
        while self.number < number - 1:
            next(self)
            self._taken.clear()
        return at, self._next_record(separator), separator

    def _peek(self, filled: int) -> list[str]:
        """The lines up to the given number of filled ones, without taking them."""
        lines: list[str] = []
        for line in self:
            self._taken.clear()
            lines.append(line)
            filled -= bool(line.strip())
            if not filled:
                break
        self._returned.extendleft(reversed(lines))
        self.number = 0
        return lines

    def _next_record(self, separator: str) -> list[str]:
        """The next record; it spans several lines only where all of its quotes are closed."""
        fields = self._split_next(separator)
        if len(self._taken) > 1 and _is_torn(self._taken, separator):
            self._returned.extendleft(reversed(self._taken[1:]))
            self.number -= len(self._taken) - 1
            fields = _split(self._taken[0].rstrip("\r\n"), separator)
        self._taken.clear()
        return fields

    def _split_next(self, separator: str) -> list[str]:
        return next(self).split() if separator == WHITE_SPACE else next(csv.reader(self, delimiter=separator))

    def records(self, separator: str, width: int) -> Iterator[tuple[int, list[str] | str]]:
        """Every record with the number of its first line: its fields, or its text if it has not ``width`` fields."""
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
            elif taken.strip(END_OF_FILE):
                yield start, taken.rstrip("\r\n")


def _without_blank_surplus(fields: list[str], width: int) -> list[str]:
    """The fields up to ``width`` if all beyond are blank: separators at the end of a line mean nothing."""
    return fields if any(field.strip() for field in fields[width:]) else fields[:width]


def _is_torn(lines: Sequence[str], separator: str) -> bool:
    """Whether several lines are one record only because a quote was never closed, or closed by a stray one."""
    try:
        list(csv.reader(lines, delimiter=separator, strict=True))
    except csv.Error:
        return True
    return False


def _separator_of(header: str, first_row: str) -> str:
    """The sign that separates most names and as many values; white space where no sign does."""
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


def _names_known(line: str, known: Collection[str]) -> int:
    """The number of fields of a line that are known names, by the separator that gives most."""
    return max(sum(name_key(field) in known for field in _split(line, sign)) for sign in (*SEPARATORS, WHITE_SPACE))
