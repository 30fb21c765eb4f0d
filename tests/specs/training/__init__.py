"""Specs of training: windows, labels, folds, and the checks of features."""
