"""How the primitives are rendered for each engine."""
