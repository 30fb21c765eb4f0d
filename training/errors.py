"""The root of what can keep a model from being made."""

from __future__ import annotations

from features.errors import CallfirstError


class TrainingError(CallfirstError):
    """Too little to learn from, or windows that cannot be."""
