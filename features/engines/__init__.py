"""Engines that compute the catalogue: columnar (fast) and exact_sql (the reference)."""
