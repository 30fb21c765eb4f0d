"""Planted leaks, one function each, as they slip into notebooks; its docstring says the mistake."""
