"""Scores, call lists, the API and the page: decided, published and shown."""

from features.moved import explain_moved_modules

explain_moved_modules()
