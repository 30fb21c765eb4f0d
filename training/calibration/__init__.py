"""Probabilities that come true: levels of origins, base rates and the calibrator."""
