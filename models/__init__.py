"""What a model is: its members, its bundle, its registry, and findings about it."""

from features.moved import explain_moved_modules

explain_moved_modules()
