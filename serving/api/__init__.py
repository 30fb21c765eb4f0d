"""The HTTP door: thin routes over the published tables."""
