"""The encoding of a text file, inferred from its bytes."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedIOBase

SAMPLE_BYTES = 1 << 16
CHUNK_BYTES = 1 << 20
JUNK_SHARE = 0.02  # control characters in the sample above which it is binary
FEW = 8  # control characters allowed in a small file: their rows go to quarantine, the others are kept
FOREIGN_SHARE = 0.05  # letters beyond ASCII that no Western word has; above: not Windows-1252
WESTERN = "cp1252"
MARKS = {  # in this order, as a mark of UTF-32 begins like one of UTF-16
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
LONE = re.compile(rb"[\x80-\xff]+")
FOREIGN = re.compile(  # three such letters in a row; a sign inside a word; bytes that stand for nothing
    rb"[\x80-\xff]{3,}|[\xa3\xa5\xaa\xaf\xb3\xb9\xba\xbc\xbe][a-z]|[\x81\x8d\x8f\x90\x9d]|"
    rb"[A-Za-z][\x80-\x89\x8b\x91\x93-\x99\x9b][A-Za-z]"
)
WORD = re.compile(rb"[A-Za-z]*[\x80-\xff][A-Za-z\x80-\xff]*")
LONGEST_SHOWN = 30


class NotTextError(ValueError):
    """The file is not text; the message says why."""


class UnknownEncodingError(ValueError):
    """The bytes do not tell the encoding; the message is a word of the text read as Windows-1252.

    Attributes:
        guess: a likely encoding, for a hint.
    """

    def __init__(self, word: str, guess: str) -> None:
        super().__init__(word)
        self.guess = guess


@dataclass(frozen=True)
class Encoding:
    """An encoding, and a word that shows what was assumed; empty if the bytes prove it."""

    name: str
    word: str = ""


def encoding_of(stream: BufferedIOBase) -> Encoding:
    """UTF-16 by its mark or its zeros, UTF-32 by its mark, UTF-8 if its bytes fit, else Windows-1252.

    Text is UTF-8 as long as at least half of its letters beyond ASCII are: a broken row spoils no other one. A text in
    another encoding of several bytes a letter fits UTF-8 by chance in up to a third of its letters.

    Raises:
        NotTextError: it is binary.
        UnknownEncodingError: it is in an older encoding that is not Western.
    """
    sample = stream.read(SAMPLE_BYTES)
    for mark, name in MARKS.items():
        if sample.startswith(mark):
            return Encoding(name)
    if len(sample) > 3 and not sample[1:200:2].strip(b"\0"):
        return Encoding("utf-16-le")
    if len(sample) > 3 and not sample[0:200:2].strip(b"\0"):
        return Encoding("utf-16-be")
    junk = sum(sample.count(byte) for byte in range(32) if byte not in b"\t\n\v\f\r\x1a")
    if junk > max(FEW, len(sample) * JUNK_SHARE):
        raise NotTextError("it is binary")
    fitting, broken, foreign, lone, word = 0, 0, 0, 0, b""
    for text in _whole_lines(sample, stream):
        if text.isascii() or _is_utf8(text):
            fitting += len(text) - len(text.decode("utf-8"))
            continue
        decoded = text.decode("utf-8", errors="replace")
        broken += decoded.count("\N{REPLACEMENT CHARACTER}")
        fitting += sum(letter > "\x7f" for letter in decoded) - decoded.count("\N{REPLACEMENT CHARACTER}")
        foreign += len(FOREIGN.findall(text))
        lone += len(LONE.findall(text))
        match = WORD.search(text)
        word = word or (match.group()[:LONGEST_SHOWN] if match else b"")
    if fitting >= broken:
        return Encoding("utf-8-sig")
    shown = word.decode(WESTERN, errors="replace")
    if foreign > lone * FOREIGN_SHARE:
        raise UnknownEncodingError(shown, _guess(sample))
    return Encoding(WESTERN, shown)


def _guess(text: bytes) -> str:
    """The encoding that the letters of the text suggest; right more often than not, and only shown."""
    from charset_normalizer import from_bytes  # only a refused file pays for its tables

    best = from_bytes(text).best()
    return best.encoding if best else "windows-1251"


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _whole_lines(sample: bytes, stream: BufferedIOBase) -> Iterator[bytes]:
    """The bytes of a stream in pieces that end where a line does, so that no letter is cut."""
    rest = b""
    while sample:
        whole, end, begun = (rest + sample).rpartition(b"\n")
        if whole or end:
            yield whole + end
        rest = begun
        sample = stream.read(CHUNK_BYTES)
    if rest:
        yield rest
