"""Ratios against named rivals, each a command: `python -m benchmarks.NAME`."""
