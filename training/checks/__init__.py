"""Leakage checks of features: their catalogue, behavioural and statistical checks, and the report."""

from training.checks.leakage import check_features, check_table, own_features

__all__ = ["check_features", "check_table", "own_features"]
