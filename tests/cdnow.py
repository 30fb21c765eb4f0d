"""CDNOW, a real ledger of an online CD shop, fetched when a test needs it and never kept in the project.

69,659 purchases of 23,570 customers, 1997-01-01 to 1998-06-30 (Fader and Hardie; the file ships inside the wheel of
the Lifetimes package). Only the file is taken out of the wheel; none of that package's code is run or installed.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import NoReturn

import pytest

WHEEL = "Lifetimes==0.11.3"
FILE_IN_WHEEL = "lifetimes/datasets/CDNOW_master.txt"
SHA256 = "eff6889ed364c5199d6eacbbeb7a6d559971df4406ac876f322c373f00a072ef"
SAMPLE_IN_WHEEL = "lifetimes/datasets/CDNOW_sample.txt"
SAMPLE_SHA256 = "6fae10155c0b0ba363c2c386e30f77990d22328220efd862a5edd1443420d94a"
ROWS, CUSTOMERS = 69_659, 23_570
CACHE = Path(__file__).parents[1] / ".pytest_cache" / "cdnow"
PATIENCE_SECONDS = 180


def cdnow_master() -> Path:
    """The verified file: a header line, then customer_id, date (YYYYMMDD), number_of_cds, dollar_value by spaces.

    Where the file cannot be fetched the test is skipped with the reason; with CI=true in the environment it fails.
    """
    return _cached(FILE_IN_WHEEL, SHA256)


def cdnow_sample() -> Path:
    """The verified tenth that papers fit on: master id, customer_id (2,357), date, number_of_cds, dollar_value.

    Where the file cannot be fetched the test is skipped with the reason; with CI=true in the environment it fails.
    """
    return _cached(SAMPLE_IN_WHEEL, SAMPLE_SHA256)


def _cached(file: str, sha256: str) -> Path:
    path = CACHE / Path(file).name
    if not path.exists() or _digest(path.read_bytes()) != sha256:
        content = _fetched(file)
        if _digest(content) != sha256:
            pytest.fail(f"{file} of {WHEEL} is not the file the tests know: SHA-256 {_digest(content)}.")
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=CACHE, delete=False) as unfinished:
            unfinished.write(content)
        Path(unfinished.name).replace(path)
    return path


def _fetched(file: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "-d", folder]
        try:
            subprocess.run(  # noqa: S603  every argument is a constant of this file
                [*command, WHEEL], check=True, capture_output=True, text=True, timeout=PATIENCE_SECONDS
            )
        except subprocess.CalledProcessError as error:
            _stop(error.stderr.strip().splitlines()[-1] if error.stderr.strip() else "pip gave no reason")
        except subprocess.TimeoutExpired:
            _stop(f"no answer within {PATIENCE_SECONDS} s")
        [wheel] = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(file)


def _stop(reason: str) -> NoReturn:
    message = f"CDNOW cannot be had: pip download {WHEEL} failed ({reason})."
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
