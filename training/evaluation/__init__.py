"""The model against baselines at several cutoffs, and the value of a feature."""

from features.moved import names_moved_from

__getattr__ = names_moved_from(__name__)
