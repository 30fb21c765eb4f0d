"""Raw rows as values: dates, numbers, ids and categories, their formats inferred from the column."""

from features.moved import names_moved_from

__getattr__ = names_moved_from(__name__)
