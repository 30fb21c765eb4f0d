"""Manifests of the mirror: each names the batches in some of its files, and these files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from features.atomic_write import atomic_write

PARQUET = b"PAR1"  # its first and last bytes


@dataclass(frozen=True)
class MirrorFile:
    """A file of the mirror as it was written."""

    bytes: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> MirrorFile:
        """The file as it is now."""
        return cls(path.stat().st_size, _sha256(path))


@dataclass(frozen=True)
class MirrorManifest:
    """Files with the rows of one batch, or of several small successive ones.

    Attributes:
        batches: id → digest of the batch.
        columns: names and types as text; another contract has another text.
        files: path under the folder of the relation → the file as written.
    """

    batches: Mapping[int, str]
    columns: str
    files: Mapping[str, MirrorFile]

    @property
    def name(self) -> str:
        """Its first batch, and its last one where there are several."""
        return batches_name(self.batches)

    def write(self, folder: Path) -> None:
        """Writes the manifest to the folder of its relation, atomically."""
        record = {
            "batches": dict(self.batches),
            "columns": self.columns,
            "files": {name: asdict(file) for name, file in self.files.items()},
        }
        with atomic_write(folder / "batches" / f"{self.name}.json") as unfinished:
            unfinished.write_text(json.dumps(record), encoding="utf-8")

    def is_whole(self, folder: Path) -> bool:
        """Whether each file has its size and the first and last bytes of Parquet: a power cut may leave zeros."""
        try:
            return all(_is_whole(folder / name, file.bytes) for name, file in self.files.items())
        except OSError:
            return False

    def damaged(self, folder: Path) -> list[Path]:
        """The files with other content than was written; sizes alone do not show it."""
        return [folder / name for name, file in self.files.items() if _sha256(folder / name) != file.sha256]


def batches_name(batches: Mapping[int, str]) -> str:
    """A name for successive batches, as in file names."""
    first, last = min(batches), max(batches)
    return f"{first:06d}" if first == last else f"{first:06d}-{last:06d}"


def manifests_in(folder: Path) -> Iterator[MirrorManifest]:
    """The readable manifests, in order of their names."""
    for path in sorted((folder / "batches").glob("[0-9]*.json")):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            batches = {int(batch_id): str(digest) for batch_id, digest in record["batches"].items()}
            files = {name: MirrorFile(**file) for name, file in record["files"].items()}
            manifest = MirrorManifest(batches, record["columns"], files)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
        if batches and path.stem == manifest.name:
            yield manifest


def _is_whole(path: Path, size: int) -> bool:
    with path.open("rb") as file:
        begins = file.read(len(PARQUET))
        file.seek(max(0, size - len(PARQUET)))
        return begins == PARQUET == file.read() and file.tell() == size


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
