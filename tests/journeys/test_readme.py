"""README's commands run as typed, on a small demo company in the place of ``demo_home``."""

from __future__ import annotations

import json
import re
import shlex
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from serving.api.app import create_app
from serving.settings import ServerSettings
from tests.command_line import run

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
LONG = ("serve", "train")
"""Commands with tests of their own, which a reader does not wait for here."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which ``demo_home`` is there as after ``make demo``, but for 120 customers."""
    folder = tmp_path_factory.mktemp("readme")
    done = run(folder / "demo_home", "demo", "--no-serve", "--size", "120")
    assert done.returncode == 0, done.stderr
    return folder


def commands() -> list[list[str]]:
    typed = re.findall(r"^\$ (?:KEY=\$\()?callfirst (--home demo_home .*)$", README, flags=re.MULTILINE)
    words = [shlex.split(line.replace(")", ""), comments=True) for line in typed]
    return [arguments[2:] for arguments in words if arguments[2] not in LONG]


@pytest.mark.parametrize("arguments", commands(), ids=lambda arguments: " ".join(arguments[:2]))
def test_a_command_does_its_work(arguments: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    done = run(folder / "demo_home", *arguments)
    assert done.returncode == 0, done.stderr


def test_the_requests_are_answered(folder: Path) -> None:
    key = run(folder / "demo_home", "keys", "create", "reader", "--rights", "push").stdout.strip()
    bodies = re.findall(r"-d '([^']+)'(?: http://127\.0\.0\.1:8000(\S+))?", README)
    paths = re.findall(r"http://127\.0\.0\.1:8000(/v1/\S+)", README)
    headers = {"Authorization": f"Bearer {key}"}
    with TestClient(create_app(ServerSettings(home=folder / "demo_home"))) as client:
        answers: list[Any] = [
            client.post(path, json=json.loads(body), headers=headers).json()
            for path, (body, _) in zip(paths, bodies, strict=True)
        ]
    scores, account = answers
    assert [score["customer_id"] for score in scores["scores"]] == ["DEMO-0002", "DEMO-0003"]
    assert account["accepted"]["rows"] == 1


def test_the_python_example_prints_what_stands_beside_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    code, printed = re.findall(r"```python\n(.*?)```\s+```console\n(.*?)```", README, flags=re.DOTALL)[0]
    out = StringIO()
    with redirect_stdout(out):
        exec(code, {})  # noqa: S102  # our own README
    assert _shape(out.getvalue()) == _shape(printed)


def _shape(printed: str) -> str:
    """What was printed without what differs from company to company: figures, and which model serves."""
    return re.sub(r"(?m)^.+ serves$", "… serves", re.sub(r"[\d,]+", "N", printed))
