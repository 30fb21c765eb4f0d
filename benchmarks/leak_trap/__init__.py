"""Which planted leaks the checks catch, and whether they cry wolf."""
