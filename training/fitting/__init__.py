"""Candidates and their members: one fitter each, the blend, tuning, and what a bundle carries beside them."""
