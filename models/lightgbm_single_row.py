"""LightGBM's own path for single rows: the bits of ``Booster.predict`` in a fraction of its time.

Source: LightGBM's C API, ``LGBM_BoosterPredictForMatSingleRowFast``.
"""

from __future__ import annotations

import ctypes
import threading
import weakref
from typing import Any

import numpy as np

from features.snapshot import Floats

FEW_ROWS = 4
"""Up to so many rows, one by one takes at most 0.6 of the time of ``Booster.predict``; from about 10 on, more."""

_NEEDED = (
    "LGBM_BoosterLoadModelFromString",
    "LGBM_BoosterFree",
    "LGBM_BoosterPredictForMatSingleRowFastInit",
    "LGBM_BoosterPredictForMatSingleRowFast",
    "LGBM_FastConfigFree",
)
_RAW_SCORE, _FLOAT64 = 1, 1
_FROM_FIRST, _ALL_TREES = 0, -1
_ONE_THREAD = b"num_threads=1"


class NoSingleRowPathError(RuntimeError):
    """This LightGBM has no fast path for single rows, or refuses it for this booster."""


class SingleRows:
    """Raw scores of one booster, row by row; threads take turns, as its buffers serve one row at a time.

    It holds a booster of its own, so that nothing is shared with one that predicts elsewhere; freed with ``close``, at
    the latest when nobody holds it any more.

    Raises:
        NoSingleRowPathError: the loaded LightGBM does not offer it.
    """

    def __init__(self, text: str, columns: int) -> None:
        library = _library()
        self._columns = columns
        self._taking_turns = threading.Lock()
        self._row, self._score, length = np.empty(columns), ctypes.c_double(), ctypes.c_int64()
        booster, config = _booster(library, text), ctypes.c_void_p()
        self._free = weakref.finalize(self, _free, library, booster, config)
        refused = library.LGBM_BoosterPredictForMatSingleRowFastInit(
            booster,
            _RAW_SCORE,
            _FROM_FIRST,
            _ALL_TREES,
            _FLOAT64,
            ctypes.c_int32(columns),
            _ONE_THREAD,
            ctypes.byref(config),
        )
        if refused:
            self.close()
            raise NoSingleRowPathError("LightGBM refuses the booster")
        self._predict = library.LGBM_BoosterPredictForMatSingleRowFast
        row = ctypes.c_void_p(self._row.ctypes.data)
        self._buffers = (config, row, ctypes.byref(length), ctypes.byref(self._score))

    def raw_scores(self, matrix: Floats) -> Floats:
        """One raw score per row of a matrix; NaN is a missing value, as for ``Booster.predict``.

        Raises:
            ValueError: another number of columns than the booster has features, or it is closed.
        """
        if matrix.ndim != 2 or matrix.shape[1] != self._columns:
            raise ValueError(f"{matrix.shape} is no matrix of {self._columns} columns")
        with self._taking_turns:
            if not self._free.alive:
                raise ValueError("the booster is closed")
            return np.array([self._scored(row) for row in matrix], dtype=np.float64)

    def close(self) -> None:
        """Booster and buffers are freed; once, however often it is called."""
        with self._taking_turns:
            self._free()

    def _scored(self, row: Floats) -> float:
        self._row[:] = row
        if self._predict(*self._buffers):
            raise ValueError("LightGBM cannot score the row")
        return self._score.value


def _library() -> ctypes.CDLL:
    """The library that lightgbm itself has loaded, with function objects of our own."""
    import lightgbm

    try:
        library = ctypes.CDLL(lightgbm.basic._LIB._name)  # type: ignore[attr-defined]  # LightGBM names it nowhere else
    except (AttributeError, OSError) as error:
        raise NoSingleRowPathError(f"LightGBM's library is not found ({error})") from None
    missing = [name for name in _NEEDED if not hasattr(library, name)]
    if missing:
        raise NoSingleRowPathError(f"LightGBM's library lacks {missing[0]}")
    return library


def _booster(library: ctypes.CDLL, text: str) -> ctypes.c_void_p:
    booster, iterations = ctypes.c_void_p(), ctypes.c_int()
    if library.LGBM_BoosterLoadModelFromString(text.encode("utf-8"), ctypes.byref(iterations), ctypes.byref(booster)):
        raise NoSingleRowPathError("LightGBM refuses the text")
    return booster


def _free(library: Any, booster: ctypes.c_void_p, config: ctypes.c_void_p) -> None:
    if config:
        library.LGBM_FastConfigFree(config)
    library.LGBM_BoosterFree(booster)
