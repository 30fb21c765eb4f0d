"""How forecasts are judged: scores, calibration, segments, bootstrap and multiple comparisons."""
