"""Tracking of a training in MLflow: runs, the model, its card and its verdict."""

from features.moved import names_moved_from

__getattr__ = names_moved_from(__name__)
