"""The commands of training: train, evaluate, checks, models and monitoring."""

from features.moved import names_moved_from

__getattr__ = names_moved_from(__name__)
