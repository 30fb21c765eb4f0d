"""Metrics of forecasts: scores, calibration, segments, bootstrap and multiple comparisons."""

from features.moved import names_moved_from

__getattr__ = names_moved_from(__name__)
