"""Whether a row can be used: checks of one row, and checks across rows."""
