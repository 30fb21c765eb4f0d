"""Whether features leak: the catalogue of checks, behavioural and statistical checks, and their report."""

from training.checks.leakage import check_features, check_table, own_features

__all__ = ["check_features", "check_table", "own_features"]
