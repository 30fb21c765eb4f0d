"""Specs of features and standing: what each word means, in small tables."""
