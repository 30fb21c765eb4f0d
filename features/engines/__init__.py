"""Here you find how the primitives are rendered for each engine."""
