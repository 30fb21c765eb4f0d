"""Changes since training: drift, data arrival, and the grading of old lists."""
