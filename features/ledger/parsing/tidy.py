"""Here you find which columns of text need no tidying, told from their bytes in one look."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

BLANK, LAST_PRINTABLE = 0x20, 0x7E


def is_tidy(column: pa.ChunkedArray) -> bool:
    """Whether every text of a column is printable ASCII without a blank at either end; False also where unsure."""
    return all(_is_tidy(chunk) for chunk in column.chunks if len(chunk))


def _is_tidy(texts: pa.StringArray) -> bool:
    _, ends_at, letters = texts.buffers()
    if letters is None:
        return True
    ends = np.frombuffer(ends_at, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    letter = np.frombuffer(letters, np.uint8)
    used = letter[ends[0] : ends[-1]]
    if not used.size or used.max() > LAST_PRINTABLE:
        return not used.size
    if used.min() > BLANK:
        return True
    filled = ends[1:] > ends[:-1]
    begins_blank = letter[ends[:-1][filled]] == BLANK
    ends_blank = letter[ends[1:][filled] - 1] == BLANK
    return bool(used.min() == BLANK) and not begins_blank.any() and not ends_blank.any()
