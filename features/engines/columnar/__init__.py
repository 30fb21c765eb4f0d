"""The engine that answers every instant from one sorted pass: DuckDB reads, numpy adds up."""
