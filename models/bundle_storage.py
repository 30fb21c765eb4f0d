"""A bundle as a folder of files, loaded only if they have the recorded digest."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from models.manifest import BundleError

RECORD = "bundle.json"
LIGHTGBM = ".lightgbm.txt"
CHILD_SECONDS = 120
_TRY = "import sys, lightgbm; [lightgbm.Booster(model_file=path) for path in sys.argv[1:]]"


class DamagedBundleError(BundleError):
    """Files that are not those recorded, or that cannot be read."""

    def __init__(self, folder: Path, damage: str) -> None:
        super().__init__(
            f"The model in {folder} is damaged: {damage}.",
            "Train again (callfirst train), or restore the folder from a backup.",
        )


def digest_of(folder: Path) -> str:
    """SHA-256, hex, of the names, lengths and bytes of a folder's files, sorted by name.

    Raises:
        DamagedBundleError: the folder or one of its files cannot be read.
    """
    digest = hashlib.sha256()
    try:
        for path in sorted(folder.iterdir()):
            content = path.read_bytes()
            digest.update(f"{path.name}\0{len(content)}\0".encode())
            digest.update(content)
    except OSError as error:
        raise DamagedBundleError(folder, error.strerror or str(error)) from None
    return digest.hexdigest()


def write_files(folder: Path, record: dict[str, Any], texts: dict[str, str]) -> str:
    """The digest of the new folder that now holds the record and LightGBM's texts."""
    folder.mkdir(parents=True)
    for name, text in texts.items():
        (folder / name).write_bytes(text.encode())
    (folder / RECORD).write_text(json.dumps(record, indent=1, sort_keys=True, ensure_ascii=False), "utf-8")
    return digest_of(folder)


def read_files(folder: Path, sha256: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The record and LightGBM's texts in a folder, which is checked against the recorded digest first.

    LightGBM's texts are loaded in a child process first: a damaged text would crash this one.

    Raises:
        DamagedBundleError: the digest is another, or the files cannot be read.
    """
    if digest_of(folder) != sha256:
        raise DamagedBundleError(folder, f"its files differ from the record {sha256[:12]}")
    paths = sorted(folder.glob(f"*{LIGHTGBM}"))
    if paths:
        _try_in_child(folder, paths)
    try:
        record: dict[str, Any] = json.loads((folder / RECORD).read_text("utf-8"))
        return record, {path.name: path.read_text("utf-8") for path in paths}
    except (OSError, ValueError) as error:
        raise DamagedBundleError(folder, f"its record cannot be read ({error})") from None


def _try_in_child(folder: Path, paths: list[Path]) -> None:
    try:
        child = subprocess.run(  # noqa: S603  our own interpreter, our own files
            [sys.executable, "-c", _TRY, *(str(path) for path in paths)],
            capture_output=True,
            timeout=CHILD_SECONDS,
            check=False,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
    except subprocess.TimeoutExpired:
        raise DamagedBundleError(folder, "LightGBM does not finish reading it") from None
    if child.returncode != 0:
        raise DamagedBundleError(folder, "LightGBM cannot read it")
