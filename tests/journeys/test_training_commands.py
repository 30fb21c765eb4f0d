"""What `train` answers to settings that cannot be."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from callfirst import app


def test_a_seed_below_zero_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    told = CliRunner().invoke(app, ["--home", str(tmp_path), "train", "--seed", "-1"])
    assert told.exit_code == 2
    assert "--seed" in told.output
    assert list(tmp_path.iterdir()) == []
