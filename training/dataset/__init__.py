"""The training data: scope, horizon, folds, labels, assignments and the training set."""

from features.moved import names_moved_from

__getattr__ = names_moved_from(__name__)
