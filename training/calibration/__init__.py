"""Calibrated probabilities: levels of origins, base rates and the calibrator."""
