"""The model against baselines at several cutoffs, and the value of a feature."""
