"""Here you find ratios against named rivals, each a command: `python -m benchmarks.NAME`."""
