"""A stranger finds a thing by its folder: no folder is crowded, no file long, no class name used twice."""

from __future__ import annotations

import ast
import subprocess
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
MOST_FILES = 20
MOST_LINES = 300


def tracked(*suffixes: str) -> list[Path]:
    """Files of the project below a folder of its own, tests and migrations apart."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = [Path(line) for line in listed.stdout.splitlines()]
    ours = [path for path in paths if len(path.parts) > 1 and path.parts[0] != "tests" and "versions" not in path.parts]
    return [path for path in ours if path.suffix in suffixes and (ROOT / path).exists()]


def test_no_folder_holds_more_than_twenty_files() -> None:
    files = Counter(path.parent for path in tracked(".py", ".md", ".ipynb", ".toml", ".json", ".html", ".css"))
    assert {str(folder): count for folder, count in files.items() if count > MOST_FILES} == {}


def test_no_file_is_longer_than_three_hundred_lines() -> None:
    lines = {str(path): len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in tracked(".py")}
    assert {path: count for path, count in lines.items() if count > MOST_LINES} == {}


def test_no_two_classes_have_one_name() -> None:
    places: dict[str, list[str]] = {}
    for path in tracked(".py"):
        for node in ast.parse((ROOT / path).read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(str(path))
    assert {name: files for name, files in places.items() if len(files) > 1} == {}
