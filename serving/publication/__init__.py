"""The published tables: publish a night, and republish refreshed customers."""

from features.moved import names_moved_from

__getattr__ = names_moved_from(__name__)
