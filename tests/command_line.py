"""The command line in this process: output and exit code of a command, without a second start of Python."""

from __future__ import annotations

import io
import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import callfirst


@dataclass(frozen=True)
class Done:
    """The exit code of a command, and the texts it printed."""

    returncode: int
    stdout: str
    stderr: str


def run(home: Path, *arguments: str, **variables: str) -> Done:
    """The result of a command, which sees only ``variables`` among callfirst's environment variables."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with redirect_stdout(out), redirect_stderr(err), pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("CALLFIRST_")]:
            patch.delenv(name)
        for name, value in ({"COLUMNS": "200"} | variables).items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", ["callfirst", "--home", str(home), *arguments])
        try:
            callfirst.main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
    return Done(code, out.getvalue(), err.getvalue())


def answered(home: Path, *arguments: str, **variables: str) -> Any:
    """The JSON object a command printed."""
    done = run(home, *arguments, "--json", **variables)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
