"""How fast and in how much memory, against named rivals in one run."""
