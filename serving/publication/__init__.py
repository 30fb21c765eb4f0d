"""The published tables: publish a night, and republish refreshed customers."""
