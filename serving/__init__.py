"""Scores, call lists, the API and the page: decided, published and shown."""
