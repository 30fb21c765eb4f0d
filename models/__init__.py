"""What a model is: its members, its bundle, its registry, and findings about it."""
