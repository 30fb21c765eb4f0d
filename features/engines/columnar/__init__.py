"""The columnar engine: DuckDB reads the rows once, numpy answers every instant from one sorted pass."""
