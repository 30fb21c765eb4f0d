"""Raw rows as values: dates, numbers, ids and categories, their formats inferred from the column."""
